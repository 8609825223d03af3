/**
 * Takes messages to the business's own endpoints. Each endpoint has a few places of its own, so none waits for another,
 * and as long as one fails only one message at a time tries whether it is back. Those that fail have places apart from the
 * others', and all together few enough of the database's connections that requests find theirs.
 */
import { performance } from "node:perf_hooks";
import { type Deps, loggable } from "../deps.ts";
import { Problem } from "../domain/problem.ts";
import { bodyOf, giveUpDeliveries, settleDelivery } from "../domain/webhook-deliveries.ts";
import { secretsThatSign } from "../domain/webhook-secrets.ts";
import { resolveWebhookUrl } from "../domain/webhook-urls.ts";
import type { EventRow } from "../store/store.ts";
import type { DeliveryRow, WebhookEndpointRow } from "../store/webhooks.ts";
import { turns } from "./turns.ts";
import { type Answer, NO_ANSWER, post } from "./webhook-request.ts";
import { signatureHeaders } from "./webhook-signature.ts";

/** Of one endpoint, for each server. */
const PLACES = 4;
/** To so many endpoints at a time a server is under way. Waiting for an answer costs little more than a connection. */
const MOST: Readonly<Record<Kind, number>> = { well: 128, failing: 32 };
/** So many more are looked for each time: somebody is back long before the next time. */
const AHEAD = 1_000;
/** Of the database's connections, of which a server has ten. */
const AT_ONCE = 4;
/** How much longer than an attempt a claim holds, ms: enough to write down what came of it. */
const MARGIN = 12_000;

const leaseOf = ({ limits }: Pick<Deps, "limits">): number => limits.webhook + MARGIN;

type Claimed = DeliveryRow & { event: EventRow };

/** `failing`: the last attempt has failed. */
type Kind = "well" | "failing";

export interface Couriers {
  /** Sets out to the endpoints that something is due to and nobody is under way to. Waits for none of them. */
  dispatch(): Promise<void>;
  /** Until everybody is back. @returns how many messages were in hand since the last time */
  idle(): Promise<number>;
}

/** @param isStopped from then on nothing more is taken in hand @param most endpoints at a time */
export function couriers(
  deps: Deps,
  { isStopped = () => false, most = MOST }: { isStopped?: () => boolean; most?: typeof MOST } = {},
): Couriers {
  const { store, clock } = deps;
  const inTurn = turns(AT_ONCE);
  const underWay = new Map<string, Promise<void>>();
  const places: Record<Kind, Set<string>> = { well: new Set(), failing: new Set() };
  const waiting: Record<Kind, string[]> = { well: [], failing: [] };
  let lastFailing = "";
  let carried = 0;

  const isFull = (kind: Kind) => places[kind].size >= most[kind];

  const claim = (endpointId: string, limit: number) =>
    inTurn(async () => {
      const of = { now: clock(), leaseMs: leaseOf(deps), limit };
      const claimed = await store.claimDeliveries(endpointId, of);
      const [first] = claimed;
      return { claimed, endpoint: first && (await store.webhookEndpoint(first.event, endpointId)) };
    });

  /** One attempt. @returns whether it has arrived, and that is written down */
  async function carry(endpoint: WebhookEndpointRow, delivery: Claimed): Promise<boolean> {
    try {
      const at = clock();
      const begun = performance.now();
      const answer = await ask(deps, endpoint, delivery.event);
      const attempted = { ...answer, at, duration: Math.round(performance.now() - begun) };
      return await inTurn(() => settleDelivery(deps, { delivery, endpoint }, attempted));
    } catch (error) {
      // It comes up again when its lease has run out, under the same id.
      deps.log.error({ delivery: delivery.id, err: loggable(error) }, "a webhook could not be settled");
      return false;
    }
  }

  /** @returns whether it may go on */
  function move(endpointId: string, from: Kind, to: Kind): boolean {
    // One that fails takes its next turn after those that wait for theirs.
    if (from === to) return to === "well" || !waiting.failing.length;
    if (isFull(to)) return false;
    places[from].delete(endpointId);
    places[to].add(endpointId);
    return true;
  }

  async function serve(endpointId: string, kind: Kind): Promise<void> {
    // Nobody knows yet whether it answers.
    for (let at = kind, limit = 1; !isStopped(); ) {
      const { claimed, endpoint } = await claim(endpointId, limit);
      carried += claimed.length;
      if (!endpoint) return;
      if (endpoint.status === "disabled") return inTurn(() => giveUpDeliveries(deps, endpoint));
      const arrived = await Promise.all(claimed.map((delivery) => carry(endpoint, delivery)));
      const next: Kind = arrived.every(Boolean) ? "well" : "failing";
      if (!move(endpointId, at, next)) return;
      at = next;
      limit = next === "well" ? PLACES : 1;
    }
  }

  function setOut(kind: Kind): void {
    while (!isFull(kind) && !isStopped()) {
      const id = waiting[kind].shift();
      if (id === undefined) return;
      if (underWay.has(id)) continue;
      if (kind === "failing") lastFailing = id;
      places[kind].add(id);
      const back = serve(id, kind)
        .catch((error) => deps.log.error({ endpoint: id, err: loggable(error) }, "webhooks are put off"))
        .finally(() => {
          underWay.delete(id);
          for (const each of ["well", "failing"] as const) {
            places[each].delete(id);
            setOut(each);
          }
        });
      underWay.set(id, back);
    }
  }

  async function look(kind: Kind): Promise<void> {
    const failing = kind === "failing";
    const of = { failing, limit: most[kind] + AHEAD, ...(failing ? { after: lastFailing } : {}) };
    waiting[kind] = await store.dueEndpoints(clock(), leaseOf(deps), of);
    setOut(kind);
  }

  return {
    dispatch: () =>
      inTurn(async () => {
        await look("well");
        await look("failing");
      }),
    async idle() {
      while (underWay.size) await Promise.all(underWay.values());
      const count = carried;
      carried = 0;
      return count;
    },
  };
}

async function ask(deps: Deps, endpoint: WebhookEndpointRow, event: EventRow): Promise<Answer> {
  const now = deps.clock();
  const secrets = secretsThatSign(deps, endpoint, now);
  if (!secrets.length) return { error: "None of its secrets can be read: RENUMERATE_SECRET has changed." };
  const body = bodyOf(event);
  const headers = {
    "content-type": "application/json",
    "accept-encoding": "identity",
    "user-agent": "Renumerate-Webhooks/1",
    ...signatureHeaders({ id: event.id, timestamp: Math.floor(now / 1_000), body, secrets }),
    "x-retainly-event": event.type,
  };
  const signal = AbortSignal.timeout(deps.limits.webhook);
  const late = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  try {
    // Nothing stops the search for a host's addresses; a request ends itself.
    const target = await Promise.race([resolveWebhookUrl(deps, endpoint.url), late]);
    return target ? await post(target, { headers, body, signal }) : { error: NO_ANSWER };
  } catch (error) {
    if (error instanceof Problem) return { error: error.message };
    throw error;
  }
}

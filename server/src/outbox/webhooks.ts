/**
 * Takes messages to the business's own endpoints. Each endpoint has a few places of its own, so none waits for another,
 * and as long as one fails only one message at a time tries whether it is back.
 */
import { performance } from "node:perf_hooks";
import { type Deps, loggable } from "../deps.ts";
import { Problem } from "../domain/problem.ts";
import { bodyOf, giveUpDeliveries, settleDelivery } from "../domain/webhook-deliveries.ts";
import { secretsThatSign } from "../domain/webhook-secrets.ts";
import { resolveWebhookUrl } from "../domain/webhook-urls.ts";
import type { EventRow } from "../store/store.ts";
import type { DeliveryRow, WebhookEndpointRow } from "../store/webhooks.ts";
import { type Answer, NO_ANSWER, post } from "./webhook-request.ts";
import { signatureHeaders } from "./webhook-signature.ts";

/** Of one endpoint, for each server. */
const PLACES = 4;
/** How much longer than an attempt a claim holds, ms: enough to write down what came of it. */
const MARGIN = 12_000;

const leaseOf = ({ limits }: Pick<Deps, "limits">): number => limits.webhook + MARGIN;

type Claimed = DeliveryRow & { event: EventRow };

export interface Couriers {
  /** Sets out to every endpoint that something is due to and nobody is under way to. Waits for none of them. */
  dispatch(): Promise<void>;
  /** Until everybody is back. @returns how many messages were in hand since the last time */
  idle(): Promise<number>;
}

/** @param isStopped from then on nothing more is taken in hand */
export function couriers(deps: Deps, isStopped: () => boolean = () => false): Couriers {
  const underWay = new Map<string, Promise<void>>();
  let carried = 0;

  async function serve(endpointId: string): Promise<void> {
    // Nobody knows yet whether it answers.
    for (let places = 1; !isStopped(); ) {
      const claimed = await deps.store.claimDeliveries(endpointId, {
        now: deps.clock(),
        leaseMs: leaseOf(deps),
        limit: places,
      });
      carried += claimed.length;
      const [first] = claimed;
      const endpoint = first && (await deps.store.webhookEndpoint(first.event, endpointId));
      if (!endpoint) return;
      if (endpoint.status === "disabled") return giveUpDeliveries(deps, endpoint);
      const arrived = await Promise.all(claimed.map((delivery) => carry(deps, endpoint, delivery)));
      places = arrived.every(Boolean) ? PLACES : 1;
    }
  }

  return {
    async dispatch() {
      for (const id of await deps.store.dueEndpoints(deps.clock(), leaseOf(deps))) {
        if (underWay.has(id) || isStopped()) continue;
        const back = serve(id)
          .catch((error) => deps.log.error({ endpoint: id, err: loggable(error) }, "webhooks are put off"))
          .finally(() => underWay.delete(id));
        underWay.set(id, back);
      }
    },
    async idle() {
      while (underWay.size) await Promise.all(underWay.values());
      const count = carried;
      carried = 0;
      return count;
    },
  };
}

/** One attempt. @returns whether it has arrived, and that is written down */
async function carry(deps: Deps, endpoint: WebhookEndpointRow, delivery: Claimed): Promise<boolean> {
  try {
    const at = deps.clock();
    const begun = performance.now();
    const answer = await ask(deps, endpoint, delivery.event);
    const duration = Math.round(performance.now() - begun);
    return await settleDelivery(deps, { delivery, endpoint }, { ...answer, at, duration });
  } catch (error) {
    // It comes up again when its lease has run out, under the same id.
    deps.log.error({ delivery: delivery.id, err: loggable(error) }, "a webhook could not be settled");
    return false;
  }
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

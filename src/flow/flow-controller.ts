/** The only place where the machine, the client, the outbox and the page's events meet. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Client, createClient } from "../api/client.ts";
import { decisionOf } from "../api/courier.ts";
import { createCredentials } from "../api/credentials.ts";
import { faultOf } from "../api/errors.ts";
import { createOutbox, type Outbox } from "../api/outbox.ts";
import { own } from "../api/own.ts";
import type { FlowConfig } from "../api/wire.ts";
import { emit } from "../events.ts";
import { deliverLeftovers, pageCourier, settledDetail } from "./deliveries.ts";
import {
  type Decision,
  type Effect,
  type Fault,
  type FlowState,
  initial,
  type MachineEvent,
  type Notice,
  transition,
} from "./machine.ts";

export interface FlowSettings {
  sessionId?: string;
  sessionUrl?: string;
  getAuthToken?: (() => string | Promise<string>) | undefined;
  getSession?: ((fresh: boolean) => Promise<string>) | undefined;
  subscriptionId?: string;
  apiUrl: string;
  /** Milliseconds until a failure is shown. */
  timeout?: number | undefined;
  locale?: string | undefined;
}

export interface FlowHost extends ReactiveControllerHost {
  /** Read anew for every opening. */
  readonly settings: FlowSettings;
  /** Where events are dispatched. */
  readonly stage: EventTarget;
  readonly isConnected: boolean;
  readonly debug: boolean;
  /** Resolves when the texts are there; never rejects. */
  readonly texts: Promise<void>;
  /** Takes the flow off the page at once. */
  hide(): void;
}

/** One opening: whoever is warmed up meanwhile for another session does not disturb it. */
interface Run {
  client: Client;
  outbox: Outbox;
  session: string;
}

/** Fetched ahead, for one opening: the next one may be another customer's. */
interface Warm {
  client: Client;
  config: Promise<FlowConfig>;
  key: string;
  callback: FlowSettings["getAuthToken"];
  since: number;
}

/**
 * A prefetched configuration is as good as a new one for so many milliseconds: fewer where the customer can have changed
 * since, because another one has signed in.
 */
const FRESH = 15_000;
const FRESH_OF_WHOEVER = 2000;

/** What is nested too deeply to be copied does not keep the page from hearing of the step. */
function copyOf(data: unknown): unknown {
  try {
    return structuredClone(data);
  } catch {
    return undefined;
  }
}

const OVERTAKEN: Fault = { code: "session_completed", retryable: false };

/** Milliseconds that a flow which is there waits for a cancellation of an earlier visit. */
const PATIENCE = 1000;

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A cancellation, of this subscription or of any, that was confirmed in this browser and has not reached the server. */
const confirmed = (subscription?: string) =>
  pageCourier()
    .shelf.all()
    .find((kept) => kept.decidedAt !== undefined && (!subscription || kept.subscription === subscription));

export class FlowController implements ReactiveController {
  state: FlowState = initial;
  readonly #host: FlowHost;
  readonly #queue: MachineEvent[] = [];
  #busy = false;
  #warm: Warm | undefined;
  /** Of the opening that is shown: knows the session token, renewed or not. */
  #client: Client | undefined;
  #loading: AbortController | undefined;
  #run: Run | undefined;
  /** The run of an earlier visit whose cancellation this one shows as waiting. */
  #leftover: string | undefined;

  constructor(host: FlowHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    // Moving an element in the document disconnects it for a moment only.
    queueMicrotask(() => {
      if (this.#host.isConnected) return;
      this.dispatch({ type: "close" });
      this.#warm = undefined;
    });
  }

  /** Fetches the configuration ahead of the opening. */
  preload(): void {
    if (this.state.phase === "closed") this.#ahead();
  }

  /** One event at a time: what a listener dispatches while effects run waits for its turn. */
  dispatch(event: MachineEvent): void {
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        const [state, effects] = transition(this.state, own(next));
        if (this.#host.debug) console.debug("renumerate", next.type, state, effects);
        if (state === this.state) continue;
        this.state = own(state);
        this.#host.requestUpdate();
        for (const effect of effects) this.#perform(effect);
        if (state.phase === "closed") this.#end();
      }
    } finally {
      this.#busy = false;
    }
  }

  #perform(effect: Effect): void {
    if (effect.type === "load") void this.#load(effect.restart);
    else if (effect.type === "record") this.#run?.outbox.add(effect.event);
    else if (effect.type === "decide") void this.#decide(effect.decision);
    else if (effect.type === "deliver") pageCourier().nudge();
    else if (effect.type === "withdraw") this.#withdraw();
    else this.#notify(effect.notice);
  }

  #ahead(): Warm {
    const settings = this.#host.settings;
    const { subscriptionId, locale, getAuthToken: callback } = settings;
    const key = JSON.stringify(settings);
    const since = performance.now();
    const warm = this.#warm;
    const limit = settings.sessionId ? FRESH : FRESH_OF_WHOEVER;
    if (warm?.key === key && warm.callback === callback && since - warm.since < limit) return warm;
    const client = createClient({ ...settings, ...createCredentials(settings) });
    const config = client.flow({ subscriptionId, locale });
    const fresh: Warm = { client, config, key, callback, since };
    this.#warm = fresh;
    config.catch(() => {
      if (this.#warm === fresh) this.#warm = undefined;
    });
    return fresh;
  }

  async #load(restart: boolean): Promise<void> {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const before = this.#run;
    try {
      const config = await (before ? this.#again(before, restart, signal) : this.#first());
      await this.#host.texts;
      if (signal.aborted) return;
      const { state } = this;
      if (before?.session === config.session.id && state.phase === "loading" && state.resume) {
        this.dispatch({ type: "loaded", config, events: before.outbox.all() });
        return;
      }
      before?.outbox.dispose();
      this.#run = this.#begin(config);
      const kept = before ? undefined : confirmed(config.subscription.id);
      this.#leftover = kept?.run;
      this.dispatch({ type: "loaded", config, ...(kept && { keptAt: kept.decidedAt as number }) });
      if (kept) void this.#follow(kept.run);
    } catch (error) {
      if (signal.aborted) return;
      const waiting = confirmed()?.decidedAt;
      this.dispatch({ type: "failed", fault: faultOf(error), ...(waiting !== undefined && { waiting }) });
    }
  }

  async #first(): Promise<FlowConfig> {
    let warm = this.#ahead();
    if (confirmed()) {
      // What was confirmed on an earlier visit comes first, if it can be sent in time: it decides what there is to see.
      const patient = warm.config.then(
        () => pause(PATIENCE),
        () => {},
      );
      await Promise.race([deliverLeftovers(), patient]);
      if (!confirmed()) {
        this.#warm = undefined;
        warm = this.#ahead();
      }
    }
    this.#client = warm.client;
    const config = await warm.config;
    // Used up: whatever the flow does, the next opening must see it.
    this.#warm = undefined;
    return config;
  }

  async #again({ session, outbox }: Run, restart: boolean, signal: AbortSignal): Promise<FlowConfig> {
    const { subscriptionId, locale } = this.#host.settings;
    const client = this.#client as Client;
    // The order counts: what holds depends on what the customer has done.
    await outbox.flush();
    return client.flow({ subscriptionId, locale, signal, ...(restart ? { restart } : { session }) });
  }

  #begin({ session: { id: session, deliveryToken: token }, subscription }: FlowConfig): Run {
    const { settings } = this.#host;
    const { timeout } = settings;
    // It may be sent from another page of the site.
    const apiUrl = new URL(settings.apiUrl || "/", location.href).href;
    // It outlives the session token, so that nothing that the customer does here comes too late.
    const client = token ? createClient({ ...settings, token: async () => token }) : (this.#client as Client);
    const keeping = token
      ? { courier: pageCourier(timeout), apiUrl, token, subscription: subscription.id }
      : undefined;
    return { client, session, outbox: createOutbox(own({ client, session, keeping })) };
  }

  /** Never aborted: once sent, only the answer tells what holds. */
  async #decide(decision: Decision): Promise<void> {
    const run = this.#run as Run;
    const { client, outbox, session } = run;
    const leaving = decision.type === "cancel";
    if (leaving) outbox.confirm();
    const seen = leaving
      ? undefined
      : { offer: decision.offer.id, terms: decision.offer.terms, choice: decision.choice };
    const age = outbox.isKept ? Date.now() - (outbox.confirmedAt as number) : 0;
    try {
      const events = await decisionOf(client, session, outbox.all());
      const settlement = await client.decide({
        session,
        events,
        ...(seen && { seen }),
        ...(age > 0 && { age }),
      });
      outbox.delivered(events);
      this.dispatch({ type: "settled", settlement });
    } catch (error) {
      const fault = faultOf(error);
      if (fault.retryable && outbox.isKept) {
        this.dispatch({ type: "rejected", fault, keptAt: outbox.confirmedAt as number });
        void this.#deliver(run);
      } else {
        outbox.withdraw();
        this.dispatch({ type: "rejected", fault });
      }
    }
  }

  #withdraw(): void {
    this.#run?.outbox.withdraw();
    if (this.#leftover) pageCourier().withdraw(this.#leftover);
    this.#leftover = undefined;
  }

  /** A cancellation of an earlier visit is sent by whoever has it; then what holds is looked up. */
  async #follow(run: string): Promise<void> {
    try {
      await pageCourier().persist(run);
    } catch {}
    // Taken back, or another opening: nothing to tell. What it said before goes on its way.
    if (this.#leftover !== run) return void deliverLeftovers();
    this.#leftover = undefined;
    this.dispatch({ type: "rejected", fault: OVERTAKEN });
  }

  /** Goes on until the server has answered, whether the customer still looks or not. */
  async #deliver(run: Run): Promise<void> {
    const { outbox } = run;
    try {
      const settlement = await outbox.persist();
      if (settlement) this.dispatch({ type: "settled", settlement });
      // Taken back in another tab: what holds is looked up.
      else if (this.#run === run && this.state.phase === "queued")
        this.dispatch({ type: "rejected", fault: OVERTAKEN });
    } catch (error) {
      outbox.withdraw();
      this.dispatch({ type: "rejected", fault: faultOf(error) });
    }
  }

  #end(): void {
    this.#loading?.abort();
    this.#run?.outbox.dispose();
    this.#run = undefined;
    this.#client = undefined;
    this.#leftover = undefined;
  }

  /** Details are copies: what a listener does to them stays with the listener. */
  #notify(notice: Notice): void {
    const { stage } = this.#host;
    switch (notice.name) {
      case "step": {
        const { id, step, offer } = notice.node;
        const custom = offer?.type === "custom" ? offer.terms : step.type === "custom" ? step : undefined;
        emit(stage, "renumerate-step", {
          id,
          type: offer ? "offer" : step.type,
          ...(offer && { offer: offer.type }),
          ...(custom && { name: custom.name, data: copyOf(custom.data) }),
        });
        break;
      }
      case "retained":
      case "cancelled": {
        void this.#run?.outbox.flush();
        emit(stage, `renumerate-${notice.name}`, settledDetail(this.#run?.session ?? "", notice.settlement));
        break;
      }
      case "complete":
        emit(stage, "renumerate-complete", { outcome: notice.outcome });
        break;
      case "error":
        emit(stage, "renumerate-error", { ...notice.fault });
        break;
      default:
        if (notice.name === "close") this.#host.hide();
        emit(stage, `renumerate-${notice.name}`, {});
    }
  }
}

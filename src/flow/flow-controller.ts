/** The only place where the machine, the client, the outbox and the page's events meet. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Client, createClient } from "../api/client.ts";
import { createCredentials } from "../api/credentials.ts";
import { ApiError } from "../api/errors.ts";
import { createOutbox, type Outbox } from "../api/outbox.ts";
import type { FlowConfig, Settlement } from "../api/wire.ts";
import { emit } from "../events.ts";
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
  subscriptionId?: string;
  apiUrl: string;
}

export interface FlowHost extends ReactiveControllerHost {
  /** Read anew for every opening. */
  readonly settings: FlowSettings;
  /** Where events are dispatched. */
  readonly stage: EventTarget;
  readonly isConnected: boolean;
  readonly debug: boolean;
  /** Takes the flow off the page at once. */
  hide(): void;
}

/** One opening: whoever is warmed up meanwhile for another session does not disturb it. */
interface Run {
  client: Client;
  outbox: Outbox;
  session: string;
}

interface Warm {
  client: Client;
  config: Promise<FlowConfig>;
  key: string;
  since: number;
}

/** A prefetched configuration is as good as a new one for so many milliseconds. */
const FRESH = 60_000;

/** What one request may hold is 512 kB and 500 events; a character can take three bytes, and more in JSON. */
const LONGEST_DECISION = 80_000;
const MOST_EVENTS = 400;

const faultOf = (error: unknown): Fault =>
  error instanceof ApiError
    ? { code: error.code, retryable: error.retryable }
    : { code: "network", retryable: true };

export class FlowController implements ReactiveController {
  state: FlowState = initial;
  readonly #host: FlowHost;
  readonly #queue: MachineEvent[] = [];
  #busy = false;
  #warm: Warm | undefined;
  #client: { key: string; client: Client } | undefined;
  #loading: AbortController | undefined;
  #run: Run | undefined;

  constructor(host: FlowHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    // Moving an element in the document disconnects it for a moment only.
    queueMicrotask(() => {
      if (!this.#host.isConnected) this.dispatch({ type: "close" });
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
        const [state, effects] = transition(this.state, next);
        if (this.#host.debug) console.debug("renumerate", next.type, state, effects);
        if (state === this.state) continue;
        this.state = state;
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
    else this.#notify(effect.notice);
  }

  #connect(): { key: string; client: Client } {
    const settings = this.#host.settings;
    const key = JSON.stringify(settings);
    if (this.#client?.key !== key) {
      this.#client = { key, client: createClient({ ...settings, ...createCredentials(settings) }) };
    }
    return this.#client;
  }

  #ahead(): Warm {
    const { key, client } = this.#connect();
    const since = performance.now();
    if (this.#warm?.key === key && since - this.#warm.since < FRESH) return this.#warm;
    const config = client.flow({ subscriptionId: this.#host.settings.subscriptionId });
    const warm: Warm = { client, config, key, since };
    this.#warm = warm;
    config.catch(() => {
      if (this.#warm === warm) this.#warm = undefined;
    });
    return warm;
  }

  async #load(restart: boolean): Promise<void> {
    this.#end();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const { subscriptionId } = this.#host.settings;
    try {
      const { client } = restart ? this.#connect() : this.#ahead();
      const config = await (restart
        ? client.flow({ restart, subscriptionId, signal })
        : (this.#warm as Warm).config);
      if (signal.aborted) return;
      // Used up: whatever the flow does, the next opening must see it.
      this.#warm = undefined;
      const session = config.session.id;
      this.#run = { client, session, outbox: createOutbox({ client, session }) };
      this.dispatch({ type: "loaded", config });
    } catch (error) {
      if (!signal.aborted) this.dispatch({ type: "failed", fault: faultOf(error) });
    }
  }

  /** Never aborted: once sent, only the answer tells what holds. */
  async #decide(decision: Decision): Promise<void> {
    const { client, outbox, session } = this.#run as Run;
    let events = outbox.all();
    if (JSON.stringify(events).length > LONGEST_DECISION || events.length > MOST_EVENTS) {
      // Too much for one request: it is recorded first, piece by piece, and the decision carries itself alone.
      await outbox.flush();
      events = events.slice(-1);
    }
    const seen =
      decision.type === "accept"
        ? { offer: decision.offer.id, terms: decision.offer.terms, choice: decision.choice }
        : undefined;
    try {
      const settlement = await client.decide({ session, events, ...(seen && { seen }) });
      outbox.delivered(events);
      this.dispatch({ type: "settled", settlement });
    } catch (error) {
      this.dispatch({ type: "rejected", fault: faultOf(error) });
    }
  }

  #end(): void {
    this.#loading?.abort();
    this.#run?.outbox.dispose();
    this.#run = undefined;
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
          ...(custom && { name: custom.name, data: structuredClone(custom.data) }),
        });
        break;
      }
      case "retained":
      case "cancelled": {
        void this.#run?.outbox.flush();
        emit(stage, `renumerate-${notice.name}`, detailOf(this.#run?.session ?? "", notice.settlement));
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

function detailOf(sessionId: string, { subscription, status, at, offer, choice }: Settlement) {
  const { id: subscriptionId, cancelAt } = subscription;
  return structuredClone({
    sessionId,
    subscriptionId,
    status,
    at,
    ...(offer && { offer }),
    ...(choice && { choice }),
    ...(cancelAt !== undefined && { cancelAt }),
  });
}

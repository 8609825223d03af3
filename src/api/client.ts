/** The widget's three endpoints, with retries. */
import { ask, type Transport } from "./ask.ts";
import { check, type Shape } from "./check.ts";
import { ApiError } from "./errors.ts";
import {
  type DecisionRequest,
  type EventsAck,
  eventsAck,
  type FlowConfig,
  type FlowEvent,
  flowConfig,
  type Settlement,
  settlement,
} from "./wire.ts";

export interface ClientOptions extends Transport {
  /** Origin, or origin and path, that `/v1/widget/…` is appended to. */
  apiUrl: string;
  /** The session token; `fresh` after the server has called the last one expired. */
  token: (fresh: boolean) => Promise<string>;
  /** How often one call is tried; at least once. Default 3. */
  attempts?: number;
  /** In [0, 1), spreads the retries of many browsers. */
  random?: () => number;
  /** Resolves after so many milliseconds. */
  wait?: (ms: number) => Promise<void>;
}

interface Abortable {
  signal?: AbortSignal | undefined;
}

/** All reject with ApiError, with what `token` rejects with, or with the signal's reason. */
export interface Client {
  flow(options?: Abortable & { subscriptionId?: string | undefined; restart?: boolean }): Promise<FlowConfig>;
  /** Safe to repeat: events have ids. */
  record(
    session: string,
    events: readonly FlowEvent[],
    options?: Abortable & { keepalive?: boolean },
  ): Promise<EventsAck>;
  /** Safe to repeat: the id of the last event, which there must be, is the key of the decision. */
  decide(request: DecisionRequest, options?: Abortable): Promise<Settlement>;
}

/** Milliseconds; the longest pause before a retry grows from the first to the second. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function createClient(options: ClientOptions): Client {
  const { apiUrl, token, attempts = 3, random = Math.random, wait = sleep } = options;
  const base = `${apiUrl.replace(/\/+$/, "")}/v1/widget/`;

  async function attempt(path: string, shape: Shape, init: RequestInit, bearer: string): Promise<unknown> {
    const headers = { Accept: "application/json", ...init.headers, Authorization: `Bearer ${bearer}` };
    const answer = await ask(
      base + path,
      { ...init, headers, credentials: "omit", referrerPolicy: "no-referrer" },
      options,
    );
    try {
      return check(shape, answer);
    } catch (fault) {
      throw new ApiError("invalid_answer", 200, false, (fault as Error).message);
    }
  }

  async function persist(path: string, shape: Shape, init: RequestInit): Promise<unknown> {
    const { signal } = init;
    let fresh = false;
    let renewed = false;
    for (let count = 1; ; ) {
      signal?.throwIfAborted();
      try {
        const bearer = await token(fresh);
        fresh = false;
        return await attempt(path, shape, init, bearer);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "session_expired" && error.status === 401 && !renewed) {
          fresh = renewed = true;
          continue;
        }
        // A longer wait than a customer can be asked for ends the call: the error says when to come back.
        const pause = error.retryAfter ?? random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (count - 1));
        if (!error.retryable || count >= attempts || pause > LONGEST_PAUSE) throw error;
        count++;
        await wait(pause);
      }
    }
  }

  /** An abort also ends waiting for a token or for the next attempt. */
  async function call<Answer>(path: string, shape: Shape, init: RequestInit): Promise<Answer> {
    const { signal } = init;
    let stop = () => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason);
    });
    signal?.addEventListener("abort", stop);
    try {
      return (await Promise.race([aborted, persist(path, shape, init)])) as Answer;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  const post = <Answer>(path: string, shape: Shape, body: unknown, init: RequestInit, headers?: object) =>
    call<Answer>(path, shape, {
      ...init,
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  return {
    flow({ subscriptionId, restart, signal } = {}) {
      const query = new URLSearchParams();
      if (subscriptionId) query.set("subscription_id", subscriptionId);
      if (restart) query.set("restart", "1");
      return call(`flow${query.size ? `?${query}` : ""}`, flowConfig, { signal: signal ?? null });
    },
    record(session, events, { signal, keepalive = false } = {}) {
      return post("events", eventsAck, { session, events }, { keepalive, signal: signal ?? null });
    },
    decide(request, { signal } = {}) {
      const key = request.events.at(-1)?.id;
      return post("decision", settlement, request, { signal: signal ?? null }, { "Idempotency-Key": key });
    },
  };
}

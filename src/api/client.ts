/**
 * The widget's endpoints, with retries. Each request is a POST of text with the token in its body: one with a header of
 * credentials, or that says it is JSON, would wait for the answer to a preflight first, a journey each.
 */
import { ask, LONGEST_WAIT, PASSING, within } from "./ask.ts";
import { check, type Shape } from "./check.ts";
import { ApiError } from "./errors.ts";
import { toJson } from "./json.ts";
import { own } from "./own.ts";
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

export interface ClientOptions {
  fetch?: typeof fetch;
  /** Milliseconds until a call fails for good, whatever number of attempts that makes; 0 for no limit. Default 10 000. */
  timeout?: number | undefined;
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

interface CallOptions extends Abortable {
  /** Whether the request may outlive its page, if it is small enough for that. */
  keepalive?: boolean;
}

export interface FlowQuery {
  subscriptionId?: string | undefined;
  /** Of the texts, BCP 47. */
  locale?: string | undefined;
  /** Begin again after having been retained. */
  restart?: boolean | undefined;
  /** Go on with this session, although its token has been renewed. */
  session?: string | undefined;
}

/** All reject with ApiError, with what `token` rejects with, or with the signal's reason. */
export interface Client {
  flow(options?: Abortable & FlowQuery): Promise<FlowConfig>;
  /** Safe to repeat: events have ids. */
  record(session: string, events: readonly FlowEvent[], options?: Abortable): Promise<EventsAck>;
  /** Safe to repeat: the last event, which there must be, has an id. */
  decide(request: DecisionRequest, options?: Abortable): Promise<Settlement>;
  /** Any endpoint below `/v1/widget/`, with the same retries; the answer is checked by `shape`. */
  call<Answer>(path: string, shape: Shape, fields: object, options?: CallOptions): Promise<Answer>;
  /** Events from a page that is going. @returns whether the browser has taken them; nothing tells if they arrive */
  beacon(token: string, session: string, events: readonly FlowEvent[]): boolean;
}

/** Characters: a body of three times as many bytes may still outlive its page. */
const SMALL = 20_000;

/** Milliseconds; the longest pause before a retry grows from the first to the second. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function createClient(options: ClientOptions): Client {
  const {
    apiUrl,
    token,
    fetch,
    timeout = LONGEST_WAIT,
    attempts = 3,
    random = Math.random,
    wait = sleep,
  } = own(options);
  const base = `${apiUrl.replace(/\/+$/, "")}/v1/widget/`;

  async function attempt(path: string, shape: Shape, body: object, init: RequestInit): Promise<unknown> {
    const text = toJson(body);
    const answer = await ask(
      base + path,
      {
        ...init,
        method: "POST",
        headers: { Accept: "application/json" },
        body: text,
        keepalive: !!init.keepalive && text.length <= SMALL,
        credentials: "omit",
        referrerPolicy: "no-referrer",
      },
      { fetch, timeout: 0 },
    );
    try {
      return check(shape, answer);
    } catch (fault) {
      throw new ApiError("invalid_answer", 200, true, (fault as Error).message);
    }
  }

  async function persist(
    path: string,
    shape: Shape,
    fields: object,
    { signal, keepalive }: CallOptions,
    until: number,
  ): Promise<unknown> {
    let fresh = false;
    let renewed = false;
    for (let count = 1; ; ) {
      signal?.throwIfAborted();
      try {
        const body = { ...fields, token: await token(fresh) };
        fresh = false;
        // What a browser holds for requests that outlive their page is little, and the page may have used it up.
        const init = { signal: signal ?? null, keepalive: !!keepalive && count === 1 };
        return await attempt(path, shape, body, init);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "session_expired" && error.status === 401 && !renewed) {
          fresh = renewed = true;
          continue;
        }
        const pause = error.retryAfter ?? random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (count - 1));
        // What stands in between the page and its server is not gone in a moment; a longer wait than a customer can be
        // asked for ends the call: the error says when to come back.
        const isHopeless =
          !error.retryable || (error.code === "invalid_answer" && !PASSING.includes(error.status));
        const isTooLong = pause > LONGEST_PAUSE || performance.now() + pause > until;
        if (isHopeless || count >= attempts || isTooLong) throw error;
        count++;
        await wait(pause);
      }
    }
  }

  /** The limit and an abort also end waiting for a token or for the next attempt. */
  async function call<Answer>(
    path: string,
    shape: Shape,
    fields: object,
    { signal, keepalive }: CallOptions = own({}),
  ): Promise<Answer> {
    const stop = new AbortController();
    const ended = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason));
    });
    const abort = () => stop.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    const timer = timeout && setTimeout(() => stop.abort(new ApiError("timeout", 0, true)), timeout);
    const until = performance.now() + (timeout || Number.POSITIVE_INFINITY);
    try {
      return (await Promise.race([
        ended,
        persist(path, shape, fields, { keepalive, signal: stop.signal }, until),
      ])) as Answer;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  return {
    call,
    flow({ subscriptionId, locale, restart, session, signal } = {}) {
      const given = { subscription_id: subscriptionId, locale, restart: restart && "1", session };
      const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
      return call("flow", flowConfig, fields, { signal });
    },
    record(session, events, { signal } = {}) {
      return call("events", eventsAck, { session, events }, { signal, keepalive: true });
    },
    decide(request, { signal } = {}) {
      return call("decision", settlement, request, { signal, keepalive: true });
    },
    beacon(token, session, events) {
      try {
        return navigator.sendBeacon(within(`${base}beacon`), toJson({ token, session, events }));
      } catch {
        return false;
      }
    },
  };
}

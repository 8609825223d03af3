/**
 * One run of the flow, from opening to closing: numbers what the customer does and reports it to the server in the
 * background. Nothing here ever fails towards the page: what could not be sent is part of the decision all the same, and
 * is kept in the browser until the server has it. Sending an event twice is harmless.
 */
import type { CustomerEvent } from "../flow/machine.ts";
import type { Client } from "./client.ts";
import { batchOf, type Courier } from "./courier.ts";
import { ApiError } from "./errors.ts";
import type { FlowEvent, Settlement } from "./wire.ts";

/** What it takes to send a run later, from wherever. */
export interface Keeping {
  courier: Courier;
  apiUrl: string;
  /** The session's delivery token. */
  token: string;
  subscription: string;
}

export interface OutboxOptions {
  client: Pick<Client, "record" | "beacon">;
  session: string;
  /** Without it (an older server gives no delivery token) the run ends with the page. */
  keeping?: Keeping | undefined;
  run?: string;
  newId?: () => string;
  now?: () => number;
  /** Milliseconds of quiet before events are sent, so that typing makes few of them. Default 2000. */
  delay?: number;
  /** The window. */
  page?: EventTarget;
}

export interface Outbox {
  readonly run: string;
  /** Takes an event into the run; it is sent soon. */
  add(event: CustomerEvent): FlowEvent;
  /** The whole run so far: what a decision carries. */
  all(): FlowEvent[];
  /** Notes that the customer has confirmed the cancellation, before the server is asked. */
  confirm(): void;
  /** Since when; undefined if they have not. */
  readonly confirmedAt: number | undefined;
  /** Whether the cancellation will be sent even if this page goes. */
  readonly isKept: boolean;
  /**
   * Sends the confirmed cancellation, again and again, after a first attempt has failed.
   * @returns undefined if it was withdrawn meanwhile
   * @throws ApiError if it is refused for good, or cannot be kept any longer
   */
  persist(): Promise<Settlement | undefined>;
  /** The confirmed cancellation is not to be sent any more: refused, or taken back. */
  withdraw(): void;
  /** The server has these and all before them: a decision that was answered carried them. */
  delivered(events: readonly FlowEvent[]): void;
  /** Sends what is left, in order and one request at a time. Resolves when nothing more can be done now. */
  flush(): Promise<void>;
  /** Sends what is left and lets go of the page. */
  dispose(): void;
}

/** 160 random bits. crypto.randomUUID exists on https pages only. */
const randomId = (): string => crypto.getRandomValues(new Uint32Array(5)).join("-");

/** Of several in a row only the last counts: these never leave the node. */
const REPLACEABLE = ["select", "write", "choose", "fill"];

/** Phones end a page without pagehide; what a lost connection held back goes when it returns. */
const MOMENTS = ["pagehide", "visibilitychange", "online", "pageshow"];

export function createOutbox({
  client,
  session,
  keeping,
  run = randomId(),
  newId = randomId,
  now = Date.now,
  delay = 2000,
  page = globalThis,
}: OutboxOptions): Outbox {
  const events: FlowEvent[] = [];
  const courier = keeping?.courier;
  const release = courier?.hold(run);
  let confirmedAt: number | undefined;
  let isKept = false;
  /** Counts of events: the server has these; it may have seen these, so they must not change; these said goodbye. */
  let sent = 0;
  let shown = 0;
  let parted = 0;
  let busy = false;
  let sending: Promise<void>;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** @returns whether the browser holds what the server does not have */
  function save(): boolean {
    if (!keeping) return false;
    const { courier, ...address } = keeping;
    // A decision carries its whole run, whatever part of it has been sent before.
    const rest = confirmedAt === undefined ? events.slice(sent) : events;
    const kept = {
      ...address,
      session,
      run,
      at: now(),
      ...(confirmedAt !== undefined && { decidedAt: confirmedAt }),
    };
    if (!rest.length) courier.shelf.drop(run);
    else if (courier.shelf.put({ ...kept, events: rest })) return true;
    // The way out depends on nothing before it: better the last event alone than nothing.
    else if (confirmedAt !== undefined) return courier.shelf.put({ ...kept, events: rest.slice(-1) });
    return false;
  }

  /** Resolves to false if the batch should be tried again later. */
  async function post(from: number, batch: FlowEvent[]): Promise<boolean> {
    const end = from + batch.length;
    shown = Math.max(shown, end);
    try {
      await client.record(session, batch);
    } catch (error) {
      // What the server refuses for good it would refuse again.
      if ((error as { retryable?: boolean }).retryable !== false) return false;
    }
    if (from <= sent) sent = Math.max(sent, end);
    save();
    return true;
  }

  async function send(): Promise<void> {
    while (sent < events.length && (await post(sent, batchOf(events.slice(sent)))));
    // Here and not in a then: what is added from now on needs a new round.
    busy = false;
  }

  /** The page may go now: everything at once, without waiting, in requests that outlive it. */
  function part({ type }: Event): void {
    // It has come back: what a beacon carried has had no answer.
    if (type === "pageshow") parted = 0;
    // Two moments in a row say goodbye once.
    for (let from = Math.max(sent, parted); from < events.length; from = parted) {
      const batch = batchOf(events.slice(from));
      parted = from + batch.length;
      // A beacon needs no preflight, for which there is no time left; but no answer comes either.
      if (type === "pagehide" && keeping && client.beacon(keeping.token, session, batch)) {
        shown = Math.max(shown, parted);
        continue;
      }
      void post(from, batch).then((done) => {
        if (!done) parted = 0;
      });
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    if (!busy) {
      busy = true;
      sending = send();
    }
    return sending;
  }

  /** First of all nothing may be left that would be sent as a cancellation. */
  function forget(): void {
    confirmedAt = undefined;
    isKept = false;
    courier?.shelf.drop(run);
    save();
  }

  function delivered(known: readonly FlowEvent[]): void {
    const count = (known.at(-1)?.seq ?? -1) + 1;
    shown = Math.max(shown, count);
    // The end of a long run may be there before its beginning.
    if ((known[0]?.seq ?? 0) <= sent) sent = Math.max(sent, count);
    forget();
  }

  for (const moment of MOMENTS) page.addEventListener(moment, part);

  return {
    run,
    add(event) {
      const last = events.at(-1);
      const replaced =
        events.length > shown && last?.type === event.type && REPLACEABLE.includes(event.type) && last;
      const { id, seq } = replaced || { id: newId(), seq: events.length };
      const added = { ...event, id, run, seq, at: now() } as FlowEvent;
      events[seq] = added;
      save();
      clearTimeout(timer);
      timer = setTimeout(() => {
        // A decision carries its run itself.
        if (confirmedAt === undefined) void flush();
      }, delay);
      return added;
    },
    all: () => [...events],
    confirm() {
      confirmedAt ??= now();
      isKept = save();
    },
    get confirmedAt() {
      return confirmedAt;
    },
    get isKept() {
      return isKept;
    },
    async persist() {
      const carried = [...events];
      const click = confirmedAt;
      while (click !== undefined && confirmedAt === click) {
        const settlement = await courier?.persist(run);
        if (settlement) {
          delivered(carried);
          return settlement;
        }
        const left = courier?.shelf.get(run);
        if (confirmedAt === click && left && left.decidedAt === undefined) {
          // Taken back in another tab: the last word counts.
          forget();
          return undefined;
        }
        // Not sent by us, and not taken back: somebody has emptied the storage, or another page was quicker.
        if (confirmedAt === click && !save()) throw new ApiError("network", 0, true);
      }
      return undefined;
    },
    withdraw() {
      forget();
      courier?.nudge();
    },
    delivered,
    flush,
    dispose() {
      void flush().then(() => {
        for (const moment of MOMENTS) page.removeEventListener(moment, part);
        // What is left goes in the background; other pages wait until it has gone, or this one has.
        return Promise.resolve(courier?.persist(run))
          .catch(() => {})
          .finally(release);
      });
    },
  };
}

/**
 * One run of the flow, from opening to closing: numbers what the customer does and reports it to the server in the
 * background. Nothing here ever fails towards the page: what could not be sent is part of the decision all the same.
 *
 * The list of events is all there is to keep: plain JSON, and sending an event twice is harmless, so that a run can be
 * stored and taken up again.
 */
import type { CustomerEvent } from "../flow/machine.ts";
import type { Client } from "./client.ts";
import type { FlowEvent } from "./wire.ts";

export interface OutboxOptions {
  client: Pick<Client, "record">;
  session: string;
  run?: string;
  newId?: () => string;
  now?: () => number;
  /** Milliseconds of quiet before events are sent, so that typing makes few of them. Default 2000. */
  delay?: number;
  /** The window. */
  page?: EventTarget;
}

export interface Outbox {
  /** Takes an event into the run; it is sent soon. */
  add(event: CustomerEvent): FlowEvent;
  /** The whole run so far: what a decision carries. */
  all(): FlowEvent[];
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
const MOMENTS = ["pagehide", "visibilitychange", "online"];

/**
 * Characters in a request of several events: browsers refuse keepalive bodies over 64 KiB, and a character may take
 * three bytes. As no event is shorter than 60, it also keeps a request below the contract's 500 events.
 */
const LONGEST = 20_000;

export function createOutbox({
  client,
  session,
  run = randomId(),
  newId = randomId,
  now = Date.now,
  delay = 2000,
  page = globalThis,
}: OutboxOptions): Outbox {
  const events: FlowEvent[] = [];
  /** Counts of events: the server has these; it may have seen these, so they must not change; these said goodbye. */
  let sent = 0;
  let shown = 0;
  let parted = 0;
  let busy = false;
  let sending: Promise<void>;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function batchFrom(from: number): FlowEvent[] {
    let batch = events.slice(from);
    while (batch.length > 1 && JSON.stringify(batch).length > LONGEST) {
      batch = batch.slice(0, batch.length >> 1);
    }
    return batch;
  }

  /** Resolves to false if the batch should be tried again later. */
  async function post(from: number, batch: FlowEvent[], keepalive = false): Promise<boolean> {
    const end = from + batch.length;
    shown = Math.max(shown, end);
    try {
      await client.record(session, batch, { keepalive });
    } catch (error) {
      // What the server refuses for good it would refuse again.
      if ((error as { retryable?: boolean }).retryable !== false) return false;
    }
    if (from <= sent) sent = Math.max(sent, end);
    return true;
  }

  async function send(): Promise<void> {
    while (sent < events.length && (await post(sent, batchFrom(sent))));
    // Here and not in a then: what is added from now on needs a new round.
    busy = false;
  }

  /** The page may go now: everything at once, without waiting, in requests that outlive it. */
  function part(): void {
    // Two moments in a row say goodbye once.
    for (let from = Math.max(sent, parted); from < events.length; from = parted) {
      const batch = batchFrom(from);
      parted = from + batch.length;
      void post(from, batch, true).then((done) => {
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

  for (const moment of MOMENTS) page.addEventListener(moment, part);

  return {
    add(event) {
      const last = events.at(-1);
      const replaced =
        events.length > shown && last?.type === event.type && REPLACEABLE.includes(event.type) && last;
      const { id, seq } = replaced || { id: newId(), seq: events.length };
      const added = { ...event, id, run, seq, at: now() } as FlowEvent;
      events[seq] = added;
      clearTimeout(timer);
      timer = setTimeout(flush, delay);
      return added;
    },
    all: () => [...events],
    delivered(known) {
      const count = (known.at(-1)?.seq ?? -1) + 1;
      shown = Math.max(shown, count);
      sent = Math.max(sent, count);
    },
    flush,
    dispose() {
      void flush().then(() => {
        for (const moment of MOMENTS) page.removeEventListener(moment, part);
      });
    },
  };
}

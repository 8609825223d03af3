/**
 * Brings to the server what is kept in the browser: after a failed request, after a reload, and from another tab. One
 * page at a time does it for one run (Web Locks where the browser has them); twice would be harmless, since the server
 * knows events by their ids and a cancellation by its session.
 */
import { LONGEST_WAIT } from "./ask.ts";
import { type Client, type ClientOptions, createClient } from "./client.ts";
import { ApiError } from "./errors.ts";
import { own } from "./own.ts";
import { createShelf, type Kept, type Shelf } from "./shelf.ts";
import type { FlowEvent, Settlement } from "./wire.ts";

/** What has become of a kept cancellation: a settlement, or the final refusal. */
export type Delivery = { kept: Kept } & ({ settlement: Settlement } | { error: ApiError });

export interface CourierOptions extends Pick<ClientOptions, "fetch" | "timeout"> {
  shelf?: Shelf;
  now?: () => number;
  random?: () => number;
  locks?: Pick<LockManager, "request"> | undefined;
  /** The window. */
  page?: EventTarget;
}

export interface Courier {
  readonly shelf: Shelf;
  /** Keeps other pages from sending this run. @returns what lets them again */
  hold(run: string): () => void;
  /**
   * Sends a run that this page holds after a first attempt has failed, again and again, until it has arrived.
   * @returns the settlement of a cancellation; undefined for mere events, or if it was withdrawn meanwhile
   * @throws ApiError if it is refused for good: then it is not kept any longer
   */
  persist(run: string): Promise<Settlement | undefined>;
  /**
   * Takes over what other pages have left behind. Resolves when each has been tried once; goes on in the background.
   * @param tell hears how cancellations end
   */
  deliver(tell?: (delivery: Delivery) => void): Promise<void>;
  /** A confirmed cancellation, of whatever page, is taken back: what is left of it are events. */
  withdraw(run: string): void;
  /** Tries now what would be tried later. */
  nudge(): void;
}

/**
 * Characters in a request of several events: browsers refuse keepalive bodies over 64 KiB, and a character may take
 * three bytes. As no event is shorter than 60, it also keeps a request below the contract's 500 events.
 */
const LARGEST_BATCH = 20_000;

/** A decision may hold 512 kB and 500 events; a character can take three bytes, and more in JSON. */
const LARGEST_DECISION = 80_000;
const MOST_EVENTS = 400;

/** As many of the first events as go into one request; at least one. */
export function batchOf(events: readonly FlowEvent[]): FlowEvent[] {
  let batch = [...events];
  while (batch.length > 1 && JSON.stringify(batch).length > LARGEST_BATCH) {
    batch = batch.slice(0, batch.length >> 1);
  }
  return batch;
}

/** What a decision carries: its run. What is too much for one request is recorded first, piece by piece. */
export async function decisionOf(
  client: Pick<Client, "record">,
  session: string,
  events: FlowEvent[],
): Promise<FlowEvent[]> {
  let rest = events;
  while (rest.length > MOST_EVENTS || JSON.stringify(rest).length > LARGEST_DECISION) {
    const batch = batchOf(rest);
    await client.record(session, batch);
    rest = rest.slice(batch.length);
  }
  return rest;
}

/** Milliseconds between two attempts grow from the first to the second. */
const FIRST_PAUSE = 3000;
const LONGEST_PAUSE = 300_000;

/** The connection is back, or somebody looks at the page again. */
const OCCASIONS = ["online", "visibilitychange"];

export function createCourier({
  shelf = createShelf(own({})),
  now = Date.now,
  random = Math.random,
  locks = globalThis.navigator?.locks,
  page = globalThis,
  timeout,
  ...transport
}: CourierOptions = {}): Courier {
  /** Runs of this page, and those that it has taken over or waits for. */
  const own = new Set<string>();
  /** What is sent here until it has arrived. */
  const sending = new Map<string, Promise<Settlement | undefined>>();
  /** Rings `nudge`, and the name of a run that has to wait. */
  const bell = new EventTarget();

  async function send({ apiUrl, token, session, run, events, decidedAt }: Kept) {
    const client = createClient({
      ...transport,
      // Nobody sees it hang, so it must not.
      timeout: timeout || LONGEST_WAIT,
      apiUrl,
      token: async () => token,
      attempts: 1,
    });
    if (decidedAt !== undefined) {
      const rest = await decisionOf(client, session, events);
      return client.decide({ session, events: rest, age: Math.max(0, Math.round(now() - decidedAt)) });
    }
    const batch = batchOf(events);
    await client.record(session, batch);
    const left = shelf.get(run);
    if (left?.decidedAt !== undefined) return undefined;
    // Only what has been sent goes: the page that the run belongs to may have written meanwhile.
    const sent = new Set(batch.map(({ id }) => id));
    const rest = left?.events.filter(({ id }) => !sent.has(id));
    if (!left || !rest?.length || !shelf.put({ ...left, events: rest })) shelf.drop(run);
    return undefined;
  }

  /** @param retryAfter the server's own word counts, whatever happens; only the customer may be quicker */
  function pause(milliseconds: number, retryAfter: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const occasions = retryAfter === undefined ? OCCASIONS : [];
      const end = () => {
        clearTimeout(timer);
        for (const occasion of occasions) page.removeEventListener(occasion, end);
        bell.removeEventListener("nudge", end);
        resolve();
      };
      const timer = setTimeout(end, retryAfter ?? milliseconds);
      for (const occasion of occasions) page.addEventListener(occasion, end);
      bell.addEventListener("nudge", end);
    });
  }

  const nameOf = (run: string) => `renumerate:${run}`;

  const ring = (name: string) => void bell.dispatchEvent(new Event(name));

  async function attempts(run: string, failed: number): Promise<Settlement | undefined> {
    const decided = shelf.get(run)?.decidedAt !== undefined;
    let wait: number | undefined;
    for (let count = failed; ; ) {
      if (count && shelf.get(run)) {
        ring(nameOf(run));
        // Never less than half of it: many browsers come back from one outage at the same time.
        const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (count - 1));
        await pause(longest * (0.5 + random() / 2), wait);
      }
      const kept = shelf.get(run);
      // What was withdrawn is mere events again, and those its page sends itself.
      if (!kept || (decided && kept.decidedAt === undefined)) return undefined;
      // Whoever has decided or withdrawn meanwhile has written something else, which must stay.
      const done = () => {
        if (shelf.get(run)?.decidedAt === kept.decidedAt) shelf.drop(run);
      };
      try {
        const settlement = await send(kept);
        count = 0;
        if (!settlement) continue;
        done();
        return settlement;
      } catch (error) {
        const { retryable = true, retryAfter } = error as Partial<ApiError>;
        if (!retryable) {
          done();
          throw error;
        }
        wait = retryAfter;
        count++;
      }
    }
  }

  /** One after the other for one run. @param failed how often it has been tried before */
  function persist(run: string, failed: number): Promise<Settlement | undefined> {
    const before = sending.get(run)?.catch(() => {});
    const result = (before ?? Promise.resolve()).then(() => attempts(run, failed));
    sending.set(run, result);
    return result.finally(() => {
      if (sending.get(run) === result) sending.delete(run);
    });
  }

  /** A page that is still open sends its own run; this one waits behind it, and has nothing to do if it does. */
  async function takeOver(run: string): Promise<Settlement | undefined> {
    const go = () => persist(run, 0);
    if (!locks) return go();
    try {
      let isFree = true;
      const settlement = await locks.request(nameOf(run), { ifAvailable: true }, (lock) => {
        isFree = !!lock;
        return lock ? go() : undefined;
      });
      if (isFree) return settlement;
      ring(nameOf(run));
      return await locks.request(nameOf(run), go);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      // No locks in a sandboxed frame, or somebody has stolen this one.
      return go();
    }
  }

  return {
    shelf,
    hold(run) {
      own.add(run);
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = () => {
          own.delete(run);
          resolve();
        };
      });
      locks?.request(nameOf(run), () => held).catch(() => {});
      return release;
    },
    persist: (run) => persist(run, 1),
    withdraw(run) {
      const { decidedAt: _, ...kept } = shelf.get(run) ?? {};
      if ("run" in kept && !shelf.put(kept as Kept)) shelf.drop(run);
      ring("nudge");
    },
    async deliver(tell = () => {}) {
      const tries = shelf.all().flatMap((kept) => {
        const { run, decidedAt } = kept;
        let ends: Promise<unknown> | undefined = sending.get(run)?.catch(() => {});
        if (!ends && own.has(run)) return [];
        const waits = new Promise((resolve) => bell.addEventListener(nameOf(run), resolve, { once: true }));
        if (!ends) {
          own.add(run);
          ends = takeOver(run)
            .then(
              (settlement) => settlement && tell({ kept, settlement }),
              (error) => decidedAt !== undefined && tell({ kept, error }),
            )
            .finally(() => own.delete(run));
        }
        return Promise.race([waits, ends]);
      });
      ring("nudge");
      await Promise.all(tries);
    },
    nudge: () => ring("nudge"),
  };
}

/**
 * What the server does not have yet, kept in the browser: it survives a reload, a closed tab and a long outage, and is
 * taken away once it has arrived. One entry for each run, written by the page that the run belongs to.
 */
import { toJson } from "./json.ts";
import type { FlowEvent } from "./wire.ts";

export interface Kept {
  apiUrl: string;
  session: string;
  /** Whose it is, as far as another visit must know. */
  subscription: string;
  /** The delivery token: good for these events and for this cancellation, and for nothing else. */
  token: string;
  run: string;
  /** Milliseconds since 1970, by the page's clock: when it was last written. */
  at: number;
  events: FlowEvent[];
  /** Since when the last event is a confirmed cancellation that is to be carried out. */
  decidedAt?: number;
}

/** Nothing here throws: storage can be full, blocked, or taken away at any moment. */
export interface Shelf {
  /** @returns false where it cannot be kept: no storage, none left, or too much of it */
  put(kept: Kept): boolean;
  get(run: string): Kept | undefined;
  drop(run: string): void;
  /** Oldest first. What is too old or not legible is thrown away. */
  all(): Kept[];
}

/** Also in the way of `lazy.ts`, which looks for entries without loading this file. */
const PREFIX = "renumerate:";

/** As long as a delivery token is good for. */
const LONGEST = 7 * 86_400_000;

/** Characters of one entry, and entries: together less than half of the five megabytes that browsers give to a site. */
const LARGEST = 100_000;
const MOST = 10;

function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

const isKept = ({ apiUrl, session, token, run, at, events, decidedAt = 0 }: Kept): boolean =>
  [apiUrl, session, token, run].every((text) => typeof text === "string") &&
  [at, decidedAt].every(Number.isFinite) &&
  Array.isArray(events) &&
  events.length > 0;

export function createShelf({
  // Reading the property alone may throw: cookies blocked, or a sandboxed frame.
  storage = attempt(() => globalThis.localStorage),
  now = Date.now,
}: {
  storage?: Storage | undefined;
  now?: () => number;
} = {}): Shelf {
  const keys = () =>
    attempt(() => Object.keys(storage as Storage).filter((key) => key.startsWith(PREFIX))) ?? [];

  function read(key: string): Kept | undefined {
    const text = attempt(() => storage?.getItem(key));
    if (text == null) return undefined;
    const kept = attempt(() => {
      const value = JSON.parse(text) as Kept;
      // Under another name it could never be taken away.
      return isKept(value) && PREFIX + value.run === key && Math.abs(now() - value.at) < LONGEST && value;
    });
    if (kept) return kept;
    attempt(() => storage?.removeItem(key));
    return undefined;
  }

  const shelf: Shelf = {
    put(kept) {
      const key = PREFIX + kept.run;
      const text = toJson(kept);
      if (!storage || text.length > LARGEST) return false;
      const isFull = () => keys().filter((each) => each !== key).length >= MOST;
      // Only what can be read again is kept.
      const write = () =>
        !isFull() &&
        !!attempt(() => {
          storage.setItem(key, text);
          return read(key);
        });
      if (write()) return true;
      // A confirmed cancellation makes way for nothing, and everything else for it.
      if (kept.decidedAt === undefined && !isFull()) return false;
      for (const { run, decidedAt } of shelf.all()) {
        if (write()) return true;
        if (decidedAt === undefined && run !== kept.run) shelf.drop(run);
      }
      return write();
    },
    get: (run) => read(PREFIX + run),
    drop(run) {
      attempt(() => storage?.removeItem(PREFIX + run));
    },
    all: () =>
      keys()
        .flatMap((key) => read(key) ?? [])
        .sort((one, other) => one.at - other.at),
  };
  return shelf;
}

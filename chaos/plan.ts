/** What happens in a scenario, made from its seed alone: data that can be printed, and played again. */
import { type Random, random } from "./random.ts";

export const kinds = [
  "kill",
  "stop",
  "cut",
  "slow",
  "gateway",
  "closed tab",
  "repeated",
  "tabs",
  "database",
  "disk",
  "clock",
  "billing",
  "servers",
  "mixed",
] as const;
export type Kind = (typeof kinds)[number];

/** Where it is played: what keeps the data, how many servers there are, and who bills. */
export type HomeName = "sqlite" | "postgres" | "two servers" | "stripe";

export const requestKinds = ["session", "flow", "events", "decision", "beacon"] as const;
export type RequestKind = (typeof requestKinds)[number];

/** The n-th request of a kind, from 1. */
export interface Moment {
  readonly request: RequestKind | "any";
  readonly n: number;
}

export const cuts = ["reset", "answerLost", "truncated", "hang", "hangAfterHeaders", "drip"] as const;
export const pages = ["page502", "page503", "error500", "page404", "portal", "limitedShortly"] as const;

/** Before the request reaches the server, while it is there, or after it was answered. */
export type When = "before" | "during" | "after";

/** Milliseconds everywhere. */
export type Fault =
  | {
      readonly what: "kill" | "stop" | "freeze";
      readonly server: number;
      readonly when: When;
      /** So long after the request has come, where it happens during it. */
      readonly within: number;
      readonly for: number;
    }
  | { readonly what: "answer"; readonly how: (typeof cuts)[number] | (typeof pages)[number] }
  | { readonly what: "slow"; readonly before: number; readonly after: number }
  | { readonly what: "port closed"; readonly for: number }
  | { readonly what: "twice"; readonly apart: number }
  /** Not let through before so many later ones, or so much later. */
  | { readonly what: "held"; readonly behind: number; readonly most: number }
  | { readonly what: "clock"; readonly by: number }
  | {
      readonly what: "database";
      readonly how: "crash" | "connections";
      readonly when: When;
      readonly within: number;
      readonly for: number;
    }
  | { readonly what: "disk"; readonly how: "limit" | "full"; readonly room: number; readonly for: number }
  | {
      readonly what: "billing";
      readonly when: "before" | "after";
      readonly how: 429 | 409 | "lock_timeout" | 500 | 503 | "reset" | "hang";
      readonly writes: boolean;
      readonly times: number;
    };

export type Incident = Fault & { readonly at: Moment };

/** `look`: opens the flow, and does nothing in it. */
export type Wish = "discount" | "cancel" | "keep" | "close" | "look";

export interface TabPlan {
  readonly wish: Wish;
  /** How often words are typed. */
  readonly words: number;
  /** Between two things that the customer does. */
  readonly pace: number;
  readonly startsAfter: number;
  /** After so many things the customer thinks, long enough for what was said to be sent. */
  readonly thinks?: { readonly after: number; readonly for: number };
  /** After so many things the tab is closed. Abruptly: without a last greeting, as when a telephone runs out of power. */
  readonly leaves?: { readonly after: number; readonly abruptly: boolean };
}

export interface CustomerPlan {
  /** A session in the page, or one that the business's own backend makes for each page. */
  readonly source: "session-id" | "session-url";
  readonly tabs: readonly TabPlan[];
}

export interface Plan {
  readonly seed: number;
  readonly kind: Kind;
  readonly home: HomeName;
  readonly browser: boolean;
  readonly customers: readonly CustomerPlan[];
  readonly incidents: readonly Incident[];
  /** How many messages the business's endpoint for webhooks refuses at first. */
  readonly deaf: number;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** More than every tenth is played in a real browser, and all kinds are among them. */
const isBrowsers = (seed: number) => seed % 9 === 7;

const wishes: readonly Wish[] = ["discount", "discount", "cancel", "cancel", "cancel", "keep", "close"];

function tabOf({ pick, below, between, once }: Random, kind: Kind): TabPlan {
  const leaves = { after: between(1, 6), abruptly: once(2) };
  return {
    wish: pick(wishes),
    words: below(4),
    pace: pick([0, 0, 5, 20, 60]),
    startsAfter: pick([0, 0, 10, 40]),
    ...(once(3) ? { thinks: { after: between(2, 4), for: 2_200 } } : {}),
    ...(once(kind === "closed tab" ? 1 : 8) ? { leaves } : {}),
  };
}

const momentOf = ({ pick, between }: Random): Moment => {
  const request = pick(["any", "flow", "events", "decision", "decision", "decision", "session"] as const);
  return { request, n: request === "any" ? between(1, 6) : pick([1, 1, 2]) };
};

function faultOf(chance: Random, kind: Kind, home: HomeName): Fault {
  const { pick, below, between } = chance;
  const moment = () => ({
    when: pick(["before", "during", "during", "after"] as const),
    within: pick([0, 1, 3, 6, 10, 20, 40]),
  });
  const crash = (what: "kill" | "stop" | "freeze"): Fault => ({
    what,
    server: home === "two servers" ? below(2) : 0,
    ...moment(),
    for: pick([0, 50, 300, 1500]),
  });
  switch (kind) {
    case "kill":
      return crash(pick(["kill", "kill", "kill", "freeze"]));
    case "stop":
      return crash("stop");
    case "servers":
      return crash(pick(["kill", "stop", "freeze"]));
    case "cut":
      return below(6) ? { what: "answer", how: pick(cuts) } : { what: "port closed", for: between(10, 1500) };
    case "gateway":
      return { what: "answer", how: pick(pages) };
    case "slow":
      return { what: "slow", before: pick([0, 30, 400, 2500]), after: pick([0, 30, 400, 2500]) };
    case "repeated":
      return below(2)
        ? { what: "twice", apart: pick([0, 0, 10, 300]) }
        : { what: "held", behind: between(1, 2), most: between(100, 1200) };
    case "database":
      return {
        what: "database",
        how: pick(["crash", "crash", "connections"]),
        ...moment(),
        for: pick([0, 200, 1500]),
      };
    case "disk":
      return {
        what: "disk",
        how: pick(["limit", "full"]),
        room: pick([0, 4096, 20_000, 60_000]),
        for: between(50, 1500),
      };
    case "clock":
      return { what: "clock", by: pick([30 * DAY, 8 * DAY, 2 * DAY, 3 * HOUR, -3 * HOUR, -2 * DAY, 60_000]) };
    case "billing":
      return {
        what: "billing",
        when: pick(["before", "after"]),
        how: pick([429, 409, "lock_timeout", 500, 503, "reset", "hang"]),
        writes: below(4) > 0,
        times: between(1, 3),
      };
    default:
      return faultOf(chance, pick(["kill", "cut", "slow", "repeated"]), home);
  }
}

const homes: Partial<Record<Kind, readonly HomeName[]>> = {
  database: ["postgres", "two servers"],
  disk: ["sqlite"],
  clock: ["sqlite", "postgres"],
  billing: ["stripe"],
  servers: ["two servers"],
  tabs: ["sqlite", "postgres", "two servers", "stripe"],
  mixed: ["sqlite", "postgres", "two servers", "stripe"],
};

/** Kinds that can happen together at this home. */
const mixable: Record<HomeName, readonly Kind[]> = {
  sqlite: ["kill", "stop", "cut", "slow", "repeated", "disk", "gateway"],
  postgres: ["kill", "stop", "cut", "slow", "repeated", "database", "gateway"],
  "two servers": ["servers", "cut", "slow", "repeated", "database"],
  stripe: ["kill", "billing", "billing", "cut", "repeated"],
};

/** @param only the kind, whatever the seed says */
export function planOf(seed: number, only?: Kind): Plan {
  const chance = random(seed);
  const { pick, below, between, once } = chance;
  const kind = only ?? (kinds[seed % kinds.length] as Kind);
  const browser = isBrowsers(seed);
  const home = pick(homes[kind] ?? (["sqlite", "sqlite", "postgres", "stripe"] as const));
  const count = browser ? 1 : pick([1, 1, 2, 3]);
  const customers = Array.from({ length: count }, (): CustomerPlan => {
    const tabs = [tabOf(chance, kind)];
    if (kind === "tabs" || once(10)) tabs.push(tabOf(chance, kind));
    return { source: pick(["session-id", "session-url"]), tabs };
  });
  const faults = kind === "mixed" ? between(2, 4) : kind === "tabs" ? below(2) : between(1, 3);
  const kindOf = () => (kind === "mixed" ? pick(mixable[home]) : kind);
  const incidents = Array.from({ length: faults }, (): Incident => {
    const own = kindOf();
    return { at: momentOf(chance), ...faultOf(chance, own === "tabs" ? "repeated" : own, home) };
  });
  return { seed, kind, home, browser, customers, incidents, deaf: pick([0, 0, 0, 1, 2]) };
}

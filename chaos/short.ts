/** What CI plays: every kind of fault, both stores, two servers, Stripe, and a browser; and what once found a defect. */
import { readFileSync } from "node:fs";
import { hasDatabase } from "./database.ts";
import { type Kind, kinds, type Plan, planOf } from "./plan.ts";

/** A seed that has found something. */
export interface Find {
  readonly seed: number;
  /** The kind that it was played as, where that is not the seed's own. */
  readonly only?: Kind;
  readonly found: string;
  /** What holds it now. */
  readonly test: string;
  /** Too slow for every run. */
  readonly slow?: true;
}

export const finds = JSON.parse(readFileSync(new URL("seeds.json", import.meta.url), "utf8")) as Find[];

/** Chosen for being over soon. A test sees that every kind of scenario and of fault, and every home, is among them. */
const SEEDS: readonly number[] = [
  16, 30, 42, 109, 161, 191, 194, 227, 384, 400, 518, 551, 617, 628, 746, 909, 962, 974, 975, 2502,
];

export function shortPlans(): Plan[] {
  const found = finds.filter(({ slow }) => !slow).map(({ seed, only }) => planOf(seed, only));
  const chosen = SEEDS.map((seed) => planOf(seed));
  const plans = [...chosen, ...found.filter(({ seed }) => !SEEDS.includes(seed))];
  // Nobody has to have PostgreSQL; CI does.
  const isPlayable = ({ home }: Plan) => home === "sqlite" || home === "stripe" || hasDatabase();
  return process.env.CI === "true" ? plans : plans.filter(isPlayable);
}

/** A plan, and what of it has happened: incidents, and what customers did. */
export interface Happening {
  readonly plan: Plan;
  readonly happened: readonly string[];
}

/** As if all of a plan happened. */
export const planned = (plan: Plan): Happening => ({
  plan,
  happened: [
    ...plan.incidents.map(({ what }) => what),
    ...(plan.customers.some(({ tabs }) => tabs.some(({ leaves }) => leaves)) ? ["closed tab"] : []),
    ...(plan.customers.some(({ tabs }) => tabs.length > 1) ? ["two tabs"] : []),
  ],
});

/** A scenario is of its kind only if one of these has happened in it; where none is named, if anything has. */
const MARKS: Readonly<Record<Kind, readonly string[]>> = {
  kill: ["kill", "freeze"],
  stop: ["stop"],
  cut: ["answer", "port closed"],
  slow: ["slow"],
  gateway: ["answer"],
  "closed tab": ["closed tab"],
  repeated: ["twice", "held"],
  tabs: ["two tabs"],
  database: ["database"],
  disk: ["disk"],
  clock: ["clock"],
  billing: ["billing"],
  servers: ["kill", "stop", "freeze"],
  mixed: [],
};

const FAULTS: readonly string[] = [
  "kill",
  "stop",
  "freeze",
  "answer",
  "slow",
  "port closed",
  "twice",
  "held",
  "clock",
  "database",
  "disk",
  "billing",
];

const HOMES: readonly string[] = ["sqlite", "postgres", "two servers", "stripe"];

/** Of what the short form is to have, all that has not happened. */
export function missingFrom(happenings: readonly Happening[]): string[] {
  const here = new Set<string>();
  for (const { plan, happened } of happenings) {
    if (!happened.length) continue;
    const marks = MARKS[plan.kind];
    if (!marks.length || marks.some((mark) => happened.includes(mark))) here.add(plan.kind);
    here.add(plan.home);
    if (plan.browser) here.add("a browser");
    for (const each of happened) here.add(each);
  }
  return [...kinds, ...FAULTS, ...HOMES, "a browser"].filter((each) => !here.has(each));
}

/**
 * The fault that happens however processes take turns: the only one that is planned for so early, at a request that
 * somebody who stays is bound to make.
 */
export function certainIn({ incidents, customers }: Plan): string | undefined {
  const stay = customers.flatMap(({ tabs }) => tabs.filter(({ leaves }) => !leaves));
  const [first, ...others] = incidents.filter(({ at }) => at.n === 1);
  // Whether Stripe is asked anything depends on more than one request.
  if (!first || others.length || first.what === "billing") return undefined;
  const isBound = {
    any: true,
    flow: stay.length > 0,
    decision: incidents.length === 1 && stay.some(({ wish }) => wish === "cancel" || wish === "discount"),
    session: customers.some(({ source }) => source === "session-url"),
    events: false,
    beacon: false,
  };
  return isBound[first.at.request] ? first.what : undefined;
}

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
  16, 30, 42, 109, 161, 191, 194, 227, 384, 400, 518, 551, 617, 628, 746, 909, 962, 974, 975,
];

export function shortPlans(): Plan[] {
  const found = finds.filter(({ slow }) => !slow).map(({ seed, only }) => planOf(seed, only));
  const chosen = SEEDS.map((seed) => planOf(seed));
  const plans = [...chosen, ...found.filter(({ seed }) => !SEEDS.includes(seed))];
  // Nobody has to have PostgreSQL; CI does.
  const isPlayable = ({ home }: Plan) => home === "sqlite" || home === "stripe" || hasDatabase();
  return process.env.CI === "true" ? plans : plans.filter(isPlayable);
}

/** What the short form would not play. */
export function missingFrom(plans: readonly Plan[]): string[] {
  const here = new Set(
    plans.flatMap(({ kind, home, browser, incidents }) => [
      kind,
      home,
      ...(browser ? ["a browser"] : []),
      ...incidents.map(({ what }) => what),
    ]),
  );
  const faults = [
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
  ];
  const wanted = [
    ...kinds,
    ...faults,
    "disk",
    "billing",
    "sqlite",
    "postgres",
    "two servers",
    "stripe",
    "a browser",
  ];
  return wanted.filter((each) => !here.has(each));
}

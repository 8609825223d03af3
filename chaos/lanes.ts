/** Plays many plans, several homes at a time. What is played at one home is played there one after the other. */
import { setTimeout as pause } from "node:timers/promises";
import type { Home } from "./home.ts";
import { type Elsewhere, openHome } from "./homes.ts";
import type { HomeName, Kind, Plan } from "./plan.ts";
import { type Played, play } from "./scenario.ts";

/** One that takes longer hangs, ms. */
const SCENARIO_LIMIT = 180_000;
/** At one home; then it is made anew, so that nothing piles up. */
const TOGETHER = 40;
/** Kinds that leave traces in what keeps the time: each has a home of its own. */
const ALONE: readonly Kind[] = ["clock"];

export interface Result extends Played {
  readonly plan: Plan;
  readonly milliseconds: number;
}

export type Player = (home: Home, plan: Plan) => Promise<Played>;

export interface Lanes {
  readonly lanes: number;
  /** No more is begun from then on, by the machine's clock. */
  readonly until: number;
  readonly elsewhere?: Elsewhere;
  readonly player?: Player;
  heard(result: Result): void;
}

function groups(plans: readonly Plan[]): Plan[][] {
  const found: Plan[][] = [];
  const alone = plans.filter(({ kind }) => ALONE.includes(kind));
  const rest = plans.filter(({ kind }) => !ALONE.includes(kind));
  for (const all of Map.groupBy(rest, ({ home }): HomeName => home).values()) {
    for (let from = 0; from < all.length; from += TOGETHER) found.push(all.slice(from, from + TOGETHER));
  }
  // In the order of their seeds, so that a run that is cut short has something of everything.
  const first = (group: readonly Plan[]) => group[0]?.seed ?? 0;
  return [...found, ...alone.map((plan) => [plan])].sort((one, other) => first(one) - first(other));
}

async function attempt(home: Home, plan: Plan, player: Player): Promise<Played> {
  const late = pause(SCENARIO_LIMIT, undefined, { ref: false }).then((): Played => {
    home.isBroken = true;
    const violations = [`it hangs: not over after ${SCENARIO_LIMIT / 1000} s`];
    return { violations, diary: [], requests: 0, acknowledged: 0, happened: [], overtaken: 0 };
  });
  return Promise.race([player(home, plan), late]);
}

/** @returns how many were played */
export async function playAll(plans: readonly Plan[], options: Lanes): Promise<number> {
  const { lanes, until, elsewhere, player = play, heard } = options;
  const waiting = groups(plans);
  let played = 0;

  async function group(all: readonly Plan[]): Promise<void> {
    let home: Home | undefined;
    try {
      for (const plan of all) {
        if (Date.now() > until) return;
        if (home?.isBroken) {
          await home.close().catch(() => {});
          home = undefined;
        }
        const begun = performance.now();
        home ??= await openHome(plan.home, elsewhere);
        const result = await attempt(home, plan, player);
        played++;
        heard({ ...result, plan, milliseconds: Math.round(performance.now() - begun) });
      }
    } finally {
      await home?.close().catch(() => {});
    }
  }

  async function lane(): Promise<void> {
    for (let next = waiting.shift(); next && Date.now() < until; next = waiting.shift()) await group(next);
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  return played;
}

/** Ours and the yardsticks in turn, so that whatever else the machine does falls on all of them. */
import type { Bench, Run } from "./bench.ts";
import type { Sent } from "./load.ts";
import type { Operation } from "./operations.ts";

export interface Round {
  ours: Run;
  bare: Run;
  raw?: Run;
}

export interface Plan {
  connections: readonly number[];
  rounds: number;
  /** Of one run. */
  seconds: number;
  /** Requests before anything is measured. */
  warmUp: number;
}

const FEWEST = 64;
const MOST = 20_000;

export interface Measured {
  connections: number;
  rounds: Round[];
}

/** One operation, with each number of connections. */
export async function measure(
  bench: Bench,
  { prepare, repeats, writes }: Operation,
  { connections, rounds, seconds, warmUp }: Plan,
): Promise<Measured[]> {
  /** A second, as it was the last time. */
  const pace = { ours: 0, bare: 0, raw: 0 };
  const countFor = (who: keyof typeof pace) =>
    Math.round(Math.min(MOST, Math.max(FEWEST, pace[who] * seconds)));

  async function round(callers: number, count: { ours: number; bare: number; raw: number }): Promise<Round> {
    const requests = await prepare(bench.served, count.ours);
    const ours = await bench.ours({
      connections: callers,
      requests,
      count: repeats ? count.ours : requests.length,
    });
    const bare = await bench.bare({ connections: callers, requests, count: count.bare });
    pace.ours = ours.perSecond;
    pace.bare = bare.perSecond;
    if (!writes) return { ours, bare };
    const raw = await bench.raw({ callers, rows: bodies(requests), count: count.raw });
    pace.raw = raw.perSecond;
    return { ours, bare, raw };
  }

  const [first] = (await prepare(bench.served, 1)) as [Sent];
  await bench.learn(first);
  const all: Measured[] = [];
  for (const callers of connections) {
    // The last number of connections says nothing of how fast it will be with this one.
    await round(callers, { ours: warmUp, bare: warmUp, raw: FEWEST });
    const measured: Round[] = [];
    for (let number = 0; number < rounds; number++)
      measured.push(
        await round(callers, { ours: countFor("ours"), bare: countFor("bare"), raw: countFor("raw") }),
      );
    all.push({ connections: callers, rounds: measured });
  }
  return all;
}

const bodies = (requests: readonly Sent[]): string[] => requests.map(({ body = "" }) => body);

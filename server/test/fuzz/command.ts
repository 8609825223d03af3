/** What `npm run fuzz` does: the same as the tests, as often as it is told, with a table at the end. */
import assert from "node:assert/strict";
import { stores, type TestHome } from "../stores.ts";
import { Campaign, operations } from "./campaign.ts";
import { NEVER_THERE, startProcess } from "./process-stage.ts";
import { createStage } from "./stage.ts";
import { misuse, openWorld, type Tally, tamperWithStories, tamperWithTexts } from "./tampering/campaign.ts";
import { askInBytes } from "./wire-campaign.ts";

interface Wanted {
  seed: number;
  store: TestHome["name"];
}

type Counts = Map<string, Map<number | string, number>>;

/** A stage is asked so often, and then there is a new one: what somebody has done a thousand times is no longer of use. */
const ROUND = 20_000;
/** Of a round: over connections, as they are and as bytes; and while billing answers nobody. */
const OVER_CONNECTIONS = 0.05;
const IN_BYTES = 0.05;
const IN_OUTAGE = 0.1;

const homeOf = (name: string): TestHome => stores.find((each) => each.name === name) ?? assert.fail(name);

function add(total: Counts, more: ReadonlyMap<string, ReadonlyMap<number | string, number>>): void {
  for (const [name, counts] of more) {
    const sum = total.get(name) ?? new Map<number | string, number>();
    for (const [how, count] of counts) sum.set(how, (sum.get(how) ?? 0) + count);
    total.set(name, sum);
  }
}

/** @returns how many requests there were */
function print(title: string, total: Counts): number {
  const width = Math.max(...[...total.keys()].map((name) => name.length));
  let all = 0;
  console.log(`\n${title.padEnd(width)}  requests  answers`);
  for (const [name, counts] of total) {
    const sum = [...counts.values()].reduce((one, other) => one + other, 0);
    const each = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
    console.log(
      `${name.padEnd(width)}  ${String(sum).padStart(8)}  ${each.map(([how, count]) => `${how}: ${count}`).join(", ")}`,
    );
    all += sum;
  }
  return all;
}

/** What there is more of than there was. */
function since(before: Counts, after: ReadonlyMap<string, ReadonlyMap<number | string, number>>): Counts {
  const more: Counts = new Map();
  for (const [name, counts] of after) {
    const rest = [...counts].map(([how, count]) => [how, count - (before.get(name)?.get(how) ?? 0)] as const);
    more.set(name, new Map(rest.filter(([, count]) => count)));
  }
  return more;
}

async function inProcess(
  home: TestHome,
  seed: number,
  requests: number,
  total: { direct: Counts; outage: Counts },
): Promise<void> {
  const store = await home.open();
  try {
    const campaign = new Campaign(await createStage(store));
    const runs = Math.ceil((requests * (1 - IN_OUTAGE)) / operations.length);
    for (const operation of operations) {
      await campaign.succeed(operation);
      await campaign.refuse(operation);
      await campaign.ask(operation, { seed, runs });
    }
    const before: Counts = new Map();
    add(before, campaign.statuses);
    await campaign.askInOutage({ seed, runs: Math.ceil((requests * IN_OUTAGE) / operations.length) });
    campaign.checkLog();
    add(total.direct, before);
    add(total.outage, since(before, campaign.statuses));
  } finally {
    await store.drop();
  }
}

async function overConnections(
  home: TestHome,
  seed: number,
  { whole, bytes }: { whole: number; bytes: number },
  total: { whole: Counts; bytes: Counts },
): Promise<void> {
  await using stage = await startProcess(home);
  const campaign = new Campaign(stage);
  const there = operations.filter(({ operationId }) => !NEVER_THERE.includes(operationId));
  for (const operation of there)
    await campaign.ask(operation, { seed, runs: Math.ceil(whole / there.length) });
  add(total.bytes, await askInBytes(stage, { seed, requests: bytes }));
  assert.equal((await stage.request("/api/health")).status, 200, "it serves on");
  campaign.checkLog();
  assert.ok(!stage.log().includes("request failed"), stage.log().slice(-3000));
  add(total.whole, campaign.statuses);
}

export async function fuzz({ seed, store, requests }: Wanted & { requests: number }): Promise<void> {
  const home = homeOf(store);
  const started = performance.now();
  const own = { direct: new Map() as Counts, outage: new Map() as Counts };
  const connected = { whole: new Map() as Counts, bytes: new Map() as Counts };
  for (let done = 0, round = 0; done < requests; done += ROUND, round++) {
    const size = Math.min(ROUND, requests - done);
    const [whole, bytes] = [Math.ceil(size * OVER_CONNECTIONS), Math.ceil(size * IN_BYTES)];
    await inProcess(home, seed + round, size - whole - bytes, own);
    await overConnections(home, seed + round, { whole, bytes }, connected);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`${done + size} requests, ${seconds} s`);
  }
  const all =
    print("Operation", own.direct) +
    print("While billing answers nobody, on purpose", own.outage) +
    print("Over connections", connected.whole) +
    print("As bytes", connected.bytes);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `\n${all} requests in ${seconds} s: no failure of the server's, no answer beyond the document.`,
  );
}

export async function tamper({ seed, store, cases }: Wanted & { cases: number }): Promise<void> {
  const started = performance.now();
  const opened = await homeOf(store).open();
  try {
    const stories = Math.round(cases / 3);
    const tallies: Tally[] = [
      await tamperWithTexts(opened, await openWorld(opened), { seed, cases: cases - stories }),
      await misuse(opened, await openWorld(opened), await openWorld(opened)),
      await tamperWithStories(await openWorld(opened), { seed, cases: stories }),
    ];
    const total: Counts = new Map();
    for (const { refusals } of tallies) add(total, refusals);
    const all = print("Tampered with", total);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`\n${all} cases in ${seconds} s: none was accepted.`);
  } finally {
    await opened.drop();
  }
}

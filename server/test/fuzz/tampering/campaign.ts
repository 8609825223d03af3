/**
 * Credentials that nobody has given out and offers that nobody has made, by the thousand. Accepted is what is answered with
 * anything but a refusal that belongs there, or what has changed anything in the store or at billing.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type RawBuilder, sql } from "kysely";
import { createWorld, type Reply, type World } from "../../harness.ts";
import type { TestStore } from "../../stores.ts";
import { type Door, doorsOf } from "./doors.ts";
import { misusesOf } from "./misuse.ts";
import { changed, flowOfStories, type StoryKind, storyKinds } from "./stories.ts";
import { type Pick, pickFrom, tampered, wayNames } from "./texts.ts";

const ENOUGH = 10_000_000;
/** Cases between two looks at the whole store. */
const BETWEEN = 40;

export interface Tally {
  cases: number;
  /** By what was tampered with, how often it was refused how. */
  refusals: Map<string, Map<string, number>>;
}

const count = ({ refusals }: Tally, name: string, how: string): void => {
  const counts = refusals.get(name) ?? new Map<string, number>();
  counts.set(how, (counts.get(how) ?? 0) + 1);
  refusals.set(name, counts);
};

export async function openWorld(store: TestStore): Promise<World> {
  return createWorld(store, {
    limits: { perKey: ENOUGH, perSession: ENOUGH, perAddress: ENOUGH },
    settings: { returnHosts: ["shop.example"], defaultReturnUrl: "https://shop.example/back" },
  });
}

/** When a key was used last is no part of it: whoever holds a good one may ask. */
const USED = /"last_used_at":[^,}]*/g;

/** Of all that the store holds. Counters of requests are no part of it. */
async function digestOf({ db }: TestStore): Promise<string> {
  const hash = createHash("sha256");
  for (const { name } of await db.introspection.getTables()) {
    if (/request_counts|rate/.test(name)) continue;
    const all = sql`select * from ${sql.table(name)}` as RawBuilder<unknown>;
    const { rows } = await all.execute(db);
    hash.update(
      `${name}\n${rows
        .map((row) => JSON.stringify(row).replace(USED, ""))
        .sort()
        .join("\n")}`,
    );
  }
  return hash.digest("hex");
}

/** Without what is another one in every answer. */
const words = ({ text }: Reply): string => text.replaceAll(/"request_id":"[^"]*"/g, "");

const howOf = (reply: Reply): string => reply.code ?? String(reply.status);

/** @throws Error of the first that is accepted */
export async function tamperWithTexts(
  store: TestStore,
  world: World,
  { seed, cases }: { seed: number; cases: number },
): Promise<Tally> {
  const tally: Tally = { cases: 0, refusals: new Map() };
  const doors = await doorsOf(world);
  const answers = new Map<string, string>();
  let recent: string[] = [];
  let before = await digestOf(store);
  for (let index = 0; tally.cases < cases; index++) {
    const door = doors[index % doors.length] as Door;
    const round = Math.floor(index / doors.length);
    const pick = pickFrom(seed + index);
    const way = wayNames[pick(wayNames.length)] as string;
    const { good, others } = door;
    const text = tampered(way, { good, others, at: round % good.length, pick });
    if (text === undefined) continue;
    tally.cases++;
    world.pass(1);
    const about = `case ${seed}+${index}: ${door.name}, ${way}: ${text}`;
    recent.push(about);
    const reply = await door.knock(text);
    assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} for ${about}\n${reply.text}`);
    assert.ok(door.refusals.includes(howOf(reply)), `${howOf(reply)} for ${about}\n${reply.text}`);
    count(tally, door.name, `${reply.status} ${howOf(reply)}`);
    checkWords(answers, door, reply, about);
    if (tally.cases % BETWEEN && tally.cases < cases) continue;
    const after = await digestOf(store);
    assert.equal(after, before, `something has changed after one of\n${recent.join("\n")}`);
    before = after;
    recent = [];
  }
  // Otherwise all of it might have been refused for another reason.
  for (const door of doors) {
    const reply = await door.knock(door.good);
    assert.equal(reply.status, door.success, `${door.name} as it was given out: ${reply.text}`);
  }
  return tally;
}

/** Whatever is wrong with a credential, its refusal says the same: nobody can feel their way. */
function checkWords(answers: Map<string, string>, door: Door, reply: Reply, about: string): void {
  // What is wrong with a signed text is said to whoever has signed it.
  if (door.name === "a result" || door.name === "a handshake") return;
  const kind = `${door.name} ${howOf(reply)}`;
  const said = answers.get(kind) ?? words(reply);
  answers.set(kind, said);
  assert.equal(words(reply), said, about);
}

/** @throws Error of the first that is accepted */
export async function misuse(store: TestStore, world: World, stranger: World): Promise<Tally> {
  const tally: Tally = { cases: 0, refusals: new Map() };
  const cases = await misusesOf(world, stranger);
  const before = await digestOf(store);
  for (const { name, ask, refusal } of cases) {
    tally.cases++;
    const reply = await ask();
    assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} for ${name}\n${reply.text}`);
    assert.equal(howOf(reply), refusal, `${name}\n${reply.text}`);
    count(tally, "misuse", `${reply.status} ${refusal}`);
  }
  assert.equal(await digestOf(store), before, "nothing has changed");
  return tally;
}

/** @throws Error of the first that is accepted */
export async function tamperWithStories(
  world: World,
  { seed, cases }: { seed: number; cases: number },
): Promise<Tally> {
  const tally: Tally = { cases: 0, refusals: new Map() };
  await world.publish(flowOfStories);
  for (let index = 0; tally.cases < cases; index++) {
    const kind = storyKinds[index % storyKinds.length] as StoryKind;
    await tamperWithStory(world, kind, { pick: pickFrom(seed + index), at: `${seed}+${index}` }, tally);
  }
  for (const kind of storyKinds) {
    const { ask, body } = await kind.tell(world, () => 0);
    const reply = await ask(body);
    assert.equal(reply.status, 200, `${kind.name} as it was shown: ${reply.text}`);
  }
  return tally;
}

async function tamperWithStory(
  world: World,
  { name, tell, fields, times }: StoryKind,
  { pick, at }: { pick: Pick; at: string },
  tally: Tally,
): Promise<void> {
  const { ask, body, customerId, subscriptionId } = await tell(world, pick);
  const before = { billed: await world.billed(subscriptionId), effects: await world.effects() };
  for (let turn = 0; turn < times; turn++) {
    const other = changed(body, fields, pick);
    if (!other) continue;
    tally.cases++;
    const about = `case ${at}: ${name}, ${other.what}\n${JSON.stringify(other.body)}`;
    const reply = await ask(other.body);
    assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status} for ${about}\n${reply.text}`);
    assert.ok(reply.code, about);
    count(tally, name, `${reply.status} ${reply.code}`);
    assert.deepEqual(await world.billed(subscriptionId), before.billed, about);
    assert.deepEqual(await world.effects(), before.effects, about);
    const rows = await world.deps.store.ledger(world.scope, { limit: 10, customerId });
    assert.ok(!rows.some(({ outcome }) => outcome), about);
  }
}

/** Weeks go by, and reasons that are named unusually often become issues and cease to be. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { changeIssue, detectIssues } from "../../src/domain/issues.ts";
import { isoWeek, WEEK, weekOf } from "../../src/domain/weeks.ts";
import type { LedgerRow, Scope, Store, Transaction } from "../../src/store/store.ts";
import { alone, DAY, MINUTE, onEachStore, type World } from "../harness.ts";
import { cancellation, report, SMALL } from "./issues-ledger.ts";

const PROD = (workspaceId: string): Scope => ({ workspaceId, environment: "prod" });

/** Everything that was ever written down about issues, in one value. */
async function books(world: World) {
  const { store } = world.deps;
  const { scope } = world;
  const issues = await store.issues(scope, { limit: 99 });
  const weeks = await Promise.all(
    ["missing_feature", ...Object.keys(SMALL)].map((reason) =>
      store.issueWeeks(scope, { reason, limit: 99 }),
    ),
  );
  return { issues, weeks, events: await announced(world) };
}

/** In the course of weeks the demo business has payments that fail, which is not what this is about. */
const announced = async ({ deps: { store }, scope }: World) =>
  (await store.events(scope, { limit: 999 })).filter(({ type }) => type.startsWith("issue."));

const told = async (world: World) =>
  (await announced(world)).map(({ type, data }) => {
    const { week, count, status } = data as { week: string; count: number; status: string };
    return `${type} ${week} ${count} ${status}`;
  });

const issueOf = async ({ deps: { store }, scope }: World, reason = "missing_feature") =>
  (await store.issues(scope, { limit: 99 })).find((issue) => issue.reason === reason);

/** This week so many are reported; then it is Monday, a few minutes after midnight. */
async function week(world: World, missing: number, more: Partial<LedgerRow> = {}): Promise<void> {
  const { clock, deps, scope } = world;
  await report(deps.store, scope, { ...SMALL, missing_feature: missing }, { occurredAt: clock.now, ...more });
  nextMonday(world);
}

const nextMonday = ({ clock }: World) => {
  clock.now = weekOf(clock.now) + WEEK + 3 * MINUTE;
};

onEachStore("Issues", ({ home, open }) => {
  it("open, are dismissed, open again, are acted on, resolve by themselves and come back", async () => {
    await using world = await alone(home);
    await world.tick();
    const change = (to: Parameters<typeof changeIssue>[3]) =>
      issueOf(world).then((issue) => changeIssue(world.deps, world.scope, issue?.id ?? "", to));
    const story: [
      missing: number,
      status: string | undefined,
      count: number,
      after?: () => Promise<unknown>,
    ][] = [
      [2, undefined, 0],
      [4, "open", 4],
      [3, "open", 3, () => change({ status: "dismissed", note: "known" })],
      [4, "dismissed", 4, () => change({ status: "dismissed", note: "still known" })],
      [5, "open", 5, () => change({ status: "acting", owner: "ada@papercrane.example" })],
      [3, "acting", 3],
      [2, "acting", 3],
      [1, "acting", 3],
      [0, "acting", 3],
      [2, "resolved", 3],
      [0, "resolved", 3],
      [3, "open", 3],
    ];
    const ids = new Set<string>();
    for (const [missing, status, count, after] of story) {
      await week(world, missing);
      const name = isoWeek(world.clock.now - WEEK);
      await world.tick();
      const issue = await issueOf(world);
      assert.deepEqual([issue?.status, issue?.count ?? 0], [status, count], name);
      assert.equal(issue?.dismissedCount, status === "dismissed" ? 3 : undefined, name);
      if (issue) ids.add(issue.id);
      const written = await books(world);
      await world.tick();
      await detectIssues(world.deps);
      assert.deepEqual(await books(world), written, `${name}, once more`);
      await after?.();
    }
    assert.deepEqual(await told(world), [
      "issue.opened 2027-W20 4 open",
      "issue.opened 2027-W23 5 open",
      "issue.resolved 2027-W24 3 resolved",
      "issue.opened 2027-W30 3 open",
    ]);
    assert.equal(ids.size, 1, "it is one issue all the time");
    const { issues, weeks } = await books(world);
    assert.deepEqual(
      issues.map(({ reason, owner, note, firstSeen }) => [reason, owner, note, isoWeek(firstSeen)]),
      [["missing_feature", "ada@papercrane.example", "still known", "2027-W21"]],
    );
    assert.deepEqual(
      weeks[0]?.map((each) => [
        isoWeek(each.week),
        each.count,
        each.before,
        each.total,
        each.rules.join(" "),
      ]),
      [
        ["2027-W30", 3, 3, 11, "doubled large_share"],
        ["2027-W28", 2, 6, 10, ""],
        ["2027-W27", 0, 11, 8, ""],
        ["2027-W26", 1, 14, 9, ""],
        ["2027-W25", 2, 15, 10, ""],
        ["2027-W24", 3, 16, 11, "large_share"],
        ["2027-W23", 5, 13, 13, "large_share"],
        ["2027-W22", 4, 9, 12, "large_share"],
        ["2027-W21", 3, 6, 11, "doubled large_share"],
        ["2027-W20", 4, 2, 12, "doubled large_share"],
        ["2027-W19", 2, 0, 10, ""],
      ],
    );
  });

  it("are looked for once on Monday, in the week that has ended", async () => {
    await using world = await alone(home);
    await world.tick();
    const { store } = world.deps;
    const end = weekOf(world.clock.now) + WEEK;
    await report(store, world.scope, { missing_feature: 2 }, { occurredAt: end - 1 });
    await report(store, world.scope, { missing_feature: 1 }, { occurredAt: end - WEEK });
    await report(store, world.scope, { missing_feature: 5 }, { occurredAt: end });
    await report(store, world.scope, { missing_feature: 1 }, { occurredAt: end - WEEK - 1 });
    world.clock.now = end - 1;
    await world.tick();
    assert.equal(await issueOf(world), undefined);
    world.clock.now = end;
    await world.tick();
    const { week: of, count, before, total } = (await issueOf(world)) ?? assert.fail("there is an issue");
    assert.deepEqual([isoWeek(of), count, before, total], ["2027-W19", 3, 1, 3]);
    // What is reported later of that week is counted in the mean alone.
    await report(store, world.scope, { missing_feature: 9 }, { occurredAt: end - DAY });
    world.pass(5 * DAY);
    await world.tick();
    assert.equal((await issueOf(world))?.count, 3);
    nextMonday(world);
    await world.tick();
    assert.deepEqual(await told(world), ["issue.opened 2027-W19 3 open"]);
    assert.deepEqual([(await issueOf(world))?.count, (await issueOf(world))?.before], [5, 13]);
  });

  it("of weeks that were missed are made up for, one after the other", async () => {
    const world = await open();
    await week(world, 2);
    await detectIssues(world.deps);
    for (const missing of [4, 2, 1]) await week(world, missing);
    await detectIssues(world.deps);
    assert.deepEqual(await told(world), ["issue.opened 2027-W20 4 open"]);
    const weeks = async () =>
      (await world.deps.store.issueWeeks(world.scope, { reason: "missing_feature", limit: 99 })).map(
        (each) => [isoWeek(each.week), each.count, each.before],
      );
    assert.deepEqual(await weeks(), [
      ["2027-W22", 1, 8],
      ["2027-W21", 2, 6],
      ["2027-W20", 4, 2],
      ["2027-W19", 2, 0],
    ]);
    for (let missed = 0; missed < 9; missed++) await week(world, 1);
    await detectIssues(world.deps);
    assert.deepEqual(
      (await weeks()).slice(0, 9),
      [
        ...[31, 30, 29, 28, 27].map((number) => [`2027-W${number}`, 1, 4]),
        ["2027-W26", 1, 4],
        ["2027-W25", 1, 5],
        ["2027-W24", 1, 8],
        ["2027-W22", 1, 8],
      ],
      "eight weeks back at most",
    );
    assert.equal((await told(world)).at(-1), "issue.resolved 2027-W20 4 resolved");
  });

  it("are told of once by two processes", async () => {
    await using world = await alone(home);
    await week(world, 4);
    const other = { ...world.deps, store: (await world.store.reopen()).store };
    const run = (deps: typeof other) => detectIssues(deps);
    await Promise.all([run(world.deps), run(other), run(world.deps), run(other)]);
    assert.deepEqual(await told(world), ["issue.opened 2027-W19 4 open"]);
    await week(world, 4);
    // The other one does it all between the reading and the writing of this one.
    let reads = 0;
    const slow: Store = Object.assign(Object.create(world.deps.store), {
      reasonCounts: async (...asked: Parameters<Store["reasonCounts"]>) => {
        const counts = await world.deps.store.reasonCounts(...asked);
        reads += 1;
        await run(other);
        const issue = await issueOf(world);
        await changeIssue(other, world.scope, issue?.id ?? "", { status: "resolved" });
        return counts;
      },
    });
    await run({ ...other, store: slow });
    assert.equal(reads, 1);
    assert.deepEqual((await told(world)).slice(1), ["issue.resolved 2027-W20 4 resolved"]);
    assert.equal((await issueOf(world))?.status, "resolved");
  });

  it("of one workspace do not wait for those of another", async () => {
    const world = await open();
    const id = "ws_!first";
    const settings = { allowedOrigins: [] };
    const first = { id, name: "First", status: "active" as const, settings, createdAt: 0 };
    await world.deps.store.insertWorkspace(first);
    await report(world.deps.store, PROD(id), { price: 3 }, { occurredAt: world.clock.now });
    await week(world, 4);
    const broken: Store = Object.assign(Object.create(world.deps.store), {
      reasonCounts: async (...asked: Parameters<Store["reasonCounts"]>) => {
        if (asked[0].workspaceId === id) throw new Error("out of order");
        return world.deps.store.reasonCounts(...asked);
      },
    });
    await assert.rejects(detectIssues({ ...world.deps, store: broken }), /not looked for everywhere/);
    assert.equal((await issueOf(world))?.count, 4);
    assert.deepEqual(await world.deps.store.issues(PROD(id), { limit: 9 }), []);
    await detectIssues(world.deps);
    const [found] = await world.deps.store.issues(PROD(id), { limit: 9 });
    assert.deepEqual([found?.reason, found?.count, found?.total], ["price", 3, 3]);
    assert.equal((await issueOf(world))?.count, 4);
  });

  it("are made of what customers of production have said, whatever they did then", async () => {
    const world = await open();
    const { store } = world.deps;
    const occurredAt = world.clock.now;
    const say = (more: Partial<LedgerRow>, scope = world.scope) =>
      report(store, scope, { price: 1 }, { occurredAt, ...more });
    await say({ outcome: "retained", mrr: 100 });
    await say({ outcome: "abandoned", mrr: 20 });
    await say({ outcome: "cancelled", undoneAt: occurredAt, mrr: 3, source: "stripe" });
    await say({ mrr: 70_000, currency: "usd" });
    const { mrr: _, ...unknown } = cancellation(world.scope, { occurredAt, reason: "price" });
    await store.putLedger(unknown);
    const unpaid = { occurredAt, source: "stripe" as const, confirmed: false };
    await report(store, world.scope, { involuntary: 9 }, unpaid);
    await report(store, { ...world.scope, environment: "sandbox" }, { price: 50 }, { occurredAt });
    const other = await open();
    await report(store, other.scope, { price: 60 }, { occurredAt });
    nextMonday(world);
    await detectIssues(world.deps);
    const [issue, ...rest] = await store.issues(world.scope, { limit: 9 });
    assert.deepEqual(
      [issue?.reason, issue?.count, issue?.total, issue?.mrrAtRisk, issue?.currency, issue?.otherCurrency],
      ["price", 5, 5, 123, "eur", 1],
    );
    assert.deepEqual(rest, []);
    const [found] = await store.issueWeeks(world.scope, { reason: "price", limit: 9 });
    assert.deepEqual([found?.mrrAtRisk, found?.currency, found?.otherCurrency], [123, "eur", 1]);
    assert.deepEqual(await store.issues({ ...world.scope, environment: "sandbox" }, { limit: 9 }), []);
    assert.equal((await store.issues(other.scope, { limit: 9 }))[0]?.count, 60);
  });

  it("are not made by one customer who says it again and again, week after week", async () => {
    const world = await open();
    const { store } = world.deps;
    const ann = { customerId: "ann", subscriptionId: "sub_ann" };
    const { subscriptionId: _, ...bob } = cancellation(world.scope, { occurredAt: 0, customerId: "bob" });
    for (let weeks = 0; weeks < 2; weeks++) {
      const occurredAt = world.clock.now;
      await report(store, world.scope, { price: 5, bugs: 2 }, { occurredAt, ...ann, outcome: "abandoned" });
      await store.putLedger({ ...bob, id: `bob ${weeks}`, eventId: `${weeks}`, reason: "price", occurredAt });
      await report(store, world.scope, { price: weeks, bugs: 1 }, { occurredAt });
      nextMonday(world);
      await detectIssues(world.deps);
    }
    const issues = await store.issues(world.scope, { limit: 9 });
    assert.deepEqual(
      issues.map(({ reason, count, before, total, mrrAtRisk }) => [reason, count, before, total, mrrAtRisk]),
      [["price", 3, 2, 5, 3 * 4_900]],
    );
  });

  it("say since when they are open: not anew while they are found, but when they come back", async () => {
    const world = await open();
    const opened: [status: string, openedAt: string, lastSeen: string][] = [];
    for (const missing of [4, 4, 0, 0, 0, 0, 4]) {
      await week(world, missing);
      await detectIssues(world.deps);
      const { status, openedAt, lastSeen } = (await issueOf(world)) ?? assert.fail("there is an issue");
      opened.push([status, isoWeek(openedAt), isoWeek(lastSeen)]);
    }
    assert.deepEqual(opened, [
      ["open", "2027-W20", "2027-W20"],
      ["open", "2027-W20", "2027-W21"],
      ...Array(3).fill(["open", "2027-W20", "2027-W21"]),
      ["resolved", "2027-W20", "2027-W21"],
      ["open", "2027-W26", "2027-W26"],
    ]);
  });

  it("have each week's amount in the currency that the workspace had then", async () => {
    const world = await open();
    const { store } = world.deps;
    for (const currency of ["jpy", "eur"]) {
      const { settings } = (await store.workspace(world.scope.workspaceId)) ?? assert.fail("no workspace");
      await store.updateWorkspace(world.scope.workspaceId, { settings: { ...settings, currency } });
      await report(store, world.scope, { price: 3 }, { occurredAt: world.clock.now, mrr: 500, currency });
      nextMonday(world);
      await detectIssues(world.deps);
    }
    const weeks = await store.issueWeeks(world.scope, { reason: "price", limit: 9 });
    assert.deepEqual(
      weeks.map(({ mrrAtRisk, currency }) => [mrrAtRisk, currency]),
      [
        [1_500, "eur"],
        [1_500, "jpy"],
      ],
    );
    assert.equal((await issueOf(world, "price"))?.currency, "eur");
  });

  it("of many weeks that were missed are read once, and each week goes on from the one before", async () => {
    const world = await open();
    await week(world, 0);
    await detectIssues(world.deps);
    for (const missing of [4, 4, 0, 0, 0, 0, 0, 4]) await week(world, missing);
    const { store } = world.deps;
    const reads: number[] = [];
    const counting: Store = Object.assign(Object.create(store), {
      transaction: <T>(work: (tx: Transaction) => Promise<T>) =>
        store.transaction((tx) =>
          work(
            Object.assign(Object.create(tx), {
              issues: async (...asked: Parameters<Transaction["issues"]>) => {
                const rows = await tx.issues(...asked);
                if (asked[0].workspaceId === world.scope.workspaceId) reads.push(rows.length);
                return rows;
              },
            }),
          ),
        ),
    });
    await detectIssues({ ...world.deps, store: counting });
    assert.deepEqual(reads, [0]);
    assert.deepEqual(await told(world), [
      "issue.opened 2027-W20 4 open",
      "issue.resolved 2027-W21 4 resolved",
      "issue.opened 2027-W27 4 open",
    ]);
  });

  it("that somebody opens again resolve after four more weeks, and not on the next Monday", async () => {
    const world = await open();
    for (const missing of [4, 0, 0, 0, 0]) {
      await week(world, missing);
      await detectIssues(world.deps);
    }
    const issue = (await issueOf(world)) ?? assert.fail("there is an issue");
    assert.equal(issue.status, "resolved");
    world.pass(DAY);
    const opened = await changeIssue(world.deps, world.scope, issue.id, { status: "open" });
    assert.equal(opened.lastSeen, issue.lastSeen, "nobody has found it since");
    assert.equal(opened.openedAt, world.clock.now);
    for (const status of ["open", "open", "open", "resolved"]) {
      await week(world, 0);
      await detectIssues(world.deps);
      assert.equal((await issueOf(world))?.status, status);
    }
    assert.deepEqual(
      (await told(world)).map((each) => each.split(" ")[0]),
      ["issue.opened", "issue.resolved", "issue.opened", "issue.resolved"],
    );
  });
});

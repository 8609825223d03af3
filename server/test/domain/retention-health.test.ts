/** The score, and that what the database counts is what anybody would count who reads the ledger. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { LEAST_DECIDED, retentionHealth, scoreOf } from "../../src/domain/retention-health.ts";
import { WEEK, weekOf } from "../../src/domain/weeks.ts";
import { randomText } from "../../src/domain/workspaces.ts";
import type { LedgerRow, Scope } from "../../src/store/store.ts";
import { DAY, NOW, onEachStore, type World } from "../harness.ts";
import { cancellation, putAll } from "./issues-ledger.ts";

const FROM = NOW - 30 * DAY;

it("A score is of 100 who decided, in whole points", () => {
  const score = (retained: number, cancelled: number) => scoreOf({ retained, cancelled });
  assert.deepEqual([score(0, 4), score(4, 0), score(0, 0)], [null, null, null]);
  assert.deepEqual([score(0, 5), score(5, 0), score(2, 3)], [0, 100, 40]);
  assert.deepEqual([score(1, 5), score(2, 4), score(1, 7), score(3, 5)], [17, 33, 13, 38]);
});

onEachStore("Retention health", ({ open }) => {
  type Some = Partial<LedgerRow> & { times?: number };
  async function health(world: World, rows: readonly Some[], settings = {}) {
    const { deps, scope } = world;
    const all = rows.flatMap(({ times = 1, ...row }) =>
      Array.from({ length: times }, () => cancellation(scope, { occurredAt: NOW, ...row })),
    );
    await putAll(deps.store, all);
    return retentionHealth(deps, { id: scope.workspaceId, settings: { allowedOrigins: [], ...settings } });
  }

  it("of an empty ledger is not known", async () => {
    const { score, trend, retained, retainedMrr, previous } = await health(await open(), []);
    assert.deepEqual([score, trend, retained, retainedMrr, previous.score], [null, null, 0, 0, null]);
  });

  it("begins 30 days ago, and has no end: billing's clock may be ahead", async () => {
    const rows: Some[] = [
      { occurredAt: FROM, outcome: "retained" },
      { occurredAt: FROM - 1, outcome: "retained", times: 5 },
      { occurredAt: FROM - 30 * DAY },
      { occurredAt: FROM - 30 * DAY - 1, times: 9 },
      { occurredAt: NOW + 400 * DAY, times: 4 },
    ];
    const { score, trend, retained, cancelled, previous, at, from } = await health(await open(), rows);
    assert.deepEqual([retained, cancelled, score], [1, 4, 20]);
    assert.deepEqual([previous.retained, previous.cancelled, previous.score], [5, 1, 83]);
    assert.equal(trend, -63);
    assert.deepEqual([at, from, previous.to, previous.from], [NOW, FROM, FROM, FROM - 30 * DAY]);
  });

  it("has no trend if one of the two has too few", async () => {
    const before = { occurredAt: FROM - 1 };
    const now = await health(await open(), [{ times: 5 }, { ...before, times: LEAST_DECIDED - 1 }]);
    assert.deepEqual([now.score, now.trend], [0, null]);
    const then = await health(await open(), [{ times: 4 }, { ...before, times: LEAST_DECIDED }]);
    assert.deepEqual([then.score, then.previous.score, then.trend], [null, 0, null]);
  });

  it("is of those who decided: not of who left the flow, is undecided, or could not pay", async () => {
    const rows: Some[] = [
      { outcome: "retained", times: 3 },
      { times: 2 },
      { outcome: "abandoned", times: 7 },
      { source: "stripe", reason: "involuntary", times: 11 },
      { source: "stripe", reason: "too_expensive" },
      { source: "stripe" },
      { reason: "involuntary", confirmed: false },
    ];
    const world = await open();
    const { outcome: _, ...pending } = cancellation(world.scope, { occurredAt: NOW });
    await world.deps.store.putLedger(pending);
    const found = await health(world, rows);
    assert.deepEqual([found.retained, found.cancelled, found.score], [3, 5, 38]);
    assert.deepEqual([found.abandoned, found.pending], [7, 1]);
  });

  it("is of customers: one who stays nine times has stayed once, and decides nothing alone", async () => {
    const ann = { subscriptionId: "sub_ann", mrr: 700 };
    const kept: Some = { ...ann, outcome: "retained", times: 9 };
    const { score, retained, retainedMrr } = await health(await open(), [kept]);
    assert.deepEqual([score, retained, retainedMrr], [null, 1, 700]);
    const rows: Some[] = [
      kept,
      { ...ann, outcome: "cancelled", occurredAt: NOW + 1, mrr: 800 },
      { ...ann, outcome: "abandoned", occurredAt: NOW + 2 },
      { ...ann, outcome: "retained", occurredAt: FROM - 1, times: 5 },
      { outcome: "retained", times: 4 },
    ];
    const found = await health(await open(), rows);
    assert.deepEqual([found.retained, found.cancelled, found.abandoned, found.score], [4, 1, 0, 80]);
    assert.deepEqual([found.retainedMrr, found.cancelledMrr], [4 * 4_900, 800]);
    assert.equal(found.previous.retained, 1);
  });

  it("counts who has come back as retained, and their money as kept", async () => {
    const rows: Some[] = [
      { undoneAt: NOW, mrr: 700, times: 4 },
      { undoneAt: NOW, mrr: 50, source: "stripe" },
      { mrr: 1 },
    ];
    const found = await health(await open(), rows);
    assert.deepEqual([found.retained, found.cancelled, found.score], [5, 1, 83]);
    assert.deepEqual([found.retainedMrr, found.cancelledMrr], [2_850, 1]);
  });

  it("adds up the workspace's own currency, and says how many are in another", async () => {
    const rows: Some[] = [
      { mrr: 1, currency: "eur" },
      { mrr: 20, currency: "usd", outcome: "retained", times: 2 },
      { mrr: 300, currency: "usd" },
      { currency: "usd", outcome: "abandoned" },
    ];
    const inEuro = await health(await open(), rows);
    assert.deepEqual([inEuro.currency, inEuro.retainedMrr, inEuro.cancelledMrr], ["eur", 0, 1]);
    assert.deepEqual([inEuro.otherCurrency, inEuro.retained, inEuro.cancelled], [4, 2, 2]);
    const inDollars = await health(await open(), rows, { currency: "usd" });
    assert.deepEqual([inDollars.currency, inDollars.retainedMrr, inDollars.cancelledMrr], ["usd", 40, 300]);
    assert.equal(inDollars.otherCurrency, 1);
  });

  it("is not moved by the sandbox, nor by other workspaces", async () => {
    const world = await open();
    const rows = Array.from({ length: 6 }, () => ({ occurredAt: NOW, outcome: "retained" as const }));
    const sandbox: Scope = { ...world.scope, environment: "sandbox" };
    await putAll(
      world.deps.store,
      rows.map((row) => cancellation(sandbox, row)),
    );
    const other = await open();
    await health(other, [{ times: 7 }]);
    const { retained, cancelled, score } = await health(world, []);
    assert.deepEqual([retained, cancelled, score], [0, 0, null]);
    const workspace = { id: world.scope.workspaceId, settings: { allowedOrigins: [] } };
    assert.equal((await retentionHealth(world.deps, workspace, "sandbox")).score, 100);
  });

  it("and weeks of reasons are what somebody counts who reads any ledger row by row", async () => {
    const world = await open();
    const { store } = world.deps;
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 25 }), async (parts) => {
        const scope: Scope = { workspaceId: `ws_${randomText(22)}`, environment: "prod" };
        const rows = parts.map(({ environment, ...row }) => {
          const made = cancellation({ ...scope, environment }, row);
          for (const [key, value] of Object.entries(row))
            if (value === undefined) delete made[key as keyof typeof row];
          // A subscription ends at billing once.
          if (row.source === "stripe") delete made.subscriptionId;
          return made;
        });
        await putAll(store, rows);
        const here = rows.filter((row) => row.environment === "prod" && !isUnpaid(row));
        const found = await retentionHealth(world.deps, {
          id: scope.workspaceId,
          settings: { allowedOrigins: [] },
        });
        const now = countOf(here.filter(({ occurredAt }) => occurredAt >= FROM));
        const then = countOf(
          here.filter(({ occurredAt }) => occurredAt < FROM && occurredAt >= FROM - 30 * DAY),
        );
        const previous = { ...found.previous, retained: then.retained, cancelled: then.cancelled };
        assert.deepEqual(found, { ...found, ...now, previous });
        const asked = { from: weekOf(NOW) - 4 * WEEK, length: WEEK, parts: 5, currency: "eur" };
        assert.deepEqual(sorted(await store.reasonCounts(scope, asked)), sorted(reasonsOf(here, asked)));
      }),
      { numRuns: 25 },
    );
  });
});

const optional = <Value>(...values: Value[]) => fc.constantFrom(undefined, ...values);
const monday = weekOf(NOW);
const edges = [FROM, FROM - 30 * DAY, NOW, monday, monday - 4 * WEEK, monday + WEEK];

const anyRow = fc.record({
  environment: fc.constantFrom("prod" as const, "prod" as const, "prod" as const, "sandbox" as const),
  source: fc.constantFrom("api" as const, "flow" as const, "stripe" as const),
  outcome: optional("retained" as const, "cancelled" as const, "cancelled" as const, "abandoned" as const),
  reason: optional("price", "bugs", "involuntary"),
  currency: fc.constantFrom("eur", "eur", "usd"),
  customerId: optional("ann", "bob", "cy"),
  subscriptionId: optional("sub_1", "sub_2"),
  createdAt: fc.constantFrom(NOW, NOW + 1),
  mrr: fc.option(fc.nat(1_000_000_000), { nil: undefined }),
  undoneAt: optional(NOW),
  occurredAt: fc.oneof(
    fc.constantFrom(...edges.flatMap((edge) => [edge - 1, edge, edge + 1])),
    fc.integer({ min: NOW - 70 * DAY, max: NOW + 10 * DAY }),
  ),
});

const isUnpaid = ({ source, reason }: LedgerRow) => source === "stripe" && reason === "involuntary";
const endOf = ({ undoneAt, outcome }: LedgerRow) => (undoneAt === undefined ? outcome : "retained");

const personOf = ({ subscriptionId, customerId, id }: LedgerRow) => subscriptionId ?? customerId ?? id;

const isLater = (one: LedgerRow, other: LedgerRow): boolean => {
  if (one.occurredAt !== other.occurredAt) return one.occurredAt > other.occurredAt;
  return one.createdAt === other.createdAt ? one.id > other.id : one.createdAt > other.createdAt;
};

const lastOf = (rows: readonly LedgerRow[]): LedgerRow | undefined =>
  rows.find((row) => rows.every((other) => other === row || isLater(row, other)));

/** What counts for a customer: what they decided last, or else that they left, or else that they are still at it. */
function standing(rows: readonly LedgerRow[]): LedgerRow[] {
  const last =
    lastOf(rows.filter((row) => ["retained", "cancelled"].includes(endOf(row) ?? ""))) ??
    lastOf(rows.filter((row) => endOf(row) === "abandoned")) ??
    lastOf(rows);
  return last ? [last] : [];
}

function countOf(rows: readonly LedgerRow[]) {
  const counts = { retained: 0, cancelled: 0, abandoned: 0, pending: 0 };
  const sums = { retainedMrr: 0, cancelledMrr: 0, otherCurrency: 0 };
  for (const row of [...Map.groupBy(rows, personOf).values()].flatMap(standing)) {
    const end = endOf(row);
    counts[end ?? "pending"] += 1;
    if (row.currency !== "eur") sums.otherCurrency += 1;
    else if (end === "retained") sums.retainedMrr += row.mrr ?? 0;
    else if (end === "cancelled") sums.cancelledMrr += row.mrr ?? 0;
  }
  return { ...counts, ...sums };
}

function reasonsOf(rows: readonly LedgerRow[], { from, parts }: { from: number; parts: number }) {
  const inside = rows.filter(
    ({ reason, occurredAt }) => reason && occurredAt >= from && occurredAt < from + parts * WEEK,
  );
  const groups = Map.groupBy(
    inside,
    ({ reason, occurredAt }) => `${reason} ${Math.floor((occurredAt - from) / WEEK)}`,
  );
  return Array.from(groups, ([key, all]) => {
    const [reason = "", part = ""] = key.split(" ");
    const group = [...Map.groupBy(all, personOf).values()].flatMap((rows) => lastOf(rows) ?? []);
    const known = group.flatMap(({ currency, mrr = [] }) => (currency === "eur" ? mrr : []));
    return {
      reason,
      part: Number(part),
      count: group.length,
      retained: group.filter((row) => endOf(row) === "retained").length,
      cancelled: group.filter((row) => endOf(row) === "cancelled").length,
      otherCurrency: group.filter(({ currency }) => currency !== "eur").length,
      ...(known.length ? { mrr: known.reduce((sum, mrr) => sum + mrr, 0) } : {}),
    };
  });
}

const sorted = (rows: readonly { reason: string; part: number }[]) =>
  rows.toSorted((one, other) => one.part - other.part || (one.reason < other.reason ? -1 : 1));

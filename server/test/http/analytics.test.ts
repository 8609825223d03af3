/** Figures and months, as a dashboard that was made for Retainly reads them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { foldFigures } from "../../src/domain/analytics.ts";
import { valued } from "../../src/domain/outcomes.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { LedgerRow, Outcome } from "../../src/store/store.ts";
import { DAY, NOW, onEachStore, type Reply, type World } from "../harness.ts";
import { aRecovery, aReport } from "../store/rows.ts";
import { sandboxOf } from "./cancelling.ts";

const ANALYTICS = "/api/v1/analytics";
const REVENUE = "/api/v1/analytics/revenue";

const page = readFileSync(new URL("../../../docs/analytics.md", import.meta.url), "utf8");
const examples = Array.from(page.matchAll(/^```json\n(.*?)^```/gms), ([, text = ""]) => JSON.parse(text));

const look = (world: World, path: string, key = world.key): Promise<Reply> =>
  world.request(path, { headers: { "X-API-Key": key } });

/** So many visits that began at one instant, all worth the same. */
async function visits(
  world: World,
  count: number,
  outcome: Outcome | undefined,
  { at = NOW, ...more }: Partial<LedgerRow> & { at?: number } = {},
): Promise<void> {
  await world.deps.store.transaction(async (tx) => {
    for (let left = count; left > 0; left--)
      await tx.putLedger(
        valued(aReport(world.scope, { startedAt: at, mrr: 100, ...(outcome ? { outcome } : {}), ...more })),
      );
  });
}

async function failures(
  world: World,
  count: number,
  firstFailedAt: number,
  recoveredAt?: number,
): Promise<void> {
  await world.deps.store.transaction(async (tx) => {
    for (let left = count; left > 0; left--)
      await tx.putRecovery(
        aRecovery(world.scope, {
          firstFailedAt,
          ...(recoveredAt === undefined ? {} : { status: "recovered", recoveredAt }),
        }),
      );
  });
}

/** What the examples of the page are made of. */
async function month(world: World): Promise<void> {
  await visits(world, 43, "retained", { at: NOW - 5 * DAY, mrr: 4_200 });
  // To a plan of 36.00, from one of 46.00.
  const cheaper = valued(aReport(world.scope, { startedAt: NOW, outcome: "retained", mrr: 4_600 }), 3_600);
  await world.deps.store.putLedger(cheaper);
  await visits(world, 20, "cancelled", { mrr: 4_750 });
  await visits(world, 70, "abandoned", { mrr: 4_900 });
  await visits(world, 8, undefined, { mrr: 4_900 });
  await failures(world, 11, NOW - DAY);
  await failures(world, 17, NOW - 2 * DAY, NOW);
}

onEachStore("Analytics", ({ open }) => {
  it("are what docs/analytics.md shows, whether they have been added up or not", async () => {
    const world = await open();
    await month(world);
    const known = ({ text }: Reply) => JSON.parse(text.replaceAll(world.scope.workspaceId, "ws_4fN…"));
    for (const fold of [false, true]) {
      if (fold) await foldFigures(world.deps);
      const [figures, months] = examples;
      const reply = await look(world, ANALYTICS);
      assert.deepEqual(known(reply), figures);
      assert.deepEqual(Object.keys(reply.body), Object.keys(figures), "in this order");
      assert.equal(reply.headers.get("x-currency-skipped"), null);
      assert.deepEqual(known(await look(world, `${REVENUE}?months=2`)), months);
    }
    const named = `?environment=prod&workspace_id=${world.scope.workspaceId}`;
    assert.deepEqual(known(await look(world, `${ANALYTICS}${named}`)), examples[0]);
  });

  it("of nothing are zeros", async () => {
    const world = await open();
    const { body } = await look(world, ANALYTICS);
    const { workspace_id: id, period, ...numbers } = body;
    assert.deepEqual([id, period], [world.scope.workspaceId, "last_30_days"]);
    assert.deepEqual([...new Set(Object.values(numbers))], [0], JSON.stringify(body));
  });

  it("are of thirty days to the millisecond, and of what a clock that runs ahead has dated", async () => {
    const world = await open();
    const first = NOW - 30 * DAY;
    for (const at of [first - 1, first, NOW, NOW + 40 * DAY]) {
      await visits(world, 1, "cancelled", { at });
      await failures(world, 1, at, at + 1);
    }
    const counted = async () => {
      const { cancel_sessions, failed_payments, recoveries, mrr_lost_cents } = (await look(world, ANALYTICS))
        .body;
      return [cancel_sessions, failed_payments, recoveries, mrr_lost_cents];
    };
    assert.deepEqual(await counted(), [3, 3, 3, 300]);
    await foldFigures(world.deps);
    assert.deepEqual(await counted(), [3, 3, 3, 300]);
    world.pass(1);
    assert.deepEqual(await counted(), [2, 2, 2, 200]);
  });

  it("follow a visit when it ends otherwise than was reported", async () => {
    const world = await open();
    const row = aReport(world.scope, { startedAt: NOW, mrr: 500 });
    const ends = async (more: Partial<LedgerRow>) => {
      await world.deps.store.putLedger(valued({ ...row, ...more }));
      const { body } = await look(world, ANALYTICS);
      return [body.cancel_sessions, body.saves, body.mrr_saved_cents, body.mrr_lost_cents];
    };
    assert.deepEqual(await ends({}), [1, 0, 0, 0]);
    assert.deepEqual(await ends({ outcome: "cancelled" }), [1, 0, 0, 500]);
    await foldFigures(world.deps);
    assert.deepEqual(await ends({ outcome: "cancelled", undoneAt: NOW + 1 }), [1, 1, 500, 0]);
    assert.deepEqual(await ends({ outcome: "abandoned" }), [1, 0, 0, 0]);
  });

  it("count other currencies, and say of how many no amount is in a sum", async () => {
    const world = await open();
    await visits(world, 2, "retained", { currency: "usd" });
    await visits(world, 1, "cancelled", { currency: "jpy" });
    await visits(world, 4, "abandoned", { currency: "usd" });
    await visits(world, 1, "retained");
    await world.deps.store.putRecovery(
      aRecovery(world.scope, { currency: "usd", status: "recovered", recoveredAt: NOW }),
    );
    const { body, headers } = await look(world, ANALYTICS);
    const sums = [body.cancel_sessions, body.saves, body.mrr_saved_cents, body.mrr_lost_cents];
    assert.deepEqual([...sums, headers.get("x-currency-skipped")], [8, 3, 100, 0, "3"]);
    const months = await look(world, `${REVENUE}?months=1`);
    assert.equal(months.headers.get("x-currency-skipped"), "4", "the paid invoice too");
    assert.deepEqual(months.body.totals, {
      mrr_saved_cents: 100,
      mrr_lost_cents: 0,
      payments_recovered_cents: 0,
      saves: 3,
      recoveries: 1,
    });
  });

  it("are of production, and of the sandbox where that is asked for or all that a key may read", async () => {
    const world = await open();
    await visits(world, 2, "retained");
    await visits(world, 1, "retained", sandboxOf(world));
    const { key } = await createKey(world.deps, { ...sandboxOf(world), kind: "secret", name: "sandbox" });
    const saves = async (query: string, of = world.key) =>
      (await look(world, `${ANALYTICS}${query}`, of)).body.saves;
    assert.deepEqual(
      [await saves(""), await saves("?environment=prod"), await saves("?environment=sandbox")],
      [2, 2, 1],
    );
    assert.deepEqual([await saves("", key), await saves("?environment=sandbox", key)], [1, 1]);
    for (const path of [ANALYTICS, REVENUE, "/api/v1/sessions", "/api/v1/sessions/nobody"]) {
      assert.equal((await look(world, `${path}?environment=prod`, key)).code, "insufficient_scope", path);
      const foreign = await look(world, `${path}?workspace_id=ws_other`);
      assert.deepEqual(
        [foreign.status, foreign.code, foreign.param],
        [403, "workspace_mismatch", "workspace_id"],
      );
      assert.equal((await look(world, `${path}?environment=staging`)).param, "environment", path);
    }
  });
});

onEachStore("Revenue by month", ({ open }) => {
  it("has twelve months of UTC unless others are asked for, oldest first, each with zeros at least", async () => {
    const world = await open();
    const names = async (query: string) => {
      const { body } = await look(world, `${REVENUE}${query}`);
      return (body.months as { month: string }[]).map(({ month: name }) => name);
    };
    const all = await names("?months=24");
    assert.deepEqual(
      [all.length, all[0], all[7], all[8], all.at(-1)],
      [24, "2025-06", "2026-01", "2026-02", "2027-05"],
    );
    assert.deepEqual(await names(""), all.slice(-12));
    assert.deepEqual(await names("?months=1"), ["2027-05"]);
    world.clock.now = Date.parse("2027-03-31T23:59:59.999Z");
    assert.deepEqual(await names("?months=2"), ["2027-02", "2027-03"], "also at the end of a long month");
    for (const months of ["0", "25", "-1", "1.5", "all", ""]) {
      const { status, param } = await look(world, `${REVENUE}?months=${months}`);
      assert.deepEqual([status, param], [400, "months"], months);
    }
  });

  it("has what a clock that runs ahead has dated in the last month, as the last thirty days have", async () => {
    const world = await open();
    await visits(world, 1, "retained", { at: NOW });
    await visits(world, 1, "retained", { at: NOW + 70 * DAY });
    await failures(world, 1, NOW, NOW + 40 * DAY);
    for (const fold of [false, true]) {
      if (fold) await foldFigures(world.deps);
      const { body } = await look(world, `${REVENUE}?months=1`);
      const { month, ...running } = (body.months as Record<string, unknown>[])[0] ?? {};
      assert.deepEqual([month, running], ["2027-05", body.totals]);
      assert.deepEqual([running.saves, running.mrr_saved_cents, running.recoveries], [2, 200, 1]);
    }
  });

  it("dates saves by the visit and recoveries by the payment", async () => {
    const world = await open();
    const may = Date.UTC(2027, 4);
    await visits(world, 2, "retained", { at: may - 1 });
    await visits(world, 1, "cancelled", { at: may });
    await failures(world, 1, may - 1, may);
    await failures(world, 1, Date.UTC(2027, 2), may - 1);
    await visits(world, 1, "retained", { at: Date.UTC(2027, 2, 31) });
    for (const fold of [false, true]) {
      if (fold) await foldFigures(world.deps);
      const { body } = await look(world, `${REVENUE}?months=2`);
      const [april, running] = body.months as Record<string, unknown>[];
      const none = { mrr_saved_cents: 0, mrr_lost_cents: 0, saves: 0 };
      const paid = { payments_recovered_cents: 4_900, recoveries: 1 };
      assert.deepEqual(april, { month: "2027-04", ...none, ...paid, mrr_saved_cents: 200, saves: 2 });
      assert.deepEqual(running, { month: "2027-05", ...none, ...paid, mrr_lost_cents: 100 });
      assert.deepEqual(body.totals, {
        mrr_saved_cents: 200,
        mrr_lost_cents: 100,
        payments_recovered_cents: 9_800,
        saves: 2,
        recoveries: 2,
      });
    }
  });
});

/** The list of visits, as a program that was made for Retainly goes through it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import type { LedgerRow } from "../../src/store/store.ts";
import { DAY, john, MINUTE, NOW, onEachStore, type Reply, type World } from "../harness.ts";
import { aReport } from "../store/rows.ts";
import { settled } from "../visit.ts";
import { report } from "./cancelling.ts";

const SESSIONS = "/api/v1/sessions";
type Listed = Record<string, unknown> & { id: string };

const page = readFileSync(new URL("../../../docs/analytics.md", import.meta.url), "utf8");
const example = JSON.parse(Array.from(page.matchAll(/^```json\n(.*?)^```/gms)).at(-1)?.[1] ?? "");

const look = (world: World, query = ""): Promise<Reply> =>
  world.request(`${SESSIONS}${query}`, { headers: { "X-API-Key": world.key } });

const listed = async (world: World, query = ""): Promise<Listed[]> => {
  const { status, body, text } = await look(world, query);
  assert.equal(status, 200, text);
  return body.data as Listed[];
};

const ids = async (world: World, query: string): Promise<string[]> =>
  (await listed(world, query)).map(({ id }) => id);

/** Begun one after the other, each a minute later. @returns their ids, latest first */
async function begun(world: World, count: number, more: (index: number) => Partial<LedgerRow> = () => ({})) {
  const rows = Array.from({ length: count }, (_, index) =>
    aReport(world.scope, { startedAt: NOW + index * MINUTE, ...more(index) }),
  );
  await world.deps.store.transaction(async (tx) => {
    for (const row of rows) await tx.putLedger(row);
  });
  return rows.map(({ id }) => id).reverse();
}

onEachStore("The list of sessions", ({ open }) => {
  it("is what docs/analytics.md shows, of one that was reported", async () => {
    const world = await open();
    const json = {
      ...{ eventId: "evt_1", userId: "user_42", reasonKey: "too_expensive", outcome: "recovered" },
      offer: { type: "discount", accepted: true },
      context: { mrr: 199 },
      metadata: { seats: 3 },
      occurredAt: "2027-05-14T08:00:00Z",
    };
    assert.equal((await report(world, json)).status, 201);
    const { body } = await look(world, "?outcome=saved&since=2027-05-01&until=2027-05-14&limit=20");
    const [only] = body.data as Listed[];
    assert.deepEqual(JSON.parse(JSON.stringify(body).replace(`${only?.id}`, "can_9Xq…")), example);
    assert.deepEqual((await world.request(`${SESSIONS}/${only?.id}`, { key: world.key })).body, only);
    assert.equal((await world.request(`${SESSIONS}/nobody`, { key: world.key })).code, "session_not_found");
  });

  it("tells of a flow from its first step to what was undone after it", async () => {
    const world = await open();
    const visit = await world.visit(john);
    await visit.send();
    const [open1] = await listed(world);
    assert.deepEqual(
      [open1?.outcome, open1?.completed_at, open1?.saved_mrr_cents, open1?.customer_id],
      [null, null, null, john],
    );
    settled(await visit.cancel());
    const [gone] = await listed(world, "?outcome=canceled");
    assert.deepEqual([gone?.id, gone?.outcome], [open1?.id, "canceled"]);
    assert.notEqual(gone?.completed_at, null);
    const [billed] = await world.simulator.subscriptions(john);
    await world.simulator.execute({ type: "undo_cancellation", subscriptionId: billed?.id ?? "" }, "undo");
    await world.visit(john);
    assert.deepEqual(await listed(world, "?outcome=canceled"), []);
    const [saved] = await listed(world, "?outcome=saved");
    assert.deepEqual([saved?.id, saved?.outcome, saved?.mrr_cents], [gone?.id, "saved", null], "in dollars");
    assert.equal((await look(world)).headers.get("x-currency-skipped"), "1");
  });

  it("comes in pages, by number or after the last of the page before", async () => {
    const world = await open();
    const all = await begun(world, 5);
    assert.deepEqual(await ids(world, ""), all);
    const { body } = await look(world, "?limit=2&offset=2");
    const { data, ...rest } = body;
    assert.deepEqual(rest, { total: 5, limit: 2, offset: 2, has_more: true });
    assert.deepEqual(
      (data as Listed[]).map(({ id }) => id),
      all.slice(2, 4),
    );
    const last = await look(world, "?limit=3&offset=2");
    assert.deepEqual([last.body.has_more, (last.body.data as unknown[]).length], [false, 3]);
    assert.equal((await look(world, `?limit=2&after=${all[1]}`)).body.has_more, true);
    assert.deepEqual(await ids(world, `?limit=2&after=${all[1]}`), all.slice(2, 4));
    // What comes in meanwhile moves pages by number, and not these.
    await begun(world, 1, () => ({ startedAt: NOW + DAY }));
    assert.deepEqual(await ids(world, `?after=${all[3]}`), all.slice(4));
    assert.deepEqual(await ids(world, "?limit=1&offset=5"), all.slice(4));
    assert.equal((await look(world, `?after=${all[4]}`)).body.has_more, false);
  });

  it("is cut by outcome and by time, and counts what is left", async () => {
    const world = await open();
    const outcomes = ["retained", "cancelled", "abandoned", undefined] as const;
    const rows = await begun(world, 8, (index) => {
      const outcome = outcomes[index % 4];
      const day = Date.UTC(2027, 4, 10 + Math.floor(index / 4));
      return { startedAt: day + (index % 4) * 6 * 60 * MINUTE, ...(outcome ? { outcome } : {}) };
    });
    const [h0, h6, h12, h18] = [...rows].reverse();
    const found = async (query: string) => {
      const { body, text } = await look(world, query);
      const data = (body.data as Listed[]).map(({ id }) => id);
      assert.equal(body.total, data.length, `${query} ${text}`);
      return data;
    };
    assert.equal((await found("?outcome=saved")).length, 2);
    assert.equal((await found("?outcome=canceled")).length, 2);
    assert.equal((await found("?outcome=abandoned&since=2027-05-11")).length, 1);
    assert.deepEqual(await found("?until=2027-05-10"), [h18, h12, h6, h0], "the whole day");
    assert.deepEqual(await found("?since=2027-05-10&until=2027-05-10"), [h18, h12, h6, h0]);
    assert.deepEqual(await found("?until=2027-05-10T12:00:00Z"), [h6, h0], "before that instant");
    const plus = encodeURIComponent("+02:00");
    assert.deepEqual(await found(`?since=2027-05-10T08:00:00${plus}&until=2027-05-10T20:00:00.001${plus}`), [
      h18,
      h12,
      h6,
    ]);
    assert.deepEqual(await found("?since=2027-05-10T06:00:00Z&until=2027-05-10T06:00:00Z"), []);
    assert.deepEqual(await found("?since=2028-01-01"), []);
  });

  it("refuses what it would have to guess", async () => {
    const world = await open();
    const refused = {
      limit: ["0", "201", "-1", "1.5", "many", ""],
      offset: ["-1", "100001", "0.5"],
      outcome: ["retained", "cancelled", "open", ""],
      since: ["yesterday", "2027-05-32", "2027-05-14T09:00:00", "14.05.2027", ""],
      until: ["2027-02-30", "2027-13-01"],
      after: ["nobody", ""],
    };
    for (const [param, values] of Object.entries(refused))
      for (const value of values) {
        const reply = await look(world, `?${param}=${value}`);
        assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", param], value);
      }
    for (const [since, until] of [
      ["2027-05-02", "2027-05-01"],
      ["2027-05-02T00:00:00Z", "2027-05-01"],
      ["2027-05-01T00:00:00.001Z", "2027-05-01T00:00:00Z"],
    ]) {
      const reply = await look(world, `?since=${since}&until=${until}`);
      assert.deepEqual([reply.status, reply.param], [400, "since"], since);
    }
    for (const query of [
      "?limit=1",
      "?limit=200",
      "?offset=100000",
      "?since=2027-05-01T12:00:00Z&until=2027-05-01",
    ])
      assert.equal((await look(world, query)).status, 200, query);
  });
});

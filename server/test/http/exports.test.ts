/** The three CSV files of Retainly's API. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { parse } from "csv-parse/sync";
import { sql } from "kysely";
import { createKey } from "../../src/domain/workspaces.ts";
import type { LedgerRow, RecoveryAttemptRow, RecoveryRow } from "../../src/store/store.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { anAttempt, aRecovery, aReport } from "../store/rows.ts";
import { sandboxOf } from "./cancelling.ts";

type Name = "sessions" | "recovery" | "saves";
type Row = Record<string, string>;

const SESSION_COLUMNS = "id,email,reason,outcome,offer_type,offer_accepted,started_at,completed_at";
const iso = (at: number): string => new Date(at).toISOString();

const ask = (world: World, name: Name, query = "", key = world.key) =>
  world.request(`/api/exports/${name}${query}`, { headers: { "X-API-Key": key } });

const rowsIn = (text: string): Row[] => parse(text, { columns: true, record_delimiter: "\r\n" });

async function rows(world: World, name: Name, query = ""): Promise<Row[]> {
  const { status, text } = await ask(world, name, query);
  assert.equal(status, 200, text);
  return rowsIn(text);
}

/** A visit that is over and was worth this much. */
async function saved(world: World, more: Partial<LedgerRow>): Promise<LedgerRow> {
  const at = more.completedAt ?? NOW;
  const row = aReport(world.scope, {
    outcome: "retained",
    confirmed: true,
    startedAt: at - 1,
    completedAt: at,
    occurredAt: at,
    ...more,
  });
  await world.deps.store.putLedger(row);
  return row;
}

async function attempted(
  world: World,
  recovery: Partial<RecoveryRow>,
  attempt: Partial<RecoveryAttemptRow> = {},
): Promise<[RecoveryRow, RecoveryAttemptRow]> {
  const row = aRecovery(world.scope, recovery);
  const made = anAttempt(row.id, attempt);
  await world.deps.store.putRecovery(row);
  await world.deps.store.insertRecoveryAttempt(made);
  return [row, made];
}

onEachStore("Exports", ({ open, home }) => {
  it("are a line of columns where there is nothing yet", async () => {
    const world = await open();
    const expected = {
      sessions: SESSION_COLUMNS,
      recovery: "id,email,amount_eur,status,decline_code,attempted_at",
      saves: "id,event_type,mrr_impact_eur,occurred_at",
    };
    for (const name of ["sessions", "recovery", "saves"] as const) {
      const { status, headers, text } = await ask(world, name);
      assert.equal(status, 200);
      assert.equal(text, `${expected[name]}\r\n`);
      assert.equal(headers.get("content-type"), "text/csv; charset=utf-8");
      assert.equal(headers.get("content-disposition"), `attachment; filename="${name}-export.csv"`);
      assert.equal(headers.get("x-has-more"), "false");
      assert.equal(headers.get("x-currency-skipped"), name === "sessions" ? null : "0");
      const head = await world.request(`/api/exports/${name}`, { method: "HEAD", key: world.key });
      assert.deepEqual([head.status, head.text], [200, ""]);
    }
  });

  it("tell of a customer's visit, and of what it has kept", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("too_expensive").next();
    await visit.send();
    const [running] = await rows(world, "sessions");
    assert.deepEqual(running, {
      id: visit.session,
      email: "john.doe@example.com",
      reason: "too_expensive",
      outcome: "",
      offer_type: visit.shown("discount").type,
      offer_accepted: "false",
      started_at: iso(world.clock.now),
      completed_at: "",
    });
    assert.deepEqual(await rows(world, "saves"), []);
    world.pass(MINUTE);
    assert.equal((await visit.accept()).status, 200);
    const { mrr } = (await world.ledger())[0] as LedgerRow;
    const [row] = await rows(world, "sessions");
    assert.deepEqual(row, {
      ...running,
      outcome: "saved",
      offer_accepted: "true",
      completed_at: iso(world.clock.now),
    });
    const currency = (await world.ledger())[0]?.currency as string;
    await world.deps.store.updateWorkspace(world.scope.workspaceId, {
      settings: { allowedOrigins: [], currency },
    });
    assert.deepEqual(await rows(world, "saves"), [
      {
        id: visit.session,
        event_type: "discount_accepted",
        [`mrr_impact_${currency}`]: ((mrr as number) / 100).toFixed(2),
        occurred_at: iso(world.clock.now),
      },
    ]);
  });

  it("call each save by what has brought it about, the latest first", async () => {
    const world = await open();
    const offered = { offerAccepted: true, savedMrr: 19_900 };
    const offers = ["discount", "pause", "plan_change", "annual_switch", "contact"];
    for (const [index, offerType] of offers.entries())
      await saved(world, { ...offered, offerType, completedAt: NOW + index });
    await saved(world, { offerType: "discount", savedMrr: 5, completedAt: NOW + 10 });
    const undone = { outcome: "cancelled" as const, undoneAt: NOW + 11, savedMrr: 100 };
    await saved(world, { ...undone, completedAt: NOW - DAY });
    await attempted(world, { status: "recovered", recoveredAt: NOW + 12, amount: 123_456 });
    await attempted(world, { status: "failed" });
    await saved(world, { outcome: "cancelled", completedAt: NOW + 13 });
    await saved(world, { outcome: "abandoned", completedAt: NOW + 13 });
    const list = await rows(world, "saves");
    assert.deepEqual(
      list.map(({ event_type, mrr_impact_eur, occurred_at }) => [event_type, mrr_impact_eur, occurred_at]),
      [
        ["payment_recovered", "1234.56", iso(NOW + 12)],
        ["cancellation_undone", "1.00", iso(NOW + 11)],
        ["kept", "0.05", iso(NOW + 10)],
        ["contact_accepted", "199.00", iso(NOW + 4)],
        ["annual_switch_accepted", "199.00", iso(NOW + 3)],
        ["downgrade_accepted", "199.00", iso(NOW + 2)],
        ["pause_accepted", "199.00", iso(NOW + 1)],
        ["discount_accepted", "199.00", iso(NOW)],
      ],
    );
  });

  it("list each attempt to collect", async () => {
    const world = await open();
    const [recovery, first] = await attempted(
      world,
      { email: "jane@acme.example", amount: 4_900, status: "recovered", recoveredAt: NOW + DAY },
      { attemptedAt: NOW, declineCode: "insufficient_funds" },
    );
    const second = anAttempt(recovery.id, { attempt: 2, status: "succeeded", attemptedAt: NOW + DAY });
    await world.deps.store.insertRecoveryAttempt(second);
    const shared = { email: "jane@acme.example", amount_eur: "49.00" };
    assert.deepEqual(await rows(world, "recovery"), [
      { id: second.id, ...shared, status: "succeeded", decline_code: "", attempted_at: iso(NOW + DAY) },
      {
        id: first.id,
        ...shared,
        status: "failed",
        decline_code: "insufficient_funds",
        attempted_at: iso(NOW),
      },
    ]);
  });

  it("hold no amount of another currency, and say how many rows that are", async () => {
    const world = await open({ settings: { currency: "jpy" } });
    await saved(world, { savedMrr: 2_900, currency: "jpy" });
    await saved(world, { savedMrr: 2_900, currency: "usd", completedAt: NOW - 1 });
    await attempted(world, { amount: 980, currency: "jpy", status: "recovered", recoveredAt: NOW - 2 });
    await attempted(world, { amount: 980, currency: "eur", status: "recovered", recoveredAt: NOW - 3 });
    await attempted(world, { amount: 980, currency: "eur" });
    const saves = await ask(world, "saves");
    assert.deepEqual(
      rowsIn(saves.text).map((row) => row.mrr_impact_jpy),
      ["2900", "", "980", ""],
    );
    assert.equal(saves.headers.get("x-currency-skipped"), "2");
    const attempts = await ask(world, "recovery");
    assert.deepEqual(
      rowsIn(attempts.text)
        .map((row) => row.amount_jpy)
        .toSorted(),
      ["", "", "980"],
    );
    assert.equal(attempts.headers.get("x-currency-skipped"), "2");
    // Of the rows in the file alone.
    for (const [limit, skipped] of [
      [1, "0"],
      [2, "1"],
    ] as const) {
      const { headers } = await ask(world, "saves", `?limit=${limit}`);
      assert.deepEqual([headers.get("x-currency-skipped"), headers.get("x-has-more")], [skipped, "true"]);
    }
  });

  it("take hostile text for text", async () => {
    const world = await open();
    const { email, reason } = { email: '=HYPERLINK("http://evil.example";"x"),\r\n', reason: "+1" };
    await saved(world, { email, reason });
    const [row] = await rows(world, "sessions");
    assert.deepEqual([row?.email, row?.reason], [`'${email}`, "'+1"]);
  });

  it("are of one environment of one workspace", async () => {
    const world = await open();
    const other = await open();
    const sandbox = sandboxOf(world);
    const [one, tried, foreign] = [world.scope, sandbox, other.scope].map((scope) => ({
      visit: { ...aReport(scope, { outcome: "retained", startedAt: NOW, completedAt: NOW }) },
      recovery: aRecovery(scope),
    }));
    for (const each of [one, tried, foreign]) {
      assert.ok(each);
      await world.deps.store.putLedger(each.visit);
      await world.deps.store.putRecovery(each.recovery);
      await world.deps.store.insertRecoveryAttempt(anAttempt(each.recovery.id));
    }
    const { key } = await createKey(world.deps, { ...sandbox, kind: "secret", name: "sandbox" });
    for (const name of ["sessions", "recovery", "saves"] as const) {
      assert.equal((await rows(world, name)).length, 1);
      const tries = await rows(world, name, "?environment=sandbox");
      assert.equal(tries.length, 1);
      assert.deepEqual(rowsIn((await ask(world, name, "", key)).text), tries);
      assert.equal((await ask(world, name, "?environment=prod", key)).code, "insufficient_scope");
      const id = (await rows(other, name))[0]?.id;
      for (const query of [`?after=${id}`, "?after=nobody", `?after=${tries[0]?.id}`]) {
        const { status, code, param } = await ask(world, name, query);
        assert.deepEqual([status, code, param], [400, "parameter_invalid", "after"]);
      }
      const named = await ask(world, name, `?workspace_id=${other.scope.workspaceId}`);
      assert.deepEqual([named.status, named.code], [403, "workspace_mismatch"]);
      assert.equal((await ask(world, name, `?workspace_id=${world.scope.workspaceId}`)).status, 200);
      for (const limit of ["0", "50001", "1.5", "many", "-1"])
        assert.equal((await ask(world, name, `?limit=${limit}`)).param, "limit");
      assert.equal((await ask(world, name, "?limit=50000")).status, 200);
    }
  });

  it("are the latest 5,000 rows, and lead to the others, while more are added", async () => {
    await using world = await alone(home);
    const { workspaceId } = world.scope;
    const first = await saved(world, { startedAt: 0, completedAt: 0 });
    // Many at one instant: then the id decides.
    await sql`insert into ledger (id, workspace_id, environment, source, outcome, confirmed, offer_accepted, currency,
        started_at, completed_at, occurred_at, created_at, updated_at)
      with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 5000)
      select 'many_' || n, ${workspaceId}, environment, source, outcome, 1, 0, currency,
        started_at + 9 + n % 7, started_at + 9 + n % 5, 9, 9, 9 from numbers, ledger where id = ${first.id}`.execute(
      world.store.db,
    );
    const known = [first.id, ...Array.from({ length: 5_000 }, (_, index) => `many_${index + 1}`)];
    const exact = await ask(world, "sessions", "?limit=5001");
    assert.deepEqual([rowsIn(exact.text).length, exact.headers.get("x-has-more")], [5_001, "false"]);
    for (const name of ["sessions", "saves"] as const) {
      const file = await ask(world, name);
      const latest = rowsIn(file.text);
      assert.deepEqual([latest.length, file.headers.get("x-has-more")], [5_000, "true"]);
      assert.ok(!latest.some(({ id }) => id === first.id));
      const expected = known.toSorted();
      const found: string[] = [];
      let after = "";
      for (let isMore = true; isMore; ) {
        const part = await ask(world, name, `?limit=1700${after}`);
        found.push(...rowsIn(part.text).map(({ id }) => id as string));
        isMore = part.headers.get("x-has-more") === "true";
        const next = part.headers.get("x-next-after");
        assert.equal(next !== null, isMore);
        // By either: whatever the reader has kept.
        after = `&after=${found.length > 1700 ? found.at(-1) : next}`;
        const at = NOW + DAY + found.length;
        known.push((await saved(world, { completedAt: at, startedAt: at })).id);
      }
      assert.deepEqual(found.toSorted(), expected);
    }
  });

  it("go on where they were, whatever has become of the row that they ended with", async () => {
    const world = await open();
    const all: LedgerRow[] = [];
    for (let at = 0; at < 4; at++) all.unshift(await saved(world, { completedAt: NOW + at }));
    const first = await ask(world, "saves", "?limit=2");
    const last = all[1] as LedgerRow;
    await world.deps.store.putLedger({ ...last, outcome: "cancelled" });
    const rest = all.slice(2).map(({ id }) => id);
    for (const after of [first.headers.get("x-next-after"), last.id])
      assert.deepEqual(
        (await rows(world, "saves", `?after=${after}`)).map(({ id }) => id),
        rest,
      );
  });

  it("come with curl as the documents have it", async () => {
    const world = await open();
    await saved(world, { email: "jane@acme.example", savedMrr: 4_900 });
    await attempted(world, { status: "recovered", recoveredAt: NOW });
    const server = serve({ fetch: world.app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    const folder = await mkdtemp(join(tmpdir(), "renumerate-export-"));
    try {
      const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      for (const name of ["sessions", "recovery", "saves"] as const) {
        const file = join(folder, `${name}-export.csv`);
        await promisify(execFile)("curl", [
          ...["-sS", "--fail", `${host}/api/exports/${name}`],
          ...["-H", `X-API-Key: ${world.key}`, "-o", file],
        ]);
        assert.equal(await readFile(file, "utf8"), (await ask(world, name)).text);
      }
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  });
});

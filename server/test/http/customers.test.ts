/** What is kept about one customer, handed out and forgotten. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { sql } from "kysely";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { sendMail } from "../../src/domain/mails.ts";
import { purgeCustomers } from "../../src/domain/personal-data.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { followed, LINK } from "../domain/cancel-linking.ts";
import { make, mintFor } from "../domain/changing.ts";
import { alone, DAY, john, MINUTE, onEachStore, type Reply, type World } from "../harness.ts";
import { aLedgerRow, aMail, aSession } from "../store/rows.ts";
import { report } from "./cancelling.ts";

const PATH = "/api/v1/customers/data";
const EMAIL = "john.doe@example.com";
const USER = "user_of_john";
const WORDS = "Because my sister left";
const NOTE = "met at the fair";
const BACK = "https://shop.example/account/user_of_john?user=user_of_john";

type TestStore = Awaited<ReturnType<typeof alone>>["store"];

/** Whatever says who it was, or what they wrote. */
const TRACES = [john, EMAIL, "John Doe", USER, ids.monthly, WORDS, NOTE, "WELCOME20"];

const look = (world: World, query: string, more: object = {}): Promise<Reply> =>
  world.request(`${PATH}?${query}`, { key: world.key, ...more });
const forget = (world: World, query: string, more: object = {}): Promise<Reply> =>
  look(world, query, { method: "DELETE", ...more });

async function dump({ db }: TestStore): Promise<[table: string, text: string][]> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`
    .execute(db)
    .catch(() =>
      sql<{
        name: string;
      }>`select table_name as name from information_schema.tables where table_schema = 'public'`.execute(db),
    );
  // The simulator is billing, which a business lets forget by itself.
  const ours = rows.map(({ name }) => name).filter((name) => !/^(simulator|sqlite)_/.test(name));
  const found: [string, string][] = [];
  for (const name of ours) {
    const { rows: all } = await sql`select * from ${sql.table(name)}`.execute(db);
    found.push([name, JSON.stringify(all)]);
  }
  return found;
}

const tracesIn = async (store: TestStore): Promise<string[]> =>
  (await dump(store)).flatMap(([table, text]) =>
    TRACES.filter((each) => text.toLowerCase().includes(each.toLowerCase())).map(
      (trace) => `${table}: ${trace}`,
    ),
  );

const isWaiting = async ({ db }: TestStore): Promise<boolean> =>
  (
    await sql`select 1 from pg_locks where not granted
      and database = (select oid from pg_database where datname = current_database())`.execute(db)
  ).rows.length > 0;

/** What the books say all together. */
async function figures(world: World): Promise<unknown[]> {
  while (await world.tick());
  const paths = ["/api/v1/analytics", "/api/v1/analytics/revenue", "/api/v1/retention-health"];
  const all = await Promise.all(paths.map((path) => world.request(path, { key: world.key })));
  const saves = await world.request("/api/exports/saves", { key: world.key });
  const sessions = await world.request("/api/exports/sessions", { key: world.key });
  assert.ok([...all, saves, sessions].every(({ status }) => status === 200));
  return [...all.map(({ body }) => body), saves.text, sessions.text.replaceAll(EMAIL, "")];
}

const failure = (at: number, invoiceId: string): BillingEvent => ({
  ...{ id: `evt_${invoiceId}`, at, type: "payment_failed", invoiceId, subscriptionId: ids.monthly },
  ...{ customerId: john, email: EMAIL, amount: 4_900, currency: "usd", attempt: 1 },
});

/** All that a customer can leave behind. */
async function live(world: World): Promise<void> {
  const { deps, scope, clock } = world;
  const endpoint = { url: "http://localhost:9/hooks", events: ["*"] };
  const made = await world.request("/api/v1/webhook-endpoints", { key: world.key, json: endpoint });
  assert.ok(made.status < 300, made.text);
  const owner = await mintFor(world, ids.monthly);
  const change = await make(world, owner, ids.monthly, { type: "promo_code", code: "WELCOME20" });
  assert.equal(change.status, 200, change.text);
  await deps.store.dismissOffer(scope, john, "offer_1", clock.now);
  world.pass(MINUTE);
  const visit = await world.visit(john);
  visit.select("other").write(WORDS).next();
  await visit.send();
  assert.equal((await visit.cancel()).status, 200);
  world.pass(MINUTE);
  const back = await make(world, owner, ids.monthly, { type: "undo_cancellation" });
  assert.equal(back.status, 200, back.text);
  world.pass(MINUTE);
  const linked = await world.request(LINK, {
    key: world.key,
    json: {
      userId: USER,
      customerId: john,
      subscriptionId: ids.monthly,
      returnUrl: BACK,
      metadata: { note: NOTE },
    },
  });
  assert.equal(linked.status, 200, linked.text);
  const token = String(linked.body.url).split("/cancel/")[1] as string;
  const behind = await followed(world, { id: linked.body.session_id as string, token });
  behind.select("other").write(WORDS);
  await behind.close();
  const reported = { eventId: "evt_1", reasonKey: "too_expensive", outcome: "recovered" };
  const said = { userId: USER, reasonText: WORDS, metadata: { note: NOTE }, context: { mrr: 49 } };
  assert.equal((await report(world, { ...reported, ...said })).status, 201);
  await keepBillingEvent(deps, scope, failure(clock.now, "in_1"));
  const paid = { type: "payment_succeeded", invoiceId: "in_1", amount: 4_900, attempt: 2 } as const;
  await keepBillingEvent(deps, scope, { id: "evt_paid", at: clock.now + 1, ...paid });
  const leaving = { comment: WORDS };
  const changed = { type: "subscription_changed", subscriptionId: ids.monthly, leaving } as const;
  await keepBillingEvent(deps, scope, { id: "evt_changed", at: clock.now, ...changed });
  world.pass(10_000);
  while (await world.tick());
  await deps.store.transaction((tx) =>
    sendMail(deps, tx, {
      ...scope,
      kind: "recovery_card_update",
      about: "rec_1/1",
      message: { to: EMAIL, subject: "John Doe", html: WORDS, text: WORDS },
    }),
  );
}

const settings = { returnHosts: ["shop.example"], currency: "usd" };

onEachStore("One customer's data", ({ home, open }) => {
  it("is all handed out, and then in no table; figures stay as they were", async () => {
    await using world = await alone(home, { settings });
    await live(world);
    const before = await figures(world);
    const rows = await dump(world.store);
    const kept = await look(world, `customer_id=${john}`);
    assert.equal(kept.status, 200, kept.text);
    const { customer_ids, emails, found, data, object } = kept.body;
    assert.deepEqual(
      { object, customer_ids, emails, found },
      { object: "customer_data", customer_ids: [john, USER], emails: [EMAIL], found: true },
    );
    assert.deepEqual(Object.keys(Object(data)), [
      ...["sessions", "session_events", "actions", "changes", "offer_dismissals", "ledger"],
      ...["ledger_outcomes", "cancel_links", "recoveries", "recovery_attempts", "mails", "events"],
      ...["webhook_attempts", "billing_events"],
    ]);
    for (const trace of TRACES) assert.ok(kept.text.includes(trace), `${trace} is handed out`);
    assert.match(Object(data).sessions[0].created_at, /^2027-05-14T09:4\d:\d\d\.\d{3}Z$/);
    assert.doesNotMatch(kept.text, /"(token_hash|digest|token_id|sealed)"/);

    const { status, body, text } = await forget(world, `email=${EMAIL.toUpperCase()}`);
    assert.equal(status, 200, text);
    assert.deepEqual([body.object, body.found], ["customer_deletion", true]);
    assert.deepEqual(await tracesIn(world.store), []);
    assert.deepEqual(await figures(world), before);
    const count = ([name, all]: [string, string]) => [name, (JSON.parse(all) as unknown[]).length];
    const gone = ["jobs", "offer_dismissals", "figure_changes", "figures", "webhook_attempts"];
    const counted = (all: [string, string][]) =>
      all.map(count).filter(([name]) => !gone.includes(name as string));
    assert.deepEqual(counted(await dump(world.store)), counted(rows), "rows stay");
    for (const query of [`customer_id=${john}`, `email=${EMAIL}`, `customer_id=${USER}`]) {
      const again = await forget(world, query);
      assert.deepEqual([again.status, again.body.found, again.body.changed], [200, false, {}]);
      assert.equal((await look(world, query)).body.found, false);
    }
    if (home.name === "PostgreSQL") return;
    const { file } = (
      await sql<{ file: string }>`select file from pragma_database_list`.execute(world.store.db)
    ).rows[0] ?? { file: "" };
    await sql`delete from simulator_objects`.execute(world.store.db);
    await sql`delete from simulator_requests`.execute(world.store.db);
    await sql`vacuum`.execute(world.store.db);
    await sql`pragma wal_checkpoint(truncate)`.execute(world.store.db);
    const bytes = (await readFile(file, "latin1")) + (await readFile(`${file}-wal`, "latin1"));
    assert.deepEqual(
      TRACES.filter((trace) => bytes.includes(trace)),
      [],
      "nor is it in the file",
    );
  });

  it("leaves everybody else as they are, who share an address too", async () => {
    const world = await open({ settings });
    const { store } = world.deps;
    const shared = { email: "office@acme.example" };
    const one = aSession(world.scope, { customerId: "cus_one", subscriptionId: "sub_one", ...shared });
    const other = aSession(world.scope, { customerId: "cus_other", subscriptionId: "sub_other", ...shared });
    const sandbox = aSession(
      { ...world.scope, environment: "sandbox" },
      { customerId: "cus_one", ...shared },
    );
    const rows = [one, other, sandbox];
    for (const row of rows) {
      await store.insertSession(row);
      await store.putLedger(aLedgerRow(row, row.id, { customerId: row.customerId, ...shared }));
    }
    // Nobody can tell to whom of them it went.
    const mail = aMail(world.scope, { kind: "other", recipient: shared.email });
    await store.insertMail(mail);
    const { text } = await look(world, "customer_id=cus_one");
    assert.ok(text.includes("sub_one") && !text.includes("cus_other") && !text.includes(mail.id));
    assert.deepEqual((await forget(world, "customer_id=cus_one")).body.changed, { sessions: 1, ledger: 1 });
    assert.deepEqual([await store.session(other.id), await store.session(sandbox.id)], [other, sandbox]);
    assert.deepEqual(await store.mail(mail.id), mail);
    // Who asks for an address asks for everybody who has it.
    assert.equal((await look(world, "email=Office@acme.example")).body.found, true);
    await forget(world, "email=Office@acme.example");
    assert.equal((await store.session(other.id))?.email, undefined);
    const { recipient, status } = (await store.mail(mail.id)) ?? assert.fail();
    assert.deepEqual([recipient.slice(0, 5), status], ["gone_", "skipped"]);
    assert.deepEqual(await store.session(sandbox.id), sandbox);
    await forget(world, "customer_id=cus_one&environment=sandbox");
    assert.match((await store.session(sandbox.id))?.customerId ?? "", /^gone_\w{22}$/);
  });

  it("stays while billing has not answered", async () => {
    const world = await open({ settings });
    const visit = await world.visit(john);
    visit.select("too_expensive").next();
    world.billing.plan = { execute: { when: "before", throws: "unknown", times: 1 } };
    assert.equal((await visit.cancel()).status, 200);
    const { status, code } = await forget(world, `customer_id=${john}`);
    assert.deepEqual([status, code], [409, "customer_busy"]);
    assert.equal((await look(world, `customer_id=${john}`)).body.found, true);
    world.pass(MINUTE);
    while (await world.tick());
    assert.equal((await forget(world, `customer_id=${john}`)).status, 200);
  });

  it("does not come back through a page that is open meanwhile", async () => {
    await using world = await alone(home, { settings });
    const visit = await world.visit(john);
    visit.select("other");
    await visit.send();
    assert.equal((await forget(world, `customer_id=${john}`)).status, 200);
    visit.write(WORDS);
    const late = await visit.send();
    assert.deepEqual([late.status, late.code], [404, "session_not_found"]);
    visit.next();
    const decided = await visit.cancel();
    assert.deepEqual([decided.status, decided.code], [404, "session_not_found"]);
    assert.deepEqual(await tracesIn(world.store), []);
    assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
    await world.tick();
    world.pass(DAY);
    while (await world.tick());
    assert.deepEqual(await tracesIn(world.store), []);
    const [row] = await world.ledger();
    assert.equal(row?.outcome, "abandoned");
  });

  it("does not come back through what is being written at the same moment", async () => {
    await using world = await alone(home, { settings });
    const { store } = world.deps;
    const visit = await world.visit(john);
    await visit.select("other").send();
    const [begun, forgetting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const writing = store.transaction(async (tx) => {
      await tx.lock(`session:${visit.session}`);
      const row = (await tx.ledgerOfSession(visit.session)) ?? assert.fail();
      begun.resolve();
      await forgetting.promise;
      await tx.putLedger({ ...row, reasonText: WORDS });
    });
    await begun.promise;
    let isOver = false;
    const forgotten = forget(world, `customer_id=${john}`).finally(() => {
      isOver = true;
    });
    // On SQLite nobody gets in between; on PostgreSQL it can be seen that somebody waits.
    while (home.name === "PostgreSQL" && !isOver && !(await isWaiting(world.store)));
    forgetting.resolve();
    await writing;
    assert.equal((await forgotten).status, 200);
    assert.deepEqual(await tracesIn(world.store), []);
  });

  it("is for keys that may do everything, one customer at a time", async () => {
    const world = await open();
    const wanted = { ...world.scope, kind: "secret" as const, name: "reads" };
    const { key } = await createKey(world.deps, { ...wanted, scopes: ["analytics:read"] });
    assert.equal((await look(world, "customer_id=x", { key })).code, "insufficient_scope");
    assert.equal((await forget(world, "customer_id=x", { key })).code, "insufficient_scope");
    for (const query of ["", "customer_id=", "email=", "customer_id=x&email=y", "customer_id=x%00y"]) {
      assert.equal((await look(world, query)).status, 400, query);
      assert.equal((await forget(world, query)).status, 400, query);
    }
    const elsewhere = await forget(world, "customer_id=x&workspace_id=ws_other");
    assert.deepEqual([elsewhere.status, elsewhere.code], [403, "workspace_mismatch"]);
    const nobody = await forget(world, "customer_id=nobody");
    assert.deepEqual([nobody.status, nobody.body.found, nobody.body.changed], [200, false, {}]);
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    assert.equal((await forget(world, "customer_id=x")).status, 200);
  });

  it("is forgotten by itself once nothing has been heard of them for long enough", async () => {
    await using world = await alone(home, { settings });
    await live(world);
    const { deps, clock } = world;
    const began = clock.now;
    const others = aSession(world.scope, { customerId: "cus_active", touchedAt: began + 1 * DAY });
    await deps.store.insertSession(others);
    await deps.store.insertSession(
      aSession(world.scope, { customerId: "cus_active", touchedAt: began - 9 * DAY }),
    );
    clock.now = Date.parse("2029-05-14T09:00:00Z");
    await purgeCustomers({ ...deps, retainMonths: 24 });
    await purgeCustomers(deps);
    assert.equal((await look(world, `customer_id=${john}`)).body.found, true, "not a day too early");
    clock.now = Date.parse("2029-05-14T10:00:00Z");
    await purgeCustomers({ ...deps, retainMonths: 24 });
    assert.equal((await look(world, `customer_id=${john}`)).body.found, false);
    assert.equal((await look(world, "customer_id=cus_active")).body.found, true);
    assert.deepEqual(await tracesIn(world.store), []);
    clock.now += 2 * DAY;
    await purgeCustomers({ ...deps, retainMonths: 24 });
    assert.equal((await look(world, "customer_id=cus_active")).body.found, false);
  });
});

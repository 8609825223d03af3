/** What is kept about one customer, handed out and forgotten. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { sql } from "kysely";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { aliasesFor } from "../../src/domain/aliases.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { recordFlowEvent } from "../../src/domain/flow-api.ts";
import { forgetCustomer } from "../../src/domain/personal-data.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import { alone, DAY, john, MINUTE, onEachStore } from "../harness.ts";
import { aLedgerRow, aMail, aSession } from "../store/rows.ts";
import { report, update } from "./cancelling.ts";
import { call, discount, everything, refused, start } from "./flowing.ts";
import {
  dump,
  EMAIL,
  failure,
  figures,
  forget,
  isWaiting,
  live,
  look,
  settings,
  TRACES,
  tracesIn,
  USER,
  WORDS,
} from "./forgetting.ts";

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

  it("is handed out all or not at all while it is being forgotten", async () => {
    await using world = await alone(home, { settings });
    const { store } = world.deps;
    await store.insertSession(aSession(world.scope, { customerId: "cus_one", email: EMAIL }));
    const [begun, ending] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { workspaceId, environment } = world.scope;
    const forgetting = store.transaction(async (tx) => {
      await tx.lock(`customer:${workspaceId}:${environment}:cus_one`);
      begun.resolve();
      await ending.promise;
      const person = { customerIds: ["cus_one"], emails: [EMAIL] };
      await tx.forgetPerson(world.scope, person, aliasesFor(world.deps, world.scope));
    });
    await begun.promise;
    let isOver = false;
    const looking = look(world, "customer_id=cus_one").finally(() => {
      isOver = true;
    });
    while (home.name === "PostgreSQL" && !isOver && !(await isWaiting(world.store)));
    ending.resolve();
    await forgetting;
    const { found, emails, data } = (await looking).body;
    assert.deepEqual({ found, emails, data }, { found: false, emails: [], data: {} });
  });

  it("does not come back through a visit that a server goes on with", async () => {
    await using world = await alone(home, { settings, cancelAtBilling: "period_end" });
    await world.publish(everything);
    const { deps, scope } = world;
    const session_id = await start(world);
    const shown = (await deps.store.session(session_id)) ?? assert.fail();
    // Forgotten between the moment in which the session is found and the one in which it is written.
    const meanwhile: typeof deps = {
      ...deps,
      billing: (of) => ({
        ...deps.billing(of),
        async now() {
          await forgetCustomer(deps, scope, { customerId: john });
          return deps.billing(of).now();
        },
      }),
    };
    const data = { reason: "broken", reason_text: WORDS };
    const event = { session_id, event_type: "survey_answered", data } as const;
    const [key] = await deps.store.keys(scope.workspaceId);
    await assert.rejects(recordFlowEvent(meanwhile, { key: key ?? assert.fail() }, {}, event), {
      code: "session_not_found",
    });
    assert.deepEqual(await tracesIn(world.store), []);
    const asked: [string, object][] = [
      ["event", event],
      ["save", { session_id, ...discount }],
      ["cancel", { session_id, reason: "broken", reason_text: WORDS }],
    ];
    for (const [what, json] of asked) await refused(call(world, what, json), 404, "session_not_found");
    // What a page was shown, worked out before and written after.
    await deps.store.updateSession(session_id, { config: shown.config, locale: "de" });
    assert.deepEqual(await tracesIn(world.store), []);
    assert.equal((await world.billed(ids.monthly)).cancelAt, undefined);
    assert.notEqual(await start(world), session_id, "who comes again begins again");
  });

  it("does not come back through a payment that fails again", async () => {
    await using world = await alone(home, { settings });
    const { deps, scope, clock } = world;
    await keepBillingEvent(deps, scope, failure(clock.now, "in_1"));
    while (await world.tick());
    assert.equal((await forget(world, `customer_id=${john}`)).body.found, true);
    const again = { ...failure(clock.now + DAY, "in_1"), id: "evt_again", attempt: 2 } as BillingEvent;
    await keepBillingEvent(deps, scope, again);
    while (await world.tick());
    const recovery = await deps.store.recovery(scope, "in_1");
    assert.equal(recovery?.attemptCount, 2);
    const traces = await tracesIn(world.store);
    assert.deepEqual(
      traces.filter((trace) => !trace.startsWith("billing_events")),
      [],
    );
  });

  it("is what events are about, and not what is said in them", async () => {
    const world = await open();
    const said = { eventId: "evt_1", reasonKey: "too_expensive", metadata: { customer_id: john } };
    assert.equal((await report(world, said)).status, 201);
    assert.equal((await look(world, `customer_id=${john}`)).body.found, false);
    assert.equal((await report(world, { ...said, eventId: "evt_2", userId: USER })).status, 201);
    assert.equal(Object((await look(world, `customer_id=${USER}`)).body.data).events.length, 1);
  });

  it("takes along what the business wrote about them, and knows a report that it has had", async () => {
    await using world = await alone(home, { settings });
    const said = {
      ...{ eventId: `cancel:${EMAIL}`, userId: USER, reasonKey: "too_expensive", outcome: "churned" },
      offer: { type: "discount", label: "For John Doe" },
      context: { plan: "John Doe's", mrr: 49 },
    };
    assert.equal((await report(world, said)).status, 201);
    await forget(world, `customer_id=${USER}`);
    assert.deepEqual(await tracesIn(world.store), []);
    const again = await report(world, said);
    assert.deepEqual([again.status, again.body.userId === USER], [200, false]);
    assert.equal(
      (await update(world, said.eventId, { outcome: "recovered" })).code,
      "cancellation_not_found",
    );
    const [row, ...more] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.mrr, row?.offerType, more], ["cancelled", 4_900, "discount", []]);
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
});

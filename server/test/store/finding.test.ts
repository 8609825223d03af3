/** What exports and requests about one customer ask costs no more in a large installation than in a small one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CompiledQuery, type Kysely, type KyselyPlugin, sql } from "kysely";
import { postgres, sqlite } from "../../src/store/differences.ts";
import { finding } from "../../src/store/migrations/007-finding.ts";
import { personalDataUpkeep } from "../../src/store/personal-data-upkeep.ts";
import { queries } from "../../src/store/queries.ts";
import type { Json } from "../../src/store/store.ts";
import { stores, type TestStore } from "../stores.ts";
import { aFact, aMail, anAttempt, aRecovery, aReport, aScope, aSession, NOW } from "./rows.ts";

const ROWS = 1_000;

type Row = Record<string, unknown>;

/** More rows like the one that is there. */
async function multiply({ db }: TestStore, table: string, other: (row: number) => Row): Promise<void> {
  const { rows } = await sql<Row>`select * from ${sql.table(table)}`.execute(db);
  const [{ position: _, ...model } = assert.fail(table)] = rows;
  const columns = Object.keys(model);
  const names = sql.join(columns.map((each) => sql.ref(each)));
  const copies = Array.from({ length: ROWS }, (_, index) => ({ ...model, ...other(index) }) as Row);
  // A statement has room for so many parameters.
  while (copies.length) {
    const some = copies.splice(0, 500).map((copy) => sql`(${sql.join(columns.map((each) => copy[each]))})`);
    await sql`insert into ${sql.table(table)} (${names}) values ${sql.join(some)}`.execute(db);
  }
}

for (const home of stores) {
  describe(`The way to exports and personal data on ${home.name}`, () => {
    it("leads over an index", async () => {
      const opened = await home.open();
      try {
        const { store, db } = opened;
        const scope = aScope();
        const email = "cus_0@acme.example";
        const whose = { customerId: "cus_0", email };
        const session = aSession(scope, whose);
        const at = { startedAt: NOW, completedAt: NOW, updatedAt: NOW };
        const recovery = aRecovery(scope, { ...whose, status: "recovered", recoveredAt: NOW });
        await store.insertSession(session);
        await store.putLedger(aReport(scope, { ...whose, ...at, outcome: "retained" }));
        await store.putRecovery(recovery);
        await store.insertRecoveryAttempt(anAttempt(recovery.id));
        await store.insertEvent(aFact(scope, { customerId: "cus_0" }));
        await store.insertMail(aMail(scope, { kind: "recovery_retryable", recipient: email }));
        const person = (row: number) => ({ customer_id: `cus_${row}`, email: `cus_${row}@acme.example` });
        const later = (row: number) => NOW + 10 + row;
        await multiply(opened, "sessions", (row) => ({
          ...{ id: `ses_x${row}`, token_id: `tok_x${row}`, touched_at: later(row) },
          ...person(row),
        }));
        await multiply(opened, "ledger", (row) => ({
          ...{ id: `can_x${row}`, event_id: `evt_x${row}`, outcome: row % 4 ? "cancelled" : "retained" },
          ...{ started_at: later(row), completed_at: later(row), updated_at: later(row) },
          ...person(row),
        }));
        await multiply(opened, "recoveries", (row) => ({
          ...{ id: `rec_x${row}`, invoice_id: `in_x${row}`, recovered_at: later(row) },
          ...{ last_attempt_at: later(row), ...person(row) },
        }));
        await multiply(opened, "recovery_attempts", (row) => ({
          ...{ id: `att_x${row}`, recovery_id: `rec_x${row}`, attempted_at: later(row) },
        }));
        await multiply(opened, "events", (row) => ({ id: `evt_x${row}`, customer_id: `cus_${row}` }));
        await multiply(opened, "mails", (row) => ({
          ...{ id: `mail_x${row}`, about: `rec_x${row}/1`, recipient: person(row).email },
        }));
        const own = home.name === "SQLite" ? sqlite : postgres;
        // SQLite plans without figures, as in an installation; PostgreSQL would sooner or later gather them itself.
        if (home.name === "PostgreSQL") await sql`analyze`.execute(db);

        const asked: CompiledQuery[] = [];
        const listening: KyselyPlugin = {
          transformQuery({ node, queryId }) {
            asked.push(db.getExecutor().compileQuery(node, queryId));
            return node;
          },
          transformResult: async ({ result }) => result,
        };
        const heard = db.withPlugin(listening);
        const any = { ...queries(heard, own), ...personalDataUpkeep(heard, own) };
        const one = { customerIds: ["cus_7"], emails: ["cus_7@acme.example"] };
        const part = { after: { at: NOW + ROWS / 2, id: "x" }, limit: 5 };
        const ways: [() => Promise<unknown>, ...RegExp[]][] = [
          [() => any.saves(scope, part), /ledger_saves/, /recoveries_recovered/],
          [
            () => any.savesExtent(scope, { ...part, currency: "eur" }),
            /ledger_saves/,
            /recoveries_recovered/,
          ],
          [() => any.saveAt(scope, "can_x3"), /ledger_(pkey|session)|autoindex_ledger/],
          [() => any.attemptsMade(scope, part), /recovery_attempts_recent/],
          [() => any.attemptsExtent(scope, { ...part, currency: "eur" }), /recovery_attempts_recent/],
          [() => any.personOf(scope, { email }), /sessions_email/, /ledger_email/, /recoveries_email/],
          [() => any.personalData(scope, one), /sessions_customer/, /events_customer/, /mails_recipient/],
          [() => any.turnsOf(scope, one), /sessions_customer/, /ledger_customer/],
          [
            () => any.silentCustomers(NOW + 12, { limit: 5 }),
            /sessions_customer/,
            /ledger_customer/,
            /recoveries_customer/,
          ],
        ];
        for (const [ask, ...over] of ways) {
          asked.length = 0;
          await ask();
          const plans: string[] = [];
          for (const { sql: text, parameters } of asked) {
            const prefix = home.name === "SQLite" ? "explain query plan" : "explain";
            const { rows } = await db.executeQuery(CompiledQuery.raw(`${prefix} ${text}`, [...parameters]));
            plans.push(JSON.stringify(rows));
          }
          const all = plans.join("\n");
          for (const way of over) assert.match(all, way, String(ask));
          const isThrough =
            /(Seq Scan on|"SCAN) (sessions|ledger|recoveries|events|recovery_attempts(?! USING INDEX))\b/;
          assert.deepEqual(
            plans.filter((plan) => isThrough.test(plan)),
            [],
            String(ask),
          );
        }
      } finally {
        await opened.drop();
      }
    });

    it("was found for events that there were before", async () => {
      const opened = await home.open();
      try {
        const { store, db } = opened;
        const scope = aScope();
        const told: Json[] = [
          { customer_id: "cus_1", metadata: { userId: "somebody else" } },
          { metadata: { customer_id: "somebody else" }, userId: "user_1" },
          { subscriptionId: "sub_1", customerId: "cus_2", plan: null },
          { customer_id: "cus_3", reason_text: "\0 \ud800" },
          { metadata: { customer_id: "somebody else" } },
          null,
        ];
        for (const data of told) await store.insertEvent(aFact(scope, { data }));
        // As the version before has left them.
        for (const name of ["events_customer", "ledger_saves", "mails_recipient"])
          await sql`drop index ${sql.ref(name)}`.execute(db);
        for (const table of ["sessions", "ledger", "recoveries"])
          await sql`drop index ${sql.ref(`${table}_email`)}`.execute(db);
        await sql`alter table events drop column customer_id`.execute(db);
        await finding(db as unknown as Kysely<unknown>, home.name === "SQLite" ? sqlite : postgres);
        const found = (await store.events(scope, { limit: 9 })).map(({ customerId }) => customerId);
        assert.deepEqual(found, ["cus_1", "user_1", "cus_2", "cus_3", undefined, undefined]);
      } finally {
        await opened.drop();
      }
    });
  });
}

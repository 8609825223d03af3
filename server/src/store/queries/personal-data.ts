import { type Kysely, type RawBuilder, type Selectable, sql, type UpdateQueryBuilder } from "kysely";
import { ALIAS, type Person, type PersonalDataQueries } from "../personal-data.ts";
import { fromJson } from "../rows.ts";
import type { Schema } from "../schema.ts";
import type { Json, Scope } from "../store.ts";
import { forgotten, Names } from "./forgetting.ts";
import { folded, PERSONAL_TABLES, type PersonalTable, theirs } from "./theirs.ts";

/** Tables in which an address stands beside a customer. */
const ADDRESSED = ["sessions", "ledger", "recoveries"] as const;

/** What nobody can read, or is of no use to anybody but this server. */
const WITHHELD: readonly string[] = ["workspace_id", "token_id", "token_hash", "digest", "position"];

const JSON_COLUMNS: readonly string[] = [
  ...["config", "settlement", "data", "decision", "action", "fault", "change", "seen", "before"],
  ...["metadata", "context", "result"],
];
/** Of a change it is a word, and not JSON. */
const isJson = (table: PersonalTable, column: string): boolean =>
  JSON_COLUMNS.includes(column) && !(table === "changes" && column === "fault");

/** What a row is known by. */
const KEYS: Readonly<Partial<Record<PersonalTable, readonly string[]>>> = {
  session_events: ["session_id", "id"],
  ledger_outcomes: ["position"],
  offer_dismissals: ["workspace_id", "environment", "customer_id", "offer_id"],
  billing_events: ["workspace_id", "environment", "id"],
};

type Row = Readonly<Record<string, unknown>>;

/** Rows that one statement names: it has room for so many parameters. */
const AT_ONCE = 400;

export function personalDataQueries(db: Kysely<Schema>): PersonalDataQueries {
  const within = ({ workspaceId, environment }: Scope) =>
    sql<boolean>`workspace_id = ${workspaceId} and environment = ${environment}`;

  const texts = async (query: RawBuilder<{ text: string | null }>): Promise<string[]> =>
    (await query.execute(db)).rows.flatMap(({ text }) => (text === null ? [] : [text]));

  const columnsOf = async (scope: Scope, column: string, of: RawBuilder<boolean>): Promise<string[]> => {
    const found = ADDRESSED.map((table) =>
      texts(sql`select ${sql.ref(column)} as text from ${sql.table(table)} where ${within(scope)} and ${of}`),
    );
    return (await Promise.all(found)).flat();
  };

  /** A link names its customer twice: as the business knows them, and as billing does. */
  const linked = async (scope: Scope, ids: Set<string>): Promise<void> => {
    for (let before = -1; ids.size > before; ) {
      before = ids.size;
      const known = sql.join([...ids]);
      const found = await texts(sql`
        select user_id as text from cancel_links where ${within(scope)} and customer_id in (${known})
        union all select customer_id from cancel_links where ${within(scope)} and user_id in (${known})`);
      for (const id of found) ids.add(id);
    }
  };

  /** Without the addresses that somebody else has as well: what was sent to those may be theirs. */
  const alone = async (scope: Scope, person: Person): Promise<Person> => {
    if (!person.customerIds.length) return person;
    const others = sql<boolean>`email is not null and customer_id not in (${sql.join(person.customerIds)})`;
    const shared = person.emails.length
      ? await columnsOf(
          scope,
          "email",
          sql`${others} and lower(email) in (${sql.join(person.emails.map(folded))})`,
        )
      : [];
    const isShared = new Set(shared.map(folded));
    return { ...person, emails: person.emails.filter((each) => !isShared.has(folded(each))) };
  };

  const rowsOf = async (scope: Scope, person: Person) => {
    const read = theirs(db, scope, await alone(scope, person));
    const found: [PersonalTable, Selectable<Schema[PersonalTable]>[]][] = [];
    for (const table of PERSONAL_TABLES) found.push([table, await read(table)]);
    return found.filter(([, rows]) => rows.length);
  };

  const update = async (table: PersonalTable, rows: readonly Row[], change: object): Promise<void> => {
    const keys = KEYS[table] ?? ["id"];
    const names = sql.join(keys.map((key) => sql.ref(key)));
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const some = rows
        .slice(from, from + AT_ONCE)
        .map((row) => sql`(${sql.join(keys.map((key) => row[key]))})`);
      const query = db.updateTable(table) as unknown as UpdateQueryBuilder<
        Schema,
        "events",
        "events",
        object
      >;
      await query
        .set(change)
        .where(sql<boolean>`(${names}) in (values ${sql.join(some)})`)
        .execute();
    }
  };

  /** Rows that change in the same way in one statement, and those that say nothing of anybody in none. */
  const updateAll = async (
    table: PersonalTable,
    rows: readonly Row[],
    changeOf: (row: Row) => Readonly<Record<string, unknown>>,
  ): Promise<void> => {
    const alike = new Map<string, { change: object; rows: Row[] }>();
    for (const row of rows) {
      const change = changeOf(row);
      if (Object.entries(change).every(([column, value]) => row[column] === value)) continue;
      const written = JSON.stringify(change);
      const group = alike.get(written) ?? { change, rows: [] };
      group.rows.push(row);
      alike.set(written, group);
    }
    for (const { change, rows: each } of alike.values()) await update(table, each, change);
  };

  const forgetAnswers = async (eventIds: readonly string[]) => {
    if (!eventIds.length) return;
    const deliveries = db.selectFrom("webhook_deliveries").select("id").where("event_id", "in", eventIds);
    await db
      .updateTable("webhook_attempts")
      .set({ excerpt: null })
      .where("delivery_id", "in", deliveries)
      .where("excerpt", "is not", null)
      .execute();
  };

  return {
    async personOf(scope, { customerId, email }) {
      // An alias is nobody.
      const ids = new Set(customerId === undefined || customerId.startsWith(ALIAS) ? [] : [customerId]);
      if (email !== undefined) {
        const isAt = sql<boolean>`email is not null and lower(email) = ${folded(email)}`;
        for (const id of await columnsOf(scope, "customer_id", isAt)) ids.add(id);
      }
      if (ids.size) await linked(scope, ids);
      const customerIds = [...ids].sort();
      const emails = customerIds.length
        ? await columnsOf(scope, "email", sql`customer_id in (${sql.join(customerIds)})`)
        : [];
      return {
        customerIds,
        emails: [...new Set([...(email === undefined ? [] : [email]), ...emails])].sort(),
      };
    },

    async personalData(scope, person) {
      const tables = await rowsOf(scope, person);
      return Object.fromEntries(
        tables.map(([table, rows]) => [
          table,
          rows.map((row) =>
            Object.fromEntries(
              Object.entries(row)
                .filter(([column, value]) => value !== null && !WITHHELD.includes(column))
                .map(([column, value]): [string, Json] => [
                  column,
                  isJson(table, column) ? fromJson<Json>(value as string) : (value as Json),
                ]),
            ),
          ),
        ]),
      );
    },

    async turnsOf(scope, person) {
      const read = theirs(db, scope, person);
      const links = await read("cancel_links");
      const ledger = await read("ledger");
      return {
        links: links.map(({ id }) => id),
        sessions: (await read("sessions")).map(({ id }) => id),
        invoices: (await read("recoveries")).map(({ invoice_id }) => invoice_id),
        events: ledger.flatMap(({ event_id }) => (event_id === null ? [] : [event_id])),
      };
    },

    async isBusy(scope, { customerIds }) {
      if (!customerIds.length) return false;
      const { workspaceId, environment } = scope;
      const action = await db
        .selectFrom("sessions")
        .innerJoin("actions", "actions.session_id", "sessions.id")
        .select("actions.id")
        .where("sessions.workspace_id", "=", workspaceId)
        .where("sessions.environment", "=", environment)
        .where("sessions.customer_id", "in", customerIds)
        .where("actions.status", "=", "pending")
        .limit(1)
        .executeTakeFirst();
      if (action) return true;
      const change = await db
        .selectFrom("changes")
        .select("id")
        .where("workspace_id", "=", workspaceId)
        .where("environment", "=", environment)
        .where("customer_id", "in", customerIds)
        .where("status", "=", "pending")
        .limit(1)
        .executeTakeFirst();
      return change !== undefined;
    },

    async forgetPerson(scope, person, aliases) {
      const tables = await rowsOf(scope, person);
      const links = tables.flatMap(([table, rows]) => (table === "cancel_links" ? rows : []));
      const own = links.map((row) => (row as { id: string }).id);
      const names = new Names(aliases, own);
      const changed: Record<string, number> = {};
      for (const [table, rows] of tables) {
        const forget = forgotten[table] as ((row: object, names: Names) => Row) | undefined;
        if (table === "offer_dismissals") {
          // Whoever was two customers may have dismissed an offer twice, and nothing counts them.
          await db
            .deleteFrom(table)
            .where(within(scope))
            .where("customer_id", "in", person.customerIds)
            .execute();
        } else if (!forget) continue;
        else await updateAll(table, rows as unknown as Row[], (row) => forget(row, names));
        // Also what was answered until a moment ago: whoever writes an answer down holds its event meanwhile.
        if (table === "events") await forgetAnswers(rows.map((row) => (row as { id: string }).id));
        // Their text is nowhere but in what is still to be done.
        if (table === "mails") {
          const mails = rows.map((row) => (row as { id: string }).id);
          await db.deleteFrom("jobs").where("topic", "=", "mail").where("key", "in", mails).execute();
        }
        changed[table] = rows.length;
      }
      return changed;
    },
  };
}

/** Which rows are about a person, table by table: what is handed out is what is forgotten. */
import { type Kysely, type RawBuilder, type Selectable, type SelectQueryBuilder, sql } from "kysely";
import type { Person } from "../personal-data.ts";
import type { Schema } from "../schema.ts";
import type { Scope } from "../store.ts";

/** In the order in which they are told. */
export const PERSONAL_TABLES = [
  "sessions",
  "session_events",
  "actions",
  "changes",
  "offer_dismissals",
  "ledger",
  "ledger_outcomes",
  "cancel_links",
  "recoveries",
  "recovery_attempts",
  "mails",
  "events",
  "webhook_attempts",
  "billing_events",
] as const;

export type PersonalTable = (typeof PERSONAL_TABLES)[number];

/** What a row is sorted by: oldest first. */
const ORDER: Readonly<Record<PersonalTable, string>> = {
  sessions: "created_at",
  session_events: "received_at",
  actions: "created_at",
  changes: "created_at",
  offer_dismissals: "at",
  ledger: "occurred_at",
  ledger_outcomes: "position",
  cancel_links: "created_at",
  recoveries: "first_failed_at",
  recovery_attempts: "attempted_at",
  mails: "created_at",
  events: "position",
  webhook_attempts: "at",
  billing_events: "received_at",
};

/** Letters of ASCII alone, as `lower` has it in both homes. */
export const folded = (email: string): string => email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

type Condition = RawBuilder<boolean>;

const NONE = sql<boolean>`1 = 0`;

const oneOf = (column: RawBuilder<unknown>, list: readonly string[]): Condition =>
  list.length ? sql<boolean>`${column} in (${sql.join(list)})` : NONE;

/** @param person whose addresses are nobody else's */
function conditions({ workspaceId, environment }: Scope, person: Person) {
  const { customerIds: ids } = person;
  const emails = person.emails.map(folded);
  const scope = sql<boolean>`workspace_id = ${workspaceId} and environment = ${environment}`;
  const ofCustomer = sql<boolean>`${scope} and ${oneOf(sql.ref("customer_id"), ids)}`;
  const sessions = sql`select id from sessions where ${ofCustomer}`;
  const ledger = sql`select id from ledger where ${ofCustomer}`;
  const links = sql`select id from cancel_links where ${ofCustomer} union all select id from cancel_links where ${scope} and ${oneOf(sql.ref("user_id"), ids)}`;
  // To them, or of an invoice of theirs: `about` is then its recovery, a slash and a number. Reports are about nobody.
  const mails = sql`select id from mails where ${scope} and ${oneOf(sql`lower(recipient)`, emails)} and kind not like 'report%'
    union all select mails.id from mails, recoveries
      where mails.workspace_id = ${workspaceId} and mails.environment = ${environment}
        and mails.kind like 'recovery\\_%' escape '\\'
        and mails.about > recoveries.id || '/' and mails.about < recoveries.id || '0'
        and recoveries.workspace_id = ${workspaceId} and recoveries.environment = ${environment}
        and ${oneOf(sql.ref("recoveries.customer_id"), ids)}`;
  const subjects = sql`select subscription_id from sessions where ${ofCustomer}
    union select subscription_id from changes where ${ofCustomer}
    union select subscription_id from ledger where ${ofCustomer} and subscription_id is not null
    union select subscription_id from recoveries where ${ofCustomer} and subscription_id is not null
    union select invoice_id from recoveries where ${ofCustomer}`;
  return {
    sessions: ofCustomer,
    session_events: sql<boolean>`session_id in (${sessions})`,
    actions: sql<boolean>`session_id in (${sessions})`,
    changes: ofCustomer,
    offer_dismissals: ofCustomer,
    ledger: ofCustomer,
    ledger_outcomes: sql<boolean>`ledger_id in (${ledger})`,
    cancel_links: sql<boolean>`id in (${links})`,
    recoveries: ofCustomer,
    recovery_attempts: sql<boolean>`recovery_id in (select id from recoveries where ${ofCustomer})`,
    mails: sql<boolean>`id in (${mails})`,
    events: ofCustomer,
    webhook_attempts: sql<boolean>`delivery_id in (
      select id from webhook_deliveries where event_id in (select id from events where ${ofCustomer}))`,
    billing_events: sql<boolean>`${scope} and subject in (${subjects})`,
  } satisfies Record<PersonalTable, Condition>;
}

/** @returns rows of a table, oldest first */
export function theirs(db: Kysely<Schema>, scope: Scope, person: Person) {
  const where = conditions(scope, person);
  return <Table extends PersonalTable>(table: Table): Promise<Selectable<Schema[Table]>[]> =>
    // One table or the other: no type can say that they are all read in the same way.
    (db.selectFrom(table) as unknown as SelectQueryBuilder<Schema, Table, object>)
      .selectAll()
      .where(where[table])
      .orderBy(sql.ref(ORDER[table]))
      .execute() as Promise<Selectable<Schema[Table]>[]>;
}

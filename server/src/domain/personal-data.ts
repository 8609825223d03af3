/**
 * What is kept about one customer: handed out, and forgotten. Figures stay exact: rows stay, with their instants, outcomes and
 * amounts, and say no more whom they are about.
 */
import type { Deps } from "../deps.ts";
import type { Json, Scope, Transaction } from "../store/store.ts";
import { aliasesFor } from "./aliases.ts";
import { isoOf } from "./dates.ts";
import { Problem } from "./problem.ts";

/** One of the two. */
export interface Wanted {
  customerId?: string;
  email?: string;
}

export interface KeptData {
  customerIds: readonly string[];
  emails: readonly string[];
  found: boolean;
  data: Record<string, Record<string, Json>[]>;
}

export interface Forgotten {
  found: boolean;
  /** Rows, by table. */
  changed: Record<string, number>;
}

const INSTANT = /(^|_)at$/;

/** Of the table's own columns; what is inside a document is as it was written. */
const dated = (row: Json): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(row as Record<string, Json>).map(([name, value]) => [
      name,
      INSTANT.test(name) && typeof value === "number" ? isoOf(value) : value,
    ]),
  );

export async function readPersonalData(
  { store }: Pick<Deps, "store">,
  scope: Scope,
  wanted: Wanted,
): Promise<KeptData> {
  return store.transaction(async (tx) => {
    // In turn with whoever forgets them: it is all there, or nothing.
    const { customerIds } = await tx.personOf(scope, wanted);
    await lockCustomers(tx, scope, customerIds);
    const person = await tx.personOf(scope, wanted);
    const tables = Object.entries(await tx.personalData(scope, person));
    const data = Object.fromEntries(tables.map(([table, rows]) => [table, rows.map(dated)]));
    return { ...person, found: tables.length > 0, data };
  });
}

/**
 * Nothing is left to do if nobody is known, so it can be asked for again.
 *
 * @throws Problem customer_busy while billing has not answered about something of theirs
 */
export async function forgetCustomer(
  deps: Pick<Deps, "store" | "newId" | "keys">,
  scope: Scope,
  wanted: Wanted,
): Promise<Forgotten> {
  return deps.store.transaction(async (tx) => forget(deps, tx, scope, await tx.personOf(scope, wanted)));
}

/** @throws Problem customer_busy */
export async function forget(
  deps: Pick<Deps, "newId" | "keys">,
  tx: Transaction,
  scope: Scope,
  person: { customerIds: readonly string[]; emails: readonly string[] },
): Promise<Forgotten> {
  const within = `${scope.workspaceId}:${scope.environment}`;
  // In the order of everybody else who takes several of these.
  await lockCustomers(tx, scope, person.customerIds);
  const { links, sessions, invoices, events } = await tx.turnsOf(scope, person);
  await lockAll(tx, "cancel-link", links);
  await lockAll(tx, "session", sessions);
  await lockAll(tx, "recovery", invoices, within);
  await lockAll(tx, "cancellation", events, within);
  if (await tx.isBusy(scope, person)) throw new Problem("customer_busy");
  const changed = await tx.forgetPerson(scope, person, aliasesFor(deps, scope));
  return { found: Object.keys(changed).length > 0, changed };
}

const lockCustomers = (tx: Transaction, { workspaceId, environment }: Scope, ids: readonly string[]) =>
  lockAll(tx, "customer", ids, `${workspaceId}:${environment}`);

async function lockAll(
  tx: Transaction,
  kind: string,
  ids: readonly string[],
  within?: string,
): Promise<void> {
  for (const id of ids.toSorted()) await tx.lock([kind, ...(within ? [within] : []), id].join(":"));
}

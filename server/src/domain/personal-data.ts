/**
 * What is kept about one customer: handed out, and forgotten. Figures stay exact: rows stay, with their instants, outcomes and
 * amounts, and say no more whom they are about.
 */
import type { Deps } from "../deps.ts";
import type { Json, Scope, Transaction } from "../store/store.ts";
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
  // So that nobody is forgotten between the two.
  return store.transaction(async (tx) => {
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
  deps: Pick<Deps, "store" | "newId">,
  scope: Scope,
  wanted: Wanted,
): Promise<Forgotten> {
  return deps.store.transaction(async (tx) => forget(deps, tx, scope, await tx.personOf(scope, wanted)));
}

async function forget(
  { newId }: Pick<Deps, "newId">,
  tx: Transaction,
  scope: Scope,
  person: { customerIds: readonly string[]; emails: readonly string[] },
): Promise<Forgotten> {
  const within = `${scope.workspaceId}:${scope.environment}`;
  // In the order of everybody else who takes several of these.
  await lockAll(tx, "customer", person.customerIds, within);
  const { links, sessions, invoices, events } = await tx.turnsOf(scope, person);
  await lockAll(tx, "cancel-link", links);
  await lockAll(tx, "session", sessions);
  await lockAll(tx, "recovery", invoices, within);
  await lockAll(tx, "cancellation", events, within);
  if (await tx.isBusy(scope, person)) throw new Problem("customer_busy");
  const changed = await tx.forgetPerson(scope, person, newId("gone"));
  return { found: Object.keys(changed).length > 0, changed };
}

async function lockAll(
  tx: Transaction,
  kind: string,
  ids: readonly string[],
  within?: string,
): Promise<void> {
  for (const id of ids.toSorted()) await tx.lock([kind, ...(within ? [within] : []), id].join(":"));
}

const BATCH = 200;
/** Shorter than a schedule's lease, ms: what is left then is for the next night. */
const PATIENCE = 20_000;

/** Forgets customers of whom nothing has been heard for as long as the installation keeps them. */
export async function purgeCustomers(
  deps: Pick<Deps, "store" | "newId" | "clock" | "log" | "retainMonths">,
): Promise<void> {
  const { retainMonths, clock, log } = deps;
  if (!retainMonths) return;
  const began = clock();
  const before = monthsBefore(began, retainMonths);
  let forgotten = 0;
  let last: string;
  do {
    last = "";
    for (const { customerId, ...scope } of await deps.store.silentCustomers(before, BATCH)) {
      if (clock() - began > PATIENCE) break;
      if (!(await forgetSilent(deps, scope, customerId))) continue;
      forgotten += 1;
      last = customerId;
    }
  } while (last && clock() - began <= PATIENCE);
  if (forgotten) log.info({ customers: forgotten }, "customers were forgotten of whom nothing was heard");
}

/**
 * Under this id alone: what the same person is known by beside it may be in use.
 *
 * @returns whether they are forgotten; who is busy has their turn another night
 */
async function forgetSilent(
  deps: Pick<Deps, "store" | "newId">,
  scope: Scope,
  customerId: string,
): Promise<boolean> {
  try {
    const { found } = await deps.store.transaction(async (tx) => {
      const { emails } = await tx.personOf(scope, { customerId });
      return forget(deps, tx, scope, { customerIds: [customerId], emails });
    });
    return found;
  } catch (error) {
    if (error instanceof Problem && error.code === "customer_busy") return false;
    throw error;
  }
}

/** The same day and time in an earlier month, or that month's last day. */
function monthsBefore(at: number, months: number): number {
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const longest = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, longest));
  return date.getTime();
}

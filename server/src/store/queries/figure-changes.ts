/** Rows that figures are made of: whoever writes one writes down what it adds to them, all or nothing. */
import type { Kysely } from "kysely";
import { differenceOf, type Point } from "../points.ts";
import type { Schema } from "../schema.ts";

/** A transaction of its own where there is none yet. */
export const atOnce = <T>(db: Kysely<Schema>, work: (tx: Kysely<Schema>) => Promise<T>): Promise<T> =>
  db.isTransaction ? work(db) : db.transaction().execute(work);

/** A row as a store keeps it, with what it stands for. */
interface Kept {
  /** Locks it, and reads what it stands for; undefined if there is none. */
  take(): Promise<readonly Point[] | undefined>;
  /** The one that was taken. */
  replace(): Promise<unknown>;
  /** False if somebody else has inserted it meanwhile. */
  insert(): Promise<boolean>;
  after: readonly Point[];
}

/** Two who write the same row follow each other: each takes back what the one before has left. */
export async function putCounted(db: Kysely<Schema>, { take, replace, insert, after }: Kept): Promise<void> {
  let before: readonly Point[] | undefined;
  do {
    before = await take();
    if (before) await replace();
  } while (!before && !(await insert()));
  await insertChanges(db, differenceOf(before ?? [], after));
}

export async function insertChanges(db: Kysely<Schema>, changes: readonly Point[]): Promise<void> {
  if (!changes.length) return;
  const rows = changes.map(({ workspaceId, environment, ...rest }) => ({
    workspace_id: workspaceId,
    environment,
    ...rest,
  }));
  await db.insertInto("figure_changes").values(rows).execute();
}

/** What is exported: the latest rows of a list, read while they are sent, a page at a time. */
import { minorDigits } from "../../../src/flow/offers.ts";
import type { Deps } from "../deps.ts";
import type { AttemptMade, Extent, Save } from "../store/exports.ts";
import type { KeyRow, Scope, WorkspaceRow } from "../store/store.ts";
import type { Cursor, Visit } from "../store/visits.ts";
import { currencyOf } from "./currency.ts";
import { isoOf } from "./dates.ts";
import { endOf } from "./outcomes.ts";
import { Problem } from "./problem.ts";
import { offerWord, outcomeWord } from "./retainly-words.ts";
import { scopeOf } from "./scopes.ts";
import { visitId } from "./visits.ts";

/** Rows that are held at a time. */
const PAGE = 500;

export interface ExportQuery {
  limit: number;
  /** Id of the last row of the part before, or the `next` that was said with it. */
  after?: string | undefined;
  environment?: Scope["environment"] | undefined;
  workspace_id?: string | undefined;
}

/** A part of a list, and what of it has to be said before it is sent. */
export interface Exported<Row> {
  rows: AsyncIterable<Row>;
  /** Of the workspace: what the amounts are in. */
  currency: string;
  /** What `after` takes to go on behind it; absent where nothing comes after it. */
  next?: string;
  /** How many rows have no amount because it is in another currency. */
  skipped: number;
}

interface Caller {
  key: Pick<KeyRow, "workspaceId" | "environment">;
  workspace: Pick<WorkspaceRow, "settings">;
}

/** How one list is read. */
interface List<Row> {
  find(id: string): Promise<Cursor | undefined>;
  extent(of: { after?: Cursor; limit: number }): Promise<Extent>;
  read(part: { after?: Cursor; limit: number }): Promise<Row[]>;
  at(row: Row): Cursor;
}

/** @throws Problem workspace_mismatch, insufficient_scope, parameter_invalid */
export async function exportSessions({ store }: Pick<Deps, "store">, caller: Caller, query: ExportQuery) {
  const scope = scopeOf(caller.key, query);
  return exported(caller, query, {
    async find(id) {
      const visit = await store.visit(scope, id);
      return visit && { at: visit.startedAt, id: visit.id };
    },
    async extent({ limit, ...after }) {
      const [last, next] = await store.visits(scope, { ...after, limit: 2, offset: limit - 1 });
      return { otherCurrency: 0, ...(last && next ? { last: { at: last.startedAt, id: last.id } } : {}) };
    },
    read: (part) => store.visits(scope, part),
    at: ({ startedAt, id }) => ({ at: startedAt, id }),
  } satisfies List<Visit>);
}

/** @throws Problem workspace_mismatch, insufficient_scope, parameter_invalid */
export async function exportAttempts({ store }: Pick<Deps, "store">, caller: Caller, query: ExportQuery) {
  const scope = scopeOf(caller.key, query);
  const currency = currencyOf(caller.workspace.settings);
  return exported(caller, query, {
    find: (id) => store.attemptAt(scope, id),
    extent: (part) => store.attemptsExtent(scope, { ...part, currency }),
    read: (part) => store.attemptsMade(scope, part),
    at: ({ attemptedAt, id }) => ({ at: attemptedAt, id }),
  } satisfies List<AttemptMade>);
}

/** @throws Problem workspace_mismatch, insufficient_scope, parameter_invalid */
export async function exportSaves({ store }: Pick<Deps, "store">, caller: Caller, query: ExportQuery) {
  const scope = scopeOf(caller.key, query);
  const currency = currencyOf(caller.workspace.settings);
  return exported(caller, query, {
    find: (id) => store.saveAt(scope, id),
    extent: (part) => store.savesExtent(scope, { ...part, currency }),
    read: (part) => store.saves(scope, part),
    at: ({ at, id }) => ({ at, id }),
  } satisfies List<Save>);
}

async function exported<Row>(
  { workspace }: Caller,
  { limit, after: id }: ExportQuery,
  list: List<Row>,
): Promise<Exported<Row>> {
  const after = id === undefined ? undefined : (cursorIn(id) ?? (await list.find(id)));
  if (id !== undefined && !after) {
    const message = "after: there is no such row in this export";
    throw new Problem("parameter_invalid", { param: "after", message });
  }
  const part = { ...(after ? { after } : {}), limit };
  const { otherCurrency, last } = await list.extent(part);
  const currency = currencyOf(workspace.settings);
  const next = last && Buffer.from(`${last.at},${last.id}`).toString("base64url");
  const rows = rowsOf(list, { ...(after ? { after } : {}), ...(last ? { last } : {}) });
  return { rows, currency, skipped: otherCurrency, ...(next === undefined ? {} : { next }) };
}

/** A place in a list holds, whatever becomes of the row that was there. No id is such a text. */
function cursorIn(text: string): Cursor | undefined {
  const [, at, id] = /^(-?\d{1,15}),([\w-]{1,255})$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
  return at === undefined || id === undefined ? undefined : { at: Number(at), id };
}

/**
 * Each page begins where the one before has ended, so that what is added meanwhile moves nothing; and the part ends at the row
 * that the next one begins after, so that nothing is lost between the two.
 */
async function* rowsOf<Row>(
  { read, at }: List<Row>,
  { after, last }: { after?: Cursor; last?: Cursor },
): AsyncGenerator<Row> {
  for (let from = after; ; ) {
    const page = await read({ ...(from ? { after: from } : {}), limit: PAGE });
    for (const row of page) {
      if (last && isBehind(at(row), last)) return;
      yield row;
    }
    const end = page.at(-1);
    if (!end || page.length < PAGE) return;
    from = at(end);
  }
}

const isBehind = (one: Cursor, other: Cursor): boolean =>
  one.at < other.at || (one.at === other.at && one.id < other.id);

const isoOrNothing = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : isoOf(at);

/** With as many decimals as the currency has, without going through a number that could round. */
export function decimal(minor: number, currency: string): string {
  const digits = minorDigits(currency);
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${minor < 0 ? "-" : ""}${whole}${digits ? `.${text.slice(-digits)}` : ""}`;
}

/** Empty in another currency than the column says. */
const amountIn = (wanted: string, { amount, currency }: { amount: number; currency: string }) =>
  currency === wanted ? decimal(amount, currency) : undefined;

export const sessionLine = (visit: Visit) => ({
  id: visitId(visit),
  email: visit.email,
  reason: visit.reason,
  outcome: outcomeWord(endOf(visit)) ?? undefined,
  offer_type: visit.offerType === undefined ? undefined : offerWord(visit.offerType),
  offer_accepted: visit.offerAccepted,
  started_at: isoOf(visit.startedAt),
  completed_at: isoOrNothing(visit.completedAt),
});

export const attemptLine = (
  { id, status, declineCode, attemptedAt, recovery }: AttemptMade,
  currency: string,
) => ({
  id,
  email: recovery.email,
  amount: amountIn(currency, recovery),
  status,
  decline_code: declineCode,
  attempted_at: isoOf(attemptedAt),
});

export const saveLine = (save: Save, currency: string) => ({
  id: save.id,
  event_type: eventType(save),
  amount: amountIn(currency, save),
  occurred_at: isoOf(save.at),
});

function eventType({ kind, undone, offerType }: Save): string {
  if (kind === "recovery") return "payment_recovered";
  if (undone) return "cancellation_undone";
  return offerType === undefined ? "kept" : `${offerWord(offerType)}_accepted`;
}

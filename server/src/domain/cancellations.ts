/**
 * The ledger of cancellations that a business reports. An event is known by its environment and the caller's own id: what
 * was stored first holds, and only its outcome is reported again.
 */
import type {
  Cancellation,
  CancellationHistory,
  CancellationRequest,
  CancellationUpdate,
} from "../contract/cancellations.ts";
import { hasRoom, NO_ROOM } from "../contract/fields.ts";
import type { Deps } from "../deps.ts";
import type {
  FlatObject,
  KeyRow,
  LedgerRow,
  Queries,
  Scope,
  Transaction,
  WorkspaceRow,
} from "../store/store.ts";
import { aliasOf } from "./aliases.ts";
import { canonical, digestOf, historyOf, MOST_HISTORY, OUTCOMES, viewOf } from "./cancellation-view.ts";
import { currencyOf } from "./currency.ts";
import { publish } from "./events.ts";
import { isLinkId } from "./link-ids.ts";
import { toMinor } from "./major-units.ts";
import { endOf, valued } from "./outcomes.ts";
import { Problem } from "./problem.ts";
import { enabledReasons } from "./reasons.ts";
import { environmentOf } from "./scopes.ts";

/** How far the caller's clock may be ahead. */
const AHEAD = 5 * 60_000;

const scopeOf = (key: KeyRow, environment: Scope["environment"] | undefined): Scope => ({
  workspaceId: key.workspaceId,
  environment: environmentOf(key, environment),
});

/** What a hosted flow leaves in the ledger by itself would be counted twice. @throws Problem hosted_session_not_allowed */
function refuseHosted(request: object): void {
  const param = ["sessionId", "session_id", "ci_result_token"].find((name) => Object.hasOwn(request, name));
  if (param) throw new Problem("hosted_session_not_allowed", { param });
}

const lockOf = (tx: Transaction, { workspaceId, environment }: Scope, eventId: string): Promise<void> =>
  tx.lock(`cancellation:${workspaceId}:${environment}:${eventId}`);

export interface Reported {
  cancellation: Cancellation;
  created: boolean;
  /** It was reported before, with something else. */
  differs: boolean;
}

/** @throws Problem insufficient_scope, hosted_session_not_allowed, parameter_invalid, reason_not_enabled */
export async function reportCancellation(
  deps: Deps,
  { key, workspace }: { key: KeyRow; workspace: WorkspaceRow },
  request: CancellationRequest,
): Promise<Reported> {
  refuseHosted(request);
  const scope = scopeOf(key, request.environment);
  const repeated = (row: LedgerRow): Reported => ({
    cancellation: viewOf(row),
    created: false,
    differs: row.digest !== digestOf(request),
  });
  const known = await reportOf(deps, deps.store, scope, request.eventId);
  if (known) return repeated(known);
  const link = isLinkId(request.eventId) ? await deps.store.cancelLink(request.eventId) : undefined;
  if (link?.workspaceId === scope.workspaceId)
    throw new Problem("hosted_session_not_allowed", { param: "eventId" });
  // Only now: a repetition is answered whatever has become of our clock, and of its reason.
  const wanted = rowOf(deps, scope, workspace, request);
  const enabled = await enabledReasons(deps, scope, workspace.settings);
  if (!enabled.includes(request.reasonKey)) throw new Problem("reason_not_enabled", { param: "reasonKey" });
  return deps.store.transaction(async (tx) => {
    await lockOf(tx, scope, request.eventId);
    const meanwhile = await reportOf(deps, tx, scope, request.eventId);
    if (meanwhile) return repeated(meanwhile);
    await tx.putLedger(wanted);
    await recordOutcome(deps, tx, wanted);
    await tell(deps, tx, "cancellation.created", wanted);
    return { cancellation: viewOf(wanted), created: true, differs: false };
  });
}

/** Also of a customer who was forgotten since then: they are not counted, nor kept, a second time. */
const reportOf = async (deps: Deps, queries: Queries, scope: Scope, eventId: string) =>
  (await queries.ledgerOfEvent(scope, eventId)) ??
  (await queries.ledgerOfEvent(scope, aliasOf(deps, scope, "evt", eventId)));

/** @throws Problem parameter_invalid */
function rowOf(
  deps: Deps,
  scope: Scope,
  { settings }: WorkspaceRow,
  request: CancellationRequest,
): LedgerRow {
  const currency = currencyOf(settings);
  const { userId, reasonText, outcome, offer, context, metadata } = request;
  const now = deps.clock();
  const occurredAt = request.occurredAt ?? now;
  if (occurredAt > now + AHEAD)
    throw new Problem("parameter_invalid", {
      param: "occurredAt",
      message: "occurredAt: more than five minutes in the future",
    });
  return valued({
    ...scope,
    id: deps.newId("can"),
    source: "api",
    eventId: request.eventId,
    ...(userId === undefined ? {} : { customerId: userId }),
    reason: request.reasonKey,
    ...(reasonText === undefined ? {} : { reasonText }),
    ...(outcome === undefined ? {} : { outcome: OUTCOMES[outcome] }),
    confirmed: outcome !== undefined,
    ...(offer?.type === undefined || offer.type === "none" ? {} : { offerType: offer.type }),
    ...(offer?.label === undefined ? {} : { offerLabel: offer.label }),
    offerAccepted: offer?.accepted ?? false,
    ...(context?.plan === undefined ? {} : { plan: context.plan }),
    ...(context?.mrr === undefined ? {} : { mrr: toMinor(context.mrr, currency) }),
    ...(context?.tenureDays === undefined ? {} : { tenureDays: context.tenureDays }),
    currency,
    ...(metadata === undefined ? {} : { metadata }),
    digest: digestOf(request),
    startedAt: occurredAt,
    ...(outcome === undefined ? {} : { completedAt: occurredAt }),
    occurredAt,
    createdAt: now,
    updatedAt: now,
  });
}

/**
 * The last report holds, also after `abandoned`; those before it stay in the history. One that says nothing new changes
 * nothing. With the same outcome, another `effectiveAt` or metadata that changes something is new; with another outcome, an
 * `effectiveAt` that is left out is not known.
 *
 * @throws Problem insufficient_scope, hosted_session_not_allowed, cancellation_not_found, environment_mismatch,
 * parameter_invalid
 */
export async function updateCancellation(
  deps: Deps,
  key: KeyRow,
  eventId: string,
  update: CancellationUpdate,
): Promise<Cancellation> {
  refuseHosted(update);
  const scope = scopeOf(key, update.environment);
  return deps.store.transaction(async (tx) => {
    await lockOf(tx, scope, eventId);
    const before = await find(tx, key, scope, eventId);
    const after = updated(before, update, deps.clock());
    if (!after) return viewOf(before);
    await tx.putLedger(after);
    await recordOutcome(deps, tx, after, update.metadata);
    await tell(deps, tx, "cancellation.updated", after);
    return viewOf(after);
  });
}

/** Undefined if it says nothing new. @throws Problem parameter_invalid */
function updated(
  before: LedgerRow,
  { outcome: word, effectiveAt: at, metadata: more }: CancellationUpdate,
  now: number,
): LedgerRow | undefined {
  const outcome = OUTCOMES[word];
  // A later word of the business holds against what was taken back before.
  const { effectiveAt: known, metadata: had, undoneAt: _, ...rest } = before;
  const present = endOf(before);
  const effectiveAt = at ?? (outcome === present ? known : undefined);
  const metadata = more && merged(had, more);
  if (metadata && !hasRoom(metadata))
    throw new Problem("parameter_invalid", {
      param: "metadata",
      message: `metadata: ${NO_ROOM}, with those there are`,
    });
  const isSame = !metadata || canonical(metadata) === canonical(had ?? {});
  if (outcome === present && effectiveAt === known && isSame) return undefined;
  const holds = isSame ? had : metadata;
  const after: LedgerRow = {
    ...rest,
    outcome,
    confirmed: true,
    // Another outcome than before was decided when it was told, as far as anybody has said.
    completedAt: outcome === present ? (before.completedAt ?? now) : now,
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
    ...(holds === undefined ? {} : { metadata: holds }),
    updatedAt: now,
  };
  // What a cheaper plan has kept and lost is known from the visit, and not said again.
  return outcome === present ? after : valued(after);
}

/** A null that was stored stays; one that is sent takes the key away. */
function merged(had: FlatObject = {}, more: FlatObject): FlatObject {
  const isTaken = (key: string) => Object.hasOwn(more, key) && more[key] === null;
  return Object.fromEntries(Object.entries({ ...had, ...more }).filter(([key]) => !isTaken(key)));
}

/** @throws Problem insufficient_scope, cancellation_not_found, environment_mismatch */
export async function readCancellation(
  deps: Deps,
  key: KeyRow,
  eventId: string,
  environment: Scope["environment"] | undefined,
): Promise<CancellationHistory> {
  const scope = scopeOf(key, environment);
  // So that nothing is reported between the two.
  return deps.store.transaction(async (tx) => {
    await lockOf(tx, scope, eventId);
    const row = await find(tx, key, scope, eventId);
    return historyOf(row, await tx.ledgerOutcomes(row.id, MOST_HISTORY + 1));
  });
}

/** A key of the sandbox is not told of production. @throws Problem cancellation_not_found, environment_mismatch */
async function find(queries: Queries, key: KeyRow, scope: Scope, eventId: string): Promise<LedgerRow> {
  const row = await queries.ledgerOfEvent(scope, eventId);
  if (row) return row;
  const other = { ...scope, environment: scope.environment === "prod" ? "sandbox" : "prod" } as const;
  const isElsewhere = key.environment === "prod" && (await queries.ledgerOfEvent(other, eventId));
  throw isElsewhere
    ? new Problem("environment_mismatch", { param: "environment" })
    : new Problem("cancellation_not_found");
}

async function recordOutcome(
  deps: Deps,
  tx: Queries,
  { id, outcome, effectiveAt, updatedAt }: LedgerRow,
  metadata?: FlatObject,
): Promise<void> {
  if (outcome === undefined) return;
  await tx.insertLedgerOutcome({
    id: deps.newId("out"),
    ledgerId: id,
    outcome,
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
    ...(metadata === undefined ? {} : { metadata }),
    at: updatedAt,
  });
}

const tell = (
  deps: Deps,
  tx: Queries,
  type: "cancellation.created" | "cancellation.updated",
  row: LedgerRow,
): Promise<string> => publish(deps, tx, row, { type, at: row.updatedAt, data: viewOf(row) });

/**
 * The result of a hosted flow. It is found out once, kept with the link, and given out as often as it is asked for:
 * nothing that comes later contradicts it.
 */

import { BillingError } from "../billing/provider.ts";
import type { ReturnRequest } from "../contract/cancel-links.ts";
import type { Deps } from "../deps.ts";
import type { CancelLinkRow, GivenResult, Queries, Transaction, WorkspaceRow } from "../store/store.ts";
import { recordOf, WORDS } from "./cancel-record.ts";
import { lockLink } from "./cancel-visits.ts";
import { recordAbandoned } from "./ledger.ts";
import { isOwn } from "./link-ids.ts";
import { settleAll } from "./pending.ts";
import { Problem } from "./problem.ts";
import { signResult } from "./result-token.ts";
import { checkedReturnUrl } from "./return-urls.ts";
import { DELIVERY_TTL } from "./sessions.ts";
import { settlePending } from "./settlement.ts";
import { isEnding, isLeft, noticeUndone } from "./undo.ts";

export interface FoundLink {
  link: CancelLinkRow;
  workspace: WorkspaceRow;
}

/** Who has read until the link expired must still get back, and whose answer was lost must get it again, ms. */
const RETURN_GRACE = 15 * 60_000;

/**
 * Until when a customer can go back, by the machine's clock. A decision can be long on its way; the business hears of it
 * from nobody else.
 */
export function returnsUntil({ expiresAt, issuedAt }: CancelLinkRow, isDecided: boolean): number {
  const last = issuedAt ?? (isDecided ? expiresAt + DELIVERY_TTL : expiresAt);
  return Math.max(expiresAt, last) + RETURN_GRACE;
}

/** @throws Problem return_url_not_allowed */
export const wayBack = (deps: Deps, { link, workspace }: FoundLink): string =>
  checkedReturnUrl(deps, { environment: link.environment, settings: workspace.settings }, link.returnUrl);

/**
 * @param belief what the page thinks has happened: the books decide, but they may not have heard of it yet
 * @returns where to send the customer, with the result; undefined if the books do not say yet what the page believes
 * @throws Problem cancel_link_used, return_url_not_allowed; BillingError
 */
export async function completeCancelLink(
  deps: Deps,
  found: FoundLink,
  belief: ReturnRequest,
): Promise<string | undefined> {
  const { link, workspace } = found;
  // Another decision may come in between, but only one.
  for (let attempts = 0; attempts < 3; attempts++) {
    const session = await deps.store.latestSession(link.id, link.subscriptionId);
    if (session) await settlePending(deps, session);
    const { isDecided } = await recordOf(deps.store, link);
    if (deps.clock() >= returnsUntil(link, isDecided)) throw new Problem("cancel_link_used");
    const returnUrl = wayBack(deps, found);
    const isSettled = isDecided || link.result !== undefined;
    const now = belief.final && !isSettled ? await deps.billing(link).now() : deps.clock();
    const ending = !isSettled && (await isEndingAtBilling(deps, link));
    const concluded = await deps.store.transaction((tx) => conclude(deps, tx, link, belief, { now, ending }));
    if (concluded === "under_way") continue;
    if (concluded === "open") return undefined;
    const { outcome, status, reason, offer, jti } = concluded;
    const token = signResult(deps, workspace, {
      iss: deps.publicUrl,
      sub: link.userId,
      sid: link.id,
      env: link.environment,
      outcome: WORDS[outcome],
      status,
      reason_key: reason ?? null,
      offer,
      jti,
    });
    return `${returnUrl}#ci_result_token=${token}`;
  }
  return undefined;
}

/** Whoever has ended it, and wherever: the flow then shows that it ends, and asks nothing. */
async function isEndingAtBilling(deps: Deps, link: CancelLinkRow): Promise<boolean> {
  if (isOwn(link)) return false;
  try {
    await settleAll(deps, link, link.subscriptionId);
    const billed = await deps.billing(link).subscription(link.subscriptionId);
    if (billed && !isEnding(billed)) await noticeUndone(deps, link, [billed]);
    return !!billed && isEnding(billed);
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    // Our own books are asked all the same.
    return false;
  }
}

/** @param at.now billing's clock */
async function conclude(
  deps: Deps,
  tx: Transaction,
  { id, workspaceId, environment, customerId, subscriptionId }: CancelLinkRow,
  belief: ReturnRequest,
  { now, ending }: { now: number; ending: boolean },
): Promise<(GivenResult & { jti: string }) | "under_way" | "open"> {
  // In the order in which decisions take them.
  await tx.lock(`customer:${workspaceId}:${environment}:${customerId}`);
  await lockLink(tx, id);
  const latest = await tx.latestSession(id, subscriptionId);
  if (latest) await tx.lock(`session:${latest.id}`);
  const link = (await tx.cancelLink(id)) as CancelLinkRow;
  if (link.result && link.resultId !== undefined) return { ...link.result, jti: link.resultId };
  const record = await recordOf(tx, link);
  const { session, isDecided, reason, offer } = record;
  if (record.isUnderWay) return "under_way";
  const isAsBelieved = isDecided || (record.outcome !== undefined && record.outcome === belief.outcome);
  if (!isAsBelieved && !belief.final) return "open";
  // Of a flow that nobody has seen the books say nothing.
  if (session?.startedAt !== undefined && record.outcome === undefined)
    await recordAbandoned(deps, tx, session, now);
  const elsewhere = isDecided ? undefined : await endedElsewhere(tx, link, ending);
  const result: GivenResult = elsewhere
    ? { outcome: "cancelled", status: elsewhere, offer: { type: "none", accepted: false } }
    : {
        outcome: record.outcome ?? "abandoned",
        status: record.status,
        ...(reason === undefined ? {} : { reason }),
        offer,
      };
  const at = deps.clock();
  const jti = deps.newId("res");
  await tx.markCancelLink(id, { completedAt: at, result, resultId: jti, issuedAt: at });
  if (!elsewhere && record.telling) await nameEvent(deps, tx, id, record.telling.id);
  return { ...result, jti };
}

/** By its link's id the business can say later how it really ended, as of an event that it has reported itself. */
async function nameEvent(deps: Deps, tx: Transaction, eventId: string, sessionId: string): Promise<void> {
  const row = await tx.ledgerOfSession(sessionId);
  // What a business has reported under this id by itself stays, and keeps nobody from going back.
  if (!row?.outcome || (await tx.ledgerOfEvent(row, eventId))) return;
  const { id: ledgerId, outcome, effectiveAt, updatedAt: at } = row;
  await tx.putLedger({ ...row, eventId });
  await tx.insertLedgerOutcome({
    id: deps.newId("out"),
    ledgerId,
    outcome,
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
    at,
  });
}

/** How far a cancellation is that this link has not brought about. */
async function endedElsewhere(
  queries: Queries,
  link: CancelLinkRow,
  isEndingAtBilling: boolean,
): Promise<GivenResult["status"] | undefined> {
  if (isOwn(link)) return undefined;
  const { subscriptionId } = link;
  const cancelled = await queries.cancelledSessions(link, subscriptionId);
  const isDone =
    isEndingAtBilling ||
    cancelled.some((session) => !isLeft(session)) ||
    (await queries.openEnding(link, subscriptionId)) !== undefined;
  if (isDone) return "done";
  if (cancelled.length) return "requested";
  for (const { id } of await queries.pendingSessions(link, subscriptionId)) {
    const actions = await queries.actions(id);
    const isCancelling = actions.some(
      ({ status, decision }) => status === "pending" && decision.type === "cancel",
    );
    if (isCancelling) return "requested";
  }
  return undefined;
}

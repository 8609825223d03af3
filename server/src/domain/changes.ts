/** What a customer changes in a hub: previewed, agreed to, carried out once. */
import { isDeepStrictEqual } from "node:util";
import type {
  HubChange,
  HubChangeRequest,
  HubPreview,
  HubPreviewRequest,
  HubResult,
} from "../../../src/api/wire.ts";
import {
  type BilledSubscription,
  type BillingAction,
  BillingError,
  type BillingProvider,
  publicView,
} from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { ChangeRow, WorkspaceRow } from "../store/store.ts";
import { carryOutChange, refusal, settleChange, settleChanges } from "./change-settlement.ts";
import { actionOf, isAsSeen, PREVIEW_TTL } from "./change-terms.ts";
import { isAnythingPending, settleAll } from "./pending.ts";
import { Problem } from "./problem.ts";
import type { SessionClaims } from "./session-token.ts";
import { SETTLE_AFTER } from "./settlement.ts";

export { settleChanges };

type Settings = Pick<WorkspaceRow, "settings">;

/**
 * What a change would lead to; nothing is changed.
 * @throws Problem subscription_not_found, change_not_available, promo_code_*, billing_unavailable, …; BillingError
 */
export async function previewChange(
  deps: Deps,
  claims: SessionClaims,
  workspace: Settings,
  { subscription: id, change }: HubPreviewRequest,
): Promise<HubPreview> {
  const billing = deps.billing(claims);
  const present = await settledSubscription(deps, claims, id);
  if (!present) throw new Problem("billing_unavailable");
  const { subscription } = present;
  const at = await billing.now();
  const { action } = await actionOf(deps, claims, workspace, subscription, change, at);
  return workedOut(billing, action, subscription, at);
}

/**
 * Carries out what was seen, once.
 * @throws Problem change_conflict, terms_changed, subscription_not_found, change_not_available, billing_unavailable,
 * promo_code_*, payment_declined, billing_rejected; BillingError
 */
export async function makeChange(
  deps: Deps,
  claims: SessionClaims,
  workspace: Settings,
  request: HubChangeRequest,
): Promise<HubResult> {
  const attempt = async () =>
    (await repeated(deps, claims, request)) ?? (await begin(deps, claims, workspace, request));
  // Another change or decision that was quicker by a moment is waited for: how it ends says how this one does.
  const begun = (await attempt()) ?? (await attempt());
  // It may or may not have happened; until billing says so nothing else may be begun.
  if (!begun) throw new Problem("billing_unavailable");
  const { row, isNew } = begun;
  return isNew ? carryOutChange(deps, row) : resultOf(deps, row);
}

interface Begun {
  row: ChangeRow;
  isNew: boolean;
}

/** @throws Problem change_conflict if the id stands for something else */
async function repeated(
  deps: Deps,
  claims: SessionClaims,
  { id, subscription, change }: HubChangeRequest,
): Promise<Begun | undefined> {
  checkNamed(claims, subscription);
  const row = await deps.store.changeByKey(claims, claims.customerId, id);
  return row && { row: sameChange(row, subscription, change), isNew: false };
}

function sameChange(row: ChangeRow, subscription: string, change: HubChange): ChangeRow {
  if (row.subscriptionId !== subscription || !isDeepStrictEqual(row.change, change))
    throw new Problem("change_conflict", { param: "id" });
  return row;
}

/** What a change that was asked for before has led to. */
async function resultOf(deps: Deps, row: ChangeRow): Promise<HubResult> {
  const { status, fault, subscriptionId, before } = await settleChange(deps, row);
  if (status === "failed") throw refusal(fault);
  if (status === "pending") return { status: "requested", subscription: before };
  const subscription = await deps.billing(row).subscription(subscriptionId);
  if (!subscription) throw new Problem("subscription_not_found");
  return { status: "done", subscription: publicView(subscription) };
}

/** Checks everything and writes the change down. Undefined while something else is pending. */
async function begin(
  deps: Deps,
  claims: SessionClaims,
  workspace: Settings,
  { id: key, subscription: subscriptionId, change, seen }: HubChangeRequest,
): Promise<Begun | undefined> {
  const { workspaceId, environment, customerId, tokenId } = claims;
  const scope = { workspaceId, environment };
  const billing = deps.billing(claims);
  const accepted = await deps.store.acceptedOffers(scope, customerId);
  const redeemed = await deps.store.redeemedCodes(scope, customerId);
  const found = await settledSubscription(deps, claims, subscriptionId);
  if (!found) return undefined;
  const { subscription, asOf } = found;
  const now = await billing.now();
  const { at } = Object(seen) as Partial<HubPreview>;
  if (!Number.isSafeInteger(at) || (at as number) > now || now - (at as number) > PREVIEW_TTL)
    throw new Problem("terms_changed", { param: "seen" });
  const { action, offerId } = await actionOf(deps, claims, workspace, subscription, change, at as number);
  const present = await workedOut(billing, action, subscription, at as number).catch((error) => {
    // It was possible when it was shown: a new preview says why it no longer is.
    const isNew = error instanceof Problem && error.code === "billing_rejected";
    throw isNew ? new Problem("terms_changed", { param: "seen", cause: error }) : error;
  });
  if (!isAsSeen(seen, present)) throw new Problem("terms_changed", { param: "seen" });
  const row: ChangeRow = {
    ...scope,
    id: deps.newId("chg"),
    key,
    tokenId,
    customerId,
    subscriptionId,
    change,
    // As it was worked out here: the browser's copy may differ by some minutes.
    seen: present,
    before: publicView(subscription),
    action,
    ...(offerId === undefined ? {} : { offerId }),
    status: "pending",
    createdAt: now,
  };
  return deps.store.transaction(async (tx) => {
    await tx.lock(`customer:${workspaceId}:${environment}:${customerId}`);
    const twin = await tx.changeByKey(scope, customerId, key);
    if (twin) return { row: sameChange(twin, subscriptionId, change), isNew: false };
    if (await isAnythingPending(tx, scope, subscriptionId)) return undefined;
    // What has been done meanwhile is not in what billing said of this subscription.
    if (await tx.isChangedSince({ ...scope, subscriptionId }, asOf)) throw new Problem("terms_changed");
    // Nor is what was taken with another of the customer's subscriptions, and may be taken once.
    if (offerId && (await tx.acceptedOffers(scope, customerId)).length !== accepted.length)
      throw new Problem("terms_changed");
    if (
      change.type === "promo_code" &&
      (await tx.redeemedCodes(scope, customerId)).length !== redeemed.length
    )
      throw new Problem("terms_changed");
    if (!(await tx.insertChange(row))) return undefined;
    const job = { topic: "change", key: row.id, payload: { changeId: row.id } };
    await tx.enqueue({ ...job, dueAt: deps.clock() + SETTLE_AFTER });
    return { row, isNew: true };
  });
}

/** What the action would lead to now, as JSON has it. */
async function workedOut(
  billing: BillingProvider,
  action: BillingAction,
  { price }: BilledSubscription,
  at: number,
): Promise<HubPreview> {
  try {
    const { dueNow, subscription } = await billing.preview(action);
    const preview = { at, dueNow, currency: price.currency, subscription: publicView(subscription) };
    return JSON.parse(JSON.stringify(preview));
  } catch (error) {
    throw error instanceof BillingError && error.kind === "rejected" ? refusal(error.code, error) : error;
  }
}

interface Found {
  subscription: BilledSubscription;
  /** The machine's clock, from before billing was read. */
  asOf: number;
}

/** As billing has it once all that we know of has been answered; undefined if something stays pending. */
async function settledSubscription(
  deps: Deps,
  claims: SessionClaims,
  id: string,
): Promise<Found | undefined> {
  checkNamed(claims, id);
  const read = async (): Promise<Found> => ({
    asOf: deps.clock(),
    subscription: await ownSubscription(deps.billing(claims), claims, id),
  });
  const found = await read();
  if (!(await isAnythingPending(deps.store, claims, id))) return found;
  await settleAll(deps, claims, id);
  return (await isAnythingPending(deps.store, claims, id)) ? undefined : read();
}

function checkNamed({ subscriptionId }: SessionClaims, id: string): void {
  if (subscriptionId !== undefined && subscriptionId !== id) throw new Problem("subscription_not_found");
}

async function ownSubscription(
  billing: BillingProvider,
  { customerId }: SessionClaims,
  id: string,
): Promise<BilledSubscription> {
  const subscription = await billing.subscription(id);
  if (subscription?.customerId !== customerId) throw new Problem("subscription_not_found");
  return subscription;
}

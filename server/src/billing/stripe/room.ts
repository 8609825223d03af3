/**
 * Whether there is room for what is noted at a subscription. Its metadata is the business's as well, and Stripe takes no
 * more than 50 keys: https://docs.stripe.com/api/metadata
 */
import type { BillingAction } from "../provider.ts";
import { MARK } from "./marks.ts";
import type { Snapshot } from "./model.ts";
import { ASIDE, PLANNED, RETURNED, TERM } from "./plans.ts";

const MOST = 50;

/** What an action may have to note. */
function notesOf(type: BillingAction["type"], { subscription, schedule }: Snapshot): string[] {
  if (type === "cancel") return [MARK, PLANNED, RETURNED, ...(subscription.cancel_at === null ? [] : [TERM])];
  if (type === "retry_payment") return [MARK];
  return [MARK, ...(schedule ? [ASIDE] : []), ...(type === "pause" ? ["renumerate_paused_since"] : [])];
}

function hasRoom(snapshot: Snapshot, type: BillingAction["type"]): boolean {
  const { metadata } = snapshot.subscription;
  const added = notesOf(type, snapshot).filter((name) => !(name in metadata));
  return Object.keys(metadata).length + added.length <= MOST;
}

/** Nobody is kept for want of a note, and a debt is paid only once anyway: there the effect speaks for itself. */
const isPlain = (type: BillingAction["type"]): boolean => type === "cancel" || type === "retry_payment";

/** Whether an action of this kind is done without its mark. */
export const isUnmarked = (snapshot: Snapshot, type: BillingAction["type"]): boolean =>
  isPlain(type) && !hasRoom(snapshot, type);

/** Whether an action of this kind is not done for want of room. */
export const isFull = (snapshot: Snapshot, type: BillingAction["type"]): boolean =>
  !isPlain(type) && !hasRoom(snapshot, type);

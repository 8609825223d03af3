/**
 * What the business's own endpoints can hear of. `cancellation.…` carries the object that RetentBase's API answers, and
 * `issue.…` the one of ours; everything else is in snake case with amounts in minor units, as Retainly's.
 */
export const EVENT_TYPES = [
  "cancel.started",
  "cancel.saved",
  "cancel.canceled",
  "cancel.abandoned",
  "cancel.requested",
  "cancel.request_failed",
  "cancel.undone",
  "payment.failed",
  "payment.recovered",
  "payment.lost",
  "subscription.ending",
  "subscription.ended",
  "subscription.ending_undone",
  "subscription.changed",
  "subscription.change_failed",
  "cancellation.created",
  "cancellation.updated",
  "issue.opened",
  "issue.resolved",
  "webhook.test",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

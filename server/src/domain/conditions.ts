/** Conditions of flow definitions, evaluated against what billing says about a subscription. */
import type { BilledSubscription } from "../billing/provider.ts";
import type { Condition } from "../contract/flow-definition.ts";
import { mrrOf } from "./mrr.ts";

const DAY = 86_400_000;

function factOf(field: string, subscription: BilledSubscription, now: number): string | number | undefined {
  const { plan, price, status, startedAt, metadata, unknown = [] } = subscription;
  if (field.startsWith("attributes.")) {
    const key = field.slice("attributes.".length);
    return Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  }
  const isUnknown =
    (unknown.includes("price") && (field === "mrr" || field.startsWith("price."))) ||
    (unknown.includes("tenure") && field === "tenureDays");
  if (isUnknown) return undefined;
  const known: Record<string, string | number> = {
    "plan.id": plan.id,
    "plan.name": plan.name,
    "price.id": price.id,
    "price.amount": price.amount,
    "price.currency": price.currency,
    "price.interval": price.interval,
    mrr: mrrOf(subscription),
    tenureDays: Math.floor((now - startedAt) / DAY),
    status,
  };
  return known[field];
}

/** Metadata is text at billing: `"12"` equals 12, `"true"` equals true. An absent fact fulfils no test. */
export function holds(
  condition: Condition | undefined,
  subscription: BilledSubscription,
  now: number,
): boolean {
  if (!condition) return true;
  const { all, any, not, field, is, in: among, atLeast, atMost } = condition;
  if (all) return all.every((each) => holds(each, subscription, now));
  if (any) return any.some((each) => holds(each, subscription, now));
  if (not) return !holds(not, subscription, now);
  const value = field === undefined ? undefined : factOf(field, subscription, now);
  if (value === undefined) return false;
  // An empty text is no number, although JavaScript takes it for 0.
  const size = String(value).trim() === "" ? Number.NaN : Number(value);
  const same = (other: string | number | boolean) => String(other) === String(value);
  return (
    (is === undefined || same(is)) &&
    (!among || among.some(same)) &&
    (atLeast === undefined || size >= atLeast) &&
    (atMost === undefined || size <= atMost)
  );
}

/**
 * What has been done to a subscription, written down at the subscription itself: who asks twice under one key finds the
 * answer where the effect is. The text is `<key>.<hash>` for each of the last actions, the newest at the end, with a `~`
 * behind one that has begun and may not have come to its end.
 */
import { hash } from "node:crypto";
import type Stripe from "stripe";
import type { BillingAction } from "../provider.ts";

/** The name of the subscription's metadata. */
export const MARK = "renumerate_actions";
/** A value of Stripe's metadata has no more characters. */
const LONGEST = 500;
const PLAIN = /^[\w-]{1,64}$/;

export type Found = "done" | "begun" | "mismatch";

export const markOf = (subscription: Pick<Stripe.Subscription, "metadata">): string =>
  subscription.metadata[MARK] ?? "";

/** What is said of the action under this key; undefined if nothing is, or no longer. */
export function find(mark: string, key: string, action: BillingAction): Found | undefined {
  const entry = entriesOf(mark).findLast((each) => belongs(each, key));
  if (entry === undefined) return undefined;
  const [, said = ""] = entry.split(".");
  if (said.replace("~", "") !== hashOf(action)) return "mismatch";
  return said.endsWith("~") ? "begun" : "done";
}

/** Whether nothing has been done or begun since the action under this key. */
export const isNewest = (mark: string, key: string): boolean => {
  const newest = entriesOf(mark).at(-1);
  return newest !== undefined && belongs(newest, key);
};

/** Whether what was begun last may not have come to its end. */
export const isUnderWay = (mark: string): boolean => mark.endsWith("~");

export const withDone = (mark: string, key: string, action: BillingAction): string =>
  written(mark, key, hashOf(action));

export const withBegun = (mark: string, key: string, action: BillingAction): string =>
  written(mark, key, `${hashOf(action)}~`);

/** A key as it may stand in a mark and in a header, whatever it looks like. */
export const plainKey = (key: string): string =>
  PLAIN.test(key) ? key : `~${hash("sha256", key).slice(0, 40)}`;

/** The same action gives the same text, whatever the order of its fields. */
export function hashOf(action: BillingAction): string {
  const fields = Object.entries(action)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return hash("sha256", JSON.stringify(fields)).slice(0, 8);
}

const entriesOf = (mark: string): string[] => mark.split(" ").filter((each) => each !== "");

const belongs = (entry: string, key: string): boolean => entry.startsWith(`${plainKey(key)}.`);

/** The oldest make room. */
function written(mark: string, key: string, said: string): string {
  const others = entriesOf(mark).filter((each) => !belongs(each, key));
  const entries = [...others, `${plainKey(key)}.${said}`];
  while (entries.join(" ").length > LONGEST) entries.shift();
  return entries.join(" ");
}

/** What several operations do in the same way. */
import type Stripe from "stripe";
import { type Collection, type Objects, Refusal, type State } from "../state.ts";

const MOST_METADATA = 50;

const tooManyKeys = (given: number) =>
  new Refusal(
    400,
    `Metadata can have up to ${MOST_METADATA} keys, but you've set ${given}. Email us at support+metadata@stripe.com for more information.`,
    { param: "metadata" },
  );

/** Keys are merged, "" takes one away, and "" in place of all of it takes all away. @throws Refusal 400 */
export function mergeMetadata(
  before: Stripe.Metadata | null,
  given: Stripe.Emptyable<Stripe.MetadataParam> | undefined,
): Stripe.Metadata {
  if (given === undefined) return before ?? {};
  const all = { ...(given === "" ? {} : before), ...(given || {}) };
  const kept = Object.entries(all).filter(([, value]) => value !== "" && value !== null);
  if (kept.length > MOST_METADATA) throw tooManyKeys(kept.length);
  return Object.fromEntries(kept.map(([key, value]) => [key, String(value)]));
}

/** A text that is not given stays, and "" clears it. */
export const textOf = (given: string | null | undefined, before: string | null = null): string | null =>
  given === undefined ? before : given || null;

/** An object that a parameter names. @throws Refusal 400, where one in the address is a 404 */
export function named<Name extends Collection>(
  state: State,
  collection: Name,
  id: string,
  param: string,
): Objects[Name] {
  const found = state.find(collection, id);
  if (found && !isDeleted(found)) return found;
  const kind = collection.replace(/s$/, "").replaceAll("_", " ");
  throw new Refusal(400, `No such ${kind}: '${id}'`, { code: "resource_missing", param });
}

export const isDeleted = (object: object): boolean => (object as { deleted?: unknown }).deleted === true;

/** The filter that nearly every list has. */
export function isCreated(
  range: Stripe.RangeQueryParam | number | undefined,
): (object: { created: number }) => boolean {
  if (range === undefined) return () => true;
  if (typeof range === "number") return ({ created }) => created === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return ({ created }) => created > gt && created >= gte && created < lt && created <= lte;
}

/** What `customer.updated` and the like tell about what was there before. */
export function changesOf<Thing extends object>(before: Thing, after: Thing): Partial<Thing> {
  const changed = Object.entries(before).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify((after as Record<string, unknown>)[key]),
  );
  return Object.fromEntries(changed) as Partial<Thing>;
}

/** Where an id is in the address: the first. */
export const idOf = ({ ids }: { ids: readonly string[] }): string => ids[0] ?? "";

/** What holds afterwards, whatever has happened: read from the database, from billing, and from what was heard. */
import { isDeepStrictEqual } from "node:util";
import { OUTCOME_WORDS } from "../server/src/domain/retainly-words.ts";
import type { Person } from "./customer.ts";
import type { Billed, Effect, Home, Opened } from "./home.ts";
import type { Shown, Witness } from "./page.ts";
import type { Wish } from "./plan.ts";

/** What the database holds about one customer. */
export interface Records {
  readonly sessions: readonly { id: string; outcome: string | null; settlement: string | null }[];
  readonly events: readonly { session_id: string; id: string; run: string; seq: number; data: string }[];
  readonly actions: readonly { id: string; session_id: string; status: string; decision: string }[];
  readonly ledger: readonly {
    session_id: string | null;
    outcome: string | null;
    confirmed: number;
    offer_type: string | null;
    undone_at: number | null;
  }[];
  readonly facts: readonly { id: string; type: string; session_id: string | null }[];
  /** Of deliveries that are still to be made. */
  readonly undelivered: number;
  readonly jobs: number;
}

const count = (rows: readonly { count: unknown }[]): number => Number(rows[0]?.count ?? 0);

/** @param endpoint whose messages count; another's are another's */
export async function recordsOf(
  { db }: Opened,
  { customerId, endpoint }: { customerId: string; endpoint: string },
): Promise<Records> {
  const sessions = await db
    .selectFrom("sessions")
    .select(["id", "outcome", "settlement"])
    .where("customer_id", "=", customerId)
    .execute();
  // An empty list is no SQL.
  const ids = ["none", ...sessions.map(({ id }) => id)];
  const facts = await db
    .selectFrom("events")
    .select(["id", "type", "session_id"])
    .where("customer_id", "=", customerId)
    .orderBy("position")
    .execute();
  const factIds = ["none", ...facts.map(({ id }) => id)];
  const [events, actions, ledger, undelivered, jobs] = await Promise.all([
    db.selectFrom("session_events").selectAll().where("session_id", "in", ids).orderBy("seq").execute(),
    db.selectFrom("actions").selectAll().where("session_id", "in", ids).execute(),
    db.selectFrom("ledger").selectAll().where("customer_id", "=", customerId).execute(),
    db
      .selectFrom("webhook_deliveries")
      .select(({ fn }) => fn.countAll().as("count"))
      .where("event_id", "in", factIds)
      .where("endpoint_id", "=", endpoint)
      .where("status", "=", "pending")
      .execute(),
    db
      .selectFrom("jobs")
      .select(({ fn }) => fn.countAll().as("count"))
      .where("topic", "=", "settle")
      .where("key", "in", ids)
      .execute(),
  ]);
  return { sessions, events, actions, ledger, facts, undelivered: count(undelivered), jobs: count(jobs) };
}

/** Whether nothing of this is under way any more. */
export const isQuiet = ({ actions, undelivered, jobs }: Records): boolean =>
  !undelivered && !jobs && actions.every(({ status }) => status !== "pending");

/** Where a customer was who was still there when everything had been mended. */
export interface Ending {
  readonly wish: Wish;
  /** An outcome that is shown, or what there is in its place. */
  readonly at:
    | "retained"
    | "discount"
    | "cancelled"
    /** Of either decision: billing has not confirmed it yet. */
    | "requested"
    | "closed"
    | "loading"
    | "step"
    | "deciding"
    | "queued"
    | "unavailable"
    /** For good, also in a page that was loaded anew. */
    | "refused"
    | "nothing";
}

const WANTED: Readonly<Record<Wish, readonly Ending["at"][]>> = {
  discount: ["discount", "requested"],
  cancel: ["cancelled", "requested"],
  keep: ["retained"],
  close: ["closed"],
  look: ["step", "retained", "discount", "cancelled", "requested"],
};

/** What another tab has decided is as good: the customer reads it. */
export const isReached = ({ wish, at }: Ending, isAlone: boolean): boolean =>
  WANTED[wish].includes(at) || (!isAlone && wish !== "look" && WANTED.look.includes(at) && at !== "step");

/** What is known of a customer from the outside. */
export interface Story extends Pick<Witness, "acknowledged" | "shown" | "tooLate"> {
  readonly person: Person;
  /** What was not as it should be on the way. */
  readonly violations: readonly string[];
  /** Whether a cancellation was confirmed and not taken back. */
  readonly hasConfirmed: boolean;
  /** In one tab: nobody else has decided anything. */
  readonly isAlone: boolean;
  /** Of each visit that went on to its end, and of the look at the page on the next day. */
  readonly endings: readonly Ending[];
}

export interface Known {
  readonly customer: Story;
  readonly records: Records;
  readonly billed: Billed;
  readonly effects: readonly Effect[];
  /** Whether the server's clock has jumped so far that what waited in a browser may have come too late. */
  readonly mayBeTooLate: boolean;
}

type Check = (known: Known) => Iterable<string>;

function* nothingAcknowledgedIsLost({ customer, records }: Known): Iterable<string> {
  const stored = new Map(records.events.map((event) => [event.id, event]));
  for (const [id, { session, event }] of customer.acknowledged) {
    const found = stored.get(id);
    if (!found) yield `event ${id} (${event.type}) was acknowledged and is not there`;
    else if (found.session_id !== session) yield `event ${id} is in another session`;
    else if (!isDeepStrictEqual(JSON.parse(found.data), event)) yield `event ${id} is there with other words`;
  }
}

function* billingIsAskedOnce({ records: { actions }, effects, billed }: Known): Iterable<string> {
  const pending = actions.filter(({ status }) => status === "pending");
  if (pending.length) yield `${pending.length} decisions are still pending`;
  for (const [session, all] of Map.groupBy(actions, ({ session_id }) => session_id)) {
    const done = all.filter(({ status }) => status === "succeeded");
    if (done.length > 1) yield `${done.length} decisions of session ${session} were carried out`;
  }
  const succeeded = actions.filter(({ status }) => status === "succeeded");
  const decided = (decision: string) =>
    succeeded.filter((each) => each.decision.includes(`"type":"${decision}"`)).length;
  const accepted = decided("accept");
  const wanted: Readonly<Record<string, number>> = { discount: accepted, cancel: decided("cancel") };
  for (const [type, all] of Map.groupBy(effects, (each) => each.type)) {
    const count = wanted[type] ?? 0;
    if (all.length > count) yield `billing did a ${type} ${all.length} times, and ${count} were decided`;
  }
  const known = new Set(succeeded.map(({ id }) => id));
  for (const { key, type } of effects)
    if (key !== undefined && !known.has(key)) yield `billing did a ${type} that nobody has written down`;
  const isThere = effects.some(({ type }) => type === "discount");
  if (accepted > 1 || accepted > 0 !== isThere || billed.isDiscounted !== accepted > 0)
    yield `discounts: ${accepted} accepted, asked for ${isThere}, at billing ${billed.isDiscounted}`;
}

function* booksAgreeWithBilling({ records: { ledger, sessions }, billed }: Known): Iterable<string> {
  const cancelled = ledger.filter(({ outcome, undone_at }) => outcome === "cancelled" && undone_at === null);
  if (cancelled.some(({ confirmed }) => !confirmed)) yield "a cancellation in the ledger is not confirmed";
  if (cancelled.length > 1) yield `the ledger counts ${cancelled.length} cancellations of one subscription`;
  if (cancelled.length > 0 !== billed.isEnding)
    yield `the ledger has ${cancelled.length} cancellations, and at billing it ends: ${billed.isEnding}`;
  for (const { id, outcome } of sessions) {
    const rows = ledger.filter((row) => row.session_id === id);
    if (rows.length > 1) yield `session ${id} is ${rows.length} times in the ledger`;
    const [row] = rows;
    if (row && outcome && row.outcome !== outcome)
      yield `session ${id}: ${outcome}, in the ledger ${row.outcome}`;
  }
}

/** @param isKept the customer stayed without an offer, which the page knows before anybody else */
const isKept = ({ outcome, offer }: Shown): boolean => outcome === "retained" && offer === undefined;

function* whatWasShownHolds({ customer, records, billed }: Known): Iterable<string> {
  const { sessions, ledger } = records;
  const decided = customer.shown.filter((each) => !isKept(each));
  for (const [session, shown] of Map.groupBy(decided, (each) => each.session)) {
    const outcomes = [...new Set(shown.map(({ outcome }) => outcome))];
    if (outcomes.length > 1) yield `session ${session} was shown as ${outcomes.join(" and ")}`;
    const row = sessions.find(({ id }) => id === session);
    const settlement = row?.settlement && (JSON.parse(row.settlement) as { outcome: string; status: string });
    if (!settlement) yield `session ${session} was shown as ${outcomes[0]}, and is not settled`;
    else if (settlement.status !== "done" || settlement.outcome !== outcomes[0])
      yield `session ${session}: shown ${outcomes[0]}, settled ${settlement.outcome} (${settlement.status})`;
  }
  if (decided.some(({ outcome }) => outcome === "cancelled") && !billed.isEnding)
    yield "a cancellation was shown, and the subscription goes on";
  if (decided.some(({ offer }) => offer === "discount")) {
    const rows = ledger.filter((row) => row.outcome === "retained" && row.offer_type === "discount");
    if (rows.length !== 1) yield `a discount was shown, and the ledger has it ${rows.length} times`;
  }
}

function* whatWasConfirmedHappens({ customer, billed, mayBeTooLate }: Known): Iterable<string> {
  const { isAlone, tooLate, endings } = customer;
  if (tooLate.size && !mayBeTooLate)
    yield `a decision of session ${[...tooLate].join()} was refused as too old, and it was not`;
  // Who was told so and was still there has confirmed it again.
  const isExcused = tooLate.size > 0 && !endings.some(({ wish }) => wish === "cancel");
  if (isAlone && customer.hasConfirmed && !billed.isEnding && !isExcused)
    yield "a cancellation was confirmed and never taken back, and the subscription goes on";
  const stayed = isAlone && customer.shown.some(isKept) && !customer.hasConfirmed;
  if (stayed && billed.isEnding) yield "the customer has stayed, and the subscription ends";
}

/** Everything works again: nobody may be stopped by what once did not, and each can have what they came for. */
function* wishesAreReached({ customer: { endings, isAlone } }: Known): Iterable<string> {
  for (const ending of endings)
    if (!isReached(ending, isAlone))
      yield `everything works again, and who wanted "${ending.wish}" is left with "${ending.at}"`;
  if (!endings.some(({ wish }) => wish === "look") && endings.every((each) => isReached(each, isAlone)))
    yield "nobody has looked in again";
}

function* factsAreToldOnce({ records: { sessions, facts } }: Known): Iterable<string> {
  for (const { id, outcome } of sessions) {
    const told = facts.filter(({ session_id }) => session_id === id);
    for (const word of Object.values(OUTCOME_WORDS)) {
      const same = told.filter(({ type }) => type === `cancel.${word}`);
      if (same.length > 1) yield `cancel.${word} of session ${id} was told ${same.length} times`;
    }
    if (outcome !== "retained" && outcome !== "cancelled") continue;
    const wanted = `cancel.${OUTCOME_WORDS[outcome]}`;
    if (!told.some(({ type }) => type === wanted)) yield `${wanted} of session ${id} was not told`;
  }
}

const checks: readonly Check[] = [
  nothingAcknowledgedIsLost,
  billingIsAskedOnce,
  booksAgreeWithBilling,
  whatWasShownHolds,
  whatWasConfirmedHappens,
  wishesAreReached,
  factsAreToldOnce,
];

export function violationsOf(known: Known): string[] {
  return checks.flatMap((check) => [...check(known)]);
}

/** Every fact has arrived, always under the same id with the same body, and nothing else has. */
export function hearingViolations(home: Home, customerId: string, { facts }: Records): string[] {
  const found: string[] = [];
  const known = new Set(facts.map(({ id }) => id));
  const heard = Map.groupBy(
    home.receiver.heard.filter(({ body }) => body.data.customer_id === customerId),
    ({ body }) => body.id,
  );
  for (const { id, type } of facts) if (!home.taken.has(id)) found.push(`nobody has heard of ${type} ${id}`);
  for (const [id, all] of heard) {
    const [first, ...rest] = all;
    if (!known.has(id)) found.push(`${first?.type} ${id} was told, and is not there`);
    if (rest.some(({ body }) => !isDeepStrictEqual(body, first?.body)))
      found.push(`${id} was told in two ways`);
    if (all.some((each) => each.id !== id)) found.push(`${id} has come under another id`);
  }
  return found;
}

const TOKENS =
  /\b(?:ret|sub|r10|dlv|tkt)_[A-Za-z0-9_-]{60,}|whsec_[A-Za-z0-9+/=]{16,}|\b[sr]k_(?:live|test)_\w{6,}/g;

/** @param logs of everything that has a log */
export function secretsIn(logs: string, secrets: readonly string[]): string[] {
  const named = secrets.filter((secret) => logs.includes(secret)).map((secret) => `${secret.slice(0, 8)}…`);
  const found = [...new Set(logs.match(TOKENS) ?? [])].map((token) => `${token.slice(0, 12)}…`);
  return [...new Set([...named, ...found])].map((secret) => `the log holds a secret: ${secret}`);
}

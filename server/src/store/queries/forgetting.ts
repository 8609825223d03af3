/**
 * What is left of a row once nobody may know any more whom it was about. What counts stays: instants, outcomes, amounts,
 * reasons and offers. Ids of sessions, links and invoices are the books' own, and say nothing without them.
 */
import type { Selectable, Updateable } from "kysely";
import type { FlowConfig, FlowEvent, Settlement } from "../../../../src/api/wire.ts";
import type { BillingEvent } from "../../billing/billing-event.ts";
import type { BillingAction } from "../../billing/provider.ts";
import { ALIAS, type Aliases } from "../personal-data.ts";
import { fromJson } from "../rows.ts";
import type { Schema } from "../schema.ts";
import type { Json } from "../store.ts";
import type { PersonalTable } from "./theirs.ts";

/** Ids that stand for nobody, one for each of the person's. */
export class Names {
  readonly customer: string;
  readonly #known = new Map<string, string>();
  readonly #own: ReadonlySet<string>;
  readonly #of: Aliases["of"];

  /** @param own ids of links, which are their subscriptions' too, and are the books' own */
  constructor({ customer, of }: Aliases, own: readonly string[]) {
    this.customer = customer;
    this.#own = new Set(own);
    this.#of = of;
  }

  /** Another one for each: what is counted once still is. Nobody speaks of them again. */
  of(kind: "tok" | "key" | "mail" | "hash", id: string): string {
    const known = `${kind} ${id}`;
    const alias =
      this.#known.get(known) ?? `${ALIAS}${kind}_${this.customer.replace(ALIAS, "")}_${this.#known.size + 1}`;
    this.#known.set(known, alias);
    return alias;
  }

  subscription<Id extends string | null>(id: Id): Id | string {
    return id === null || this.#own.has(id) ? id : this.#of("sub", id);
  }

  event<Id extends string | null>(id: Id): Id | string {
    return id === null ? id : this.#of("evt", id);
  }
}

type Change<Table extends PersonalTable> = Updateable<Schema[Table]>;
type Forget = {
  [Table in PersonalTable]?: (row: Selectable<Schema[Table]>, aliases: Names) => Change<Table>;
};

const edited = <T>(json: string, edit: (value: T) => unknown): string =>
  JSON.stringify(edit(fromJson<T>(json)));

type Subscribed = { subscription: { id: string } };

const anonymous =
  (aliases: Names) =>
  <T extends Subscribed>(of: T): T => ({
    ...of,
    subscription: { ...of.subscription, id: aliases.subscription(of.subscription.id) },
  });

/** Only what says what was done, and not what was said. */
function wordless({ id, run, seq, at, type, ...rest }: FlowEvent): Json {
  const { reason, choice } = rest as { reason?: string; choice?: Json };
  return {
    ...{ id, run, seq, at, type },
    ...(reason === undefined ? {} : { reason }),
    ...(choice === undefined ? {} : { choice }),
    ...(type === "write" ? { text: "" } : {}),
    ...(type === "fill" ? { value: null } : {}),
  };
}

function withoutWords(action: BillingAction, aliases: Names): BillingAction {
  const subscriptionId = aliases.subscription(action.subscriptionId);
  if (action.type === "promo_code") return { ...action, subscriptionId, code: "" };
  if (action.type !== "cancel") return { ...action, subscriptionId };
  const { comment: _, ...rest } = action;
  return { ...rest, subscriptionId };
}

/** Of what was told to others, what they may still be told: the same fields, without the person. */
const TOLD: readonly [RegExp, (value: Json, aliases: Names) => Json][] = [
  [/^(customer_?id|user_?id)$/i, (value, aliases) => (typeof value === "string" ? aliases.customer : value)],
  [
    /^subscription_?id$/i,
    (value, aliases) => (typeof value === "string" ? aliases.subscription(value) : value),
  ],
  [/^(email|reason_?text|feedback|promo_?code|code)$/i, () => null],
  [/^eventId$/, (value, aliases) => (typeof value === "string" ? aliases.event(value) : value)],
  [/^metadata$/i, () => ({})],
  // Of reports: a word in a flow is the flow's own.
  [/^offer$/, (value) => without(value, "label")],
  [/^context$/, (value) => without(value, "plan")],
];

const without = (value: Json, name: string): Json =>
  typeof value === "object" && value !== null && name in value ? { ...value, [name]: null } : value;

const told = (data: Json, aliases: Names): Json =>
  typeof data !== "object" || data === null || Array.isArray(data)
    ? data
    : Object.fromEntries(
        Object.entries(data).map(([name, value]) => {
          const edit = TOLD.find(([pattern]) => pattern.test(name))?.[1];
          return [name, edit ? edit(value, aliases) : value];
        }),
      );

function billed(event: BillingEvent, aliases: Names): object {
  const {
    customerId,
    subscriptionId,
    email: _,
    leaving,
    ...rest
  } = event as BillingEvent & {
    customerId?: string;
    subscriptionId?: string;
    email?: string;
    leaving?: { comment?: string };
  };
  const { comment: _c, ...left } = leaving ?? {};
  return {
    ...rest,
    ...(customerId === undefined ? {} : { customerId: aliases.customer }),
    ...(subscriptionId === undefined ? {} : { subscriptionId: aliases.subscription(subscriptionId) }),
    ...(leaving ? { leaving: left } : {}),
  };
}

/** The page of the business alone: what follows may name the customer. */
const pageOf = (url: string): string => (URL.canParse(url) ? `${new URL(url).origin}/` : "");

/** Tables that are not named here hold nothing of a person but where they belong. */
export const forgotten: Forget = {
  sessions: (row, aliases) => ({
    customer_id: aliases.customer,
    subscription_id: aliases.subscription(row.subscription_id),
    // A page that is open has another one: it finds its session no more, and writes nothing into it.
    token_id: aliases.of("tok", row.token_id),
    email: null,
    config: edited<FlowConfig>(row.config, (config) => ({
      ...anonymous(aliases)(config),
      customer: {},
      attributes: {},
    })),
    settlement: row.settlement && edited<Settlement>(row.settlement, anonymous(aliases)),
  }),
  session_events: ({ data }) => ({ data: edited<FlowEvent>(data, wordless) }),
  actions: ({ action }, aliases) => ({
    action: action && edited<BillingAction>(action, (each) => withoutWords(each, aliases)),
  }),
  changes: (row, aliases) => ({
    key: aliases.of("key", row.id),
    customer_id: aliases.customer,
    subscription_id: aliases.subscription(row.subscription_id),
    change: edited<{ type: string }>(row.change, (change) =>
      change.type === "promo_code" ? { ...change, code: "" } : change,
    ),
    seen: edited<Subscribed>(row.seen, anonymous(aliases)),
    before: edited<{ id: string }>(row.before, (before) => ({
      ...before,
      id: aliases.subscription(before.id),
    })),
    action: edited<BillingAction>(row.action, (each) => withoutWords(each, aliases)),
  }),
  ledger: (row, aliases) => ({
    customer_id: row.customer_id && aliases.customer,
    subscription_id: aliases.subscription(row.subscription_id),
    event_id: aliases.event(row.event_id),
    email: null,
    // What a business calls these in its reports may name the customer.
    ...(row.source === "api" ? { offer_label: null, plan: null } : {}),
    reason_text: null,
    feedback: null,
    metadata: null,
    // Of what was reported: whoever guesses it could tell whether they are right.
    digest: null,
  }),
  ledger_outcomes: () => ({ metadata: null }),
  cancel_links: (row, aliases) => ({
    user_id: aliases.customer,
    customer_id: aliases.customer,
    subscription_id: aliases.subscription(row.subscription_id),
    token_hash: aliases.of("hash", row.id),
    return_url: pageOf(row.return_url),
    metadata: "{}",
    // It opens nothing any more.
    completed_at: row.completed_at ?? row.created_at,
  }),
  recoveries: (row, aliases) => ({
    customer_id: aliases.customer,
    subscription_id: aliases.subscription(row.subscription_id),
    email: null,
  }),
  mails: (row, aliases) => ({
    recipient: aliases.of("mail", row.id),
    ...(row.status === "pending"
      ? { status: "skipped", reason: "the customer was forgotten", settled_at: row.created_at }
      : // A mail server's own words may repeat the address.
        { reason: null }),
  }),
  events: ({ data }, aliases) => ({
    customer_id: aliases.customer,
    data: edited<Json>(data, (each) => told(each, aliases)),
  }),
  billing_events: (row, aliases) => ({
    subject: isOfSubscription(row.data) ? aliases.subscription(row.subject) : row.subject,
    data: edited<BillingEvent>(row.data, (event) => billed(event, aliases)),
  }),
};

const isOfSubscription = (data: string): boolean => {
  const { type } = fromJson<BillingEvent>(data);
  return type === "subscription_changed" || type === "subscription_ended";
};

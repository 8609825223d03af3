/**
 * What the domain needs from a database: plain rows in, plain rows out, no SQL and no Kysely. Both homes (SQLite and
 * PostgreSQL) pass one behaviour suite. Instants are integers in milliseconds, money is integers in minor units, JSON
 * columns are parsed here and nowhere else.
 */

import type {
  FlowConfig,
  FlowEvent,
  HubChange,
  HubPreview,
  Settlement,
  Subscription,
} from "../../../src/api/wire.ts";
import type { Decision, Fault } from "../../../src/flow/machine.ts";
import type { BillingEvent } from "../billing/billing-event.ts";
import type { BillingAction, Environment } from "../billing/provider.ts";
import type { StripeSettings } from "../billing/stripe/model.ts";
import type { ExportQueries } from "./exports.ts";
import type { FigureQueries, FigureUpkeep } from "./figures.ts";
import type { PersonalDataQueries, PersonalDataUpkeep } from "./personal-data.ts";
import type { RecoveryListQueries } from "./recovery-lists.ts";
import type { VisitQueries } from "./visits.ts";
import type { WebhookQueries, WebhookUpkeep } from "./webhooks.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The pair that never mixes. */
export interface Scope {
  workspaceId: string;
  environment: Environment;
}

/** What a business lets customers do in the hub by themselves. Cancelling is always possible. */
export type HubSwitch =
  | Exclude<HubChange["type"], "offer" | "extend_pause">
  | "payment_method"
  | "invoices"
  | "billing_details"
  | "billing_email"
  | "offers";

export interface HubSettings {
  /**
   * What is not named is on, but for `billing_email`: who is known by an address could lock themselves out by changing
   * it, or pass for somebody else. `pause` also stands for another end of a running pause.
   */
  actions?: Partial<Record<HubSwitch, boolean>>;
  /** Lengths of a pause in months, and how far ahead a date may lie. */
  pause?: { months: number[]; maxMonths?: number };
  /** Ids of the prices that a customer may change to; by default those of the product that they have. */
  plans?: string[];
}

/** Reports by mail. */
export interface ReportSettings {
  recipients: string[];
  /** IANA, `Europe/Berlin`: whose Monday and whose first of the month. */
  timeZone: string;
  weekly: boolean;
  monthly: boolean;
  /** Machine's clock: no report is made for what was due before. */
  since: number;
}

/** Failures of a payment that something can be asked of the customer for. */
export type RemindedClass = "retryable" | "card_update" | "authenticate";

/** Mails to customers whose payment has failed. */
export interface ReminderSettings {
  /** Which failures they are for. */
  classes: RemindedClass[];
  /** A page of the business where its customers can pay. */
  url: string;
  /** In place of the built-in words. `{amount}`, `{url}` and `{workspace}` stand for what they name. */
  words?: Partial<Record<RemindedClass, { subject?: string; text?: string }>>;
}

/** How hosted flows look. */
export interface Branding {
  /** `#rrggbb`, of buttons and links. */
  color?: string;
  /** An image of at most 64 kB. */
  logo?: { type: string; base64: string };
}

export interface WorkspaceSettings {
  fallbackEmail?: string;
  /** Origins whose pages may call the widget endpoints, besides the server's own. */
  allowedOrigins: string[];
  /** Words in place of the widgets' own, by language tag (`*` for all of them) and key. */
  messages?: Record<string, Record<string, string>>;
  hub?: HubSettings;
  /** ISO 4217 in lower case: what reported amounts are in, and what sums are made of. `eur` unless said otherwise. */
  currency?: string;
  /** Hosts, with a port where it is not the usual one, that a customer may be sent back to from a hosted flow. */
  returnHosts?: string[];
  /** Where to, if the one who makes a link does not say. */
  defaultReturnUrl?: string;
  /** Reason keys that the ledger takes (true) although no flow asks for them, or refuses (false) although one does. */
  reasons?: Record<string, boolean>;
  reports?: ReportSettings;
  /** Absent: customers get no mail. */
  reminders?: ReminderSettings;
  branding?: Branding;
  /** How often the key that signs result tokens was changed, and when last, by the machine's clock. */
  resultKeys?: Partial<Record<Environment, { generation: number; changedAt: number }>>;
  /** Where Stripe is billing; `sandbox` says what is different there. */
  stripe?: StripeSettings & { sandbox?: StripeSettings };
}

export interface WorkspaceRow {
  id: string;
  name: string;
  status: "active" | "read_only" | "demo";
  settings: WorkspaceSettings;
  createdAt: number;
}

export interface KeyRow extends Scope {
  id: string;
  kind: "secret" | "public";
  name: string;
  /** SHA-256 of the whole key, hex: what it is found by. */
  hash: string;
  /** A secret key under the installation's own, to check what a site has signed with it. Older keys lack it. */
  sealed?: string;
  lastFour: string;
  scopes: string[];
  createdAt: number;
  lastUsedAt?: number;
  revokedAt?: number;
}

export interface FlowRow extends Scope {
  id: string;
  version: number;
  definition: Json;
  active: boolean;
  createdAt: number;
}

export type Outcome = "retained" | "cancelled" | "abandoned";

/** One customer's visit to a flow. It exists from the first configuration on and counts once `startedAt` is set. */
export interface SessionRow extends Scope {
  id: string;
  /** The token it was opened with; (tokenId, subscriptionId, ordinal) is unique. */
  tokenId: string;
  /** 0, then 1, 2, … each time the customer begins again after having been retained, or having undone a cancellation. */
  ordinal: number;
  customerId: string;
  subscriptionId: string;
  email?: string;
  flowId: string;
  flowVersion: number;
  /** The flow as it was resolved for this customer, terms and all: what was shown is what is executed. */
  config: FlowConfig;
  plan: string;
  /** Monthly recurring revenue at the start, minor units. */
  mrr: number;
  currency: string;
  /** The language that its words were last asked for in; none of them is kept in `config`. */
  locale?: string;
  outcome?: Outcome;
  settlement?: Settlement;
  createdAt: number;
  /** Billing's clock, at the first configuration: nothing in it can have been decided before. */
  openedAt: number;
  /** Billing's clock. */
  startedAt?: number;
  completedAt?: number;
  /** Of a cancellation that was taken back, here or at billing: when that became known, by billing's clock. */
  undoneAt?: number;
  /** The machine's clock: when the customer last did something. */
  touchedAt: number;
}

/** One billing action: written before the provider is called. At most one per session is pending or succeeded. */
export interface ActionRow {
  id: string;
  sessionId: string;
  /** The client's event that decided it. */
  eventId: string;
  decision: Decision;
  /** Absent where the decision needs no billing (contact, redirect, custom), or the business carries it out. */
  action?: BillingAction;
  status: "pending" | "succeeded" | "failed";
  fault?: Fault;
  /** Billing's clock: cooldowns of offers count from it. */
  createdAt: number;
  settledAt?: number;
}

/** What a customer changed in a hub: written before the provider is called. At most one per subscription is pending. */
export interface ChangeRow extends Scope {
  /** Also the provider's idempotency key. */
  id: string;
  /** Made by the client; unique per customer. */
  key: string;
  /** Of the session that it came with. */
  tokenId: string;
  customerId: string;
  subscriptionId: string;
  change: HubChange;
  /** What the customer saw and agreed to. */
  seen: HubPreview;
  /** What billing said of the subscription at that moment. */
  before: Subscription;
  action: BillingAction;
  /** Of an offer that the hub made. */
  offerId?: string;
  status: "pending" | "succeeded" | "failed";
  /** The provider's own code of its refusal. */
  fault?: string;
  /** Billing's clock. */
  createdAt: number;
  /** The machine's clock. */
  settledAt?: number;
}

/** One row per cancellation event, whichever dialect or flow it came from. */
export interface LedgerRow extends Scope {
  id: string;
  /** `api`: the business has reported it. `stripe`: somebody ended it there, or nobody paid. */
  source: "flow" | "api" | "stripe";
  /** Of a flow. */
  sessionId?: string;
  /** Of the API: the caller's own id, unique within the scope. */
  eventId?: string;
  /** What is not known of a reported one is absent. */
  customerId?: string;
  subscriptionId?: string;
  email?: string;
  reason?: string;
  reasonText?: string;
  feedback?: string;
  outcome?: Outcome;
  /** requested until billing has confirmed; without a session, until the subscription has ended. */
  confirmed: boolean;
  offerId?: string;
  offerType?: string;
  offerLabel?: string;
  offerAccepted: boolean;
  plan?: string;
  mrr?: number;
  currency: string;
  tenureDays?: number;
  metadata?: FlatObject;
  /** SHA-256, hex, of what the caller has sent: whether a repetition says the same. */
  digest?: string;
  /** When the visit began, and when it ended, by billing's clock; of the API as it was reported. Absent of what ended elsewhere. */
  startedAt?: number;
  completedAt?: number;
  /** Monthly revenue that the outcome has kept, and that it has lost, minor units: see domain/outcomes.ts. */
  savedMrr?: number;
  lostMrr?: number;
  /** Billing's clock: when the customer decided; before that, when the visit began. Of the API: as it was reported. */
  occurredAt: number;
  effectiveAt?: number;
  /** As in its session: the customer has stayed after all. */
  undoneAt?: number;
  createdAt: number;
  updatedAt: number;
}

export type FlatObject = Record<string, string | number | boolean | null>;

/** What was reported of an outcome, one after the other; the last one holds. */
export interface LedgerOutcomeRow {
  id: string;
  ledgerId: string;
  outcome: Outcome;
  effectiveAt?: number;
  metadata?: FlatObject;
  /** The machine's clock. */
  at: number;
}

/**
 * A link to a hosted flow. It opens the session with its own id as token id. Where the business bills by itself, its id is
 * the subscription's as well, and `context` is all that is known of that.
 */
export interface CancelLinkRow extends Scope {
  id: string;
  /** SHA-256 of what is in the address, hex. */
  tokenHash: string;
  userId: string;
  customerId: string;
  subscriptionId: string;
  returnUrl: string;
  /** `mrr` in minor units. */
  context: { plan?: string; mrr?: number; tenureDays?: number; periodEnd?: number };
  currency: string;
  metadata: FlatObject;
  /** All of these by the machine's clock. */
  createdAt: number;
  expiresAt: number;
  openedAt?: number;
  /** From then on it opens nothing: a result has been given out. */
  completedAt?: number;
  /** What was given out. It holds from then on, whatever the books say. */
  result?: GivenResult;
  /** Id of the result token (`jti`), and when one was first given out. */
  resultId?: string;
  issuedAt?: number;
  verifiedAt?: number;
}

/** What a business was told of a flow that it had sent a customer to. */
export interface GivenResult {
  outcome: Outcome;
  /** `requested`: billing had been asked and had not answered. Where the business bills by itself, it is always `done`. */
  status: Settlement["status"];
  reason?: string;
  offer: ResultOffer;
}

export interface ResultOffer {
  /** `none`, `discount`, `pause`; of other offers our own word. */
  type: string;
  accepted: boolean;
  /** As it was called in the flow. */
  label?: string;
  /** Of the flow. */
  id?: string;
  /** Of one that was accepted: what the customer was promised. */
  terms?: Readonly<Record<string, string | number>>;
}

/** What was found of one reason in one week, by the rules and in the currency of then. */
export interface IssueFindings {
  /** Its start, UTC. */
  week: number;
  count: number;
  /** Of the four weeks before, all together. */
  before: number;
  /** Of all cancellations of the week that name a reason. */
  total: number;
  /** Which rules were met: `doubled`, `large_share`, both or none. */
  rules: ("doubled" | "large_share")[];
  /** Minor units of `currency`; what nobody has told an amount of counts as nothing. */
  mrrAtRisk: number;
  currency: string;
  /** How many of `count` were in another currency, and are in no amount. */
  otherCurrency: number;
}

/**
 * A reason that customers name unusually often. At most one per workspace, environment and reason. What was found is of the
 * last week in which it was.
 */
export interface IssueRow extends Scope, IssueFindings {
  id: string;
  reason: string;
  status: "open" | "acting" | "dismissed" | "resolved";
  /** When it was first found, by the machine's clock, and last. */
  firstSeen: number;
  lastSeen: number;
  /** When it became one to see to, for the first time or again: found, or opened by somebody. */
  openedAt: number;
  /** Of a dismissed one: how many there were in the last week in which it was found. */
  dismissedCount?: number;
  owner?: string;
  note?: string;
  updatedAt: number;
}

/** One week of one reason, whether that made it an issue or did not. */
export interface IssueWeekRow extends Scope, IssueFindings {
  reason: string;
  at: number;
}

/** One mail to one recipient; (scope, kind, about, recipient) is unique, so that nothing is sent twice. */
export interface MailRow extends Scope {
  id: string;
  /** `report_weekly`, `report_monthly`, … */
  kind: string;
  /** What it is about: `2027-W19`, `2027-04`. */
  about: string;
  recipient: string;
  /** `skipped`: it will not be sent, `reason` says why. */
  status: "pending" | "sent" | "skipped" | "failed";
  attempts: number;
  reason?: string;
  createdAt: number;
  settledAt?: number;
}

/** How many customers named one reason in one part of the time, and what they have ended up with. */
export interface ReasonCount {
  reason: string;
  part: number;
  count: number;
  retained: number;
  cancelled: number;
  /** Of all of them, minor units of the currency that was asked for; absent if no amount in it is known. */
  mrr?: number;
  /** How many were in another currency, and are in no sum. */
  otherCurrency: number;
}

/** Numbers of customers: what each has ended up with, also where that came later. */
export interface OutcomeCounts {
  retained: number;
  cancelled: number;
  abandoned: number;
  /** Not decided yet. */
  pending: number;
  /** Minor units of the currency that was asked for. */
  retainedMrr: number;
  cancelledMrr: number;
  /** How many were in another currency, and are in no sum. */
  otherCurrency: number;
}

/** A fact that integrators hear of (`cancel.saved`, …), in the order it happened. */
export interface EventRow extends Scope {
  id: string;
  type: string;
  /** Whom it is about, as they are called in there. */
  customerId?: string;
  /** Absent where billing told of it. */
  sessionId?: string;
  data: Json;
  /** Billing's clock: when it became known here. */
  at: number;
}

/** What billing told of its own accord, without what nobody here needs. */
export interface BillingEventRow extends Scope {
  /** The provider's own, unique within the scope. */
  id: string;
  /** Id of the invoice or subscription that it is about. */
  subject: string;
  event: BillingEvent;
  /** The machine's clock. */
  receivedAt: number;
}

/** An invoice that could not be collected at once, and what became of it. One per invoice. */
export interface RecoveryRow extends Scope {
  id: string;
  invoiceId: string;
  subscriptionId?: string;
  customerId: string;
  email?: string;
  /** Still to be paid at the latest attempt; once recovered, what was paid. */
  amount: number;
  currency: string;
  /** The bank's word at the latest attempt, where it is known. */
  declineCode?: string;
  status: "pending" | "recovered" | "failed";
  /** As billing's schedule of attempts counts them: one by hand does not raise it. */
  attemptCount: number;
  firstFailedAt: number;
  lastAttemptAt: number;
  /** Absent if billing will not try again by itself. */
  nextAttemptAt?: number;
  recoveredAt?: number;
  /** Of one that failed. */
  closedReason?: "voided" | "uncollectible" | "subscription_ended" | "given_up";
}

/** One attempt to collect; (recoveryId, attempt, attemptedAt, status) is unique. */
export interface RecoveryAttemptRow {
  id: string;
  recoveryId: string;
  attempt: number;
  declineCode?: string;
  status: "failed" | "succeeded";
  /** Billing's clock. */
  attemptedAt: number;
}

/** Work that must not be lost, written in the transaction that caused it. */
export interface JobRow {
  id: string;
  topic: string;
  /** At most one open job per topic and key. */
  key: string;
  payload: Json;
  /** How often it was claimed, this time included: a crash counts too. */
  attempts: number;
  /** Since when it was due; a claim leaves it. */
  dueAt: number;
  lastError?: string;
}

export interface ScheduleRow {
  name: string;
  nextAt: number;
}

export interface Queries
  extends FigureQueries,
    VisitQueries,
    ExportQueries,
    WebhookQueries,
    PersonalDataQueries,
    RecoveryListQueries {
  workspace(id: string): Promise<WorkspaceRow | undefined>;
  workspaces(): Promise<WorkspaceRow[]>;
  insertWorkspace(row: WorkspaceRow): Promise<void>;
  updateWorkspace(
    id: string,
    change: Partial<Pick<WorkspaceRow, "name" | "status" | "settings">>,
  ): Promise<void>;

  /** A revoked key too. */
  keyByHash(hash: string): Promise<KeyRow | undefined>;
  keys(workspaceId: string): Promise<KeyRow[]>;
  insertKey(row: KeyRow): Promise<void>;
  touchKey(id: string, at: number): Promise<void>;
  revokeKey(id: string, at: number): Promise<void>;
  /** False if it was used before. @param nonce any text of fixed size that stands for it */
  useNonce(scope: Scope, nonce: string, expiresAt: number): Promise<boolean>;
  /** Forgets nonces that expired before. */
  forgetNonces(before: number): Promise<void>;

  activeFlow(scope: Scope): Promise<FlowRow | undefined>;
  flow(id: string, version: number): Promise<FlowRow | undefined>;
  /** 0 before the first. */
  latestFlowVersion(scope: Scope): Promise<number>;
  /** Inserts as the active one in place of the one before. Throws StoreConflict if the version exists. */
  publishFlow(row: FlowRow): Promise<void>;

  session(id: string): Promise<SessionRow | undefined>;
  /** The one with the highest ordinal. */
  latestSession(tokenId: string, subscriptionId: string): Promise<SessionRow | undefined>;
  /** Of those before it the last one that was decided, unless that was undone. */
  decidedSession(
    of: Pick<SessionRow, "tokenId" | "subscriptionId" | "ordinal">,
  ): Promise<SessionRow | undefined>;
  /** False if (tokenId, subscriptionId, ordinal) exists already. */
  insertSession(row: SessionRow): Promise<boolean>;
  /** An undefined field is left as it is; a null settlement is taken away. */
  updateSession(
    id: string,
    change: Partial<
      Pick<
        SessionRow,
        | "flowId"
        | "flowVersion"
        | "config"
        | "plan"
        | "mrr"
        | "currency"
        | "locale"
        | "outcome"
        | "startedAt"
        | "completedAt"
        | "undoneAt"
        | "touchedAt"
      >
    > & { settlement?: Settlement | null },
  ): Promise<void>;
  /**
   * Sessions of a subscription in which its end was confirmed and was not undone: the one that brought it about, and
   * repetitions; also where the business is to carry it out.
   */
  cancelledSessions(scope: Scope, subscriptionId: string): Promise<SessionRow[]>;
  /** Visits of a customer to a subscription's flow that nothing has come of yet, heard of since; latest first. */
  openVisits(
    scope: Scope,
    of: { customerId: string; subscriptionId: string; since: number; limit: number },
  ): Promise<SessionRow[]>;
  /** Sessions of a subscription with a pending action, oldest first. */
  pendingSessions(scope: Scope, subscriptionId: string): Promise<SessionRow[]>;
  /** Whether a session of the subscription ended as retained, or a change succeeded, later than `at`, by billing's clock. */
  isRetainedSince(scope: Scope, subscriptionId: string, at: number): Promise<boolean>;
  /**
   * Whether an action of a session of the subscription, or a change in a hub, succeeded at `at` or later, by the
   * machine's clock. @param of.id of the session that does not count
   */
  isChangedSince(of: Scope & { subscriptionId: string; id?: string }, at: number): Promise<boolean>;
  /** Started, without an outcome, untouched since; oldest first. Only sessions without a pending action. */
  idleSessions(before: number, limit: number): Promise<SessionRow[]>;

  /** Adds what is new by id and returns how many were. Throws StoreConflict if (run, seq) is taken by another id. */
  insertSessionEvents(sessionId: string, events: readonly FlowEvent[], receivedAt: number): Promise<number>;
  /** A run's events by seq. */
  sessionEvents(sessionId: string, run: string): Promise<FlowEvent[]>;
  countSessionEvents(sessionId: string): Promise<number>;
  /** `insertSessionEvents`, and what the session then has. */
  addSessionEvents(sessionId: string, events: readonly FlowEvent[], receivedAt: number): Promise<AddedEvents>;

  actions(sessionId: string): Promise<ActionRow[]>;
  action(id: string): Promise<ActionRow | undefined>;
  /** False if the session has a pending or succeeded action already. */
  insertAction(row: ActionRow): Promise<boolean>;
  /** Only a pending one: what is settled stays. */
  settleAction(
    id: string,
    change: { status: "succeeded" | "failed"; fault?: Fault; settledAt: number },
  ): Promise<void>;
  /** Offers this customer has accepted in flows and hubs, with when; succeeded and pending ones alike, oldest first. */
  acceptedOffers(scope: Scope, customerId: string): Promise<{ offerId: string; at: number }[]>;

  change(id: string): Promise<ChangeRow | undefined>;
  changeByKey(scope: Scope, customerId: string, key: string): Promise<ChangeRow | undefined>;
  /** Oldest first. */
  pendingChanges(scope: Scope, subscriptionId: string): Promise<ChangeRow[]>;
  /** False if the key is taken, or another change of the subscription is pending. */
  insertChange(row: ChangeRow): Promise<boolean>;
  /** Promo codes that this customer has used, as they were typed; succeeded and pending changes alike. */
  redeemedCodes(scope: Scope, customerId: string): Promise<string[]>;
  /** Only a pending one: what is settled stays. */
  settleChange(
    id: string,
    result: { status: "succeeded" | "failed"; fault?: string; settledAt: number },
  ): Promise<void>;
  /** The last time counts. @param at billing's clock */
  dismissOffer(scope: Scope, customerId: string, offerId: string, at: number): Promise<void>;
  /** Offers this customer has dismissed, with when. */
  dismissedOffers(scope: Scope, customerId: string): Promise<{ offerId: string; at: number }[]>;

  ledgerOfSession(sessionId: string): Promise<LedgerRow | undefined>;
  /** The row without a session that says that this subscription ends or has ended, unless that was undone. At most one. */
  openEnding(scope: Scope, subscriptionId: string): Promise<LedgerRow | undefined>;
  /**
   * Inserts, or replaces the row of the same session, which keeps its first id; without a session, the row of the same id.
   * Throws StoreConflict for a second open ending.
   */
  putLedger(row: LedgerRow): Promise<void>;
  /** Newest first. */
  ledger(scope: Scope, by: { customerId?: string; limit: number }): Promise<LedgerRow[]>;
  ledgerOfEvent(scope: Scope, eventId: string): Promise<LedgerRow | undefined>;
  /** Of one event the first and the latest 999 are kept; what lies between is forgotten. */
  insertLedgerOutcome(row: LedgerOutcomeRow): Promise<void>;
  /** The latest, oldest first. */
  ledgerOutcomes(ledgerId: string, limit: number): Promise<LedgerOutcomeRow[]>;
  /**
   * Of cancellation events that customers brought about, so without those that ended because nobody paid; `from` inclusive,
   * `to` exclusive. One that was undone counts as retained. Each customer counts once, with their amount, by what they
   * decided last; one who decided nothing as abandoned, or else as pending. Whose event it is: `subscriptionId`, or else
   * `customerId`; where neither is known, nobody else's.
   */
  outcomeCounts(scope: Scope, of: { from: number; to?: number; currency: string }): Promise<OutcomeCounts>;
  /**
   * The same by reason, whatever the outcome; events without a reason are left out. Time is cut into `parts` of `length`
   * milliseconds, 0, 1, … from `from` on; a part in which a reason was not named is absent. In each part a customer counts
   * once for each reason, by the last event that names it.
   */
  reasonCounts(
    scope: Scope,
    of: { from: number; length: number; parts: number; currency: string },
  ): Promise<ReasonCount[]>;

  insertCancelLink(row: CancelLinkRow): Promise<void>;
  cancelLink(id: string): Promise<CancelLinkRow | undefined>;
  cancelLinkByToken(tokenHash: string): Promise<CancelLinkRow | undefined>;
  /** Each of these is written once; a second time changes nothing. */
  markCancelLink(
    id: string,
    change: Partial<
      Pick<CancelLinkRow, "openedAt" | "completedAt" | "result" | "resultId" | "issuedAt" | "verifiedAt">
    >,
  ): Promise<void>;
  /** What happened in all sessions with this token id, oldest first. */
  eventsOfToken(tokenId: string): Promise<{ type: string; receivedAt: number }[]>;

  issue(scope: Scope, id: string): Promise<IssueRow | undefined>;
  /** Latest found first. All of them without a `limit`; an `offset` wants one. */
  issues(
    scope: Scope,
    by?: { statuses?: readonly IssueRow["status"][]; limit?: number; offset?: number },
  ): Promise<IssueRow[]>;
  issueCount(scope: Scope, by?: { statuses?: readonly IssueRow["status"][] }): Promise<number>;
  /** Inserts, or replaces the one of the same reason, which keeps its first id. */
  putIssue(row: IssueRow): Promise<void>;
  /** The same again replaces it. */
  putIssueWeek(row: IssueWeekRow): Promise<void>;
  /** Of one reason, latest first. */
  issueWeeks(scope: Scope, by: { reason: string; limit: number }): Promise<IssueWeekRow[]>;
  /** The last week that was looked at; undefined if none was. */
  lastIssueWeek(scope: Scope): Promise<number | undefined>;

  /** False if there is one already. */
  insertMail(row: MailRow): Promise<boolean>;
  mail(id: string): Promise<MailRow | undefined>;
  updateMail(
    id: string,
    change: Partial<Pick<MailRow, "status" | "attempts" | "reason" | "settledAt">>,
  ): Promise<void>;
  /** Latest first. */
  mails(
    workspaceId: string,
    by: { kinds?: readonly string[]; limit: number; offset?: number },
  ): Promise<MailRow[]>;
  mailCount(workspaceId: string, by: { kinds: readonly string[] }): Promise<number>;
  /** Mails about a customer's recoveries, whatever became of them. */
  remindersTo(scope: Scope, of: { customerId: string; kinds: readonly string[] }): Promise<MailRow[]>;
  /** Of a workspace: when one was last sent, and how many have failed since. */
  mailHealth(workspaceId: string, since: number): Promise<{ lastSentAt?: number; failed: number }>;

  /**
   * Written down together with its deliveries to the endpoints that want it.
   * @param how.now the machine's clock, by which these are due; `at` if it is left out
   * @param how.to `nobody`: whoever has caused it delivers it
   */
  insertEvent(row: EventRow, how?: { now?: number; to?: "subscribers" | "nobody" }): Promise<void>;
  event(id: string): Promise<EventRow | undefined>;
  /** The latest, in the order they happened. */
  events(scope: Scope, by: { limit: number }): Promise<EventRow[]>;

  /** False if it is known already. */
  insertBillingEvent(row: BillingEventRow): Promise<boolean>;
  billingEvent(scope: Scope, id: string): Promise<BillingEventRow | undefined>;
  /** All about one invoice or subscription, in no order. */
  billingEvents(scope: Scope, subject: string): Promise<BillingEventRow[]>;
  /** Forgets those that were received before. */
  forgetBillingEvents(before: number): Promise<void>;

  recovery(scope: Scope, invoiceId: string): Promise<RecoveryRow | undefined>;
  /** Oldest first. */
  recoveriesOf(scope: Scope, subscriptionId: string): Promise<RecoveryRow[]>;
  /** Pending ones that nobody has tried to collect after `before`, nor will; oldest first. */
  silentRecoveries(before: number, limit: number): Promise<RecoveryRow[]>;
  /** Inserts, or replaces the row of the same invoice, which keeps its first id. */
  putRecovery(row: RecoveryRow): Promise<void>;
  /** Oldest first. */
  recoveryAttempts(recoveryId: string): Promise<RecoveryAttemptRow[]>;
  /** False if it is known already. */
  insertRecoveryAttempt(row: RecoveryAttemptRow): Promise<boolean>;

  /** A second open job with the same topic and key is dropped; a claimed job is open until finished. */
  enqueue(job: { topic: string; key: string; payload: Json; dueAt: number }): Promise<void>;
  /** Closes the open job, if there is one. */
  dequeue(topic: string, key: string): Promise<void>;
}

/** What has come of events that were sent. */
export interface AddedEvents {
  /** How many are new. */
  accepted: number;
  /** How many the session has. */
  total: number;
  /** Of each run among them all its events, by seq. */
  runs: Map<string, FlowEvent[]>;
}

/** Two writers met, or a row to be inserted exists; the transaction was rolled back, nothing of it holds. */
export class StoreConflict extends Error {}

/** Whether one more request is taken, and what the last minute looks like. */
export interface Counted {
  allowed: boolean;
  /** Requests that were taken in the window, without this one. */
  taken: number;
  /** When the first of these came. */
  oldest?: number;
}

/** Of a subscription whose flow is about to be opened. */
export interface Standing {
  /** An action of one of its sessions is pending, or a change in a hub. */
  isPending: boolean;
  /** One of its sessions has ended it, or billing says so; neither was undone. */
  isEnding: boolean;
  /** As `latestSession`. */
  latest?: SessionRow;
}

export interface Store extends Queries, FigureUpkeep, WebhookUpkeep, PersonalDataUpkeep {
  standing(scope: Scope, of: { subscriptionId: string; tokenId: string }): Promise<Standing>;
  /**
   * Takes a request if fewer than `most` were taken within `window` ms before `now`, at once for all servers on this
   * database. Clocks may differ: what is dated less than `window` ahead counts as well, what is dated later does not. Absent
   * where one server has the database to itself, and can count in memory.
   */
  countRequest?(caller: string, of: { now: number; window: number; most: number }): Promise<Counted>;
  /**
   * All or nothing: a query that fails undoes it even if its error is caught. Inside, use the transaction
   * alone, and never call another system: on SQLite everything else waits for it. `work` runs again after a
   * deadlock.
   * @throws StoreConflict
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same, for what many ask for at the same time: works that are under way together may share one transaction. To each
   * it is as if it were alone, and one that fails takes nothing from the others; each is answered when what it wrote is
   * safe. In here everything that two works must not do at once is behind a `lock`.
   * @throws StoreConflict
   */
  together<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Takes up to `limit` due jobs and due schedules for `leaseMs`; nobody else gets them until then. A worker that
   * dies simply lets its lease run out. What is due in more than two hours is taken as due now: a clock ran ahead.
   * @param topics only these; all where it is left out
   */
  claimJobs(now: number, leaseMs: number, limit: number, topics?: readonly string[]): Promise<JobRow[]>;
  finishJob(id: string): Promise<void>;
  retryJob(id: string, dueAt: number, error: string): Promise<void>;
  /** In no order. */
  schedules(): Promise<ScheduleRow[]>;
  /** Makes sure that it exists, and runs at that time at the latest. */
  ensureSchedule(name: string, nextAt: number): Promise<void>;
  claimSchedule(name: string, now: number, leaseMs: number): Promise<ScheduleRow | undefined>;
  finishSchedule(name: string, nextAt: number): Promise<void>;
  /** Jobs that are open: how many, how many of them have failed at least `tries` times, and since when the oldest is due. */
  jobHealth(of: {
    topics?: readonly string[];
    tries: number;
  }): Promise<{ open: number; failing: number; oldestDueAt?: number }>;
  /** Forgets some of the mails that were settled before. @returns how many, at most `limit` */
  forgetMails(before: number, limit: number): Promise<number>;
  /** Of the links that expired before. The sessions that were opened with them stay. */
  forgetCancelLinks(before: number, limit: number): Promise<number>;
  /** Of the weeks that began before. */
  forgetIssueWeeks(before: number, limit: number): Promise<number>;
  /** When billing last told something of this scope. */
  lastBillingEventAt(scope: Scope): Promise<number | undefined>;
  /** Throws if the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Transaction extends Queries {
  /** Serialises everything that concerns these keys until the transaction ends. They are taken one after the other. */
  lock(...keys: string[]): Promise<void>;
  /** `lock` of these, and then of `session:` and its id; the session as it is from then on. */
  lockedSession(id: string, ...before: string[]): Promise<SessionRow | undefined>;
}

/** Rows with every field that must be there; a test adds what it is about. */
import type { FlowConfig, FlowEvent, Settlement, Subscription } from "../../../src/api/wire.ts";
import type {
  ActionRow,
  BillingEventRow,
  CancelLinkRow,
  ChangeRow,
  EventRow,
  FlowRow,
  IssueRow,
  IssueWeekRow,
  KeyRow,
  LedgerOutcomeRow,
  LedgerRow,
  MailRow,
  RecoveryAttemptRow,
  RecoveryRow,
  Scope,
  SessionRow,
  WorkspaceRow,
} from "../../src/store/store.ts";

let made = 0;

/** Ids that no other test of this process has. */
export function id(prefix: string): string {
  made += 1;
  return `${prefix}_${made}`;
}

/** Later than 2^32 and odd, so that no narrower integer would hold it. */
export const NOW = 1_794_700_800_001;

export const aScope = (): Scope => ({ workspaceId: id("ws"), environment: "prod" });

export const subscription: Subscription = {
  id: "sub_1",
  status: "active",
  plan: { id: "pro", name: "Pro – “größer”", features: ["a", "b"] },
  price: { id: "price_1", amount: 4_900, currency: "eur", interval: "month", intervalCount: 1 },
  startedAt: NOW - 1_000,
  periodEnd: NOW + 1_000,
};

export const settlement: Settlement = { outcome: "retained", status: "done", at: NOW, subscription };

export const config: FlowConfig = {
  session: { id: "ret_1", environment: "prod" },
  flow: { id: "flow_1", version: 3, steps: [{ type: "confirm", id: "c", effective: "period_end" }] },
  subscription,
  customer: { name: "Zoë 🦊" },
  attributes: { seats: 3, beta: true, region: "EU" },
  now: NOW,
};

export const aWorkspace = (more: Partial<WorkspaceRow> = {}): WorkspaceRow => ({
  id: id("ws"),
  name: "Acme",
  status: "active",
  settings: { allowedOrigins: ["https://acme.example"] },
  createdAt: NOW,
  ...more,
});

export const aKey = (more: Partial<KeyRow> = {}): KeyRow => ({
  id: id("key"),
  workspaceId: "ws",
  environment: "sandbox",
  kind: "secret",
  name: "CI",
  hash: id("hash"),
  lastFour: "abcd",
  scopes: ["sessions:write"],
  createdAt: NOW,
  ...more,
});

export const aFlow = (scope: Scope, version: number, more: Partial<FlowRow> = {}): FlowRow => ({
  ...scope,
  id: `flow_${scope.workspaceId}_${scope.environment}`,
  version,
  definition: { steps: [{ type: "confirm" }] },
  active: true,
  createdAt: NOW,
  ...more,
});

export const aSession = (scope: Scope, more: Partial<SessionRow> = {}): SessionRow => ({
  ...scope,
  id: id("ses"),
  tokenId: id("tok"),
  ordinal: 0,
  customerId: "cus_1",
  subscriptionId: "sub_1",
  flowId: "flow_1",
  flowVersion: 3,
  config,
  plan: "Pro",
  mrr: 4_900,
  currency: "eur",
  createdAt: NOW,
  openedAt: NOW - 2,
  touchedAt: NOW,
  ...more,
});

export const anEvent = (run: string, seq: number, eventId = id("ev")): FlowEvent => ({
  id: eventId,
  run,
  seq,
  at: NOW + seq,
  type: "write",
  text: `text ${seq}`,
});

export const anAction = (sessionId: string, more: Partial<ActionRow> = {}): ActionRow => ({
  id: id("act"),
  sessionId,
  eventId: id("ev"),
  decision: { type: "cancel" },
  status: "pending",
  createdAt: NOW,
  ...more,
});

export const aChange = (scope: Scope, more: Partial<ChangeRow> = {}): ChangeRow => ({
  ...scope,
  id: id("chg"),
  key: id("key"),
  tokenId: "tok_1",
  customerId: "cus_1",
  subscriptionId: "sub_1",
  change: { type: "pause", choice: { months: 2 } },
  seen: { at: NOW, dueNow: 0, currency: "eur", subscription: { ...subscription, status: "paused" } },
  before: subscription,
  action: { subscriptionId: "sub_1", type: "pause", resumesAt: NOW + 9 },
  status: "pending",
  createdAt: NOW,
  ...more,
});

export const aLedgerRow = (scope: Scope, sessionId: string, more: Partial<LedgerRow> = {}): LedgerRow => ({
  ...scope,
  id: id("led"),
  source: "flow",
  sessionId,
  customerId: "cus_1",
  subscriptionId: "sub_1",
  confirmed: false,
  offerAccepted: false,
  plan: "Pro",
  mrr: 4_900,
  currency: "eur",
  occurredAt: NOW,
  createdAt: NOW + 3,
  updatedAt: NOW + 4,
  ...more,
});

/** Of an end that no session brought about. */
export const anEnding = (scope: Scope, more: Partial<LedgerRow> & { subscriptionId?: string } = {}) => {
  const { sessionId: _, ...row } = aLedgerRow(scope, "", { source: "stripe", outcome: "cancelled" });
  return { ...row, subscriptionId: "sub_1", ...more };
};

/** What a business reports, with no more than it must say. */
export const aReport = (scope: Scope, more: Partial<LedgerRow> = {}): LedgerRow & { eventId: string } => ({
  ...scope,
  id: id("can"),
  source: "api",
  eventId: id("evt"),
  confirmed: false,
  offerAccepted: false,
  currency: "eur",
  occurredAt: NOW,
  createdAt: NOW + 3,
  updatedAt: NOW + 4,
  ...more,
});

export const anOutcome = (ledgerId: string, more: Partial<LedgerOutcomeRow> = {}): LedgerOutcomeRow => ({
  id: id("out"),
  ledgerId,
  outcome: "retained",
  at: NOW,
  ...more,
});

export const aCancelLink = (scope: Scope, more: Partial<CancelLinkRow> = {}): CancelLinkRow => ({
  ...scope,
  id: id("cs"),
  tokenHash: id("hash"),
  userId: "user_1",
  customerId: "cus_1",
  subscriptionId: "sub_1",
  returnUrl: "https://acme.example/back",
  context: {},
  currency: "eur",
  metadata: {},
  createdAt: NOW,
  expiresAt: NOW + 9,
  ...more,
});

export const anIssue = (scope: Scope, more: Partial<IssueRow> = {}): IssueRow => ({
  ...scope,
  id: id("iss"),
  reason: "too_expensive",
  status: "open",
  week: NOW,
  count: 5,
  before: 4,
  total: 12,
  rules: ["doubled", "large_share"],
  mrrAtRisk: 24_500,
  currency: "eur",
  otherCurrency: 1,
  openedAt: NOW,
  firstSeen: NOW,
  lastSeen: NOW,
  updatedAt: NOW,
  ...more,
});

export const anIssueWeek = (scope: Scope, more: Partial<IssueWeekRow> = {}): IssueWeekRow => ({
  ...scope,
  reason: "too_expensive",
  week: NOW,
  count: 5,
  before: 4,
  total: 12,
  rules: ["doubled", "large_share"],
  mrrAtRisk: 24_500,
  currency: "eur",
  otherCurrency: 1,
  at: NOW,
  ...more,
});

export const aMail = (scope: Scope, more: Partial<MailRow> = {}): MailRow => ({
  ...scope,
  id: id("mail"),
  kind: "report_weekly",
  about: "2027-W19",
  recipient: "jane@acme.example",
  status: "pending",
  attempts: 0,
  createdAt: NOW,
  ...more,
});

export const aBillingEvent = (scope: Scope, more: Partial<BillingEventRow> = {}): BillingEventRow => ({
  ...scope,
  id: id("evt"),
  subject: "sub_1",
  event: { id: "evt_1", at: NOW, type: "subscription_changed", subscriptionId: "sub_1" },
  receivedAt: NOW,
  ...more,
});

export const aRecovery = (scope: Scope, more: Partial<RecoveryRow> = {}): RecoveryRow => ({
  ...scope,
  id: id("rec"),
  invoiceId: id("in"),
  customerId: "cus_1",
  amount: 4_900,
  currency: "eur",
  status: "pending",
  attemptCount: 1,
  firstFailedAt: NOW,
  lastAttemptAt: NOW,
  ...more,
});

export const anAttempt = (
  recoveryId: string,
  more: Partial<RecoveryAttemptRow> = {},
): RecoveryAttemptRow => ({
  id: id("att"),
  recoveryId,
  attempt: 1,
  status: "failed",
  attemptedAt: NOW,
  ...more,
});

export const aFact = (scope: Scope, more: Partial<EventRow> = {}): EventRow => ({
  ...scope,
  id: id("evt"),
  type: "cancel.saved",
  sessionId: "ses_1",
  data: { list: [1, "two", null] },
  at: NOW,
  ...more,
});

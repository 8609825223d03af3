/**
 * The tables as Kysely sees them. Both homes store the same: instants (ms) and money (minor units) as
 * integers, JSON as text, booleans as 0 and 1, nothing as null.
 */
import type { Generated } from "kysely";
import type { Environment } from "../billing/provider.ts";
import type { Measure, Span } from "./figures.ts";
import type {
  ActionRow,
  ChangeRow,
  IssueRow,
  KeyRow,
  LedgerRow,
  MailRow,
  Outcome,
  RecoveryAttemptRow,
  RecoveryRow,
  WorkspaceRow,
} from "./store.ts";
import type { DeliveryRow, WebhookEndpointRow } from "./webhooks.ts";

type Flag = 0 | 1;

interface Scoped {
  workspace_id: string;
  environment: Environment;
}

export interface WorkspacesTable {
  id: string;
  name: string;
  status: WorkspaceRow["status"];
  settings: string;
  created_at: number;
}

export interface ApiKeysTable extends Scoped {
  id: string;
  kind: KeyRow["kind"];
  name: string;
  hash: string;
  sealed: string | null;
  last_four: string;
  scopes: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface NoncesTable extends Scoped {
  nonce: string;
  expires_at: number;
}

export interface FlowsTable extends Scoped {
  id: string;
  version: number;
  definition: string;
  active: Flag;
  created_at: number;
}

export interface SessionsTable extends Scoped {
  id: string;
  token_id: string;
  ordinal: number;
  customer_id: string;
  subscription_id: string;
  email: string | null;
  flow_id: string;
  flow_version: number;
  config: string;
  plan: string;
  mrr: number;
  currency: string;
  locale: string | null;
  outcome: Outcome | null;
  settlement: string | null;
  created_at: number;
  /** Null in rows that are older than this column. */
  opened_at: number | null;
  started_at: number | null;
  completed_at: number | null;
  undone_at: number | null;
  touched_at: number;
}

export interface SessionEventsTable {
  session_id: string;
  id: string;
  run: string;
  seq: number;
  /** The whole event. */
  data: string;
  received_at: number;
}

export interface ActionsTable {
  id: string;
  session_id: string;
  event_id: string;
  decision: string;
  /** From the decision, so that accepted offers are found without reading JSON; null for a cancellation. */
  offer_id: string | null;
  action: string | null;
  status: ActionRow["status"];
  fault: string | null;
  created_at: number;
  settled_at: number | null;
}

export interface ChangesTable extends Scoped {
  id: string;
  key: string;
  token_id: string;
  customer_id: string;
  subscription_id: string;
  change: string;
  seen: string;
  before: string;
  action: string;
  offer_id: string | null;
  status: ChangeRow["status"];
  fault: string | null;
  created_at: number;
  settled_at: number | null;
}

export interface OfferDismissalsTable extends Scoped {
  customer_id: string;
  offer_id: string;
  at: number;
}

export interface LedgerTable extends Scoped {
  id: string;
  source: LedgerRow["source"];
  session_id: string | null;
  event_id: string | null;
  customer_id: string | null;
  subscription_id: string | null;
  email: string | null;
  reason: string | null;
  reason_text: string | null;
  feedback: string | null;
  outcome: Outcome | null;
  confirmed: Flag;
  offer_id: string | null;
  offer_type: string | null;
  offer_label: string | null;
  offer_accepted: Flag;
  plan: string | null;
  mrr: number | null;
  currency: string;
  tenure_days: number | null;
  metadata: string | null;
  digest: string | null;
  started_at: number | null;
  completed_at: number | null;
  saved_mrr: number | null;
  lost_mrr: number | null;
  occurred_at: number;
  effective_at: number | null;
  undone_at: number | null;
  /** Null in rows that an older server has written. */
  created_at: number | null;
  updated_at: number;
}

export interface LedgerOutcomesTable {
  /** Grows with every row. */
  position: Generated<number>;
  id: string;
  ledger_id: string;
  outcome: Outcome;
  effective_at: number | null;
  metadata: string | null;
  at: number;
}

export interface CancelLinksTable extends Scoped {
  id: string;
  token_hash: string;
  user_id: string;
  customer_id: string;
  subscription_id: string;
  return_url: string;
  context: string;
  currency: string;
  metadata: string;
  created_at: number;
  expires_at: number;
  opened_at: number | null;
  completed_at: number | null;
  result: string | null;
  result_id: string | null;
  issued_at: number | null;
  verified_at: number | null;
}

/** Of one reason in one week. */
interface Finding extends Scoped {
  reason: string;
  week: number;
  count: number;
  before: number;
  total: number;
  /** Separated by spaces. */
  rules: string;
  mrr_at_risk: number;
  currency: string;
  other_currency: number;
}

export interface IssuesTable extends Finding {
  id: string;
  status: IssueRow["status"];
  first_seen: number;
  last_seen: number;
  opened_at: number;
  dismissed_count: number | null;
  owner: string | null;
  note: string | null;
  updated_at: number;
}

export interface IssueWeeksTable extends Finding {
  at: number;
}

export interface MailsTable extends Scoped {
  id: string;
  kind: string;
  about: string;
  recipient: string;
  status: MailRow["status"];
  attempts: number;
  reason: string | null;
  created_at: number;
  settled_at: number | null;
}

export interface EventsTable extends Scoped {
  /** Grows with every row: two events of one instant still have an order. */
  position: Generated<number>;
  id: string;
  type: string;
  /** Null where it is about nobody, and in rows that an older server has written. */
  customer_id: string | null;
  session_id: string | null;
  data: string;
  at: number;
}

export interface BillingEventsTable extends Scoped {
  id: string;
  subject: string;
  data: string;
  received_at: number;
}

export interface RecoveriesTable extends Scoped {
  id: string;
  invoice_id: string;
  subscription_id: string | null;
  customer_id: string;
  email: string | null;
  amount: number;
  currency: string;
  decline_code: string | null;
  status: RecoveryRow["status"];
  attempt_count: number;
  first_failed_at: number;
  last_attempt_at: number;
  next_attempt_at: number | null;
  recovered_at: number | null;
  closed_reason: RecoveryRow["closedReason"] | null;
}

export interface RecoveryAttemptsTable {
  id: string;
  recovery_id: string;
  attempt: number;
  decline_code: string | null;
  status: RecoveryAttemptRow["status"];
  attempted_at: number;
}

/** Sums of what happened within one span of time. */
export interface FiguresTable extends Scoped {
  measure: Measure;
  currency: string;
  span: Span;
  /** Where the span begins, UTC. */
  start: number;
  count: number;
  amount: number;
}

/** What has not been added to the sums yet. */
export interface FigureChangesTable extends Scoped {
  position: Generated<number>;
  measure: Measure;
  currency: string;
  at: number;
  /** What is to be added; negative where something is taken back. */
  count: number;
  amount: number;
}

export interface WebhookEndpointsTable extends Scoped {
  id: string;
  url: string;
  description: string | null;
  /** Types, or `*`, with a space before, between and after them. */
  events: string;
  /** `deleted`: nobody sees it any more, and what is left of it goes piece by piece. */
  status: WebhookEndpointRow["status"] | "deleted";
  disabled_reason: WebhookEndpointRow["disabledReason"] | null;
  disabled_at: number | null;
  failing_since: number | null;
  secrets: string;
  created_at: number;
  updated_at: number;
}

export interface WebhookDeliveriesTable {
  id: string;
  endpoint_id: string;
  event_id: string;
  type: string;
  status: DeliveryRow["status"];
  attempts: number;
  tries: number;
  due_at: number;
  leased_until: number | null;
  created_at: number;
  settled_at: number | null;
}

export interface WebhookAttemptsTable {
  id: string;
  delivery_id: string;
  attempt: number;
  at: number;
  duration: number;
  status: number | null;
  error: string | null;
  excerpt: string | null;
}

/** Open jobs only: a finished job is deleted. */
export interface JobsTable {
  id: Generated<number>;
  topic: string;
  key: string;
  payload: string;
  attempts: Generated<number>;
  due_at: number;
  /** Until then it belongs to the worker that claimed it. */
  leased_until: number | null;
  last_error: string | null;
}

export interface SchedulesTable {
  name: string;
  next_at: number;
  leased_until: number | null;
}

/** The billing simulator's own state: one JSON document per object. `scope` is its business, not ours. */
export interface SimulatorObjectsTable {
  scope: string;
  type: string;
  id: string;
  customer_id: string | null;
  data: string;
}

export interface SimulatorRequestsTable {
  scope: string;
  key: string;
  data: string;
}

export interface SimulatorClocksTable {
  scope: string;
  /** How far billing's clock is ahead of the real one, ms: only a distance keeps its meaning while time goes on. */
  ahead: number;
}

export interface Schema {
  workspaces: WorkspacesTable;
  api_keys: ApiKeysTable;
  nonces: NoncesTable;
  flows: FlowsTable;
  sessions: SessionsTable;
  session_events: SessionEventsTable;
  actions: ActionsTable;
  changes: ChangesTable;
  offer_dismissals: OfferDismissalsTable;
  ledger: LedgerTable;
  ledger_outcomes: LedgerOutcomesTable;
  cancel_links: CancelLinksTable;
  issues: IssuesTable;
  issue_weeks: IssueWeeksTable;
  mails: MailsTable;
  events: EventsTable;
  billing_events: BillingEventsTable;
  recoveries: RecoveriesTable;
  recovery_attempts: RecoveryAttemptsTable;
  figures: FiguresTable;
  figure_changes: FigureChangesTable;
  webhook_endpoints: WebhookEndpointsTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_attempts: WebhookAttemptsTable;
  jobs: JobsTable;
  schedules: SchedulesTable;
  simulator_objects: SimulatorObjectsTable;
  simulator_requests: SimulatorRequestsTable;
  simulator_clocks: SimulatorClocksTable;
}

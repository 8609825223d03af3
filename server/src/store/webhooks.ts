/** The business's own endpoints, and what is on its way to them. */
import type { EventRow, Scope } from "./store.ts";
import type { Cursor } from "./visits.ts";

export interface WebhookSecret {
  /** What its seal is bound to. */
  id: string;
  /** Under the installation's own key. */
  sealed: string;
  createdAt: number;
  /** Of one that was replaced: until when it still signs, by the machine's clock. */
  expiresAt?: number;
}

export interface WebhookEndpointRow extends Scope {
  id: string;
  url: string;
  description?: string;
  /** Types of events; `["*"]` stands for all. */
  events: string[];
  status: "enabled" | "disabled";
  /** `gone`: it answered 410. `failing`: for days nothing got through. `manual`: somebody switched it off. */
  disabledReason?: "gone" | "failing" | "manual";
  disabledAt?: number;
  /** Since when every attempt has failed. All times of these rows are the machine's clock. */
  failingSince?: number;
  /** The one that holds first. */
  secrets: WebhookSecret[];
  createdAt: number;
  updatedAt: number;
}

/** One event on its way to one endpoint. */
export interface DeliveryRow {
  id: string;
  endpointId: string;
  eventId: string;
  /** Of the event. */
  type: string;
  /** `cancelled`: its endpoint was switched off before. */
  status: "pending" | "succeeded" | "failed" | "cancelled";
  /** Attempts altogether, and those of the present round: sending it again by hand begins a new one. */
  attempts: number;
  tries: number;
  /** Of a pending one: when it is tried next. */
  dueAt: number;
  createdAt: number;
  settledAt?: number;
}

export interface WebhookAttemptRow {
  id: string;
  deliveryId: string;
  /** 1, 2, … */
  attempt: number;
  at: number;
  /** ms */
  duration: number;
  /** Of the answer; absent if there was none. */
  status?: number;
  /** Why there was none, or why it does not count. */
  error?: string;
  /** How the answer's body began. */
  excerpt?: string;
}

export interface WebhookQueries {
  insertWebhookEndpoint(row: WebhookEndpointRow): Promise<void>;
  webhookEndpoint(scope: Pick<Scope, "workspaceId">, id: string): Promise<WebhookEndpointRow | undefined>;
  /** Oldest first. Without an environment those of both. */
  webhookEndpoints(scope: {
    workspaceId: string;
    environment?: Scope["environment"];
  }): Promise<WebhookEndpointRow[]>;
  /** Null takes a field away. */
  updateWebhookEndpoint(
    id: string,
    change: Partial<Pick<WebhookEndpointRow, "url" | "events" | "status" | "secrets" | "updatedAt">> & {
      description?: string | null;
      disabledReason?: WebhookEndpointRow["disabledReason"] | null;
      disabledAt?: number | null;
      failingSince?: number | null;
    },
  ): Promise<void>;
  /** With all that was sent to it: nobody sees that any more, and `clearDeletedEndpoints` takes it away. */
  deleteWebhookEndpoint(id: string): Promise<void>;
  /** One event for one endpoint, whatever it asks for: a test, or an event from before. */
  insertDelivery(row: DeliveryRow): Promise<void>;
  delivery(id: string): Promise<DeliveryRow | undefined>;
  /** As it is by now, and stays until the transaction ends. */
  holdEvent(id: string): Promise<EventRow | undefined>;
  /** Latest first. */
  deliveries(by: {
    endpointId: string;
    status?: DeliveryRow["status"];
    after?: Cursor;
    limit: number;
  }): Promise<DeliveryRow[]>;
  updateDelivery(
    id: string,
    change: Partial<Pick<DeliveryRow, "status" | "attempts" | "tries" | "dueAt">> & {
      settledAt?: number | null;
    },
  ): Promise<void>;
  /** What is still on its way to an endpoint is given up. */
  cancelDeliveries(endpointId: string, at: number): Promise<void>;
  insertWebhookAttempt(row: WebhookAttemptRow): Promise<void>;
  /** Oldest first. */
  webhookAttempts(deliveryId: string): Promise<WebhookAttemptRow[]>;
}

export interface DeliveryHealth {
  /** What is on its way; no more than 10,000 are counted. */
  open: number;
  /** Since when something is due that nobody has in hand, at an endpoint that takes what it is sent. */
  oldestDueAt?: number;
  /** Endpoints at which every attempt fails, and those that were given up. */
  failing: number;
  disabled: number;
}

export interface WebhookUpkeep {
  /**
   * Endpoints, of all workspaces, to which something is due that nobody is working on: those that fail, or the others. The
   * longest due first; with `after` by id, those that follow it first, so that each has its turn whatever the limit is.
   */
  dueEndpoints(
    now: number,
    leaseMs: number,
    of: { failing: boolean; limit: number; after?: string },
  ): Promise<string[]>;
  /** As `claimJobs`, of one endpoint: each with its event, oldest first. A claim counts as an attempt. */
  claimDeliveries(
    endpointId: string,
    of: { now: number; leaseMs: number; limit: number },
  ): Promise<(DeliveryRow & { event: EventRow })[]>;
  /** Of all workspaces. */
  deliveryHealth(now: number): Promise<DeliveryHealth>;
  /** Takes away what is left of deleted endpoints. @returns how many messages and endpoints, at most `limit` */
  clearDeletedEndpoints(limit: number): Promise<number>;
  /** Forgets events from before, with their deliveries, unless one is still on its way. @returns how many, at most `limit` */
  forgetEvents(before: number, limit: number): Promise<number>;
}

/** What a billing system tells of its own accord: in any order, late, and more than once. */
import type { Environment } from "./provider.ts";

/** Why a subscription ends, as far as billing knows. */
export interface Leaving {
  /** When it was asked for, ms. */
  requestedAt?: number;
  /** Nobody asked for it. */
  involuntary?: true;
  /** Id of a reason. */
  reason?: string;
  /** The customer's words. */
  comment?: string;
}

/** What of it has to be kept, with the provider's own id; `at` is when it happened by billing's clock, ms. */
export type BillingEvent = { id: string; at: number } & (
  | {
      /** Its end was scheduled, or that was taken back. */
      type: "subscription_changed";
      subscriptionId: string;
      /** Absent: it was to go on. */
      leaving?: Leaving;
    }
  | { type: "subscription_ended"; subscriptionId: string; leaving: Leaving }
  | {
      type: "payment_failed";
      invoiceId: string;
      subscriptionId?: string;
      customerId: string;
      email?: string;
      /** What is still to be paid, minor units. */
      amount: number;
      currency: string;
      /** Within billing's own schedule of attempts: one by hand has the number of the one before. */
      attempt: number;
      declineCode?: string;
      nextAttemptAt?: number;
    }
  | { type: "payment_succeeded"; invoiceId: string; amount: number; attempt: number }
  | { type: "payment_given_up"; invoiceId: string; reason: "voided" | "uncollectible" }
);

/** One message whose sender is known. */
export interface Told {
  environment: Environment;
  /** Beginnings of the keys under which something is remembered that may have changed. */
  stale: readonly string[];
  /** Absent where there is nothing to keep. */
  event?: BillingEvent;
}

/**
 * @param body as it arrived, byte for byte
 * @returns undefined if it was not signed for this account, or too long ago; `unreadable` if it was, and says nothing
 */
export type Hear = (body: Uint8Array, signature: string) => Promise<Told | "unreadable" | undefined>;

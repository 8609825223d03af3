/**
 * What the elements tell the page. Every event is a CustomEvent that bubbles and is composed, so that a listener on the
 * element, on a wrapper or on `document` hears it. Nothing a listener does changes the outcome.
 */

/** The session is open in front of the customer; nothing is known about the flow yet. */
export type OpenDetail = Record<string, never>;

export interface StepDetail {
  /** Id of the step; an offer that hangs on a survey reason is `survey/reason`. */
  id: string;
  type: "survey" | "offer" | "feedback" | "losses" | "confirm" | "success" | "custom";
  /** Kind of the offer that is shown, if one is. */
  offer?: string;
  /** Slot `custom:<name>` and the data that the flow gives to it, on custom steps and custom offers. */
  name?: string;
  data?: unknown;
}

/** What a decision has led to. Amounts and plans are the server's business: its ledger and events have them. */
export interface SettledDetail {
  sessionId: string;
  subscriptionId: string;
  /** `requested`: accepted and safe, but billing has not confirmed it yet. */
  status: "done" | "requested";
  /** Milliseconds since 1970. */
  at: number;
  /** The offer that was taken. */
  offer?: { id: string; type: string };
  /** What was picked within the offer. */
  choice?: { months?: number; until?: number; priceId?: string };
  /** Last instant of access of a subscription that ends. */
  cancelAt?: number;
}

export interface CompleteDetail {
  outcome: "retained" | "cancelled" | "abandoned";
}

export interface ErrorDetail {
  /**
   * A code of the server's error table, or `network`, `timeout`, `invalid_answer`, `load_failed`, `render_failed`,
   * `session_missing`, `token_unavailable`.
   */
  code: string;
  /** Whether trying again can help. */
  retryable: boolean;
  /**
   * When the customer confirmed a cancellation that is kept in this browser and still on its way, in milliseconds since
   * 1970. The element says so by itself.
   */
  waiting?: number;
}

/** Somebody wants to cancel in a subscription hub. */
export interface CancelRequestDetail {
  subscriptionId: string;
}

/** What a customer has changed in a subscription hub. Amounts and plans are the server's business. */
export interface ChangeDetail {
  subscriptionId: string;
  change:
    | "plan_change"
    | "annual_switch"
    | "pause"
    | "extend_pause"
    | "resume"
    | "undo_cancellation"
    | "promo_code"
    | "retry_payment"
    | "offer";
  /** `requested`: accepted and safe, but billing has not confirmed it yet. */
  status: "done" | "requested";
}

export interface RenumerateEventMap {
  /** The flow opens. */
  "renumerate-open": CustomEvent<OpenDetail>;
  /** A step is shown. */
  "renumerate-step": CustomEvent<StepDetail>;
  /** The customer stays, with or without an offer. */
  "renumerate-retained": CustomEvent<SettledDetail>;
  /** The customer has cancelled. */
  "renumerate-cancelled": CustomEvent<SettledDetail>;
  /** Exactly once for each opening that could be decided. */
  "renumerate-complete": CustomEvent<CompleteDetail>;
  /** The flow is gone from the page. */
  "renumerate-close": CustomEvent<OpenDetail>;
  /** From a subscription hub. Cancelable: who calls `preventDefault()` opens the flow in its place. */
  "renumerate-cancel-request": CustomEvent<CancelRequestDetail>;
  /** From a subscription hub: the customer has confirmed a change, and the server has answered. */
  "renumerate-change": CustomEvent<ChangeDetail>;
  /** Something failed; the customer sees it too, with a way to go on. */
  "renumerate-error": CustomEvent<ErrorDetail>;
}

declare global {
  interface HTMLElementEventMap extends RenumerateEventMap {}
  interface DocumentEventMap extends RenumerateEventMap {}
}

export function emit<Name extends keyof RenumerateEventMap>(
  target: EventTarget,
  name: Name,
  detail: RenumerateEventMap[Name]["detail"],
): void {
  target.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
}

/** Everything the server can refuse, by code. `http/errors.ts` gives each its type, status and words. */
export type ProblemCode =
  | "key_invalid"
  | "conflicting_credentials"
  | "session_invalid"
  | "session_expired"
  | "handshake_malformed"
  | "handshake_invalid"
  | "handshake_expired"
  | "handshake_unavailable"
  | "nonce_used"
  | "workspace_read_only"
  | "demo_workspace"
  | "insufficient_scope"
  | "secret_key_in_browser"
  | "origin_not_allowed"
  | "route_not_found"
  | "brand_not_found"
  | "customer_not_found"
  | "customer_ambiguous"
  | "subscription_not_found"
  | "session_not_found"
  | "no_active_flow"
  | "method_not_allowed"
  | "session_completed"
  | "event_conflict"
  | "decision_not_possible"
  | "offer_changed"
  | "offer_not_available"
  | "change_not_available"
  | "change_conflict"
  | "terms_changed"
  | "promo_code_invalid"
  | "promo_code_expired"
  | "promo_code_used_up"
  | "promo_code_not_applicable"
  | "payment_declined"
  | "webhook_signature_invalid"
  | "webhook_mode_wrong"
  | "webhook_unavailable"
  | "cancellation_not_found"
  | "environment_mismatch"
  | "reason_not_enabled"
  | "hosted_session_not_allowed"
  | "return_url_not_allowed"
  | "return_url_missing"
  | "cancel_session_not_found"
  | "cancel_link_used"
  | "result_token_invalid"
  | "issue_not_found"
  | "api_key_not_found"
  | "workspace_mismatch"
  | "session_mismatch"
  | "offer_unknown"
  | "subscription_ending"
  | "recovery_not_found"
  | "webhook_endpoint_not_found"
  | "webhook_endpoint_limit"
  | "webhook_endpoint_disabled"
  | "webhook_url_not_allowed"
  | "webhook_delivery_not_found"
  | "customer_busy"
  | "body_too_large"
  | "content_type_unsupported"
  | "body_malformed"
  | "parameter_missing"
  | "parameter_invalid"
  | "parameter_unknown"
  | "too_many_events"
  | "rate_limited"
  | "internal_error"
  | "billing_rejected"
  | "billing_unavailable";

/** One field that is not as it must be. */
export interface FieldFault {
  /** Path of the field, `events/3/text`. */
  param: string;
  code: "parameter_missing" | "parameter_invalid" | "parameter_unknown";
  message: string;
}

export class Problem extends Error {
  readonly code: ProblemCode;
  /** Path of the field at fault, `events/3/text`. */
  readonly param: string | undefined;
  /** All fields at fault, where there can be several. */
  readonly faults: readonly FieldFault[] | undefined;

  /** @param message replaces the table's words; it must never hold a credential */
  constructor(
    code: ProblemCode,
    options: { param?: string; message?: string; cause?: unknown; faults?: readonly FieldFault[] } = {},
  ) {
    super(options.message ?? "", { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.param = options.param;
    this.faults = options.faults;
  }
}

/** The one table of errors. `docs/errors.md` is checked against it in both directions. */
import type { ErrorBody } from "../../../src/api/wire.ts";
import { type FieldFault, Problem, type ProblemCode } from "../domain/problem.ts";

/** What an integrator gets: as a widget does, and every field at fault. */
export type Refusal = { error: ErrorBody["error"] & { errors?: FieldFault[] } };

interface ErrorRow {
  type:
    | "authentication_error"
    | "billing_error"
    | "permission_error"
    | "not_found_error"
    | "conflict_error"
    | "rate_limit_error"
    | "invalid_request_error"
    | "api_error";
  status: 400 | 401 | 402 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 429 | 500 | 503;
  message: string;
}

const row = (type: ErrorRow["type"], status: ErrorRow["status"], message: string): ErrorRow => ({
  type,
  status,
  message,
});

export const errors: Readonly<Record<ProblemCode, ErrorRow>> = {
  key_invalid: row("authentication_error", 401, "The API key is missing or not valid."),
  conflicting_credentials: row("authentication_error", 401, "Several headers carry different API keys."),
  session_invalid: row("authentication_error", 401, "The session id is missing or not valid."),
  session_expired: row(
    "authentication_error",
    401,
    "The session has expired. Ask your backend for a new one.",
  ),
  handshake_malformed: row("authentication_error", 401, "Invalid token format"),
  handshake_invalid: row("authentication_error", 401, "Invalid signature"),
  handshake_expired: row("authentication_error", 401, "Token expired"),
  handshake_unavailable: row(
    "authentication_error",
    401,
    "No secret key of this installation can check signatures. Make a new one.",
  ),
  nonce_used: row("authentication_error", 401, "Token already used"),
  workspace_read_only: row("billing_error", 402, "This workspace is read-only."),
  demo_workspace: row("permission_error", 403, "A demo workspace does not accept this."),
  insufficient_scope: row("permission_error", 403, "This API key lacks the scope for this request."),
  secret_key_in_browser: row(
    "permission_error",
    403,
    "A secret key was sent by a browser. Keep it on your server.",
  ),
  origin_not_allowed: row("permission_error", 403, "This page's origin is not allowed in the workspace."),
  route_not_found: row("not_found_error", 404, "There is nothing at this address."),
  brand_not_found: row("not_found_error", 404, "Brand not found"),
  customer_not_found: row("not_found_error", 404, "Customer not found"),
  customer_ambiguous: row(
    "conflict_error",
    409,
    "Several customers have this e-mail address. Name one by customer_id.",
  ),
  subscription_not_found: row("not_found_error", 404, "Subscription not found"),
  session_not_found: row("not_found_error", 404, "Session not found"),
  no_active_flow: row("not_found_error", 404, "No flow is published in this environment."),
  method_not_allowed: row("invalid_request_error", 405, "This address does not take that method."),
  session_completed: row("conflict_error", 409, "This session has already been decided."),
  event_conflict: row("conflict_error", 409, "Another event already has this place in the run."),
  decision_not_possible: row("conflict_error", 409, "The recorded events do not lead to this decision."),
  offer_changed: row("conflict_error", 409, "The offer is not the one that was shown. Load the flow again."),
  offer_not_available: row("conflict_error", 409, "This offer cannot be taken any more."),
  change_not_available: row(
    "conflict_error",
    409,
    "This cannot be changed now, or the business does not let customers change it.",
  ),
  change_conflict: row("conflict_error", 409, "Another change has this id."),
  terms_changed: row(
    "conflict_error",
    409,
    "This would lead to something else than what was shown. Preview it again.",
  ),
  promo_code_invalid: row("not_found_error", 404, "There is no such promo code."),
  promo_code_expired: row("conflict_error", 409, "This promo code has expired."),
  promo_code_used_up: row("conflict_error", 409, "This promo code has been used up."),
  promo_code_not_applicable: row(
    "conflict_error",
    409,
    "This promo code does not apply to the subscription.",
  ),
  payment_declined: row("billing_error", 402, "The payment was declined. Nothing was charged."),
  webhook_signature_invalid: row(
    "invalid_request_error",
    400,
    "The signature is missing, too old or made with another secret.",
  ),
  webhook_mode_wrong: row("invalid_request_error", 400, "This event is from the other mode of the account."),
  webhook_unavailable: row("api_error", 503, "No webhook secret is configured."),
  cancellation_not_found: row("not_found_error", 404, "There is no cancellation with this eventId."),
  environment_mismatch: row("conflict_error", 409, "This exists, but in the other environment."),
  reason_not_enabled: row("invalid_request_error", 400, "This reason is not enabled in the workspace."),
  hosted_session_not_allowed: row(
    "invalid_request_error",
    400,
    "A cancellation of a hosted session is in the ledger already. Do not report it again.",
  ),
  return_url_not_allowed: row(
    "invalid_request_error",
    400,
    "The workspace does not list this return URL's host.",
  ),
  return_url_missing: row(
    "conflict_error",
    409,
    "No returnUrl was sent, and the workspace has no default return URL.",
  ),
  cancel_session_not_found: row("not_found_error", 404, "There is no such cancel session."),
  cancel_link_used: row("not_found_error", 410, "This link has been used, or has expired."),
  result_token_invalid: row(
    "invalid_request_error",
    400,
    "The result token is malformed, expired, or not one of this workspace.",
  ),
  issue_not_found: row("not_found_error", 404, "There is no such issue."),
  api_key_not_found: row("not_found_error", 404, "There is no such API key."),
  workspace_mismatch: row("permission_error", 403, "This API key is of another workspace."),
  session_mismatch: row(
    "permission_error",
    403,
    "The session is of another customer or subscription than the request names.",
  ),
  offer_unknown: row(
    "invalid_request_error",
    400,
    "The flow of this session has no such offer, or not on these terms.",
  ),
  subscription_ending: row(
    "conflict_error",
    409,
    "This subscription ends already. There is nothing to cancel.",
  ),
  recovery_not_found: row("not_found_error", 404, "There is no such recovery."),
  webhook_endpoint_not_found: row("not_found_error", 404, "There is no such webhook endpoint."),
  webhook_endpoint_limit: row("conflict_error", 409, "There are as many webhook endpoints as there can be."),
  webhook_endpoint_disabled: row(
    "conflict_error",
    409,
    "This webhook endpoint is disabled. Enable it first.",
  ),
  webhook_url_not_allowed: row(
    "invalid_request_error",
    400,
    "This URL cannot be a webhook endpoint: it is not https, or leads into a private network.",
  ),
  webhook_delivery_not_found: row("not_found_error", 404, "There is no such webhook delivery."),
  customer_busy: row(
    "conflict_error",
    409,
    "A decision of this customer is still being carried out at billing. Try again later.",
  ),
  body_too_large: row("invalid_request_error", 413, "The request body is too large."),
  content_type_unsupported: row("invalid_request_error", 415, "Content-Type must be application/json."),
  body_malformed: row("invalid_request_error", 400, "The request body is not valid JSON."),
  parameter_missing: row("invalid_request_error", 400, "A required parameter is missing."),
  parameter_invalid: row("invalid_request_error", 400, "A parameter is not valid."),
  parameter_unknown: row("invalid_request_error", 400, "A parameter is not known."),
  too_many_events: row(
    "invalid_request_error",
    400,
    "This session holds more events than one visit can cause.",
  ),
  rate_limited: row("rate_limit_error", 429, "Too many requests. Try again later."),
  internal_error: row("api_error", 500, "Something went wrong on our side. Quote the request id."),
  billing_rejected: row("conflict_error", 409, "Billing refused the change. Nothing was changed."),
  billing_unavailable: row("api_error", 503, "Billing does not answer. Nothing was changed; try again."),
};

/** The body and status of a failure. What is not a Problem is ours to fix: its words stay in the log. */
export function failure(error: unknown, requestId: string): { status: ErrorRow["status"]; body: Refusal } {
  const problem = error instanceof Problem ? error : new Problem("internal_error");
  const { type, status, message } = errors[problem.code];
  const param = problem.param === undefined ? {} : { param: problem.param };
  const faults = problem.faults ? { errors: [...problem.faults] } : {};
  return {
    status,
    body: {
      error: {
        type,
        code: problem.code,
        message: problem.message || message,
        ...param,
        request_id: requestId,
        ...faults,
      },
    },
  };
}

/** The same as the Renumerate dialect documents it: the words alone under `error`. What it does not document is beside. */
export function plain({ error: { message, ...rest } }: Refusal): object {
  return { error: message, ...rest };
}

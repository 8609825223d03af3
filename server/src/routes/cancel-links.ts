/** RetentBase's links to hosted flows, for a business's own server. */
import {
  CancelLinkRequest,
  CancelLinkResponse,
  CancelSession,
  CancelSessionAddress,
  CancelSessionQuery,
  ResultVerification,
  VerifiedResult,
} from "../contract/cancel-links.ts";
import { createCancelLink } from "../domain/cancel-links.ts";
import { readCancelSession, verifyResult } from "../domain/cancel-sessions.ts";
import { keyRoute, type Route } from "../http/route.ts";

export const cancelLinkRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "post",
      path: "/api/v1/cancel-link",
      operationId: "create_cancel_link",
      summary: "Make a link to a hosted cancel flow",
      description:
        "Send the customer to `url`. They come back to the return URL with `#ci_result_token=…`: verify it before you change " +
        "anything. Billing is left alone, unless `customerId` says whose subscription there is meant.",
      body: CancelLinkRequest,
      reply: CancelLinkResponse,
      scope: "sessions:write",
      writes: true,
      refusals: [
        "return_url_not_allowed",
        "return_url_missing",
        "no_active_flow",
        "customer_not_found",
        "subscription_not_found",
        "billing_unavailable",
      ],
    },
    async ({ deps, key, workspace, body }) => {
      const { link, url } = await createCancelLink(deps, { key, workspace }, body);
      return {
        url,
        expires_at: new Date(link.expiresAt).toISOString(),
        environment: link.environment,
        session_id: link.id,
      };
    },
  ),
  // Before the one with a parameter, which would take its place.
  keyRoute(
    {
      method: "post",
      path: "/api/v1/cancel-sessions/verify",
      operationId: "verify_result",
      summary: "Verify a result token",
      description:
        "The same as checking the JWT yourself. The result must be of this workspace and of the environment that is asked " +
        "for. Compare `sub` with who is signed in, and act on one `jti` once.",
      body: ResultVerification,
      reply: VerifiedResult,
      scope: "sessions:write",
      refusals: ["result_token_invalid"],
    },
    ({ deps, key, workspace, body }) => verifyResult(deps, { key, workspace }, body),
  ),
  keyRoute(
    {
      method: "get",
      path: "/api/v1/cancel-sessions/:id",
      operationId: "get_cancel_session",
      summary: "What has become of a link",
      params: CancelSessionAddress,
      query: CancelSessionQuery,
      reply: CancelSession,
      scope: "analytics:read",
      refusals: ["cancel_session_not_found", "environment_mismatch"],
    },
    ({ deps, key, params, query }) => readCancelSession(deps, key, params.id, query.environment),
  ),
];

/** RetentBase's ledger: a business whose own page asks why reports what it was told, and how it ended. */
import {
  Cancellation,
  CancellationAddress,
  CancellationHistory,
  CancellationQuery,
  CancellationRequest,
  CancellationUpdate,
} from "../contract/cancellations.ts";
import { readCancellation, reportCancellation, updateCancellation } from "../domain/cancellations.ts";
import { Answer, keyRoute, type Route } from "../http/route.ts";

const PATH = "/api/v1/cancellations";

export const cancellationRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "post",
      path: PATH,
      operationId: "report_cancellation",
      summary: "Report a cancellation",
      description:
        "Send it again as often as you like: an event is known by `environment` and `eventId`, and what was stored first " +
        "holds. A reason must be one that the workspace has enabled. Cancellations of hosted flows are in the ledger already.",
      body: CancellationRequest,
      reply: Cancellation,
      statuses: { 201: "It is new." },
      replyHeaders: {
        "Idempotent-Replayed": "`true`: it was reported before, and is answered as it is stored.",
        "X-Idempotency-Mismatch": "`true`: it was reported before, with something else, which holds.",
      },
      scope: "cancellations:write",
      writes: true,
      notInDemo: true,
      refusals: ["reason_not_enabled", "hosted_session_not_allowed"],
    },
    async ({ deps, key, workspace, body }) => {
      const { cancellation, created, differs } = await reportCancellation(deps, { key, workspace }, body);
      if (created) return new Answer(cancellation, { status: 201 });
      const headers = {
        "Idempotent-Replayed": "true",
        ...(differs ? { "X-Idempotency-Mismatch": "true" } : {}),
      };
      return new Answer(cancellation, { headers });
    },
  ),
  keyRoute(
    {
      method: "patch",
      path: `${PATH}/:eventId`,
      operationId: "update_cancellation",
      summary: "Report how a cancellation ended",
      description:
        "The last report holds; those before it stay in the history, of which the latest hundred are read. One that says nothing new changes nothing: send the " +
        "same `effectiveAt` when you send it again. Neither the reason nor the offer changes.",
      params: CancellationAddress,
      body: CancellationUpdate,
      reply: Cancellation,
      scope: "cancellations:write",
      writes: true,
      notInDemo: true,
      refusals: ["cancellation_not_found", "environment_mismatch", "hosted_session_not_allowed"],
    },
    ({ deps, key, params, body }) => updateCancellation(deps, key, params.eventId, body),
  ),
  keyRoute(
    {
      method: "get",
      path: `${PATH}/:eventId`,
      operationId: "read_cancellation",
      summary: "Read a cancellation and its history",
      params: CancellationAddress,
      query: CancellationQuery,
      reply: CancellationHistory,
      scope: "analytics:read",
      refusals: ["cancellation_not_found", "environment_mismatch"],
    },
    ({ deps, key, params, query }) => readCancellation(deps, key, params.eventId, query.environment),
  ),
];

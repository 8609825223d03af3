/** Retainly's flow endpoints, for a business's own server with a secret key, or a page with its customer's session id. */
import {
  FlowAck,
  FlowCancelRequest,
  FlowEventRequest,
  FlowQuery,
  FlowSaved,
  FlowSaveRequest,
  FlowStarted,
  FlowStartRequest,
} from "../contract/flow-api.ts";
import { recordFlowEvent, startFlow } from "../domain/flow-api.ts";
import { cancelFlow, saveFlow } from "../domain/flow-api-decisions.ts";
import { Answer, eitherRoute, type Route } from "../http/route.ts";

const DONE = { success: true } as const;

const WHO =
  "With a secret key, or from a page with its customer's session id (`ret_…`, `sub_…` or `r10_…`) as bearer.";

export const flowApiRoutes: readonly Route[] = [
  eitherRoute(
    {
      method: "post",
      path: "/api/flows/start",
      operationId: "start_flow",
      summary: "Begin a cancel flow",
      description: `${WHO} The same subscription again gives the same session, until it is decided or has been silent for half an hour.`,
      body: FlowStartRequest,
      query: FlowQuery,
      reply: FlowStarted,
      scope: "sessions:write",
      writes: true,
      refusals: [
        "customer_not_found",
        "subscription_not_found",
        "subscription_ending",
        "session_mismatch",
        "session_not_found",
        "session_completed",
        "no_active_flow",
        "billing_unavailable",
      ],
    },
    ({ deps, query, body, ...caller }) => startFlow(deps, caller, query, body),
  ),
  eitherRoute(
    {
      method: "post",
      path: "/api/flows/save",
      operationId: "save_flow",
      summary: "Take an offer",
      description: `${WHO} It must be one of the session's own flow, exactly as its step has it, and is carried out at billing once; the same again answers the same.`,
      body: FlowSaveRequest,
      query: FlowQuery,
      reply: FlowSaved,
      statuses: { 502: "Billing refused the offer: nothing was changed, and the flow goes on" },
      scope: "sessions:write",
      refusals: [
        "session_not_found",
        "offer_unknown",
        "session_completed",
        "offer_changed",
        "offer_not_available",
        "billing_unavailable",
      ],
    },
    async ({ deps, query, body, ...caller }) => {
      const saved = await saveFlow(deps, caller, query, body);
      return saved.success ? saved : new Answer(saved, { status: 502 });
    },
  ),
  eitherRoute(
    {
      method: "post",
      path: "/api/flows/cancel",
      operationId: "cancel_flow",
      summary: "Record a confirmed cancellation",
      description: `${WHO} Billing is left to you, unless the server is told to end the subscription itself (\`FLOWS_CANCEL\`).`,
      body: FlowCancelRequest,
      query: FlowQuery,
      reply: FlowAck,
      scope: "sessions:write",
      refusals: ["session_not_found", "session_completed", "billing_rejected", "billing_unavailable"],
    },
    async ({ deps, query, body, ...caller }) => {
      await cancelFlow(deps, caller, query, body);
      return DONE;
    },
  ),
  eitherRoute(
    {
      method: "post",
      path: "/api/flows/event",
      operationId: "record_flow_event",
      summary: "Tell what happens in a flow",
      description: WHO,
      body: FlowEventRequest,
      query: FlowQuery,
      reply: FlowAck,
      scope: "sessions:write",
      refusals: ["session_not_found", "too_many_events", "billing_unavailable"],
    },
    async ({ deps, query, body, ...caller }) => {
      await recordFlowEvent(deps, caller, query, body);
      return DONE;
    },
  ),
];

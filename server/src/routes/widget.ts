/** What the widgets call from a customer's browser, with nothing but a session id or a session's delivery token. */
import { z } from "zod";
import {
  DecisionRequest,
  EventsAck,
  EventsRequest,
  FlowConfig,
  Settlement,
} from "../../../src/api/contract.ts";
import { decide, recordEvents } from "../domain/decisions.ts";
import { openFlow } from "../domain/sessions.ts";
import { type Route, sessionRoute } from "../http/route.ts";

/** A whole run of a flow with long answers. */
const MAX_RUN = 524_288;

const EVENT_REFUSALS = [
  "session_not_found",
  "event_conflict",
  "too_many_events",
  "billing_unavailable",
] as const;

export const localeQuery = z
  .string()
  .optional()
  .describe("BCP 47, at most 35 characters: the customer's language. Anything else counts as none");

export const widgetRoutes: readonly Route[] = [
  sessionRoute(
    {
      method: "get",
      path: "/v1/widget/flow",
      operationId: "get_flow",
      summary: "The flow for this customer, with the terms of each offer",
      description: "Asking again gives the same session and, for a quarter of an hour, the same terms.",
      query: z.object({
        subscription_id: z.string().min(1).max(255).optional(),
        restart: z.enum(["1"]).optional().describe("Begin again after having been retained"),
        session: z
          .string()
          .max(64)
          .optional()
          .describe("Go on with this session of the same customer, although its token has been renewed"),
        locale: localeQuery,
      }),
      reply: FlowConfig,
      refusals: ["subscription_not_found", "no_active_flow", "billing_unavailable"],
    },
    ({ deps, claims, query }) =>
      openFlow(deps, claims, {
        subscriptionId: query.subscription_id,
        restart: query.restart === "1",
        locale: query.locale,
        session: query.session,
      }),
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/events",
      // Where a page that is going sends its last ones: a log of requests tells them apart.
      aliases: ["/v1/widget/beacon"],
      operationId: "record_events",
      summary: "Record what the customer did",
      description: "An event that was sent before is accepted and counted once.",
      body: EventsRequest,
      reply: EventsAck,
      refusals: EVENT_REFUSALS,
      delivery: true,
    },
    async ({ deps, claims, body }) => ({ accepted: await recordEvents(deps, claims, body) }),
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/decision",
      operationId: "decide",
      summary: "Execute the offer that was accepted, or the cancellation",
      description: "The same decision again answers with the first result; billing is asked once.",
      body: DecisionRequest,
      reply: Settlement,
      refusals: [
        "session_not_found",
        "session_completed",
        "event_conflict",
        "decision_not_possible",
        "offer_changed",
        "offer_not_available",
        "billing_rejected",
        "billing_unavailable",
      ],
      maxBody: MAX_RUN,
      delivery: true,
    },
    ({ deps, claims, body }) => decide(deps, claims, body),
  ),
];

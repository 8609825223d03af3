/** What a subscription hub calls from a customer's browser, with nothing but a session id. */
import { z } from "zod";
import {
  BillingDetailsRequest,
  DismissAck,
  DismissRequest,
  Hub,
  HubChangeRequest,
  HubCustomer,
  HubInvoices,
  HubPreview,
  HubPreviewRequest,
  HubResult,
  PaymentPage,
  PaymentPageRequest,
} from "../../../src/api/contract.ts";
import type { HubChange } from "../../../src/api/wire.ts";
import { makeChange, previewChange } from "../domain/changes.ts";
import { openPaymentPage, readInvoices, saveBillingDetails } from "../domain/customer.ts";
import { readHub } from "../domain/hub.ts";
import { isLinkId } from "../domain/link-ids.ts";
import { dismissOffer } from "../domain/proactive.ts";
import { Problem } from "../domain/problem.ts";
import type { SessionClaims } from "../domain/session-token.ts";
import { type Route, sessionRoute } from "../http/route.ts";
import { returnAddress } from "./hosted.ts";
import { localeQuery } from "./widget.ts";

const REFUSALS = ["subscription_not_found", "change_not_available", "billing_unavailable"] as const;

const CODES = [
  "promo_code_invalid",
  "promo_code_expired",
  "promo_code_used_up",
  "promo_code_not_applicable",
] as const;

/** What is worth guessing, or costs somebody something each time: how often a customer may try it a minute. */
export const ATTEMPTS: Readonly<Partial<Record<HubChange["type"], number>>> = {
  promo_code: 20,
  retry_payment: 6,
};

/** Per customer and not per session: pages make as many of those as they like. */
function attempt({ claims, body }: { claims: SessionClaims; body: { change: HubChange } }) {
  const { workspaceId, environment, customerId } = claims;
  const perMinute = ATTEMPTS[body.change.type];
  if (perMinute === undefined) return undefined;
  return { as: JSON.stringify([body.change.type, workspaceId, environment, customerId]), perMinute };
}

const routes: readonly Route[] = [
  sessionRoute(
    {
      method: "get",
      path: "/v1/widget/hub",
      operationId: "get_hub",
      summary: "The subscriptions of this customer, as billing has them now",
      description:
        "Of what has ended it shows what ended within 60 days or, if there is nothing else, the last one. A session that names one subscription shows that one. Nothing to show is an empty list.",
      query: z.object({ locale: localeQuery }),
      reply: Hub,
      refusals: ["billing_unavailable"],
    },
    ({ deps, claims, workspace, query }) => readHub(deps, claims, workspace, query.locale),
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/hub/preview",
      operationId: "preview_change",
      summary: "What a change would lead to",
      body: HubPreviewRequest,
      reply: HubPreview,
      refusals: [...REFUSALS, ...CODES, "payment_declined", "billing_rejected"],
      counted: attempt,
    },
    ({ deps, claims, workspace, body }) => previewChange(deps, claims, workspace, body),
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/hub/change",
      operationId: "make_change",
      summary: "Carry out a change that was previewed",
      description: "The same id again answers with the first result; billing is asked once.",
      body: HubChangeRequest,
      reply: HubResult,
      refusals: [
        ...REFUSALS,
        ...CODES,
        "change_conflict",
        "terms_changed",
        "payment_declined",
        "billing_rejected",
      ],
      counted: attempt,
    },
    ({ deps, claims, workspace, body }) => makeChange(deps, claims, workspace, body),
  ),
  sessionRoute(
    {
      method: "get",
      path: "/v1/widget/hub/invoices",
      operationId: "list_invoices",
      summary: "Invoices of the customer, a page at a time",
      description: "A session that names one subscription lists those of that one.",
      query: z.object({ after: z.string().min(1).max(255).optional() }),
      reply: HubInvoices,
      refusals: ["change_not_available", "billing_unavailable"],
    },
    ({ deps, claims, workspace, query }) => readInvoices(deps, claims, workspace, query.after),
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/hub/payment-page",
      operationId: "open_payment_page",
      summary: "Where the customer gives another payment method",
      description: "`returnUrl` must be a page of the origin that the request comes from.",
      body: PaymentPageRequest,
      reply: PaymentPage,
      refusals: REFUSALS,
    },
    ({ deps, claims, workspace, body, origin }) => {
      const returnUrl = returnAddress(deps, claims, body.returnUrl);
      return openPaymentPage(deps, claims, workspace, { ...body, returnUrl }, origin);
    },
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/hub/billing-details",
      operationId: "save_billing_details",
      summary: "Name, e-mail and address on invoices",
      body: BillingDetailsRequest,
      reply: HubCustomer,
      refusals: ["change_not_available", "billing_rejected", "billing_unavailable"],
    },
    ({ deps, claims, workspace, body }) => saveBillingDetails(deps, claims, workspace, body),
  ),
  sessionRoute(
    {
      method: "post",
      path: "/v1/widget/hub/dismiss",
      operationId: "dismiss_offer",
      summary: "Do not show this offer again soon",
      body: DismissRequest,
      reply: DismissAck,
      refusals: ["billing_unavailable"],
    },
    ({ deps, claims, body }) => dismissOffer(deps, claims, body.offer),
  ),
];

/** The session of a link is for its flow alone: whoever has the address may leave, and see or change nothing else. */
const forHubs = (route: Route): Route => ({
  ...route,
  handle: async (given) => {
    const { claims } = given as unknown as { claims: SessionClaims };
    if (isLinkId(claims.tokenId)) throw new Problem("session_invalid");
    return route.handle(given);
  },
});

export const hubRoutes: readonly Route[] = routes.map(forHubs);

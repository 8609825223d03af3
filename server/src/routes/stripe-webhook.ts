/**
 * Where Stripe tells what happens there. Outside of the API's routes: its credential is a signature over the bytes of the
 * body, so nothing may read the body before, and Stripe is neither counted nor a browser. What is known to be Stripe's is
 * answered with 200 once it is written down, whatever it says; another status makes Stripe send it again for days.
 */
import type { Context, Hono } from "hono";
import type { Told } from "../billing/billing-event.ts";
import type { BillingEndpoint, Deps } from "../deps.ts";
import { keepBillingEvent } from "../domain/billing-events.ts";
import { Problem } from "../domain/problem.ts";
import { bytesOf } from "../http/body.ts";
import { preflight } from "../http/cors.ts";
import type { Env } from "../http/route.ts";

export const STRIPE_WEBHOOK = "/api/stripe/webhook";

const MAX_BODY = 1_048_576;
const METHODS = ["POST"];

/** In this order: 405, 503, 413, 400. */
export function mountStripeWebhook(app: Hono<Env>, deps: Deps): void {
  app.all(STRIPE_WEBHOOK, async (context) => {
    const { method } = context.req;
    if (method === "OPTIONS") return preflight(context, METHODS, false);
    if (!METHODS.includes(method)) {
      context.header("Allow", METHODS.join(", "));
      throw new Problem("method_not_allowed");
    }
    const { scope, told, refresh } = await sender(context, deps);
    context.set("workspaceId", scope.workspaceId);
    for (const prefix of told.stale) refresh(prefix);
    if (told.event) await keepBillingEvent(deps, scope, told.event);
    context.header("Cache-Control", "no-store");
    return context.json({ received: true });
  });
}

type Sender = Pick<BillingEndpoint, "scope" | "refresh"> & { told: Told };

/** @throws Problem webhook_unavailable, body_too_large, webhook_signature_invalid, body_malformed, webhook_mode_wrong */
async function sender(context: Context<Env>, deps: Deps): Promise<Sender> {
  const endpoints = (deps.webhooks?.() ?? []).filter(({ hear }) => hear);
  if (!endpoints.length) throw new Problem("webhook_unavailable");
  const body = await bytesOf(context, MAX_BODY);
  const signature = context.req.header("stripe-signature");
  if (!signature) throw new Problem("webhook_signature_invalid");
  let refusal = new Problem("webhook_signature_invalid");
  // All of them are asked: an account's two modes may have been given the same list of secrets.
  for (const { scope, hear, refresh } of endpoints) {
    const told = await hear?.(body, signature);
    if (told === "unreadable") refusal = new Problem("body_malformed");
    else if (told?.environment === scope.environment) return { scope, told, refresh };
    else if (told) refusal = new Problem("webhook_mode_wrong");
  }
  throw refusal;
}

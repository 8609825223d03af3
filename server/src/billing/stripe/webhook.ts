/** Who signed a message: the official library compares, with each secret that the account's endpoints have. */
import Stripe from "stripe";
import type { Hear } from "../billing-event.ts";
import { staleAfter, toBillingEvent } from "./events.ts";

/** How old a signature may be, s. */
const TOLERANCE = 300;

/** @param of.secrets `whsec_…`: of the endpoints of both modes, and while one is being replaced the old one too */
export function hearStripe({ secrets, clock }: { secrets: readonly string[]; clock: () => number }): Hear {
  return async (body, signature) => {
    for (const secret of secrets) {
      let event: { livemode?: unknown } | null;
      try {
        event = await Stripe.webhooks.constructEventAsync(
          body,
          signature,
          secret,
          TOLERANCE,
          undefined,
          clock(),
        );
      } catch (error) {
        if (error instanceof Stripe.errors.StripeSignatureVerificationError) continue;
        // Signed, but no JSON, or one of the thin events, which only say where to look.
        return "unreadable";
      }
      if (typeof event?.livemode !== "boolean") return "unreadable";
      const kept = toBillingEvent(event);
      return {
        environment: event.livemode ? "prod" : "sandbox",
        stale: staleAfter(event),
        ...(kept ? { event: kept } : {}),
      };
    }
    return undefined;
  };
}

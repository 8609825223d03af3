/** What an earlier visit could not send, and what the page hears of a decision. */
import { type Courier, createCourier } from "../api/courier.ts";
import { own } from "../api/own.ts";
import type { Settlement } from "../api/wire.ts";
import type { SettledDetail } from "../events.ts";

let courier: Courier | undefined;

/** One for all elements of the page. */
export const pageCourier = (timeout?: number): Courier => (courier ??= createCourier(own({ timeout })));

/** Copies: what a listener does to them stays with the listener. */
export function settledDetail(sessionId: string, settlement: Settlement): SettledDetail {
  const { subscription, status, at, offer, choice } = settlement;
  const { id: subscriptionId, cancelAt } = subscription;
  return structuredClone({
    sessionId,
    subscriptionId,
    status,
    at,
    ...(offer && { offer }),
    ...(choice && { choice }),
    ...(cancelAt !== undefined && { cancelAt }),
  });
}

/**
 * Resolves when all has been tried once; what did not arrive is tried again in the background. How it ends is told to
 * nobody but the server: who looks at this page need not be who confirmed it.
 */
export function deliverLeftovers(): Promise<void> {
  return pageCourier().deliver((delivery) => {
    // Somebody counts on it, unless they have stayed since: what is left is to write.
    if ("error" in delivery && delivery.error.code !== "session_completed")
      document.querySelector("renumerate-cancel-button")?.showFallback?.();
  });
}

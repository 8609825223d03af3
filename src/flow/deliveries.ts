/** What an earlier visit could not send: brought to the server, and told to the page. */
import { type Courier, createCourier } from "../api/courier.ts";
import type { Settlement } from "../api/wire.ts";
import { emit, type SettledDetail } from "../events.ts";

let courier: Courier | undefined;

/** One for all elements of the page. */
export const pageCourier = (timeout?: number): Courier => (courier ??= createCourier({ timeout }));

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

/** The first of our tags: where a page listens. */
const stageOf = (page: Document): EventTarget & { showFallback?: () => void } =>
  page.querySelector<HTMLElement>("renumerate-cancel-button, renumerate-retention-modal") ?? page;

/**
 * Resolves when all has been tried once; what did not arrive is tried again in the background. How a cancellation ended
 * that was confirmed on an earlier visit is told to the first of our tags in the page.
 */
export function deliverLeftovers(): Promise<void> {
  return pageCourier().deliver((delivery) => {
    const stage = stageOf(document);
    if ("error" in delivery) {
      // The customer counts on it: what is left is to write.
      stage.showFallback?.();
      emit(stage, "renumerate-error", { code: delivery.error.code, retryable: false });
      return;
    }
    const { kept, settlement } = delivery;
    emit(stage, `renumerate-${settlement.outcome}`, settledDetail(kept.session, settlement));
    emit(stage, "renumerate-complete", { outcome: settlement.outcome });
  });
}

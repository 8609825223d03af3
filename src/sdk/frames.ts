/**
 * Hosted pages in frames of the page: they tell by message what the customer wants. Only a frame of this document that
 * shows a page of the server is listened to.
 */

export interface FrameHost {
  /** Of the server, as the page reaches it. */
  origin(): string;
  /** @param done to be called when the dialog has closed */
  open(sessionId: string, subscriptionId: string | undefined, done: () => void): void;
  log(message: string): void;
}

/** Several instances may listen; one of them acts. */
const taken = new WeakSet<Event>();

/** @returns what ends it */
export function listenToFrames({ origin, open, log }: FrameHost): () => void {
  const hear = (event: MessageEvent) => {
    if (taken.has(event) || event.origin !== origin()) return;
    const frame = [...document.querySelectorAll("iframe")].find(
      ({ contentWindow }) => contentWindow === event.source,
    );
    if (!frame) return;
    const { type, data } = Object(event.data) as { type?: unknown; data?: unknown };
    const { sessionId, subscriptionId, height } = Object(data) as Record<string, unknown>;
    const answer = (name: string) =>
      frame.contentWindow?.postMessage({ type: name, data: {} }, { targetOrigin: event.origin });
    if (typeof type !== "string") return;
    log(`Message: ${type}`);
    if (type === "cancel-subscription" && typeof sessionId === "string") {
      taken.add(event);
      answer("cancel-subscription-accepted");
      open(sessionId, typeof subscriptionId === "string" ? subscriptionId : undefined, () =>
        answer("on-complete"),
      );
    } else if (type === "resize" && typeof height === "number" && height > 0) {
      frame.style.height = `${height}px`;
    }
  };
  addEventListener("message", hear);
  return () => removeEventListener("message", hear);
}

/** The page around the frame: who it is, what it is told, and whether it listens. Messages are `{type, data}`. */

/** Milliseconds that the page around has to take over, or to take the frame away. */
export const PATIENCE = 500;

export const isFramed = parent !== window;

const originOf = (address: string): string | undefined => {
  const origin = URL.canParse(address) ? new URL(address).origin : "null";
  return origin === "null" ? undefined : origin;
};

/** The policy of this page says who may be around it, and the browser holds them to that. */
let origin = isFramed ? originOf(location.ancestorOrigins?.[0] ?? document.referrer) : undefined;

/** Whether it is known who would get a message. */
export const isKnown = (): boolean => origin !== undefined;

/** Says something that nobody could use. */
export function tell(type: string, data: object = {}): void {
  if (isFramed) parent.postMessage({ type, data }, origin ?? "*");
}

/** Says something that is for a known page alone. */
export function entrust(type: string, data: object): void {
  if (origin) parent.postMessage({ type, data }, origin);
}

/** Hears what the page around says, until the tab is closed. */
export function hear(words: Readonly<Record<string, () => void>>): void {
  addEventListener("message", ({ source, origin: from, data }) => {
    if (!isFramed || source !== parent) return;
    origin = originOf(from);
    const { type } = Object(data) as { type?: unknown };
    if (typeof type === "string" && Object.hasOwn(words, type)) words[type]?.();
  });
}

/** Says how high this page is, whenever that changes and there is something to see. */
export function measure(iframe: string, parts: readonly Element[]): void {
  let said = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (
      height === said ||
      !parts.some((part) => part.clientHeight && part.checkVisibility({ visibilityProperty: true }))
    )
      return;
    said = height;
    tell("resize", { iframe, height });
  }).observe(document.body);
}

/**
 * Resolves to whether the page around has opened the flow in its own place: it says so, which aborts the signal, or a
 * dialog of its own has taken the focus.
 */
export function takenOver(said: AbortSignal): Promise<boolean> {
  const hadFocus = document.hasFocus();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(hadFocus && !document.hasFocus()), PATIENCE);
    said.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** From the click to the first frame that shows the flow's first step, in the page or in a frame of it. */
import type { BrowserContext } from "playwright-core";
import { FIRST_WORDS } from "./stage.ts";

declare global {
  interface Window {
    /** Milliseconds since 1970, with fractions: clocks of frames have nothing else in common. */
    tellClick(at: number): void;
    tellPaint(at: number): void;
  }
}

/** Runs in every frame, before anything else does. */
function watch(words: string): void {
  const { timeOrigin } = performance;
  const isThere = () => {
    const flow = document.querySelector("renumerate-retention-modal");
    return flow?.shadowRoot?.querySelector("h2")?.textContent?.startsWith(words);
  };
  const look = () => {
    if (!isThere()) return requestAnimationFrame(look);
    // Callbacks of a frame run before it is painted, and a message comes after that.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.tellPaint(timeOrigin + performance.now());
    port2.postMessage(0);
    return 0;
  };
  if (window === top) {
    addEventListener(
      "click",
      ({ timeStamp }) => {
        window.tellClick(timeOrigin + timeStamp);
        look();
      },
      { capture: true, once: true },
    );
  } else look();
}

export interface Watch {
  /** Milliseconds. Rejects if no step was painted in half a minute. */
  readonly clickToPaint: Promise<number>;
}

const LIMIT = 30_000;

/** @param context before it has pages */
export async function watchPaint(context: BrowserContext): Promise<Watch> {
  const told = (name: string) =>
    new Promise<number>((resolve, reject) => {
      void context.exposeBinding(name, (_, at: number) => resolve(at));
      setTimeout(() => reject(new Error(`no ${name} in ${LIMIT / 1000} s`)), LIMIT).unref();
    });
  const [clicked, painted] = [told("tellClick"), told("tellPaint")];
  await context.addInitScript(watch, FIRST_WORDS);
  const clickToPaint = Promise.all([clicked, painted]).then(([from, to]) => to - from);
  // Whoever gives up earlier does not wait for it.
  clickToPaint.catch(() => {});
  return { clickToPaint };
}

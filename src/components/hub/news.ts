/**
 * Tells the hubs of this origin, in this page and in every other, that something has changed: never what, nor of whom.
 * Flows and hubs of this page need not call anything, since their events are heard.
 */
import type { RenumerateEventMap } from "../../events.ts";

const CHANNEL = "renumerate-changed";

const CHANGES = [
  "renumerate-retained",
  "renumerate-cancelled",
  "renumerate-change",
] as const satisfies readonly (keyof RenumerateEventMap)[];

/** By whom they belong to. */
const listeners = new Map<object, () => void>();

let channel: BroadcastChannel | undefined;

const tell = (by?: unknown): void => {
  for (const [owner, hear] of listeners) if (owner !== by) hear();
};

/** @param by who has changed it, and knows */
export function announceChange(by?: unknown): void {
  tell(by);
  try {
    channel?.postMessage(0);
  } catch {}
}

const overhear = (event: Event): void => announceChange(event.composedPath()[0]);

function open(): void {
  try {
    channel ??= new BroadcastChannel(CHANNEL);
    channel.onmessage = () => tell();
  } catch {
    // A frame without storage of its own may have none.
  }
}

/** Browsers keep no page with an open channel for the way back. */
function close(): void {
  channel?.close();
  channel = undefined;
}

function attend(on: boolean): void {
  const change = on ? "addEventListener" : "removeEventListener";
  for (const name of CHANGES) globalThis[change](name, overhear, true);
  globalThis[change]("pageshow", open);
  globalThis[change]("pagehide", close);
  (on ? open : close)();
}

/** @returns what ends it */
export function listen(owner: object, hear: () => void): () => void {
  if (!listeners.size) attend(true);
  listeners.set(owner, hear);
  return () => {
    if (listeners.delete(owner) && !listeners.size) attend(false);
  };
}

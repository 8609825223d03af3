/** What callers of the class hand over, and the words that the Renumerate client has for what is wrong with it. */
import type { CallbackOptions } from "./types.ts";

const KINDS = {
  retention: ["ret_"],
  subscription: ["sub_"],
  "retention or subscription": ["ret_", "sub_"],
};

/** @throws Error */
export function expectSession(sessionId: string, kind: keyof typeof KINDS): void {
  if (!KINDS[kind].some((prefix) => sessionId.startsWith(prefix)))
    throw new Error(`Invalid sessionId: ${sessionId}. Expected a ${kind} session ID.`);
}

/** @throws Error */
export function elementWith(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`Element with id ${id} not found`);
  return element;
}

/** Without a prototype: an address of a server that somebody else's code has put on Object.prototype is not meant. */
export const own = <Value extends object>(value: Value): Value => Object.assign(Object.create(null), value);

/** What is undefined or null says nothing. */
export const given = (callbacks?: CallbackOptions | null): CallbackOptions =>
  Object.fromEntries(Object.entries(callbacks ?? {}).filter(([, value]) => value));

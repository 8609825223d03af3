/** What the controllers of the sections share. */
import { faultOf } from "../../api/errors.ts";
import { emit } from "../../events.ts";
import type { Fault } from "../../flow/machine.ts";
import { isEnded } from "./hub-controller.ts";
import type { HubParts } from "./parts.ts";

export type SectionHost = HubParts & EventTarget;

/** @param isAsked by somebody who waits for it; then it is found out who is signed in, if nobody seems to be */
export function failed(host: SectionHost, error: unknown, isAsked: boolean): Fault {
  const fault = faultOf(error);
  const { code, retryable } = fault;
  emit(host, "renumerate-error", { code, retryable });
  if (isAsked && isEnded(fault)) void host.refresh();
  return fault;
}

/** Resolves when what has changed is drawn. */
export function redraw(host: SectionHost): Promise<boolean> {
  host.requestUpdate();
  return host.updateComplete;
}

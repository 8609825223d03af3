/** Facts about a flow that hold for every customer, found by walking the machine itself. */
import type { FlowConfig } from "../api/wire.ts";
import { initial, type MachineEvent, transition } from "./machine.ts";

const EXITS: readonly MachineEvent[] = [
  { type: "leave" },
  { type: "confirm" },
  { type: "decline" },
  { type: "next" },
];

/**
 * The least number of activations (clicks, taps, key presses on a control) from the open dialog to the request that
 * cancels, without accepting, answering or typing anything. Infinity would mean a trap; publishing refuses it.
 */
export function activationsToCancel(config: FlowConfig): number {
  const [opening] = transition(initial, { type: "open" });
  let states = [transition(opening, { type: "loaded", config })[0]];
  const bound = config.flow.steps.length * 2 + 2;
  for (let count = 1; count <= bound; count++) {
    const reached = states.flatMap((state) => EXITS.map((event) => transition(state, event)[0]));
    if (reached.some((state) => state.phase === "deciding" && state.decision.type === "cancel")) return count;
    states = reached.filter(
      (state, index) => state.phase === "step" && !states.includes(state) && index < 64,
    );
  }
  return Number.POSITIVE_INFINITY;
}

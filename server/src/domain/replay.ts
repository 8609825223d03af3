/** What the recorded events of one run amount to: the same machine that ran in the browser, run again. */
import type { FlowConfig, FlowEvent } from "../../../src/api/wire.ts";
import {
  currentNode,
  type Decision,
  type FlowState,
  initial,
  NOT_DONE,
  transition,
} from "../../../src/flow/machine.ts";

export interface Replay {
  state: FlowState;
  /** Set if the run's last event asks for something to be executed. */
  decision?: Decision;
  /** The customer chose to stay, without an offer. */
  kept: boolean;
  /** The customer closed the flow. */
  closed: boolean;
  reason?: string;
  reasonText?: string;
  feedback?: string;
  /** The last offer that was on screen. */
  offer?: { id: string; type: string };
}

/** @param events one run's, by seq; what follows a gap is not looked at */
export function replay(config: FlowConfig, events: readonly FlowEvent[]): Replay {
  // A decision that was taken elsewhere is no part of what this run did.
  const clean: FlowConfig = {
    ...config,
    session: { id: config.session.id, environment: config.session.environment },
  };
  let [state] = transition(transition(initial, { type: "open" })[0], { type: "loaded", config: clean });
  const result: Replay = { state, kept: false, closed: false };
  const contiguous = events.filter((event, index) => event.seq === index);
  for (const [index, event] of contiguous.entries()) {
    if (event.type === "open") continue;
    const before = state;
    const [next, effects] = transition(state, event);
    state = next;
    read(result, state.phase === "closed" ? before : state);
    result.kept = event.type === "keep" && state.phase === "done";
    result.closed = event.type === "close" && state.phase === "closed";
    const asked = effects.find((effect) => effect.type === "decide");
    if (!asked) continue;
    if (index === contiguous.length - 1) {
      result.decision = asked.decision;
    } else {
      // The run went on, so for the customer this decision had failed, whatever its reason.
      [state] = transition(state, { type: "rejected", fault: NOT_DONE });
    }
  }
  return { ...result, state };
}

function read(result: Replay, state: FlowState): void {
  if (!("answers" in state)) return;
  const { reasons, texts } = state.answers;
  for (const step of state.config.flow.steps) {
    const typed = texts[step.id]?.trim();
    if (step.type === "survey" && reasons[step.id] !== undefined) {
      result.reason = reasons[step.id] as string;
      if (typed) result.reasonText = typed;
    }
    if (step.type === "feedback" && typed) result.feedback = typed;
  }
  const offer = currentNode(state)?.offer;
  if (offer) result.offer = { id: offer.id, type: offer.type };
}

/**
 * The flow machine: `transition(state, event) → [state, effects]`. It is pure: no DOM, clock, randomness or network;
 * effects are data that the flow controller (browser) or the server carries out. The server replays the recorded
 * events with this same function, so what it accepts and what a customer can do cannot drift apart.
 *
 * Reading the graph: every declared step is a node; an offer that hangs on a survey reason is a node of its own,
 * `survey/reason`. The current offer is looked up from the current node, never stored.
 */
import type { Choice, FlowConfig, FlowEvent, Offer, Outcome, Settlement, Step } from "../api/wire.ts";
import { allows } from "./offers.ts";

/** What the customer does; the bookkeeping of the wire (id, run, seq, at) is added outside. */
export type CustomerEvent = FlowEvent extends infer Event
  ? Event extends FlowEvent
    ? Omit<Event, "id" | "run" | "seq" | "at">
    : never
  : never;

export interface Fault {
  /** A code of the error table, or `network`, `timeout`, `invalid_answer`. */
  code: string;
  /** Whether trying again can help. */
  retryable: boolean;
}

export type MachineEvent =
  | CustomerEvent
  | { type: "loaded"; config: FlowConfig }
  | { type: "failed"; fault: Fault }
  | { type: "settled"; settlement: Settlement }
  | { type: "rejected"; fault: Fault }
  | { type: "retry" }
  | { type: "restart" };

export type Decision = { type: "accept"; offer: Offer; choice: Choice } | { type: "cancel" };

export interface Answers {
  /** Reason id by survey step. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Typed text by node. */
  readonly texts: Readonly<Record<string, string>>;
  /** What was picked, by node. */
  readonly choices: Readonly<Record<string, Choice>>;
  /** Values of custom steps, by step. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** What a step wants before it lets the customer go on. */
export type Requirement = "reason_required" | "text_required" | "choice_required" | "value_required";

interface Running {
  readonly config: FlowConfig;
  /** Nodes actually visited; the last is the current one. Back pops it. */
  readonly path: readonly string[];
  readonly answers: Answers;
}

interface Opening {
  /** Begin a new session although the last one ended in retained. */
  readonly restart: boolean;
  /** A decision of this run met a session that was decided elsewhere: its settlement is news to the page. */
  readonly late: boolean;
}

export type FlowState =
  | { readonly phase: "closed" }
  | (Opening & { readonly phase: "loading" })
  | (Opening & { readonly phase: "unavailable"; readonly fault: Fault })
  | (Running & {
      readonly phase: "step";
      readonly missing?: Requirement;
      readonly fault?: Fault;
      readonly decision?: Decision;
    })
  | (Running & { readonly phase: "deciding"; readonly decision: Decision; readonly closed: boolean })
  /** Without a settlement: the subscription was already ending before this flow began. */
  | (Running & { readonly phase: "done"; readonly settlement?: Settlement });

export type FlowNode = { readonly id: string; readonly step: Step; readonly offer?: Offer };

export type Notice =
  | { name: "open" | "close" }
  | { name: "step"; node: FlowNode }
  | { name: "retained" | "cancelled"; settlement: Settlement }
  | { name: "complete"; outcome: Outcome }
  | { name: "error"; fault: Fault };

export type Effect =
  | { type: "load"; restart: boolean }
  /** Tell the server what the customer did. */
  | { type: "record"; event: CustomerEvent }
  /** Ask the server to execute; it answers with settled or rejected. Always preceded by the record of its cause. */
  | { type: "decide"; decision: Decision }
  /** Tell the page. */
  | { type: "notify"; notice: Notice };

export type Transition = readonly [FlowState, readonly Effect[]];

export const initial: FlowState = { phase: "closed" };

const NONE = Object.create(null) as Record<string, never>;
const NOTHING: Answers = { reasons: NONE, texts: NONE, choices: NONE, values: NONE };

/** Without a prototype: a step may be called `constructor`. */
const put = <T>(answers: Readonly<Record<string, T>>, id: string, value: T): Record<string, T> =>
  Object.assign(Object.create(null), answers, { [id]: value });

/** Refusals of the server that say: what this page knows is no longer so. */
const OVERTAKEN = ["session_completed", "offer_changed", "decision_not_possible"];

/** Where a flow without usable steps still leads: the customer can always cancel. */
const LAST_RESORT: Step = { type: "confirm", id: "confirm", effective: "period_end" };

const declared = (config: FlowConfig): readonly Step[] => {
  const steps = config.flow.steps.filter((step) => step.type !== "success");
  return steps.length ? steps : [LAST_RESORT];
};

/** The node with this id, or undefined. */
export function nodeOf(config: FlowConfig, id: string): FlowNode | undefined {
  for (const step of declared(config)) {
    if (step.id === id) return step.type === "offer" ? { id, step, offer: step.offer } : { id, step };
    if (step.type !== "survey") continue;
    for (const { id: reason, offer } of step.reasons) {
      if (offer && `${step.id}/${reason}` === id) return { id, step, offer };
    }
  }
  return undefined;
}

/** The node that the customer is at; only a state with a path has one. */
export function currentNode(state: FlowState): FlowNode | undefined {
  return "path" in state ? nodeOf(state.config, state.path.at(-1) as string) : undefined;
}

/** The success step's texts, if the flow has one. */
export function successStep(config: FlowConfig): Extract<Step, { type: "success" }> | undefined {
  return config.flow.steps.find((step) => step.type === "success");
}

/** What the current step still wants before `next` or `accept` works. */
export function missing(state: Running): Requirement | undefined {
  const node = currentNode(state as FlowState);
  if (!node) return undefined;
  const { id, step, offer } = node;
  const { reasons, texts, choices, values } = state.answers;
  if (offer) return allows(offer, choices[id]) ? undefined : "choice_required";
  const length = texts[id]?.trim().length ?? 0;
  if (step.type === "survey") {
    const reason = step.reasons.find((each) => each.id === reasons[id]);
    if (!reason) return step.required === false || !step.reasons.length ? undefined : "reason_required";
    return reason.followup?.required && !length ? "text_required" : undefined;
  }
  if (step.type === "feedback") {
    const least = Math.max(step.minLength ?? 0, step.required ? 1 : 0);
    // An optional answer may stay empty, whatever its shortest length.
    return length < least && (step.required || length) ? "text_required" : undefined;
  }
  if (step.type === "custom") return step.required && values[id] === undefined ? "value_required" : undefined;
  return undefined;
}

/** The node after the current one; undefined means that the flow ends here and the customer leaves. */
function following(state: Running): string | undefined {
  const { id, step, offer } = currentNode(state as FlowState) as FlowNode;
  if (step.type === "survey" && !offer) {
    const reason = state.answers.reasons[id];
    if (reason !== undefined && nodeOf(state.config, `${id}/${reason}`)) return `${id}/${reason}`;
  }
  const steps = declared(state.config);
  return steps[steps.indexOf(step) + 1]?.id;
}

const notify = (notice: Notice): Effect => ({ type: "notify", notice });
const record = (event: CustomerEvent): Effect => ({ type: "record", event });
const outcome = (settlement: Settlement): Effect[] => [
  notify({ name: settlement.outcome, settlement }),
  notify({ name: "complete", outcome: settlement.outcome }),
];

function load(restart: boolean, late: boolean, before: readonly Effect[] = []): Transition {
  return [{ phase: "loading", restart, late }, [...before, { type: "load", restart }]];
}

function enter(state: Running, path: readonly string[], cause?: CustomerEvent): Transition {
  const next: FlowState = { phase: "step", config: state.config, path, answers: state.answers };
  const node = currentNode(next) as FlowNode;
  return [next, [...(cause ? [record(cause)] : []), notify({ name: "step", node })]];
}

function decide(state: Running, decision: Decision, cause: CustomerEvent): Transition {
  const { config, path, answers } = state;
  return [
    { phase: "deciding", config, path, answers, decision, closed: false },
    [record(cause), { type: "decide", decision }],
  ];
}

/** To the given node, or, where the flow ends, to the cancellation itself. */
function advance(state: Running, to: string | undefined, cause: CustomerEvent): Transition {
  return to === undefined
    ? decide(state, { type: "cancel" }, cause)
    : enter(state, [...state.path, to], cause);
}

function start(config: FlowConfig, late: boolean): Transition {
  const running: Running = { config, path: [declared(config)[0]?.id as string], answers: NOTHING };
  const { settlement } = config.session;
  if (settlement) return [{ phase: "done", ...running, settlement }, late ? outcome(settlement) : []];
  const { status, cancelAt } = config.subscription;
  if (cancelAt !== undefined || status === "cancelled") {
    return [{ phase: "done", ...running }, late ? [notify({ name: "complete", outcome: "cancelled" })] : []];
  }
  const [state, effects] = enter(running, running.path);
  return [state, [record({ type: "open" }), ...effects]];
}

/** In these phases closing leaves the flow undecided. */
function abandon(cause?: CustomerEvent): Transition {
  return [
    initial,
    [
      ...(cause ? [record(cause)] : []),
      notify({ name: "complete", outcome: "abandoned" }),
      notify({ name: "close" }),
    ],
  ];
}

/**
 * The reducer. An event that means nothing in this state returns the same state object and no effects, so a second
 * click, a late answer or a foreign event changes nothing.
 */
export function transition(state: FlowState, event: MachineEvent): Transition {
  const unchanged: Transition = [state, []];
  switch (state.phase) {
    case "closed":
      if (event.type !== "open") return unchanged;
      return load(false, false, [notify({ name: "open" })]);

    case "loading":
      if (event.type === "loaded") return start(event.config, state.late);
      if (event.type === "close") return abandon();
      if (event.type !== "failed") return unchanged;
      return [
        { phase: "unavailable", restart: state.restart, late: state.late, fault: event.fault },
        [notify({ name: "error", fault: event.fault })],
      ];

    case "unavailable":
      if (event.type === "close") return abandon();
      return event.type === "retry" ? load(state.restart, state.late) : unchanged;

    case "step":
      return atStep(state, event, unchanged);

    case "deciding": {
      const { config, path, answers, decision } = state;
      if (event.type === "settled") {
        const { settlement } = event;
        return [
          state.closed ? initial : { phase: "done", config, path, answers, settlement },
          outcome(settlement),
        ];
      }
      if (event.type === "rejected") {
        const { fault } = event;
        const error = notify({ name: "error", fault });
        if (state.closed) return [initial, [error, notify({ name: "complete", outcome: "abandoned" })]];
        // Decided elsewhere (another tab, an answer that was lost), or no longer as it was shown: see what holds now.
        if (OVERTAKEN.includes(fault.code)) return load(false, true, [error]);
        return [{ phase: "step", config, path, answers, fault, decision }, [error]];
      }
      if (event.type === "open" && state.closed)
        return [{ ...state, closed: false }, [notify({ name: "open" })]];
      // The dialog may go; the decision is under way and its result still counts, so nothing is abandoned here.
      if (event.type !== "close" || state.closed) return unchanged;
      return [{ ...state, closed: true }, [notify({ name: "close" })]];
    }

    case "done":
      if (event.type === "close") return [initial, [notify({ name: "close" })]];
      // Having taken an offer never locks the door: the customer may begin again.
      if (event.type !== "restart" || state.settlement?.outcome !== "retained") return unchanged;
      return load(true, false);
  }
}

function atStep(
  state: Extract<FlowState, { phase: "step" }>,
  event: MachineEvent,
  unchanged: Transition,
): Transition {
  const { config, path, answers } = state;
  const running: Running = { config, path, answers };
  const { id, step, offer } = currentNode(state) as FlowNode;
  const answer = (change: Partial<Answers>): Transition => [
    { phase: "step", ...running, answers: { ...answers, ...change } },
    [record(event as CustomerEvent)],
  ];
  const blocked = (): Requirement | undefined => missing(running);

  // A decision that failed is asked for again as the very same request: its cause is already on record.
  const { decision } = state;
  const again = decision?.type === "accept" ? "accept" : step.type === "confirm" && "confirm";
  if (decision && (event.type === "retry" || event.type === again)) {
    return [{ phase: "deciding", ...running, decision, closed: false }, [{ type: "decide", decision }]];
  }

  switch (event.type) {
    case "select":
      if (step.type !== "survey" || offer || !step.reasons.some((reason) => reason.id === event.reason))
        return unchanged;
      if (answers.reasons[id] === event.reason) return unchanged;
      return answer({ reasons: put(answers.reasons, id, event.reason) });
    case "write":
      if (offer || (step.type !== "survey" && step.type !== "feedback")) return unchanged;
      return answer({ texts: put(answers.texts, id, event.text) });
    case "choose":
      if (!offer || !allows(offer, event.choice)) return unchanged;
      return answer({ choices: put(answers.choices, id, event.choice) });
    case "fill":
      return step.type === "custom" ? answer({ values: put(answers.values, id, event.value) }) : unchanged;

    case "next": {
      if (offer || step.type === "confirm") return unchanged;
      const want = blocked();
      if (want)
        return state.missing === want ? unchanged : [{ phase: "step", ...running, missing: want }, []];
      return advance(running, following(running), event);
    }
    case "accept": {
      if (!offer) return unchanged;
      const want = blocked();
      if (want)
        return state.missing === want ? unchanged : [{ phase: "step", ...running, missing: want }, []];
      return decide(running, { type: "accept", offer, choice: answers.choices[id] ?? {} }, event);
    }
    case "decline":
      return offer ? advance(running, following(running), event) : unchanged;
    case "back":
      return path.length > 1 ? enter(running, path.slice(0, -1), event) : unchanged;

    case "leave": {
      if (step.type === "confirm") return unchanged;
      return advance(running, declared(config).find((each) => each.type === "confirm")?.id, event);
    }
    case "confirm":
      return step.type === "confirm" ? decide(running, { type: "cancel" }, event) : unchanged;

    case "keep": {
      // The answer was lost, not necessarily the decision: look at what holds before saying that nothing has changed.
      if (state.decision && state.fault?.retryable) return load(false, true);
      const settlement: Settlement = {
        outcome: "retained",
        status: "done",
        at: config.now,
        subscription: config.subscription,
      };
      return [{ phase: "done", ...running, settlement }, [record(event), ...outcome(settlement)]];
    }
    case "close":
      return abandon(event);
    default:
      return unchanged;
  }
}

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
  /** How long the server wants to be left alone, in milliseconds. */
  retryAfter?: number;
  /** The server's id of the request that failed, for those who look into it. */
  requestId?: string;
}

export type MachineEvent =
  | CustomerEvent
  /** With the events of the run so far if the session is still the same. */
  | {
      type: "loaded";
      config: FlowConfig;
      events?: readonly CustomerEvent[];
      /** Since when a cancellation of an earlier visit waits to be sent, if one does. */
      keptAt?: number;
    }
  /** With the instant since when a cancellation of an earlier visit is kept in the browser, if one is. */
  | { type: "failed"; fault: Fault; waiting?: number }
  | { type: "settled"; settlement: Settlement }
  /** With the instant since when a confirmed cancellation is kept in the browser, if it is. */
  | { type: "rejected"; fault: Fault; keptAt?: number }
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
  /** A decision of this run has had no answer: it may have been carried out. */
  readonly unanswered?: boolean;
}

interface Opening {
  /** Begin a new session although the last one ended in retained. */
  readonly restart: boolean;
  /** What became of a decision of this run is not known, or was decided elsewhere: the settlement is news to the page. */
  readonly late: boolean;
  /** The customer has gone; the page still wants to hear the outcome. */
  readonly closed: boolean;
  /** Where the session is still undecided: go on where the customer was, at the same step or staying. */
  readonly resume: boolean;
}

export type FlowState =
  | { readonly phase: "closed" }
  | (Opening & { readonly phase: "loading" })
  | (Opening & { readonly phase: "unavailable"; readonly fault: Fault; readonly waiting?: number })
  | (Running & {
      readonly phase: "step";
      readonly missing?: Requirement;
      readonly fault?: Fault;
      readonly decision?: Decision;
    })
  | (Running & { readonly phase: "deciding"; readonly decision: Decision; readonly closed: boolean })
  /** Confirmed at `since`, kept in the browser, and not known to have reached the server. */
  | (Running & {
      readonly phase: "queued";
      readonly decision: Decision;
      readonly since: number;
      readonly closed: boolean;
    })
  /** Without a settlement: the subscription was already ending before this flow began. */
  | (Running & { readonly phase: "done"; readonly settlement?: Settlement });

export type FlowNode = { readonly id: string; readonly step: Step; readonly offer?: Offer };

export type Notice =
  | { name: "open" | "close" }
  | { name: "step"; node: FlowNode }
  | { name: "retained" | "cancelled"; settlement: Settlement }
  | { name: "complete"; outcome: Outcome }
  | { name: "error"; fault: Fault & { waiting?: number } };

export type Effect =
  | { type: "load"; restart: boolean }
  /** Tell the server what the customer did. */
  | { type: "record"; event: CustomerEvent }
  /** Ask the server to execute; it answers with settled or rejected. Always preceded by the record of its cause. */
  | { type: "decide"; decision: Decision }
  /** Try now to send what is kept in the browser, instead of at the next occasion. */
  | { type: "deliver" }
  /** Forget what is kept in the browser. */
  | { type: "withdraw" }
  /** Tell the page. */
  | { type: "notify"; notice: Notice };

export type Transition = readonly [FlowState, readonly Effect[]];

export const initial: FlowState = { phase: "closed" };

/** Whether the customer sees the flow; what goes on behind their back is still its own state. */
export const isShown = (state: FlowState): boolean =>
  state.phase !== "closed" && !("closed" in state && state.closed);

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

function load(opening: Partial<Opening> = {}, before: readonly Effect[] = []): Transition {
  // Without a prototype: what is on Object.prototype must not close a flow.
  const own: Partial<Opening> = Object.assign(Object.create(null), opening);
  const { restart = false, late = false, closed = false, resume = false } = own;
  return [{ phase: "loading", restart, late, closed, resume }, [...before, { type: "load", restart }]];
}

const runningOf = ({ config, path, answers, unanswered }: Running): Running => ({
  config,
  path,
  answers,
  ...(unanswered && { unanswered }),
});

function enter(state: Running, path: readonly string[], cause?: CustomerEvent): Transition {
  const next: FlowState = { phase: "step", ...runningOf(state), path };
  const node = currentNode(next) as FlowNode;
  return [next, [...(cause ? [record(cause)] : []), notify({ name: "step", node })]];
}

function decide(state: Running, decision: Decision, cause: CustomerEvent): Transition {
  return [
    { phase: "deciding", ...runningOf(state), decision, closed: false },
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

/**
 * The same run with another configuration of the same session: everything is done again, as the server does it, so that
 * nothing that was said is lost.
 */
function goOn(config: FlowConfig, events: readonly CustomerEvent[]): Transition {
  const fresh = start(config, true);
  let [state] = fresh;
  if (state.phase !== "step") return fresh;
  for (const event of events) {
    [state] = transition(state, event);
    if (state.phase === "deciding") [state] = transition(state, { type: "rejected", fault: NOT_DONE });
  }
  if (state.phase === "done" && state.settlement) return [state, outcome(state.settlement)];
  if (state.phase !== "step") return fresh;
  const { path, answers } = state;
  const [entered, effects] = enter({ config, path, answers }, path);
  return [{ ...entered, fault: CHANGED } as FlowState, effects];
}

/** A decision that a run went on from without having been carried out. */
export const NOT_DONE: Fault = { code: "not_done", retryable: false };

const CHANGED: Fault = { code: "offer_changed", retryable: false };

const ABANDONED = notify({ name: "complete", outcome: "abandoned" });

/** In these phases closing leaves the flow undecided. */
function abandon(cause?: CustomerEvent): Transition {
  return [initial, [...(cause ? [record(cause)] : []), ABANDONED, notify({ name: "close" })]];
}

/**
 * The reducer. An event that means nothing in this state returns the same state object and no effects, so a second
 * click, a late answer or a foreign event changes nothing.
 */
export function transition(state: FlowState, event: MachineEvent): Transition {
  const unchanged: Transition = [state, []];
  switch (state.phase) {
    case "closed":
      return event.type === "open" ? load({}, [notify({ name: "open" })]) : unchanged;

    case "loading": {
      if (event.type === "loaded") {
        const { config, events, keptAt } = event;
        const begun = state.resume && events ? goOn(config, events) : start(config, state.late);
        if (keptAt !== undefined && begun[0].phase === "step") {
          const { path, answers } = begun[0];
          const decision: Decision = { type: "cancel" };
          const { closed } = state;
          return [
            { phase: "queued", config, path, answers, decision, since: keptAt, closed },
            begun[1].filter(({ type }) => type === "record"),
          ];
        }
        return state.closed ? unseen(begun) : begun;
      }
      if (event.type === "open" && state.closed) return reopened(state);
      if (event.type === "close" && !state.closed)
        return state.late ? vanish({ ...state, closed: true }) : abandon();
      if (event.type !== "failed") return unchanged;
      const { fault, waiting } = event;
      const kept = waiting !== undefined && { waiting };
      const error = notify({ name: "error", fault: { ...fault, ...kept } });
      if (state.closed) return [initial, [error, ABANDONED]];
      return [{ ...state, phase: "unavailable", fault, ...kept }, [error]];
    }

    case "unavailable":
      if (event.type === "close") return abandon();
      return event.type === "retry" ? load(state) : unchanged;

    case "step":
      return atStep(state, event, unchanged);

    case "deciding":
    case "queued": {
      const { config, path, answers, decision, closed } = state;
      const running: Running = { config, path, answers };
      if (event.type === "settled") {
        const { settlement } = event;
        return [closed ? initial : { phase: "done", ...running, settlement }, outcome(settlement)];
      }
      if (event.type === "rejected") {
        const { fault, keptAt } = event;
        const error = notify({ name: "error", fault });
        if (keptAt !== undefined && fault.retryable) {
          return [{ phase: "queued", ...running, decision, since: keptAt, closed }, [error]];
        }
        // Decided elsewhere (another tab, an answer that was lost), or no longer as it was shown: see what holds now.
        // Whoever has closed the flow while billing was asked hears of it, and so does the page.
        if (OVERTAKEN.includes(fault.code) || (closed && fault.retryable))
          return load({ late: true, closed, resume: fault.code === CHANGED.code }, [error]);
        if (closed) return [initial, [error, ABANDONED]];
        const unanswered = fault.retryable;
        return [{ phase: "step", ...running, ...(unanswered && { unanswered }), fault, decision }, [error]];
      }
      if (event.type === "open" && closed) return reopened(state);
      // The dialog may go; the decision is under way and its result still counts, so nothing is abandoned here.
      if (event.type === "close" && !closed) return vanish({ ...state, closed: true });
      if (state.phase === "deciding" || closed) return unchanged;
      // Another object: something has happened.
      if (event.type === "retry") return [{ ...state }, [{ type: "deliver" }]];
      return event.type === "keep" ? keepOpen([{ type: "withdraw" }]) : unchanged;
    }

    case "done":
      if (event.type === "close") return [initial, [notify({ name: "close" })]];
      // Having taken an offer never locks the door: the customer may begin again.
      if (event.type !== "restart" || state.settlement?.outcome !== "retained") return unchanged;
      return load({ restart: true });
  }
}

const vanish = (state: FlowState & { closed: boolean }): Transition => [state, [notify({ name: "close" })]];

const reopened = (state: FlowState & { closed: boolean }): Transition => [
  { ...state, closed: false } as FlowState,
  [notify({ name: "open" })],
];

/** What a flow that was closed meanwhile still has to tell the page: how it ended, and no step. */
const unseen = ([state, effects]: Transition): Transition => [
  initial,
  state.phase === "done" && effects.length ? effects : [ABANDONED],
];

/**
 * The answer was lost, not necessarily the decision: look at what holds before saying that nothing has changed. It is on
 * record first, so that the server refuses a decision that is still on its way.
 */
const keepOpen = (before: readonly Effect[] = []): Transition =>
  load({ late: true, resume: true }, [...before, record({ type: "keep" })]);

function atStep(
  state: Extract<FlowState, { phase: "step" }>,
  event: MachineEvent,
  unchanged: Transition,
): Transition {
  const { config, path, answers } = state;
  const running = runningOf(state);
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
      if (state.unanswered) return keepOpen();
      const settlement: Settlement = {
        outcome: "retained",
        status: "done",
        at: config.now,
        subscription: config.subscription,
      };
      return [{ phase: "done", ...running, settlement }, [record(event), ...outcome(settlement)]];
    }
    case "close":
      // The same: whether anything is abandoned is not known yet.
      if (state.unanswered)
        return load({ late: true, closed: true }, [record(event), notify({ name: "close" })]);
      return abandon(event);
    default:
      return unchanged;
  }
}

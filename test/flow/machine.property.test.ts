/** What holds for every flow, whatever the customer, the page and the server do. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { replay } from "../../server/src/domain/replay.ts";
import type { FlowConfig, FlowEvent } from "../../src/api/wire.ts";
import { activationsToCancel } from "../../src/flow/describe.ts";
import {
  type CustomerEvent,
  currentNode,
  type Effect,
  type FlowState,
  initial,
  type MachineEvent,
  NOT_DONE,
  transition,
} from "../../src/flow/machine.ts";
import { config, type Move, openConfig, walk } from "./arbitraries.ts";
import { freeze, Play, settlementOf } from "./fixtures.ts";

const RUNS = { numRuns: 500 };

interface Turn {
  before: FlowState;
  event: MachineEvent;
  after: FlowState;
  effects: readonly Effect[];
  /** What is on record of this run afterwards. */
  run: readonly CustomerEvent[];
}

/** Walks from closed; everything is frozen, so that a mutation would throw. */
function* turns(flow: FlowConfig, moves: readonly Move[]): Generator<Turn> {
  freeze(flow);
  let before: FlowState = freeze(initial);
  let run: CustomerEvent[] = [];
  for (const each of moves) {
    let event = each(before, flow);
    // The same session goes on with what it has said.
    if (event.type === "loaded" && before.phase === "loading" && before.resume)
      event = { ...event, events: run };
    freeze(event);
    const [after, effects] = transition(before, event);
    freeze(after);
    freeze(effects);
    for (const effect of effects) {
      if (effect.type === "record") run = [...(effect.event.type === "open" ? [] : run), effect.event];
    }
    yield { before, event, after, effects, run };
    before = after;
  }
}

/** What a server makes of a run in which nothing was carried out so far. */
function replayed(flow: FlowConfig, run: readonly CustomerEvent[]) {
  const events = run.map((event, seq) => ({ ...event, id: `e${seq}`, run: "r", seq, at: 0 }) as FlowEvent);
  return replay(flow, events);
}

/** The event with which the page, its server and its customer bring any state to an end. */
function ending(state: FlowState, flow: FlowConfig): MachineEvent {
  if (state.phase === "loading") return { type: "loaded", config: flow };
  if (state.phase === "unavailable") return { type: "retry" };
  if (state.phase === "deciding" || state.phase === "queued")
    return { type: "settled", settlement: settlementOf("cancelled") };
  return { type: "close" };
}

const named = (effects: readonly Effect[], name: string) =>
  effects.filter((effect) => effect.type === "notify" && effect.notice.name === name).length;

const property = (title: string, holds: (all: Turn[], flow: FlowConfig) => void, flows = config) =>
  it(title, () => {
    fc.assert(
      fc.property(flows, walk, (flow, moves) => holds([...turns(flow, moves)], flow)),
      RUNS,
    );
  });

/** Every state a customer can be in, by way of anything but a decision. */
function reachable(flow: FlowConfig): FlowState[] {
  const found: FlowState[] = [];
  const seen = new Set<string>();
  const queue = [Play.of(flow).state];
  for (let state = queue.pop(); state; state = queue.pop()) {
    const key = JSON.stringify([state.phase, "path" in state && [state.path, state.answers.reasons]]);
    if (state.phase !== "step" || seen.has(key)) continue;
    seen.add(key);
    found.push(state);
    const step = currentNode(state)?.step;
    const selects =
      step?.type === "survey" ? step.reasons.map(({ id }) => ({ type: "select", reason: id }) as const) : [];
    const events: MachineEvent[] = [
      ...selects,
      { type: "write", text: "enough words" },
      { type: "fill", value: 1 },
      { type: "next" },
      { type: "back" },
      { type: "decline" },
      { type: "leave" },
    ];
    for (const event of events) queue.push(transition(state, event)[0]);
  }
  return found;
}

describe("every walk", () => {
  property("does nothing at all where an event means nothing", (all) => {
    for (const { before, after, effects } of all) {
      if (after === before) assert.deepEqual(effects, []);
      else assert.notDeepEqual([after, effects], [before, []]);
    }
  });

  property("completes at most once per opening, and exactly once when it is closed", (all) => {
    let completed = 0;
    // A flow that was over before it was opened is news to nobody.
    let stale = false;
    for (const { before, event, after, effects } of all) {
      const begins = event.type === "restart" || (event.type === "open" && before.phase === "closed");
      if (begins && after !== before) {
        completed = 0;
        stale = false;
      }
      completed += named(effects, "complete");
      if (before.phase === "loading" && !before.late && after.phase === "done") stale = true;
      assert.ok(completed <= 1);
      assert.equal(
        named(effects, "retained") + named(effects, "cancelled") <= named(effects, "complete"),
        true,
      );
      if (after.phase === "done" && !stale) assert.equal(completed, 1);
      if (after.phase !== "done" && after.phase !== "closed") assert.equal(completed, 0);
      if (after.phase === "closed" && after !== before) assert.equal(completed, stale ? 0 : 1);
    }
  });

  property("completes exactly once per opening when the server answers at last", (all, flow) => {
    const walked = all.map(({ event }) => event);
    const { after } = all.at(-1) ?? { after: initial };
    const finish: MachineEvent[] = [];
    for (let state = after; state.phase !== "closed"; ) {
      const event = ending(state, flow);
      finish.push(event);
      [state] = transition(state, event);
      assert.ok(finish.length <= 4);
    }
    let completed = 1;
    let stale = false;
    for (const { before, after, effects, event } of turns(
      flow,
      [...walked, ...finish].map((each) => () => each),
    )) {
      const begins = event.type === "restart" || (event.type === "open" && before.phase === "closed");
      if (begins && after !== before) {
        assert.equal(completed, stale ? 0 : 1);
        completed = 0;
        stale = false;
      }
      completed += named(effects, "complete");
      if (before.phase === "loading" && !before.late && after.phase === "done") stale = true;
    }
    assert.equal(completed, stale ? 0 : 1);
  });

  property("opens and closes in turn", (all) => {
    let open = false;
    for (const { effects } of all) {
      for (const effect of effects) {
        if (effect.type !== "notify") continue;
        if (effect.notice.name === "open") {
          assert.equal(open, false);
          open = true;
        }
        if (effect.notice.name === "close") {
          assert.equal(open, true);
          open = false;
        }
        if (effect.notice.name === "step") assert.equal(open, true);
      }
    }
  });

  property("waits for one decision or one load at a time, and only while it says so", (all) => {
    for (const { before, after, effects } of all) {
      const decides = effects.filter((effect) => effect.type === "decide").length;
      const loads = effects.filter((effect) => effect.type === "load").length;
      assert.equal(decides, after.phase === "deciding" && before.phase !== "deciding" ? 1 : 0);
      assert.equal(loads, after.phase === "loading" && before.phase !== "loading" ? 1 : 0);
    }
  });

  property("records the cause before each first decision, and each answer", (all) => {
    for (const { before, effects, event } of all) {
      const [first, second] = effects;
      if (second?.type === "decide") assert.deepEqual(first, { type: "record", event });
      // Asked for again after a failure: the very same decision, whose cause is on record.
      if (first?.type === "decide") assert.equal("decision" in before && before.decision, first.decision);
    }
  });

  property("goes back along the visited path only", (all) => {
    for (const { before, event, after } of all) {
      if (before.phase !== "step" || after === before) continue;
      if (event.type === "back") assert.deepEqual("path" in after && after.path, before.path.slice(0, -1));
      else if (after.phase === "step") assert.deepEqual(after.path.slice(0, before.path.length), before.path);
    }
  });

  property("is always at a step that the flow has, and at none twice", (all) => {
    for (const { after } of all) {
      if (!("path" in after)) continue;
      assert.ok(currentNode(after));
      assert.equal(new Set(after.path).size, after.path.length);
    }
  });

  property("has a way out at every step", (all) => {
    for (const { after } of all) {
      if (after.phase !== "step") continue;
      const type = currentNode(after)?.step.type === "confirm" ? "confirm" : "leave";
      const [next] = transition(after, { type });
      assert.notEqual(next, after);
      assert.ok(type === "leave" || next.phase === "deciding");
      // After a decision whose answer was lost, what holds is looked at first.
      const [closed] = transition(after, { type: "close" });
      assert.deepEqual(
        closed.phase === "loading" ? closed.closed : closed.phase,
        after.unanswered ? true : "closed",
      );
      assert.equal(transition(after, { type: "keep" })[0].phase, after.unanswered ? "loading" : "done");
    }
  });

  property("never says that nothing has changed while a decision has had no answer", (all) => {
    let open = false;
    for (const { before, event, after, effects } of all) {
      if (event.type === "rejected" && after !== before) open = event.fault.retryable;
      // A settlement, another refusal, or what holds now.
      if (event.type === "settled" || event.type === "loaded" || event.type === "failed") open = false;
      const stays = event.type === "keep" && named(effects, "complete");
      const leaves = event.type === "close" && before.phase !== "unavailable" && named(effects, "complete");
      if (stays || leaves) assert.equal(open, false);
    }
  });

  property("takes back what is kept before it says that the customer stays, and only then", (all) => {
    for (const { before, event, effects } of all) {
      const kinds = effects.map(({ type }) => type);
      const withdraws = before.phase === "queued" && event.type === "keep" && !before.closed;
      assert.equal(kinds.includes("withdraw"), withdraws);
      if (withdraws) assert.deepEqual(kinds, ["withdraw", "record", "load"]);
      assert.equal(
        kinds.includes("deliver"),
        before.phase === "queued" && event.type === "retry" && !before.closed,
      );
    }
  });

  property("asks for what was chosen, and only for what the flow offers", (all) => {
    for (const { before, event, effects } of all) {
      for (const effect of effects) {
        if (effect.type !== "decide" || event.type === "retry" || before.phase !== "step") continue;
        const node = currentNode(before);
        if (effect.decision.type === "accept") {
          assert.equal(event.type, "accept");
          assert.equal(effect.decision.offer, node?.offer);
          assert.deepEqual(
            effect.decision.choice,
            before.answers.choices[before.path.at(-1) as string] ?? {},
          );
        } else {
          assert.notEqual(event.type, "accept");
        }
      }
    }
  });
});

describe("every flow", () => {
  it("can be left from everywhere without accepting: by leave and confirm, and by declining and going on", () => {
    fc.assert(
      fc.property(openConfig, (flow) => {
        for (const state of reachable(freeze(flow))) {
          const [left] = transition(state, { type: "leave" });
          const [end] = transition(left, { type: "confirm" });
          assert.equal(end.phase === "deciding" && end.decision.type, "cancel");
        }
      }),
      RUNS,
    );
  });

  it("takes one or two activations to cancel", () => {
    fc.assert(
      fc.property(openConfig, (flow) => {
        const count = activationsToCancel(flow);
        assert.ok(count === 1 || count === 2, String(count));
        const first = flow.flow.steps.find(({ type }) => type !== "success")?.type ?? "confirm";
        const direct = first === "confirm" || !flow.flow.steps.some(({ type }) => type === "confirm");
        assert.equal(count, direct ? 1 : 2);
      }),
      RUNS,
    );
  });

  it("ends for somebody who answers everything and declines every offer", () => {
    fc.assert(
      fc.property(openConfig, fc.nat(10), (flow, taste) => {
        const play = Play.of(flow);
        for (let count = 0; play.state.phase === "step"; count++) {
          assert.ok(count <= flow.flow.steps.length * 2 + 1);
          const step = currentNode(play.state)?.step;
          if (step?.type === "survey") {
            const reason = step.reasons[taste % step.reasons.length]?.id;
            if (reason !== undefined) play.send({ type: "select", reason });
          }
          play.send({ type: "write", text: "enough words" }, { type: "fill", value: 1 });
          const { offer } = currentNode(play.state) ?? {};
          play.send({ type: offer ? "decline" : step?.type === "confirm" ? "confirm" : "next" });
        }
        assert.deepEqual(play.decisions, [{ type: "cancel" }]);
      }),
      RUNS,
    );
  });

  it("is understood by the server: what was recorded, replayed, asks for the same decision", () => {
    fc.assert(
      fc.property(openConfig, walk, (flow, moves) => {
        for (const { before, effects, run } of turns(flow, moves)) {
          for (const effect of effects) {
            if (effect.type === "decide")
              assert.deepEqual(replayed(flow, run).decision, effect.decision, before.phase);
            // Staying is what the last event says, also where it has to be looked up first.
            if (effect.type === "record" && effect.event.type === "keep")
              assert.equal(replayed(flow, run).kept, true);
          }
        }
      }),
      RUNS,
    );
  });

  const resumed: FlowState = {
    phase: "loading",
    restart: false,
    late: true,
    closed: false,
    resume: true,
  };

  it("goes on where the server says that the customer is, also when it has changed meanwhile", () => {
    fc.assert(
      fc.property(openConfig, openConfig, fc.boolean(), walk, (flow, other, same, moves) => {
        const next = freeze(same ? flow : other);
        for (const { run, effects } of turns(flow, moves)) {
          if (!effects.some(({ type }) => type === "record") || run.at(-1)?.type === "close") continue;
          const [state, after] = transition(resumed, { type: "loaded", config: next, events: run });
          const told = replayed(next, run).state;
          assert.ok("path" in state && "path" in told, `${state.phase}, ${told.phase}`);
          assert.deepEqual([state.path, state.answers], [told.path, told.answers]);
          assert.equal(state.config, next);
          assert.equal(state.phase, told.phase === "done" ? "done" : "step");
          assert.equal(after.filter(({ type }) => type === "record").length, 0);
        }
      }),
      RUNS,
    );
  });

  it("goes on in the same way: what is done after that means the same to both", () => {
    fc.assert(
      fc.property(
        openConfig,
        openConfig,
        walk,
        fc.array(walk, { maxLength: 1 }),
        (flow, other, moves, more) => {
          const first = [...turns(flow, moves)]
            .map(({ run }) => run)
            .findLast((run) => run.at(-1)?.type !== "close");
          const run = first ? [...first] : [];
          let [state] = transition(resumed, { type: "loaded", config: other, events: run });
          for (const move of more.flat()) {
            if (state.phase !== "step") break;
            const event = move(state, other);
            if (event.type === "close") break;
            const [next, effects] = transition(state, event);
            for (const effect of effects) {
              if (effect.type === "record") run.push(effect.event);
              if (effect.type === "decide") assert.deepEqual(replayed(other, run).decision, effect.decision);
            }
            state =
              next.phase === "deciding" ? transition(next, { type: "rejected", fault: NOT_DONE })[0] : next;
            const told = replayed(other, run).state;
            assert.deepEqual(
              "path" in state && [state.path, state.answers],
              "path" in told && [told.path, told.answers],
            );
          }
        },
      ),
      RUNS,
    );
  });
});

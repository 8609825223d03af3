/** The flow machine as stories: what a customer does, and what comes of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Offer, Step } from "../../src/api/wire.ts";
import {
  type CustomerEvent,
  currentNode,
  initial,
  isShown,
  type MachineEvent,
  missing,
  nodeOf,
  successStep,
  transition,
} from "../../src/flow/machine.ts";
import { configOf, confirm, NOW, offers, Play, settlementOf, subscription, survey } from "./fixtures.ts";

const feedback: Step = { type: "feedback", id: "words" };
const losses: Step = { type: "losses", id: "gone", items: ["Exports"] };
const typical = configOf([survey, losses, confirm, { type: "success", id: "end" }]);
const fault = { code: "network", retryable: true };
const refusal = { code: "billing_rejected", retryable: false };

const settled = (outcome: "retained" | "cancelled") =>
  configOf(typical.flow.steps, {
    session: { id: "s", environment: "prod", settlement: settlementOf(outcome) },
  });

const runOf = (...types: CustomerEvent["type"][]) => types.map((type) => ({ type }) as CustomerEvent);

describe("opening", () => {
  it("loads, records that it is open and shows the first step", () => {
    const play = new Play().send({ type: "open" });
    assert.deepEqual(play.effects, [
      { type: "notify", notice: { name: "open" } },
      { type: "load", restart: false },
    ]);
    play.effects.length = 0;
    play.send({ type: "loaded", config: typical });
    assert.equal(play.node, "why");
    assert.deepEqual(play.recorded, ["open"]);
    assert.deepEqual(play.notices, ["step"]);
  });

  it("is unavailable when loading fails, and tries again on request", () => {
    const play = new Play().send({ type: "open" }, { type: "failed", fault });
    assert.deepEqual(play.at("unavailable").fault, fault);
    play.effects.length = 0;
    play.send({ type: "retry" });
    assert.deepEqual(play.effects, [{ type: "load", restart: false }]);
    play.send({ type: "loaded", config: typical });
    assert.equal(play.node, "why");
  });

  it("shows what was decided before and tells the page nothing new", () => {
    const settlement = settlementOf("cancelled");
    const play = Play.of(configOf([survey], { session: { id: "s", environment: "prod", settlement } }));
    assert.equal(play.at("done").settlement, settlement);
    play.send({ type: "close" });
    assert.deepEqual(play.notices, ["close"]);
  });

  for (const [name, change] of [
    ["already ending", { cancelAt: NOW + 1 }],
    ["ending at the very start of time", { cancelAt: 0 }],
    ["over", { status: "cancelled" }],
  ] as const) {
    it(`has nothing to ask when the subscription is ${name}`, () => {
      const play = Play.of(configOf([survey], { subscription: { ...subscription, ...change } }));
      assert.equal(play.at("done").settlement, undefined);
      assert.deepEqual(play.send({ type: "restart" }).effects, []);
    });
  }

  it("still lets the customer cancel when the flow has no usable step", () => {
    for (const steps of [[], [{ type: "success", id: "end" } as const]]) {
      const play = Play.of(configOf(steps)).send({ type: "confirm" });
      assert.deepEqual(play.decisions, [{ type: "cancel" }]);
    }
  });
});

describe("cancelling", () => {
  it("takes two activations: leave, confirm", () => {
    const play = Play.of(typical).send({ type: "leave" }, { type: "confirm" });
    assert.deepEqual(play.decisions, [{ type: "cancel" }]);
    assert.deepEqual(play.recorded, ["leave", "confirm"]);
    const settlement = settlementOf("cancelled", { status: "requested" });
    play.send({ type: "settled", settlement });
    assert.equal(play.at("done").settlement, settlement);
    assert.deepEqual(play.notices, ["step", "cancelled", "complete"]);
    play.send({ type: "close" });
    assert.equal(play.state, initial);
    assert.equal(play.count("complete"), 1);
  });

  it("follows on from leave, next and decline where a flow has no confirm step", () => {
    const stay = { type: "offer", id: "stay", offer: offers.discount } as const;
    for (const [step, event] of [
      [survey, "leave"],
      [losses, "next"],
      [stay, "decline"],
    ] as const) {
      assert.deepEqual(Play.of(configOf([step])).send({ type: event }).decisions, [{ type: "cancel" }]);
    }
  });

  it("goes on after the offer of a reason is declined", () => {
    const play = Play.of(typical).send({ type: "select", reason: "too_expensive" }, { type: "next" });
    assert.equal(play.node, "why/too_expensive");
    assert.equal(currentNode(play.state)?.offer, offers.discount);
    play.send({ type: "decline" });
    assert.equal(play.node, "gone");
    play.send({ type: "next" }, { type: "confirm" });
    assert.deepEqual(play.decisions, [{ type: "cancel" }]);
  });

  it("leaves from an offer without accepting it", () => {
    const play = Play.of(typical).send(
      { type: "select", reason: "not_using" },
      { type: "next" },
      { type: "leave" },
    );
    assert.equal(play.node, "sure");
  });
});

describe("accepting", () => {
  it("sends the months that were picked", () => {
    const play = Play.of(typical).send(
      { type: "select", reason: "not_using" },
      { type: "next" },
      { type: "accept" },
    );
    assert.equal(play.at("step").missing, "choice_required");
    assert.deepEqual(play.decisions, []);
    play.send({ type: "choose", choice: { months: 3 } }, { type: "accept" });
    assert.deepEqual(play.decisions, [{ type: "accept", offer: offers.pause, choice: { months: 3 } }]);
    play.send({ type: "settled", settlement: settlementOf("retained") });
    assert.deepEqual(play.notices, ["step", "retained", "complete"]);
  });

  it("sends the last of several choices", () => {
    const play = Play.of(configOf([{ type: "offer", id: "o", offer: offers.plan_change }])).send(
      { type: "choose", choice: { priceId: "price_basic" } },
      { type: "choose", choice: { priceId: "price_lite" } },
      { type: "choose", choice: { priceId: "not for sale" } },
      { type: "accept" },
    );
    assert.deepEqual(play.decisions, [
      { type: "accept", offer: offers.plan_change, choice: { priceId: "price_lite" } },
    ]);
  });

  it("works for an offer that is a step of its own and needs no choice", () => {
    const play = Play.of(configOf([{ type: "offer", id: "stay", offer: offers.discount }, confirm]));
    assert.equal(currentNode(play.state)?.offer, offers.discount);
    play.send({ type: "accept" });
    assert.deepEqual(play.decisions, [{ type: "accept", offer: offers.discount, choice: {} }]);
  });

  it("happens once when two clicks come in one tick", () => {
    const play = Play.of(configOf([{ type: "offer", id: "stay", offer: offers.contact }, confirm]));
    play.send({ type: "accept" }, { type: "accept" }, { type: "decline" }, { type: "leave" });
    assert.equal(play.decisions.length, 1);
    assert.deepEqual(play.recorded, ["accept"]);
  });
});

describe("staying", () => {
  it("keeps without asking billing and may begin again", () => {
    const play = Play.of(typical).send({ type: "keep" });
    assert.deepEqual(play.at("done").settlement, settlementOf("retained"));
    assert.deepEqual(play.recorded, ["keep"]);
    assert.deepEqual(play.notices, ["retained", "complete"]);
    play.effects.length = 0;
    play.send({ type: "restart" });
    assert.deepEqual(play.effects, [{ type: "load", restart: true }]);
    play.send({ type: "failed", fault }, { type: "retry" });
    assert.equal(play.at("loading").restart, true);
    play.send({ type: "loaded", config: typical }, { type: "leave" }, { type: "confirm" });
    assert.equal(play.decisions.length, 1);
  });

  it("is final once cancelled", () => {
    const play = Play.of(typical).send({ type: "leave" }, { type: "confirm" });
    play.send({ type: "settled", settlement: settlementOf("cancelled") });
    const { state } = play;
    assert.equal(play.send({ type: "restart" }, { type: "keep" }).state, state);
  });
});

describe("going back", () => {
  it("returns along the steps that were visited and keeps the answers", () => {
    const play = Play.of(typical).send(
      { type: "select", reason: "too_expensive" },
      { type: "next" },
      { type: "leave" },
    );
    assert.deepEqual(play.at("step").path, ["why", "why/too_expensive", "sure"]);
    play.send({ type: "back" });
    assert.equal(play.node, "why/too_expensive");
    play.send({ type: "back" });
    assert.equal(play.node, "why");
    assert.deepEqual({ ...play.at("step").answers.reasons }, { why: "too_expensive" });
    const { state } = play;
    assert.equal(play.send({ type: "back" }).state, state);
  });

  it("changes the way when the reason changes", () => {
    const play = Play.of(typical).send(
      { type: "select", reason: "too_expensive" },
      { type: "next" },
      { type: "back" },
    );
    play.send({ type: "select", reason: "switching" }, { type: "next" });
    assert.equal(play.node, "gone");
  });
});

describe("what a step asks for", () => {
  const wants = (play: Play) => play.at("step").missing;

  it("a survey wants a reason unless it is optional or has none", () => {
    assert.equal(wants(Play.of(typical).send({ type: "next" })), "reason_required");
    for (const step of [
      { ...survey, required: false },
      { ...survey, reasons: [] },
    ] as Step[]) {
      assert.equal(Play.of(configOf([step, confirm])).send({ type: "next" }).node, "sure");
    }
    assert.equal(
      wants(Play.of(configOf([{ ...survey, required: true } as Step])).send({ type: "next" })),
      "reason_required",
    );
  });

  it("says so once and forgets it with the next answer", () => {
    const play = Play.of(typical).send({ type: "next" });
    const { state } = play;
    assert.equal(play.send({ type: "next" }).state, state);
    assert.equal(wants(play.send({ type: "select", reason: "switching" })), undefined);
  });

  it("a followup wants text only if it is required", () => {
    const play = Play.of(typical).send({ type: "select", reason: "other" }, { type: "next" });
    assert.equal(wants(play), "text_required");
    assert.equal(wants(play.send({ type: "write", text: "   " }, { type: "next" })), "text_required");
    assert.equal(play.send({ type: "write", text: "bugs" }, { type: "next" }).node, "gone");
    assert.equal(
      Play.of(typical).send({ type: "select", reason: "switching" }, { type: "next" }).node,
      "gone",
    );
  });

  for (const [rule, refused, taken] of [
    [{}, [], ["", "x"]],
    [{ required: true }, ["", "  "], ["x"]],
    [{ minLength: 3 }, ["a", " ab "], ["", "  ", "abc"]],
    [{ required: true, minLength: 3 }, ["", "ab"], ["abc"]],
    [{ required: false, minLength: 0 }, [], [""]],
  ] as const) {
    it(`feedback with ${JSON.stringify(rule)}`, () => {
      const after = (text: string) =>
        Play.of(configOf([{ ...feedback, ...rule } as Step, confirm])).send(
          { type: "write", text },
          { type: "next" },
        );
      for (const text of refused) assert.equal(wants(after(text)), "text_required", JSON.stringify(text));
      for (const text of taken) assert.equal(after(text).node, "sure", JSON.stringify(text));
    });
  }

  it("a custom step wants a value if it is required, and null is one", () => {
    const custom: Step = { type: "custom", id: "ours", name: "nps", required: true };
    const play = Play.of(configOf([custom, confirm])).send({ type: "next" });
    assert.equal(wants(play), "value_required");
    assert.equal(play.send({ type: "fill", value: null }, { type: "next" }).node, "sure");
    assert.equal(
      Play.of(configOf([{ ...custom, required: false }, confirm])).send({ type: "next" }).node,
      "sure",
    );
  });

  it("nothing where there is no step", () => {
    assert.equal(
      missing({
        config: typical,
        path: ["nowhere"],
        answers: { reasons: {}, texts: {}, choices: {}, values: {} },
      }),
      undefined,
    );
  });

  it("answers are told apart by step, also for two steps of one type in a row", () => {
    const steps: Step[] = [
      survey,
      { ...survey, id: "why2" } as Step,
      { ...feedback, required: true } as Step,
      { ...feedback, id: "more", required: true } as Step,
    ];
    const play = Play.of(configOf(steps)).send({ type: "select", reason: "switching" }, { type: "next" });
    assert.equal(play.node, "why2");
    assert.equal(wants(play.send({ type: "next" })), "reason_required");
    play.send({ type: "select", reason: "too_expensive" }, { type: "next" });
    assert.equal(play.node, "why2/too_expensive");
    play.send({ type: "decline" }, { type: "write", text: "one" }, { type: "next" });
    assert.equal(play.node, "more");
    assert.equal(wants(play.send({ type: "next" })), "text_required");
  });

  it("steps may be called like the built-in properties of objects", () => {
    for (const id of ["constructor", "tostring", "toString", "valueOf", "__proto__", "hasOwnProperty"]) {
      const written = Play.of(configOf([{ ...feedback, id, required: true } as Step, confirm]));
      assert.equal(wants(written.send({ type: "next" })), "text_required", id);
      assert.equal(written.send({ type: "write", text: "x" }, { type: "next" }).node, "sure", id);
      const filled = Play.of(configOf([{ type: "custom", id, name: "n", required: true }, confirm]));
      assert.equal(wants(filled.send({ type: "next" })), "value_required", id);
      assert.equal(filled.send({ type: "fill", value: 0 }, { type: "next" }).node, "sure", id);
      const chosen = Play.of(configOf([{ ...survey, id } as Step, confirm]));
      assert.equal(wants(chosen.send({ type: "next" })), "reason_required", id);
      assert.equal(chosen.send({ type: "select", reason: "switching" }, { type: "next" }).node, "sure", id);
      const picked = Play.of(configOf([{ type: "offer", id, offer: offers.discount }])).send({
        type: "accept",
      });
      assert.deepEqual(picked.decisions, [{ type: "accept", offer: offers.discount, choice: {} }], id);
    }
  });
});

describe("a decision under way", () => {
  const deciding = () => Play.of(typical).send({ type: "leave" }, { type: "confirm" });

  it("outlives the dialog: one outcome, however often the customer closes", () => {
    const play = deciding().send({ type: "close" }, { type: "close" }, { type: "keep" }, { type: "decline" });
    assert.equal(play.at("deciding").closed, true);
    assert.deepEqual(play.notices, ["step", "close"]);
    play.send({ type: "settled", settlement: settlementOf("cancelled") });
    assert.equal(play.state, initial);
    assert.deepEqual(play.notices, ["step", "close", "cancelled", "complete"]);
    assert.deepEqual(play.recorded, ["leave", "confirm"]);
  });

  it("is abandoned if it is refused after closing", () => {
    const play = deciding().send({ type: "close" }, { type: "rejected", fault: refusal });
    assert.equal(play.state, initial);
    assert.deepEqual(play.notices, ["step", "close", "error", "complete"]);
  });

  for (const [title, answer, told] of [
    ["cancelled", { type: "loaded", config: settled("cancelled") }, ["cancelled", "complete"]],
    ["undecided", { type: "loaded", config: typical }, ["complete"]],
    ["not to be found out", { type: "failed", fault }, ["error", "complete"]],
  ] as [string, MachineEvent, string[]][]) {
    it(`is looked up if its answer is lost after closing: ${title}`, () => {
      const play = deciding().send({ type: "close" }, { type: "rejected", fault });
      assert.equal(isShown(play.state), false);
      assert.deepEqual(play.effects.at(-1), { type: "load", restart: false });
      play.effects.length = 0;
      assert.equal(play.send(answer).state, initial);
      assert.deepEqual(play.notices, told);
      assert.deepEqual(play.recorded, []);
    });

    it(`is looked up if the flow is closed after its answer was lost: ${title}`, () => {
      const play = deciding().send({ type: "rejected", fault }, { type: "close" });
      assert.equal(isShown(play.state), false);
      assert.deepEqual(play.recorded, ["leave", "confirm", "close"]);
      assert.deepEqual(play.notices, ["step", "error", "close"]);
      play.effects.length = 0;
      assert.equal(play.send({ type: "close" }, { type: "retry" }, answer).state, initial);
      assert.deepEqual(play.notices, told);
      assert.deepEqual(play.recorded, []);
    });
  }

  it("is looked up before the customer's eyes if they open the flow again meanwhile", () => {
    const play = deciding().send({ type: "rejected", fault }, { type: "close" }, { type: "open" });
    assert.equal(isShown(play.state), true);
    play.effects.length = 0;
    play.send({ type: "loaded", config: settled("cancelled") });
    assert.equal(play.at("done").settlement?.outcome, "cancelled");
    assert.deepEqual(play.send({ type: "close" }).notices, ["cancelled", "complete", "close"]);
  });

  it("is still looked up when the customer has gone on after its answer was lost", () => {
    for (const more of [[], [{ type: "back" }], [{ type: "back" }, { type: "next" }]] as MachineEvent[][]) {
      const gone = () => deciding().send({ type: "rejected", fault }, ...more);
      const closed = gone().send({ type: "close" });
      assert.equal(closed.at("loading").closed, true);
      assert.equal(closed.count("complete"), 0);
      const kept = gone().send({ type: "keep" });
      assert.equal(kept.at("loading").late, true);
      assert.equal(kept.count("complete"), 0);
    }
    const refused = deciding().send({ type: "rejected", fault }, { type: "retry" });
    refused.send({ type: "rejected", fault: refusal }, { type: "back" }, { type: "keep" });
    assert.equal(refused.at("done").settlement?.outcome, "retained");
  });

  it("can be watched again after closing", () => {
    const play = deciding().send({ type: "close" }, { type: "open" });
    assert.equal(play.at("deciding").closed, false);
    assert.deepEqual(play.notices, ["step", "close", "open"]);
    play.send({ type: "settled", settlement: settlementOf("cancelled") });
    assert.equal(play.at("done").settlement?.outcome, "cancelled");
    assert.equal(play.send({ type: "close" }).count("complete"), 1);
  });

  it("is sent again unchanged on retry", () => {
    const play = Play.of(typical).send({ type: "select", reason: "not_using" }, { type: "next" });
    play.send({ type: "choose", choice: { months: 1 } }, { type: "accept" }, { type: "rejected", fault });
    assert.deepEqual(play.at("step").fault, fault);
    assert.equal(play.node, "why/not_using");
    play.send({ type: "retry" }, { type: "retry" });
    assert.equal(play.decisions.length, 2);
    assert.equal(play.decisions[1], play.decisions[0]);
    assert.deepEqual(play.recorded, ["select", "next", "choose", "accept"]);
  });

  it("is the same one when the customer presses the same button again", () => {
    const accepting = Play.of(typical).send({ type: "select", reason: "not_using" }, { type: "next" });
    accepting.send(
      { type: "choose", choice: { months: 1 } },
      { type: "accept" },
      { type: "rejected", fault },
    );
    accepting.send({ type: "confirm" }, { type: "accept" });
    assert.equal(accepting.decisions[1], accepting.decisions[0]);
    assert.deepEqual(accepting.recorded, ["select", "next", "choose", "accept"]);

    const cancelling = deciding().send({ type: "rejected", fault }, { type: "accept" }, { type: "confirm" });
    assert.equal(cancelling.decisions.length, 2);
    assert.equal(cancelling.decisions[1], cancelling.decisions[0]);
  });

  it("is looked up before keeping, when its answer was lost", () => {
    const lost = deciding().send({ type: "rejected", fault }, { type: "keep" });
    assert.equal(lost.at("loading").late, true);
    assert.equal(lost.count("retained"), 0);
    // On record first, so that the server refuses what may still be on its way.
    assert.deepEqual(lost.effects.slice(-2), [
      { type: "record", event: { type: "keep" } },
      { type: "load", restart: false },
    ]);
    lost.send({ type: "loaded", config: settled("cancelled") });
    assert.deepEqual(lost.notices.slice(-2), ["cancelled", "complete"]);

    const refused = deciding().send({ type: "rejected", fault: refusal }, { type: "keep" });
    assert.equal(refused.at("done").settlement?.outcome, "retained");
  });

  it("that was not carried out leaves the customer who wants to stay where they are", () => {
    const play = deciding().send({ type: "rejected", fault }, { type: "keep" });
    play.effects.length = 0;
    const events = runOf("open", "leave", "confirm", "keep");
    play.send({ type: "loaded", config: typical, events });
    assert.deepEqual(play.at("done").settlement, settlementOf("retained"));
    assert.deepEqual(play.notices, ["retained", "complete"]);
    assert.deepEqual(play.recorded, []);
  });

  it("is asked for again where the session is another one by then", () => {
    const play = deciding().send({ type: "rejected", fault }, { type: "keep" });
    play.effects.length = 0;
    play.send({ type: "loaded", config: typical });
    assert.equal(play.node, "why");
    assert.deepEqual(play.recorded, ["open"]);
  });

  it("is forgotten once the customer does something else", () => {
    const play = deciding().send({ type: "rejected", fault }, { type: "back" }, { type: "retry" });
    assert.equal(play.at("step").fault, undefined);
    assert.equal(play.decisions.length, 1);
  });

  it("loads again when the session was decided elsewhere, and tells the page how it ended", () => {
    const play = deciding().send({
      type: "rejected",
      fault: { code: "session_completed", retryable: false },
    });
    assert.deepEqual(play.effects.at(-1), { type: "load", restart: false });
    play.send({ type: "failed", fault }, { type: "retry" });
    assert.equal(play.at("loading").late, true);
    const settlement = settlementOf("retained");
    play.send({
      type: "loaded",
      config: { ...typical, session: { id: "s", environment: "prod", settlement } },
    });
    assert.equal(play.at("done").settlement, settlement);
    assert.deepEqual(play.notices.slice(-2), ["retained", "complete"]);
    assert.equal(play.send({ type: "close" }).count("complete"), 1);
  });

  it("begins anew with what holds now after decision_not_possible", () => {
    const play = deciding().send({
      type: "rejected",
      fault: { code: "decision_not_possible", retryable: false },
    });
    assert.deepEqual(play.effects.at(-1), { type: "load", restart: false });
    const events = runOf("open", "leave", "confirm");
    play.send({ type: "loaded", config: typical, events });
    assert.equal(play.node, "why");
    assert.equal(play.send({ type: "close" }).count("complete"), 1);
  });

  it("ends in cancelled when, decided elsewhere, all that is known is that the subscription ends", () => {
    const play = deciding().send({
      type: "rejected",
      fault: { code: "session_completed", retryable: false },
    });
    const config = { ...typical, subscription: { ...subscription, cancelAt: NOW } };
    play.send({ type: "loaded", config }, { type: "close" });
    assert.deepEqual(play.effects.at(-2), {
      type: "notify",
      notice: { name: "complete", outcome: "cancelled" },
    });
    assert.equal(play.count("complete"), 1);
  });
});

describe("an offer that has changed", () => {
  const run: CustomerEvent[] = [
    { type: "open" },
    { type: "write", text: "not enough" },
    { type: "next" },
    { type: "select", reason: "not_using" },
    { type: "write", text: "on holiday" },
    { type: "next" },
    { type: "choose", choice: { months: 3 } },
    { type: "accept" },
  ];
  const before = configOf([feedback, survey, losses, confirm]);
  const changed = { type: "rejected", fault: { code: "offer_changed", retryable: false } } as const;

  /** A customer who has taken an offer that meanwhile says something else. */
  const refused = () => {
    const play = Play.of(before).send(...run.slice(1), changed);
    assert.equal(play.at("loading").resume, true);
    play.effects.length = 0;
    return play;
  };

  const withPause = (offer: Offer | undefined) =>
    configOf([
      feedback,
      {
        ...survey,
        reasons: [
          { id: "not_using", label: "Not using it", ...(offer && { offer }) },
          { id: "other", label: "Other" },
        ],
      } as Step,
      losses,
      confirm,
    ]);

  it("is shown as it is now, at the same step, with all that was said", () => {
    const pause: Offer = { ...offers.pause, terms: { ...offers.pause.terms, startsAt: NOW } };
    const play = refused().send({ type: "loaded", config: withPause(pause), events: run });
    const { path, answers, fault } = play.at("step");
    assert.deepEqual(path, ["words", "why", "why/not_using"]);
    assert.deepEqual({ ...answers.texts }, { words: "not enough", why: "on holiday" });
    assert.deepEqual({ ...answers.reasons }, { why: "not_using" });
    assert.deepEqual({ ...answers.choices }, { "why/not_using": { months: 3 } });
    assert.equal(fault?.code, "offer_changed");
    assert.deepEqual(play.notices, ["step"]);
    assert.deepEqual(play.recorded, []);
    play.send({ type: "accept" });
    assert.deepEqual(play.decisions, [{ type: "accept", offer: pause, choice: { months: 3 } }]);
    assert.deepEqual(play.recorded, ["accept"]);
  });

  it("forgets a choice that is no longer there", () => {
    const pause: Offer = { ...offers.pause, terms: { months: [1], startsAt: NOW } };
    const play = refused().send({ type: "loaded", config: withPause(pause), events: run });
    assert.equal(play.node, "why/not_using");
    assert.equal(play.send({ type: "accept" }).at("step").missing, "choice_required");
  });

  it("that has vanished leaves the customer at the step after it, with all that was said", () => {
    const play = refused().send({ type: "loaded", config: withPause(undefined), events: run });
    assert.equal(play.node, "gone");
    assert.deepEqual({ ...play.at("step").answers.texts }, { words: "not enough", why: "on holiday" });
    play.send({ type: "leave" }, { type: "confirm" });
    assert.deepEqual(play.decisions, [{ type: "cancel" }]);
  });

  it("leads to the end where the session was settled meanwhile", () => {
    const play = refused().send({ type: "loaded", config: settled("retained"), events: run });
    assert.equal(play.at("done").settlement?.outcome, "retained");
    assert.deepEqual(play.notices, ["retained", "complete"]);
  });

  it("begins anew in another session", () => {
    const play = refused().send({ type: "loaded", config: before });
    assert.deepEqual(play.at("step").path, ["words"]);
    assert.deepEqual(play.recorded, ["open"]);
  });

  it("is asked for again after a failure, and no step is shown to a flow that was closed", () => {
    const play = refused().send({ type: "failed", fault }, { type: "retry" });
    assert.equal(play.at("loading").resume, true);
    play.send({ type: "close" });
    play.effects.length = 0;
    play.send({ type: "loaded", config: before, events: run });
    assert.equal(play.state, initial);
    assert.deepEqual(play.notices, ["complete"]);
  });

  it("begins anew where what is on record has left the flow", () => {
    const play = refused().send({
      type: "loaded",
      config: before,
      events: [...run, ...runOf("close", "open")],
    });
    assert.deepEqual(play.at("step").path, ["words"]);
  });
});

describe("a cancellation that is kept in the browser", () => {
  const kept = { type: "rejected", fault, keptAt: NOW } as const;
  const queued = () => {
    const play = Play.of(typical).send({ type: "leave" }, { type: "confirm" }, kept);
    assert.equal(play.at("queued").since, NOW);
    assert.deepEqual(play.notices, ["step", "error"]);
    play.effects.length = 0;
    return play;
  };

  it("is done once the server has it", () => {
    const play = queued().send({ type: "settled", settlement: settlementOf("cancelled") });
    assert.equal(play.at("done").settlement?.outcome, "cancelled");
    assert.deepEqual(play.send({ type: "close" }).notices, ["cancelled", "complete", "close"]);
  });

  it("is sent on request, as often as the customer asks", () => {
    const play = queued();
    const { state } = play;
    play.send({ type: "retry" }, { type: "retry" });
    assert.deepEqual(play.effects, [{ type: "deliver" }, { type: "deliver" }]);
    assert.deepEqual(play.state, state);
    assert.notEqual(play.state, state, "the same object says that nothing has happened");
  });

  it("ends behind the customer's back, and the page hears of it", () => {
    const play = queued().send({ type: "close" }, { type: "retry" }, { type: "keep" }, { type: "close" });
    assert.equal(isShown(play.state), false);
    assert.deepEqual(play.effects, [{ type: "notify", notice: { name: "close" } }]);
    play.send({ type: "settled", settlement: settlementOf("cancelled") });
    assert.equal(play.state, initial);
    assert.deepEqual(play.notices, ["close", "cancelled", "complete"]);
  });

  it("is shown again when the flow is opened again", () => {
    const play = queued().send({ type: "close" }, { type: "open" });
    assert.equal(play.at("queued").closed, false);
    assert.deepEqual(play.notices, ["close", "open"]);
    play.send({ type: "settled", settlement: settlementOf("cancelled") });
    assert.equal(play.at("done").settlement?.outcome, "cancelled");
  });

  it("refused for good: the customer is asked again, or the page hears that nothing came of it", () => {
    const shown = queued().send({ type: "rejected", fault: refusal });
    assert.equal(shown.node, "sure");
    assert.deepEqual(shown.at("step").fault, refusal);
    assert.equal(shown.send({ type: "keep" }).at("done").settlement?.outcome, "retained");

    const closed = queued().send({ type: "close" }, { type: "rejected", fault: refusal });
    assert.equal(closed.state, initial);
    assert.deepEqual(closed.notices, ["close", "error", "complete"]);
  });

  it("is not said to wait for what was refused for good", () => {
    const play = Play.of(typical).send({ type: "leave" }, { type: "confirm" });
    play.send({ type: "rejected", fault: refusal, keptAt: NOW });
    assert.equal(play.at("step").fault, refusal);
  });

  it("overtaken by another decision: what holds is shown, or told", () => {
    const fault = { code: "session_completed", retryable: false };
    const shown = queued().send({ type: "rejected", fault });
    shown.send({ type: "loaded", config: settled("retained") });
    assert.equal(shown.at("done").settlement?.outcome, "retained");

    const closed = queued().send({ type: "close" }, { type: "rejected", fault });
    closed.send({ type: "loaded", config: settled("retained") });
    assert.equal(closed.state, initial);
    assert.deepEqual(closed.notices, ["close", "error", "retained", "complete"]);
  });

  it("that can be kept no longer is asked for again", () => {
    const play = queued().send({ type: "rejected", fault });
    assert.equal(play.at("step").unanswered, true);
    assert.deepEqual(play.send({ type: "retry" }).decisions, [{ type: "cancel" }]);
  });

  describe("and is taken back", () => {
    const back = () => {
      const play = queued().send({ type: "keep" });
      assert.deepEqual(play.effects, [
        { type: "withdraw" },
        { type: "record", event: { type: "keep" } },
        { type: "load", restart: false },
      ]);
      play.effects.length = 0;
      return play;
    };
    const events = runOf("open", "leave", "confirm", "keep");

    it("is forgotten, and the customer stays", () => {
      const play = back().send({ type: "loaded", config: typical, events });
      assert.deepEqual(play.at("done").settlement, settlementOf("retained"));
      assert.deepEqual(play.notices, ["retained", "complete"]);
      assert.deepEqual(play.recorded, []);
    });

    it("has arrived all the same: that is what the customer sees", () => {
      const play = back().send({ type: "loaded", config: settled("cancelled"), events });
      assert.equal(play.at("done").settlement?.outcome, "cancelled");
      assert.deepEqual(play.notices, ["cancelled", "complete"]);
    });

    it("without a server: nothing is said until it can be reached", () => {
      const play = back().send({ type: "failed", fault });
      assert.deepEqual(play.notices, ["error"]);
      play.send({ type: "retry" }, { type: "loaded", config: typical, events });
      assert.equal(play.at("done").settlement?.outcome, "retained");
      assert.equal(play.count("complete"), 1);
    });

    it("and closed: the page hears what holds", () => {
      const play = back().send({ type: "close" }, { type: "loaded", config: typical, events });
      assert.equal(play.state, initial);
      assert.deepEqual(play.notices, ["close", "retained", "complete"]);
    });
  });
});

describe("a cancellation of an earlier visit", () => {
  it("is named while the flow cannot be loaded", () => {
    const play = new Play().send({ type: "open" }, { type: "failed", fault, waiting: NOW });
    assert.equal(play.at("unavailable").waiting, NOW);
    play.send({ type: "retry" }, { type: "failed", fault });
    assert.equal(play.at("unavailable").waiting, undefined);
  });
});

describe("closing", () => {
  it("abandons a flow that is loading, unavailable or open, and records it where the server knows of it", () => {
    const loading = new Play().send({ type: "open" });
    const unavailable = new Play().send({ type: "open" }, { type: "failed", fault });
    for (const [play, recorded] of [
      [loading, []],
      [unavailable, []],
      [Play.of(typical), ["close"]],
    ] as const) {
      play.effects.length = 0;
      play.send({ type: "close" });
      assert.equal(play.state, initial);
      assert.deepEqual(play.recorded, recorded);
      assert.deepEqual(play.notices, ["complete", "close"]);
      assert.deepEqual(play.send({ type: "close" }).notices, ["complete", "close"]);
    }
  });
});

describe("what is ignored", () => {
  const overtaken = { code: "session_completed", retryable: false };

  const at = {
    closed: () => new Play(),
    loading: () => new Play().send({ type: "open" }),
    unavailable: () => new Play().send({ type: "open" }, { type: "failed", fault }),
    survey: () => Play.of(typical),
    offer: () => Play.of(configOf([{ type: "offer", id: "o", offer: offers.pause }, confirm])),
    feedback: () => Play.of(configOf([feedback, confirm])),
    losses: () => Play.of(configOf([losses, confirm])),
    custom: () => Play.of(configOf([{ type: "custom", id: "c", name: "n" }, confirm])),
    confirm: () => Play.of(configOf([survey, confirm])).send({ type: "leave" }),
    failed: () => Play.of(configOf([confirm])).send({ type: "confirm" }, { type: "rejected", fault }),
    refused: () =>
      Play.of(configOf([confirm])).send({ type: "confirm" }, { type: "rejected", fault: refusal }),
    "loading, late": () =>
      Play.of(configOf([confirm])).send({ type: "confirm" }, { type: "rejected", fault: overtaken }),
    "loading, closed": () =>
      Play.of(configOf([confirm])).send(
        { type: "confirm" },
        { type: "rejected", fault: overtaken },
        { type: "close" },
      ),
    queued: () =>
      Play.of(configOf([confirm])).send({ type: "confirm" }, { type: "rejected", fault, keptAt: NOW }),
    "queued, closed": () =>
      Play.of(configOf([confirm])).send(
        { type: "confirm" },
        { type: "rejected", fault, keptAt: NOW },
        { type: "close" },
      ),
    deciding: () => Play.of(configOf([confirm])).send({ type: "confirm" }),
    "deciding, closed": () => Play.of(configOf([confirm])).send({ type: "confirm" }, { type: "close" }),
    kept: () => Play.of(typical).send({ type: "keep" }),
    cancelled: () =>
      Play.of(configOf([confirm])).send(
        { type: "confirm" },
        { type: "settled", settlement: settlementOf("cancelled") },
      ),
    ended: () => Play.of(configOf([survey], { subscription: { ...subscription, status: "cancelled" } })),
  };

  const events: Record<MachineEvent["type"], MachineEvent> = {
    open: { type: "open" },
    loaded: { type: "loaded", config: typical },
    failed: { type: "failed", fault },
    select: { type: "select", reason: "switching" },
    write: { type: "write", text: "x" },
    choose: { type: "choose", choice: { months: 1 } },
    fill: { type: "fill", value: 1 },
    next: { type: "next" },
    back: { type: "back" },
    accept: { type: "accept" },
    decline: { type: "decline" },
    leave: { type: "leave" },
    confirm: { type: "confirm" },
    keep: { type: "keep" },
    close: { type: "close" },
    settled: { type: "settled", settlement: settlementOf("cancelled") },
    rejected: { type: "rejected", fault },
    retry: { type: "retry" },
    restart: { type: "restart" },
  };

  const heard: Record<keyof typeof at, string> = {
    closed: "open",
    loading: "loaded failed close",
    unavailable: "retry close",
    survey: "select write next leave keep close",
    offer: "choose accept decline leave keep close",
    feedback: "write next leave keep close",
    losses: "next leave keep close",
    custom: "fill next leave keep close",
    confirm: "back confirm keep close",
    failed: "confirm keep close retry",
    refused: "confirm keep close retry",
    "loading, late": "loaded failed close",
    "loading, closed": "open loaded failed",
    queued: "settled rejected close keep retry",
    "queued, closed": "open settled rejected",
    deciding: "settled rejected close",
    "deciding, closed": "open settled rejected",
    kept: "close restart",
    cancelled: "close",
    ended: "close",
  };

  for (const [phase, make] of Object.entries(at)) {
    it(`${phase}: all but ${heard[phase as keyof typeof at]}`, () => {
      for (const [type, event] of Object.entries(events)) {
        const { state } = make();
        const [next, effects] = transition(state, event);
        if (heard[phase as keyof typeof at].split(" ").includes(type)) {
          assert.notEqual(next, state, type);
        } else {
          assert.equal(next, state, type);
          assert.deepEqual(effects, [], type);
        }
      }
    });
  }

  it("answers that do not fit the step", () => {
    for (const [phase, event] of [
      ["survey", { type: "select", reason: "invented" }],
      ["offer", { type: "choose", choice: { months: 2 } }],
      ["offer", { type: "choose", choice: {} }],
      ["survey", { type: "invented" }],
    ] as const) {
      const { state } = at[phase]();
      assert.equal(transition(state, event as MachineEvent)[0], state);
    }
    const chosen = Play.of(typical).send({ type: "select", reason: "other" });
    assert.equal(transition(chosen.state, { type: "select", reason: "other" })[0], chosen.state);
    const offered = chosen.send({ type: "select", reason: "not_using" }, { type: "next" });
    for (const event of [
      { type: "select", reason: "other" },
      { type: "write", text: "x" },
      { type: "next" },
    ] as const) {
      assert.equal(transition(offered.state, event)[0], offered.state);
    }
  });
});

describe("looking around", () => {
  it("finds nodes by id", () => {
    const offer: Offer = offers.discount;
    assert.deepEqual(nodeOf(typical, "why/too_expensive"), { id: "why/too_expensive", step: survey, offer });
    assert.equal(nodeOf(typical, "why/other"), undefined);
    assert.equal(nodeOf(typical, "end"), undefined);
    assert.equal(currentNode(initial), undefined);
  });

  it("finds the success step", () => {
    assert.equal(successStep(typical)?.id, "end");
    assert.equal(successStep(configOf([confirm])), undefined);
  });
});

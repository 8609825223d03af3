/** What may be published, and what becomes of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { en } from "../../../src/i18n/en.ts";
import { demoFlow } from "../../src/domain/default-flow.ts";
import { lintFlow, publishFlow, unknownPrices } from "../../src/domain/flows.ts";
import { alone, john, onEachStore } from "../harness.ts";
import { settled } from "../visit.ts";
import { asking, confirm, defaultFlow, half, offering, pause } from "./fixtures.ts";

const contact = (more: object = {}) => ({
  type: "contact",
  id: "talk",
  url: "https://acme.example",
  ...more,
});
const flow = (...steps: unknown[]) => ({ name: "Test", steps });
const survey = (...reasons: unknown[]) => ({ type: "survey", id: "why", reasons });
const reason = (more: object = {}) => ({ id: "money", label: "Money", ...more });
const translated = (translations: unknown, ...steps: unknown[]) => ({
  ...flow(survey(reason({ offers: [half] }), { id: "other", followup: {} }), ...steps, confirm),
  translations,
});
const german = (texts: Record<string, unknown>, ...steps: unknown[]) => translated({ de: texts }, ...steps);
const yearly = { type: "annual_switch", id: "yearly" };
/** What the hub offers, beside a flow with one offer of its own. */
const proactive = (offers: unknown[], more: object = {}) => ({
  ...offering(half),
  proactive: { offers },
  ...more,
});
const inHub = (more: object) => proactive([{ ...yearly, ...more }]);
const when = (condition: unknown) => offering(contact({ when: condition }));

/** A fault, and where it must be found. */
const faults: [string, unknown, string[]][] = [
  ["not an object", [], [""]],
  ["no name", { steps: [confirm] }, ["name"]],
  ["an empty name", { name: "  ", steps: [confirm] }, ["name"]],
  ["no steps", flow(), ["steps", "steps"]],
  ["no last question", flow({ type: "losses", id: "l", items: ["x"] }), ["steps"]],
  [
    "21 steps",
    flow(...Array.from({ length: 20 }, (_, i) => ({ type: "feedback", id: `f${i}` })), confirm),
    ["steps"],
  ],
  ["an unknown field of the flow", { ...flow(confirm), offers: [] }, [""]],
  ["an unknown kind of step", flow({ type: "video", id: "v" }, confirm), ["steps/0/type"]],
  ["an unknown field of a step", flow({ ...confirm, color: "red" }), ["steps/0"]],
  ["an id in capitals", flow({ ...confirm, id: "Confirm" }), ["steps/0/id"]],
  ["an id of 64 characters", flow({ ...confirm, id: "x".repeat(64) }), ["steps/0/id"]],
  ["an id used twice", flow({ type: "feedback", id: "confirm" }, confirm), ["steps/1/id"]],
  ["no way of ending", flow({ type: "confirm", id: "c" }), ["steps/0/effective"]],
  ["a wrong way of ending", flow({ ...confirm, effective: "tomorrow" }), ["steps/0/effective"]],
  ["something after the last question", flow(confirm, { type: "feedback", id: "f" }), ["steps/0"]],
  ["success in the middle", flow({ type: "success", id: "s" }, confirm), ["steps/0"]],
  [
    "a condition on the last question",
    flow({ ...confirm, when: { field: "mrr", atLeast: 1 } }),
    ["steps/0/when"],
  ],
  ["no reasons", flow(survey(), confirm), ["steps/0/reasons"]],
  [
    "13 reasons",
    flow(survey(...Array.from({ length: 13 }, (_, i) => reason({ id: `r${i}` }))), confirm),
    ["steps/0/reasons"],
  ],
  ["a reason twice", flow(survey(reason(), reason()), confirm), ["steps/0/reasons/1/id"]],
  ["a reason without words", flow(survey({ id: "money" }), confirm), ["steps/0/reasons/0/label"]],
  ["an unknown field of a reason", flow(survey(reason({ offer: half })), confirm), ["steps/0/reasons/0"]],
  [
    "an empty follow-up",
    flow(survey(reason({ followup: { label: "" } })), confirm),
    ["steps/0/reasons/0/followup/label"],
  ],
  ["an empty list of offers", flow(survey(reason({ offers: [] })), confirm), ["steps/0/reasons/0/offers"]],
  ["no losses", flow({ type: "losses", id: "l", items: [] }, confirm), ["steps/0/items"]],
  [
    "too short a shortest text",
    flow({ type: "feedback", id: "f", minLength: 0 }, confirm),
    ["steps/0/minLength"],
  ],
  [
    "no percentage and no amount",
    offering({ ...half, percentOff: undefined }),
    ["steps/0/offers/0/percentOff"],
  ],
  ["both of them", offering({ ...half, amountOff: 5, currency: "usd" }), ["steps/0/offers/0/percentOff"]],
  ["0 percent", offering({ ...half, percentOff: 0 }), ["steps/0/offers/0/percentOff"]],
  ["101 percent", offering({ ...half, percentOff: 101 }), ["steps/0/offers/0/percentOff"]],
  [
    "an amount without its currency",
    offering({ type: "discount", id: "d", amountOff: 5, duration: "once" }),
    ["steps/0/offers/0/currency"],
  ],
  [
    "a currency in capitals",
    offering({ type: "discount", id: "d", amountOff: 5, currency: "USD", duration: "once" }),
    ["steps/0/offers/0/currency"],
  ],
  [
    "a currency that does not exist",
    offering({ type: "discount", id: "d", amountOff: 5, currency: "usx", duration: "once" }),
    ["steps/0/offers/0/currency"],
  ],
  ["months without repeating", offering({ ...half, months: 3 }), ["steps/0/offers/0/months"]],
  ["repeating without months", offering({ ...half, duration: "repeating" }), ["steps/0/offers/0/months"]],
  ["37 months", offering({ ...half, duration: "repeating", months: 37 }), ["steps/0/offers/0/months"]],
  ["a pause of no length", offering({ type: "pause", id: "p", months: [] }), ["steps/0/offers/0/months"]],
  ["one length twice", offering({ ...pause, months: [1, 3, 1] }), ["steps/0/offers/0/months"]],
  ["a pause without anything to pick", offering({ type: "pause", id: "p" }), ["steps/0/offers/0/months"]],
  [
    "one plan twice",
    offering({
      type: "plan_change",
      id: "p",
      plans: [{ priceId: "price_a" }, { priceId: "price_b" }, { priceId: "price_a", description: "Again" }],
    }),
    ["steps/0/offers/0/plans"],
  ],
  [
    "a misspelt merge field",
    flow({ ...confirm, title: "Hi {{customer.fristName|there}}" }),
    ["steps/0/title"],
  ],
  [
    "a misspelt merge field deep inside",
    flow(survey(reason({ followup: { label: "Why, {{ name }}?" } })), confirm),
    ["steps/0/reasons/0/followup/label"],
  ],
  [
    "one in the words after it",
    flow(confirm, { type: "success", id: "s", cancelled: { title: "{{period.start}}", body: "{{price}}" } }),
    ["steps/1/cancelled/title"],
  ],
  ["one in an offer", offering(contact({ body: "**{{plan}}**" })), ["steps/0/offers/0/body"]],
  ["no plan to change to", offering({ type: "plan_change", id: "p", plans: [] }), ["steps/0/offers/0/plans"]],
  [
    "a trial longer by a year and a day",
    offering({ type: "trial_extension", id: "t", days: 366 }),
    ["steps/0/offers/0/days"],
  ],
  ["a link that runs", offering(contact({ url: "javascript:alert(1)" })), ["steps/0/offers/0/url"]],
  ["a redirect to a phone", offering({ type: "redirect", id: "r", url: "tel:+1" }), ["steps/0/offers/0/url"]],
  ["a cooldown of no day", offering(contact({ cooldownDays: 0 })), ["steps/0/offers/0/cooldownDays"]],
  [
    "one offer's name for two",
    asking({ a: [half], b: [{ ...half, percentOff: 20 }] }),
    ["steps/0/reasons/1/offers/0/id"],
  ],
  ["a condition on an unknown fact", when({ field: "email", is: "x" }), ["steps/0/offers/0/when/field"]],
  ["a condition without a test", when({ field: "mrr" }), ["steps/0/offers/0/when"]],
  ["a test without a fact", when({ is: 1 }), ["steps/0/offers/0/when"]],
  [
    "a condition of two kinds",
    when({ not: { field: "mrr", is: 1 }, field: "mrr", is: 1 }),
    ["steps/0/offers/0/when"],
  ],
  [
    "a fault deep inside",
    when({ all: [{ any: [{ not: { field: "mrr" } }] }] }),
    ["steps/0/offers/0/when/all/0/any/0/not"],
  ],
  ["an unknown status", when({ field: "status", is: "canceled" }), ["steps/0/offers/0/when/is"]],
  [
    "an unknown interval among others",
    when({ not: { field: "price.interval", in: ["month", "quarter"] } }),
    ["steps/0/offers/0/when/not/in/1"],
  ],
  [
    "a condition too deep to be read",
    when(Array.from({ length: 40 }).reduce((inner) => ({ not: inner }), { field: "mrr", is: 1 })),
    [""],
  ],
  ["an empty all", when({ all: [] }), ["steps/0/offers/0/when/all"]],
  ["a language that is none", translated({ d_: {} }), ["translations/d_"]],
  ["all languages", translated({ "*": {} }), ["translations/*"]],
  [
    "a tag of 36 characters",
    translated({ [`de-x-${"a".repeat(8)}-${"b".repeat(8)}-${"c".repeat(8)}-defg`]: {} }),
    [`translations/de-x-${"a".repeat(8)}-${"b".repeat(8)}-${"c".repeat(8)}-defg`],
  ],
  ["a language in two spellings", translated({ "de-AT": {}, de: {}, "DE-at": {} }), ["translations/DE-at"]],
  ["words that are a number", german({ "why.title": 7 }), ["translations/de/why.title"]],
  ["empty words", german({ "why.title": "  " }), ["translations/de/why.title"]],
  ["words for no step", german({ "how.title": "x" }), ["translations/de/how.title"]],
  [
    "words for no text of a step",
    german({ "why.label": "x", "confirm.items.0": "x" }),
    ["translations/de/why.label", "translations/de/confirm.items.0"],
  ],
  ["words for no reason", german({ "why/time.label": "x" }), ["translations/de/why/time.label"]],
  ["words for no follow-up", german({ "why/money.followup": "x" }), ["translations/de/why/money.followup"]],
  ["words for no offer", german({ "whole.title": "x" }), ["translations/de/whole.title"]],
  ["words for a field that offers have not", german({ "half.label": "x" }), ["translations/de/half.label"]],
  [
    "words for a loss too many",
    german({ "l.items.1": "x", "l.items.00": "x" }, { type: "losses", id: "l", items: ["x"] }),
    ["translations/de/l.items.1", "translations/de/l.items.00"],
  ],
  [
    "a misspelt merge field in another language",
    german({ "half.body": "{{customer.vorname}}" }),
    ["translations/de/half.body"],
  ],
  [
    "a label of 81 characters",
    german({ "half.acceptLabel": "x".repeat(81) }),
    ["translations/de/half.acceptLabel"],
  ],
  ["a title of 201", german({ "why.title": "x".repeat(201) }), ["translations/de/why.title"]],
  [
    "words for a step and an offer of one name",
    german({ "half.title": "x", "half.acceptLabel": "x" }, { type: "feedback", id: "half" }),
    ["translations/de/half.title"],
  ],
  ["an empty list in the hub", proactive([]), ["proactive/offers"]],
  [
    "eleven offers in the hub",
    proactive(Array.from({ length: 11 }, (_, i) => ({ ...yearly, id: `y${i}` }))),
    ["proactive/offers"],
  ],
  ...[pause, contact(), { type: "custom", id: "c", name: "c" }].map((offer): [string, unknown, string[]] => [
    `a ${offer.type} in the hub`,
    proactive([half, offer]),
    ["proactive/offers/1/type"],
  ]),
  [
    "an offer of the flow with other terms",
    proactive([{ ...half, percentOff: 20 }]),
    ["proactive/offers/0/id"],
  ],
  ["a misspelt merge field in the hub", inHub({ title: "{{plan}}" }), ["proactive/offers/0/title"]],
  [
    "what a hub does not know",
    inHub({ title: "{{ attributes.team }}", body: "{{attributes.team|You}}", declineLabel: "{{plan.name}}" }),
    ["proactive/offers/0/title", "proactive/offers/0/body"],
  ],
  [
    "the same in another language",
    proactive([yearly, half], {
      translations: { de: { "yearly.title": "{{attributes.team}}", "half.body": "{{attributes.team|x}}" } },
    }),
    ["translations/de/yearly.title", "translations/de/half.body"],
  ],
  [
    "words for no offer of the hub",
    proactive([yearly], { translations: { de: { "annual.title": "x" } } }),
    ["translations/de/annual.title"],
  ],
  [
    "words for a step and an offer of the hub of one name",
    proactive([{ ...yearly, id: "confirm" }], { translations: { de: { "confirm.title": "x" } } }),
    ["translations/de/confirm.title"],
  ],
  ...[0, 366, 1.5].map((quietDays): [string, unknown, string[]] => [
    `${quietDays} days of quiet`,
    { ...offering(half), proactive: { offers: [yearly], quietDays } },
    ["proactive/quietDays"],
  ]),
  [
    "an unknown field of the hub",
    { ...offering(half), proactive: { offers: [yearly], most: 2 } },
    ["proactive"],
  ],
  [
    "two faults at once",
    flow({ ...confirm, id: "" }, { type: "success", id: "S" }),
    ["steps/0/id", "steps/1/id"],
  ],
];

describe("A flow definition", () => {
  for (const [name, definition, paths] of faults) {
    it(`with ${name} is refused at ${paths.map((path) => path || "/").join(", ")}`, () => {
      const result = lintFlow(definition);
      assert.ok(!result.ok, "it is accepted");
      assert.deepEqual(
        result.issues.map(({ path }) => path),
        paths,
      );
      for (const { message } of result.issues) assert.ok(message.length > 5);
    });
  }

  it("of a new workspace has no faults and is left with two activations", () => {
    const result = lintFlow(defaultFlow);
    assert.ok(result.ok);
    assert.deepEqual(result.facts, { steps: 3, offers: 5, activationsToCancel: 2 });
  });

  it("never needs more activations for having more in it", () => {
    const many = asking({ money: [half], time: [pause] });
    const steps = [
      ...many.steps.slice(0, 1),
      { type: "losses", id: "l", items: ["x"] },
      { type: "feedback", id: "f", required: true },
      confirm,
    ];
    const result = lintFlow({ ...many, steps });
    assert.equal(result.ok && result.facts.activationsToCancel, 2);
    assert.equal(
      lintFlow(flow(confirm)).ok &&
        (lintFlow(flow(confirm)) as { facts: { activationsToCancel: number } }).facts.activationsToCancel,
      1,
    );
  });

  it("may let the customer pick a date alone, name every known fact and use every merge field", () => {
    const fields = ["customer.name", "customer.firstName|there", "customer.email", "plan.name", "price"];
    const title = [...fields, " period.end ", "attributes.team|your team"]
      .map((name) => `{{${name}}}`)
      .join();
    const all = [
      { field: "status", in: ["trialing", "active", "past_due", "paused", "cancelled"] },
      { field: "price.interval", in: ["day", "week", "month", "year"] },
    ];
    const offer = { type: "pause", id: "p", untilDate: { maxMonths: 3 }, title, when: { any: all } };
    const result = lintFlow(offering(offer));
    assert.ok(result.ok, JSON.stringify(result));
  });

  it("may hold every text in every language, at the lengths of the texts themselves", () => {
    const texts = {
      "why.title": "x".repeat(200),
      "why.body": "x".repeat(2000),
      "why/money.label": "x".repeat(80),
      "why/other.label": "{{customer.firstName|du}}",
      "why/other.followup": "x".repeat(200),
      "half.title": "x",
      "half.body": "**{{plan.name}}**",
      "half.acceptLabel": "x",
      "half.declineLabel": "x",
      "confirm.confirmLabel": "x",
      "confirm.keepLabel": "x",
      "l.items.0": "x",
    };
    const result = lintFlow(
      translated({ de: texts, "pt-BR": texts, "zh-Hant": {} }, { type: "losses", id: "l", items: ["x"] }),
    );
    assert.ok(result.ok, JSON.stringify(result));
  });

  it("needs no words for reasons that the widgets have words for, and for no other", () => {
    const ids = ["too_expensive", "not_using", "missing_features", "switching", "technical_issues", "other"];
    for (const id of ids) assert.ok(Object.hasOwn(en, `reason_${id}`), id);
    assert.ok(lintFlow(flow(survey(...ids.map((id) => ({ id }))), confirm)).ok);
    for (const id of ["required", "else", "too-expensive"]) {
      assert.equal(lintFlow(flow(survey({ id }), confirm)).ok, false, id);
      assert.ok(lintFlow(flow(survey({ id, label: "x" }), confirm)).ok, id);
    }
  });

  it("may hold what the hub offers, with words in every language, and counts an offer of both once", () => {
    const offers = [{ ...half, title: "For you", when: { field: "attributes.team", is: "x" } }, yearly];
    const texts = { "half.title": "{{customer.firstName|Du}}", "yearly.declineLabel": "x" };
    const definition = { ...offering(half), translations: { de: texts } };
    const result = lintFlow({ ...definition, proactive: { offers } });
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(result.facts, { steps: 2, offers: 2, activationsToCancel: 2 });
    assert.equal(result.definition.proactive?.quietDays, 30);
    for (const quietDays of [1, 365])
      assert.ok(lintFlow({ ...definition, proactive: { offers, quietDays } }).ok, String(quietDays));
  });

  it("of the demo is the default one, and a hub that offers something", () => {
    const result = lintFlow(demoFlow);
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual(result.facts, { steps: 3, offers: 6, activationsToCancel: 2 });
    assert.deepEqual({ ...demoFlow, proactive: undefined }, { ...defaultFlow, proactive: undefined });
    assert.deepEqual(result.definition, demoFlow, "it says all that publishing would add");
  });

  it("may use one offer under several reasons", () => {
    const result = lintFlow(asking({ a: [half], b: [half] }));
    assert.equal(result.ok && result.facts.offers, 1);
  });
});

onEachStore("Publishing", ({ open, home }) => {
  it("numbers versions, keeps the old ones and has one active in each environment", async () => {
    const world = await open();
    const sandbox = { ...world.scope, environment: "sandbox" } as const;
    const first = await world.deps.store.activeFlow(world.scope);
    assert.equal(first?.version, 1);
    const second = await world.publish(offering(half));
    const third = await world.publish(offering(pause));
    assert.deepEqual([second.version, third.version], [2, 3]);
    assert.equal((await world.publish(offering(half), sandbox)).version, 1);
    assert.deepEqual(await world.deps.store.activeFlow(world.scope), third);
    const kept = await world.deps.store.flow(second.id, 2);
    assert.deepEqual(kept, { ...second, active: false });
    assert.equal((await world.deps.store.activeFlow(sandbox))?.version, 1);
  });

  it("at the same time gives every publisher a version of its own", async () => {
    const world = await open();
    const rows = await Promise.all(Array.from({ length: 8 }, () => world.publish(offering(half))));
    assert.deepEqual(
      rows.map(({ version }) => version).sort((a, b) => a - b),
      [2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal((await world.deps.store.activeFlow(world.scope))?.version, 9);
  });

  it("leaves a flow that is open on a page as it is; a reload shows the new one", async () => {
    const world = await open();
    await world.publish(asking({ money: [half] }));
    const visit = await world.visit(john);
    visit.select("money").next();
    await world.publish(offering(pause));
    const settlement = settled(await visit.accept());
    assert.equal(settlement.offer?.id, "half");
    const session = await world.deps.store.session(visit.session);
    assert.deepEqual(
      [session?.flowId, session?.flowVersion],
      [visit.config.flow.id, visit.config.flow.version],
    );

    const open2 = await world.visit("cus_zoe");
    const newer = await world.publish(offering(half));
    const reloaded = await world.flow(open2.token);
    assert.deepEqual([reloaded.session.id, reloaded.flow.version], [open2.session, newer.version]);
    // The page of before still holds what is no longer offered.
    assert.equal((await open2.accept({ months: 1 })).status, 409);
    settled(await (await world.visit(open2.token)).cancel());
  });

  it("knows which prices billing does not have, in the flow and in the hub", async () => {
    const world = await open();
    const annual = (id: string, priceId: string) => ({ type: "annual_switch", id, priceId });
    const result = lintFlow({
      ...offering(annual("a", "price_never")),
      proactive: { offers: [annual("b", "price_pro_annual"), annual("c", "price_nowhere")] },
    });
    assert.ok(result.ok, JSON.stringify(result));
    const issues = await unknownPrices(result.definition, world.simulator);
    assert.deepEqual(
      issues.map(({ path }) => path),
      ["steps/0/offers/0/priceId", "proactive/offers/1/priceId"],
    );
  });

  it("nothing at all is said as such", async () => {
    await using world = await alone(home, { environment: "prod" });
    const scope = { workspaceId: world.scope.workspaceId, environment: "sandbox" } as const;
    assert.equal(await world.deps.store.activeFlow(scope), undefined);
    const result = lintFlow(defaultFlow);
    assert.ok(result.ok);
    assert.equal((await publishFlow(world.deps, scope, result.definition)).version, 1);
  });
});

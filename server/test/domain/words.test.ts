/** What a customer reads: the words of the business, in the customer's language, for terms that do not depend on it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { FlowConfig, Step } from "../../../src/api/wire.ts";
import { confirm, half } from "../flows/fixtures.ts";
import { john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const step = <Type extends Step["type"]>({ flow }: FlowConfig, type: Type): Extract<Step, { type: Type }> => {
  const found = flow.steps.find((each) => each.type === type) ?? assert.fail(`no ${type}`);
  return found as Extract<Step, { type: Type }>;
};

const plans = [
  { priceId: "price_nowhere", description: "Never shown" },
  { priceId: "price_basic_monthly", description: "For a quiet month" },
];

/** One text at every place that has one. */
const everything = {
  name: "Everything",
  steps: [
    {
      type: "survey",
      id: "why",
      title: "Why?",
      reasons: [
        { id: "too_expensive", offers: [{ ...half, title: "Half" }] },
        { id: "size", label: "Too large", offers: [{ type: "plan_change", id: "smaller", plans }] },
        { id: "other", followup: { label: "What?", required: true } },
        { id: "again", label: "Again", offers: [{ ...half, body: "Again" }] },
      ],
    },
    { type: "losses", id: "losses", items: ["Storage", "{{attributes.team|Team}}"] },
    { type: "feedback", id: "words", label: "Words?" },
    { type: "custom", id: "own", name: "own" },
    { ...confirm, confirmLabel: "Leave", keepLabel: "Stay" },
    { type: "success", id: "end", retained: { title: "Good" } },
  ],
  translations: {
    de: {
      "why.title": "Warum?",
      "why.body": "Für {{attributes.company|euch}}",
      "why/too_expensive.label": "Zu teuer",
      "why/size.label": "Zu groß",
      "why/other.followup": "Was?",
      "half.title": "Die Hälfte",
      "half.body": "Für alle",
      "half.acceptLabel": "Nehmen",
      "half.declineLabel": "Lassen",
      "smaller.plans.price_nowhere.description": "Nie",
      "smaller.plans.price_basic_monthly.description": "Für ruhige Monate",
      "losses.items.1": "{{attributes.company}}",
      "words.label": "Worte?",
      "own.title": "Eigenes",
      "confirm.confirmLabel": "Kündigen",
      "end.retained.body": "Danke",
      "end.cancelled.title": "Alles Gute",
    },
    "de-AT": { "why.title": "Wieso?" },
    "zh-Hant": { "why.title": "為什麼？" },
    nb: { "why.title": "Hvorfor?" },
  },
};

onEachStore("Words", ({ open }) => {
  const publishing = async (definition: unknown): Promise<World> => {
    const world = await open();
    await world.publish(definition);
    return world;
  };

  it("of a flow are in the customer's language at every place, and the business's own where it has none", async () => {
    const world = await publishing(everything);
    const config = await world.flow(await world.mint(john), "?locale=de");
    const { title, body, reasons } = step(config, "survey");
    assert.deepEqual([title, body], ["Warum?", "Für {{attributes.company|euch}}"]);
    assert.deepEqual(
      reasons.map(({ label }) => label),
      ["Zu teuer", "Zu groß", undefined, "Again"],
    );
    const [cheaper, smaller, other, again] = reasons;
    assert.deepEqual(other?.followup, { label: "Was?", required: true });
    const { terms: _, ...worded } = cheaper?.offer ?? assert.fail();
    const labels = { acceptLabel: "Nehmen", declineLabel: "Lassen" };
    assert.deepEqual(worded, {
      type: "discount",
      id: "half",
      title: "Die Hälfte",
      body: "Für alle",
      ...labels,
    });
    assert.equal(again?.offer?.title, "Die Hälfte", "one offer has its words wherever it stands");
    const terms = smaller?.offer?.type === "plan_change" ? smaller.offer.terms : assert.fail();
    assert.deepEqual(
      terms.plans.map(({ name, description }) => [name, description]),
      [["Basic", "Für ruhige Monate"]],
    );
    assert.deepEqual(step(config, "losses").items, ["Storage", "{{attributes.company}}"]);
    assert.equal(step(config, "feedback").label, "Worte?");
    assert.equal(step(config, "custom").title, "Eigenes");
    const { confirmLabel, keepLabel } = step(config, "confirm");
    assert.deepEqual([confirmLabel, keepLabel], ["Kündigen", "Stay"]);
    const { retained, cancelled } = step(config, "success");
    assert.deepEqual([retained, cancelled], [{ title: "Good", body: "Danke" }, { title: "Alles Gute" }]);
  });

  it("come from the exact tag before the language, its script and its kin, without regard to spelling", async () => {
    const world = await publishing(everything);
    const token = await world.mint(john);
    for (const [locale, title, label] of [
      ["de", "Warum?", "Worte?"],
      ["de-AT", "Wieso?", "Worte?"],
      ["DE_at", "Wieso?", "Worte?"],
      ["de-Latn-AT", "Warum?", "Worte?"],
      ["de-AT-x-hof", "Wieso?", "Worte?"],
      ["zh-TW", "為什麼？", "Words?"],
      ["zh", "Why?", "Words?"],
      ["no", "Hvorfor?", "Words?"],
      ["fr", "Why?", "Words?"],
    ]) {
      const config = await world.flow(token, `?locale=${locale}`);
      assert.deepEqual(
        [step(config, "survey").title, step(config, "feedback").label],
        [title, label],
        locale,
      );
    }
  });

  it("in no language that there is are the business's own: nobody is kept from the flow for it", async () => {
    const world = await publishing(everything);
    const token = await world.mint(john);
    const long = `de-${"x-abcdefgh-".repeat(4)}a`;
    const exact = "de-a-abcdefgh-abcdefgh-abcdefgh-abc";
    assert.deepEqual([exact.length, long.length > 35], [35, true]);
    for (const locale of ["", "*", "d", "de-", "no such", "%00", "<script>", long, `${exact}d`])
      assert.equal(
        step(await world.flow(token, `?locale=${encodeURIComponent(locale)}`), "survey").title,
        "Why?",
        locale,
      );
    assert.equal(step(await world.flow(token, `?locale=${exact}`), "survey").title, "Warum?");
    assert.equal(step(await world.flow(token), "survey").title, "Why?");
  });

  it("change with the language asked for, the session and its terms do not", async () => {
    const world = await publishing(everything);
    const token = await world.mint(john);
    const german = await world.visit(token, "?locale=de");
    world.pass(5 * MINUTE);
    const english = await world.visit(token, "?locale=en");
    assert.deepEqual(
      [english.session, english.config.now, step(english.config, "survey").title],
      [german.session, NOW, "Why?"],
    );
    assert.equal((await world.deps.store.session(german.session))?.locale, "en");
    await world.flow(token, "?locale=de-at");
    assert.equal((await world.deps.store.session(german.session))?.locale, "de-AT");
    await world.flow(token);
    assert.equal(
      (await world.deps.store.session(german.session))?.locale,
      "de-AT",
      "asking for none says nothing",
    );
    // Each tab takes what it shows, although the words about the plan are part of it.
    german.select("size").next().shown("plan_change");
    assert.equal(settled(await german.accept({ priceId: "price_basic_monthly" })).offer?.id, "smaller");
    const after = await world.flow(token, "?locale=de");
    assert.deepEqual(
      [after.session.settlement?.outcome, step(after, "survey").title],
      ["retained", "Warum?"],
    );
  });

  it("in another language are no licence to other terms", async () => {
    const world = await publishing(everything);
    const visit = await world.visit(john, "?locale=de");
    visit.select("size").next().choose({ priceId: "price_basic_monthly" }).act({ type: "accept" });
    const request = visit.decision();
    const terms = request.seen?.terms as { plans: { price: object }[] };
    const [plan] = terms.plans;
    for (const other of [
      { ...plan, price: { ...plan?.price, amount: 1 } },
      { ...plan, name: "Pro" },
      { ...plan, more: 1 },
      null,
      "plan",
    ]) {
      const seen = { ...request.seen, terms: { ...terms, plans: [other] } };
      const json = { ...request, seen };
      const reply = await world.request("/v1/widget/decision", { token: visit.token, json });
      assert.equal(reply.code, "offer_changed", JSON.stringify(other));
    }
    settled(await visit.decide(request));
  });

  it("let out only the attributes that they themselves name", async () => {
    const world = await publishing(everything);
    const token = await world.mint(john);
    for (const [locale, attributes] of [
      ["en", { team: "Storyboards" }],
      ["de", { company: "Doe Motion" }],
    ] as const)
      assert.deepEqual((await world.flow(token, `?locale=${locale}`)).attributes, attributes, locale);
  });

  it("of the business stand in place of the widgets' own: for all, a language, a region", async () => {
    const messages = {
      "*": { keep: "Stay", leave: "Leave", done: "OK" },
      de: { keep: "Behalten", "month.one": "{{price}} im Monat" },
      "de-AT": { keep: "Behalten, bitte" },
    };
    const world = await open({ settings: { messages } });
    const token = await world.mint(john);
    const ask = async (query: string) => (await world.flow(token, query)).messages;
    assert.deepEqual(await ask(""), messages["*"]);
    assert.deepEqual(await ask("?locale=fr"), messages["*"]);
    assert.deepEqual(await ask("?locale=de"), { ...messages["*"], ...messages.de });
    assert.deepEqual(await ask("?locale=de-CH"), { ...messages["*"], ...messages.de });
    assert.deepEqual(await ask("?locale=de-AT"), { ...messages["*"], ...messages.de, ...messages["de-AT"] });
    assert.deepEqual(await ask("?locale=de_at"), { ...messages["*"], ...messages.de, ...messages["de-AT"] });
    const plain = await open();
    assert.equal("messages" in (await plain.flow(await plain.mint(john), "?locale=de")), false);
    const other = await open({ settings: { messages: { de: { keep: "Ja" } } } });
    assert.equal("messages" in (await other.flow(await other.mint(john), "?locale=fr")), false);
  });

  it("are looked up anew at each request, and none is kept with the session", async () => {
    const world = await publishing(everything);
    const visit = await world.visit(john, "?locale=de");
    const settings = { allowedOrigins: [], messages: { de: { keep: "Bleiben" } } };
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { settings });
    assert.deepEqual((await world.flow(visit.token, "?locale=de")).messages, { keep: "Bleiben" });
    const session = await world.deps.store.session(visit.session);
    assert.ok(session && !/Bleiben|Warum/.test(JSON.stringify(session.config)));
  });

  it("of the default flow are the widgets' own", async () => {
    const world = await open();
    const config = await world.flow(await world.mint(john), "?locale=de");
    const { title, body, reasons } = step(config, "survey");
    assert.deepEqual([title, body], [undefined, undefined]);
    for (const { label, followup } of reasons)
      assert.deepEqual([label, followup?.label], [undefined, undefined]);
    assert.ok(reasons.some(({ followup }) => followup));
  });

  it("that are missing keep nobody from leaving", async () => {
    const world = await publishing(everything);
    const visit = await world.visit(john, "?locale=de");
    settled(await visit.select("other").write("Nichts").cancel());
    assert.equal((await world.ledger())[0]?.reasonText, "Nichts");
  });
});

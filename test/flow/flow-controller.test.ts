/** The one place where machine, client, outbox and the page's events meet, on a plain host and a real server. */
import assert from "node:assert/strict";
import { beforeEach, describe, it, type TestContext } from "node:test";
import type { FlowConfig } from "../../src/api/wire.ts";
import { pageCourier } from "../../src/flow/deliveries.ts";
import { FlowController, type FlowSettings } from "../../src/flow/flow-controller.ts";
import { type Answer, json, listen, refuse, said } from "../api/server.ts";
import { memoryStorage } from "../api/tabs.ts";
import { configOf, offers, settlementOf, subscription } from "./fixtures.ts";

const storage = memoryStorage();
const page = new EventTarget();
const set = (name: string, value: unknown) =>
  Object.defineProperty(globalThis, name, { configurable: true, value });
set("localStorage", storage);
set("location", new URL("http://shop.test/billing"));
set("addEventListener", page.addEventListener.bind(page));
set("removeEventListener", page.removeEventListener.bind(page));
Object.defineProperty(navigator, "locks", { configurable: true, value: undefined });

const NAMES = ["open", "step", "retained", "cancelled", "complete", "close", "error"];

/** How the server answers by route; a number is a refusal of that status. */
interface Answers {
  flow?: FlowConfig | number;
  decision?: ReturnType<typeof settlementOf> | number;
}

async function open(t: TestContext, answers: Answers, settings: Partial<FlowSettings> = {}) {
  const answer: Answer = (response, { url, body }) => {
    if (url.includes("/events")) return json(response, { accepted: JSON.parse(body).events.length });
    if (url.startsWith("/session")) return json(response, { id: "ret_from_site" });
    const given = url.includes("/flow") ? answers.flow : answers.decision;
    return typeof given === "number" ? refuse(response, given, codes[given] ?? "x") : json(response, given);
  };
  const server = await listen(t, answer);
  const stage = new EventTarget();
  const heard: string[] = [];
  for (const name of NAMES)
    stage.addEventListener(`renumerate-${name}`, (event) => {
      const { outcome, code, id } = (event as CustomEvent).detail;
      heard.push([name, outcome ?? code ?? id].filter(Boolean).join(":"));
    });
  const host = {
    settings: { sessionId: "ret_1", apiUrl: server.url, timeout: 2000, ...settings },
    stage,
    isConnected: true,
    debug: false,
    texts: Promise.resolve(),
    updateComplete: Promise.resolve(true),
    addController() {},
    removeController() {},
    requestUpdate() {},
    hide() {},
  };
  const flow = new FlowController(host);
  /** Resolves once the flow is in that phase. */
  const phase = async (name: string) => {
    while (flow.state.phase !== name) await new Promise(setImmediate);
  };
  const urls = () => server.asked.map(({ url }) => url.replace("/v1/widget/", ""));
  return { flow, host, heard, phase, server, urls };
}

const codes: Record<number, string> = {
  401: "session_expired",
  409: "offer_changed",
  503: "billing_unavailable",
};
const sure = { type: "confirm", id: "sure", effective: "period_end" } as const;
const asked = configOf([sure]);
const lasting = configOf([sure], { session: { id: "ses_1", environment: "prod", deliveryToken: "dlv_1" } });
const kept = () => pageCourier().shelf.all();

beforeEach(() => storage.clear());

describe("a flow", () => {
  it("is fetched ahead once, goes to its end, and its events are sent before the page is told", async (t) => {
    const { flow, heard, phase, server, urls } = await open(t, {
      flow: asked,
      decision: settlementOf("cancelled"),
    });
    flow.preload();
    flow.preload();
    flow.dispatch({ type: "open" });
    await phase("step");
    flow.preload();
    flow.dispatch({ type: "confirm" });
    await phase("done");
    flow.dispatch({ type: "close" });
    assert.deepEqual(heard, ["open", "step:sure", "cancelled", "complete:cancelled", "close"]);
    assert.deepEqual(urls().slice(0, 2), ["flow", "decision"]);
    assert.equal(said(server.asked[0]).token, "ret_1");
    const { session, events } = JSON.parse(server.asked[1]?.body ?? "");
    assert.equal(session, asked.session.id);
    assert.deepEqual(
      events.map(({ type }: { type: string }) => type),
      ["open", "confirm"],
    );
  });

  it("sends what was seen of an offer, and begins again with a session of its own", async (t) => {
    const flowOf = configOf([{ type: "offer", id: "deal", offer: offers.discount }, sure]);
    const answers: Answers = { flow: flowOf, decision: settlementOf("retained") };
    const { flow, phase, server, urls } = await open(t, answers);
    flow.dispatch({ type: "open" });
    await phase("step");
    flow.dispatch({ type: "accept" });
    await phase("done");
    const { seen } = JSON.parse(server.asked.find(({ url }) => url.endsWith("decision"))?.body ?? "");
    assert.deepEqual(seen, { offer: offers.discount.id, terms: offers.discount.terms, choice: {} });
    answers.flow = { ...flowOf, session: { ...flowOf.session, id: "ses_2" } };
    flow.dispatch({ type: "restart" });
    await phase("step");
    assert.deepEqual([urls().at(-1), said(server.asked.at(-1)).fields], ["flow", { restart: "1" }]);
  });

  it("that has changed is fetched for the same session, and goes on where it was", async (t) => {
    const flowOf = configOf([
      { type: "feedback", id: "words" },
      { type: "offer", id: "deal", offer: offers.discount },
      sure,
    ]);
    const { flow, heard, phase, server, urls } = await open(t, { flow: flowOf, decision: 409 });
    flow.dispatch({ type: "open" });
    await phase("step");
    flow.dispatch({ type: "write", text: "stays" });
    flow.dispatch({ type: "next" });
    flow.dispatch({ type: "accept" });
    await phase("loading");
    await phase("step");
    const { fields } = said(server.asked.at(-1));
    assert.deepEqual([urls().at(-1), fields], ["flow", { session: flowOf.session.id }]);
    assert.equal(heard.at(-1), "step:deal");
    assert.deepEqual("answers" in flow.state && { ...flow.state.answers.texts }, { words: "stays" });
  });

  it("that does not come says so, and comes when it is asked for again", async (t) => {
    const answers: Answers = { flow: 401 };
    const { flow, heard, phase } = await open(t, answers);
    flow.dispatch({ type: "open" });
    await phase("unavailable");
    answers.flow = asked;
    flow.dispatch({ type: "retry" });
    await phase("step");
    assert.deepEqual(heard, ["open", "error:session_expired", "step:sure"]);
  });

  it("asks the site anew for whoever is signed in, once the last answer may be somebody else's", async (t) => {
    const answers: Answers = { flow: asked };
    const { flow, host, phase, server, urls } = await open(t, answers, { sessionId: "" });
    host.settings.sessionUrl = `${server.url}/session`;
    const now = t.mock.method(performance, "now", () => 10_000);
    flow.preload();
    while (!urls().includes("flow")) await new Promise(setImmediate);
    now.mock.mockImplementation(() => 12_001);
    flow.dispatch({ type: "open" });
    await phase("step");
    assert.equal(urls().filter((url) => url === "/session").length, 2);
    assert.equal(said(server.asked.at(-1)).token, "ret_from_site");
  });

  it("ends with its element, but not with its move", async (t) => {
    const { flow, host, heard, phase } = await open(t, { flow: asked });
    flow.dispatch({ type: "open" });
    await phase("step");
    flow.hostDisconnected();
    await new Promise(setImmediate);
    assert.equal(flow.state.phase, "step");
    host.isConnected = false;
    flow.hostDisconnected();
    await phase("closed");
    assert.deepEqual(heard.slice(-2), ["complete:abandoned", "close"]);
  });

  it("tells each step with the data of the page's own, as a copy", async (t) => {
    const data = { max: 5 };
    const step = { type: "custom", id: "rating", name: "stars", data } as const;
    const { flow, host, phase } = await open(t, { flow: configOf([step, sure]) });
    const details: { name?: string; data?: unknown }[] = [];
    host.stage.addEventListener("renumerate-step", (event) => details.push((event as CustomEvent).detail));
    flow.dispatch({ type: "open" });
    await phase("step");
    assert.deepEqual(details, [{ id: "rating", type: "custom", name: "stars", data }]);
    (details[0]?.data as { max: number }).max = 0;
    assert.equal(
      "config" in flow.state && (flow.state.config.flow.steps[0] as { data: typeof data }).data.max,
      5,
    );
  });
});

describe("a confirmed cancellation that nobody takes", () => {
  async function waiting(t: TestContext) {
    const answers: Answers = { flow: lasting, decision: 503 };
    const opened = await open(t, answers);
    t.mock.method(Math, "random", () => 0);
    opened.flow.dispatch({ type: "open" });
    await opened.phase("step");
    opened.flow.dispatch({ type: "confirm" });
    await opened.phase("queued");
    return { ...opened, answers };
  }

  it("waits, and goes when the customer tries again, with its age and its own token", async (t) => {
    const { flow, heard, phase, server, answers } = await waiting(t);
    assert.equal(kept()[0]?.subscription, subscription.id);
    answers.decision = settlementOf("cancelled");
    flow.dispatch({ type: "retry" });
    await phase("done");
    const last = server.asked.findLast(({ url }) => url.endsWith("decision"));
    assert.equal(said(last).token, "dlv_1");
    assert.ok(JSON.parse(last?.body ?? "").age >= 0);
    assert.deepEqual([heard.at(-1), kept()], ["complete:cancelled", []]);
  });

  it("is taken back: the customer stays, and it is never sent", async (t) => {
    const { flow, heard, phase, answers, server } = await waiting(t);
    answers.decision = settlementOf("cancelled");
    const before = server.asked.filter(({ url }) => url.endsWith("decision")).length;
    flow.dispatch({ type: "keep" });
    await phase("done");
    assert.equal(heard.at(-1), "complete:retained");
    while (kept().length) await new Promise(setImmediate);
    assert.equal(server.asked.filter(({ url }) => url.endsWith("decision")).length, before);
  });

  it("of an earlier visit is shown as waiting to who opens the same subscription, and looked up when it has gone", async (t) => {
    const answers: Answers = { flow: lasting, decision: 503 };
    const { flow, heard, phase, server } = await open(t, answers);
    const at = Date.now();
    const run = "run_earlier";
    pageCourier().shelf.put({
      apiUrl: server.url,
      session: "ses_0",
      subscription: subscription.id,
      token: "dlv_0",
      run,
      at,
      decidedAt: at,
      events: [{ id: "event_earlier", run, seq: 0, at, type: "confirm" }],
    });
    flow.dispatch({ type: "open" });
    await phase("queued");
    assert.deepEqual(heard, ["open"]);
    answers.decision = settlementOf("cancelled");
    answers.flow = { ...lasting, subscription: { ...subscription, cancelAt: subscription.periodEnd } };
    flow.dispatch({ type: "retry" });
    await phase("done");
    assert.equal(heard.at(-1), "complete:cancelled");
    assert.deepEqual(
      kept()
        .map((each) => each.run)
        .includes(run),
      false,
    );
  });
});

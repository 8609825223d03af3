/** A browser that asks for something else than it was offered: refused in the right words, and nothing has changed. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { asking, half, pause } from "../flows/fixtures.ts";
import { DAY, john, onEachStore, type World } from "../harness.ts";
import type { Visit } from "../visit.ts";

const smaller = { type: "plan_change", id: "smaller", plans: [{ priceId: "price_basic_monthly" }] };
const other = { ...half, id: "other", percentOff: 40 };
const flow = asking({ money: [half], more: [other], time: [pause], size: [smaller] });

onEachStore("Tampering", ({ open }) => {
  async function refuses(
    world: World,
    visit: Visit,
    request: object,
    code: string,
    param?: string,
  ): Promise<void> {
    const before = await world.billed(ids.monthly);
    const reply = await world.request("/v1/widget/decision", { token: visit.token, json: request });
    assert.ok(reply.status >= 400 && reply.status < 500, `${reply.status}`);
    assert.equal(reply.code, code, JSON.stringify(request).slice(-300));
    if (param !== undefined) assert.equal(reply.param, param);
    assert.deepEqual(await world.billed(ids.monthly), before);
    assert.deepEqual(await world.effects(), []);
    assert.equal((await world.flow(visit.token)).session.settlement, undefined);
  }

  async function accepting(reason = "money") {
    const world = await open();
    await world.publish(flow);
    const visit = await world.visit(john);
    visit.select(reason).next();
    if (reason === "time") visit.choose({ months: 1 });
    if (reason === "size") visit.choose({ priceId: "price_basic_monthly" });
    visit.act({ type: "accept" });
    const request = visit.decision();
    const { seen = assert.fail(), ...rest } = request;
    return { world, visit, request, seen, rest, terms: seen.terms as Record<string, unknown> };
  }

  it("other terms than those that were shown", async () => {
    const { world, visit, request, seen, rest, terms } = await accepting();
    const others = [
      { ...terms, percentOff: 90 },
      { ...terms, percentOff: "50" },
      { ...terms, discounted: 1 },
      { ...terms, duration: "forever" },
      { ...terms, months: 12 },
      {},
      null,
      [],
    ];
    for (const other of others)
      await refuses(world, visit, { ...rest, seen: { ...seen, terms: other } }, "offer_changed", "seen");
    for (const offer of ["other", "nothing", "pause"]) {
      await refuses(world, visit, { ...rest, seen: { ...seen, offer } }, "offer_changed", "seen");
    }
    await refuses(
      world,
      visit,
      { ...rest, seen: { ...seen, choice: { months: 3 } } },
      "offer_changed",
      "seen",
    );
    await refuses(world, visit, rest, "parameter_missing", "seen");
    await refuses(
      world,
      visit,
      { ...request, seen: { ...seen, percentOff: 90 } },
      "parameter_unknown",
      "seen/percentOff",
    );
  });

  it("lengths, dates and plans that were not offered", async () => {
    const cases: [string, object[]][] = [
      ["time", [{ months: 2 }, { months: 0 }, { months: 12 }, { months: 1, until: 1 }, { until: 1 }, {}]],
      ["size", [{ priceId: "price_team_monthly" }, { priceId: "price_basic_monthly", months: 1 }, {}]],
    ];
    for (const [reason, choices] of cases) {
      for (const choice of choices) {
        const { world, visit, request, seen } = await accepting(reason);
        const events = request.events.map((event) =>
          event.type === "choose" ? { ...event, choice } : event,
        );
        await refuses(
          world,
          visit,
          { ...request, events, seen: { ...seen, choice } },
          "decision_not_possible",
        );
      }
    }
  });

  it("a date one day before the first and one after the last", async () => {
    for (const step of [-1, 1]) {
      const { world, visit, request, seen, terms } = await accepting("time");
      const dates = terms.dates as { min: number; max: number };
      const choice = { until: step < 0 ? dates.min - 1 : dates.max + DAY };
      const events = request.events.map((event) => (event.type === "choose" ? { ...event, choice } : event));
      await refuses(world, visit, { ...request, events, seen: { ...seen, choice } }, "decision_not_possible");
    }
  });

  it("fields that no event, choice or request has", async () => {
    const { world, visit, request } = await accepting("time");
    const [first, ...rest] = request.events;
    const changed = (change: (event: Record<string, unknown>) => object) =>
      request.events.map((event) => (event.type === "choose" ? change(event) : event));
    await refuses(world, visit, { ...request, percentOff: 90 }, "parameter_unknown", "percentOff");
    await refuses(
      world,
      visit,
      { ...request, events: [{ ...first, offer: "x" }, ...rest] },
      "parameter_unknown",
      "events/0/offer",
    );
    const choice = { months: 1, percentOff: 90 };
    const odd = changed((event) => ({ ...event, choice }));
    await refuses(
      world,
      visit,
      { ...request, events: odd },
      "parameter_unknown",
      "events/3/choice/percentOff",
    );
    const wrong = changed((event) => ({ ...event, type: "steal" }));
    await refuses(world, visit, { ...request, events: wrong }, "parameter_invalid", "events/3/type");
  });

  it("an offer that this customer never came to", async () => {
    const { world, visit, request } = await accepting();
    const without = request.events.filter((event) => event.type !== "next");
    const events = without.map((event, seq) => ({ ...event, seq }));
    await refuses(world, visit, { ...request, events }, "decision_not_possible");
  });

  it("another flow's offer", async () => {
    const { world, request } = await accepting();
    await world.publish(asking({ else: [{ ...half, percentOff: 90 }] }));
    const rich = await world.visit(john);
    rich.select("else").next().act({ type: "accept" });
    const { seen } = rich.decision();
    await refuses(world, rich, { ...request, session: rich.session, seen }, "decision_not_possible");
  });

  it("a decision about two runs at once", async () => {
    const { world, visit, request } = await accepting();
    const events = request.events.map((event, index) => (index ? event : { ...event, run: "another-run" }));
    await refuses(world, visit, { ...request, events }, "parameter_invalid", "events");
  });

  it("an event under another one's id is the first one", async () => {
    const { world, visit, request } = await accepting();
    const last = request.events.at(-1) ?? assert.fail();
    const early = { ...last, id: request.events[0]?.id };
    assert.equal((await visit.send()).status, 200);
    await refuses(world, visit, { ...request, events: [early] }, "decision_not_possible");
  });

  it("another event in a place that is taken", async () => {
    const { world, visit, request } = await accepting();
    assert.equal((await visit.send()).status, 200);
    const last = { ...request.events.at(-1), id: "another-event" };
    await refuses(
      world,
      visit,
      { ...request, events: [...request.events.slice(0, -1), last] },
      "event_conflict",
    );
  });
});

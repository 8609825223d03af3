/** Who is offered what: conditions, first of a list, once, cooldown, no stacking. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { asking, half, offering, pause } from "../flows/fixtures.ts";
import { DAY, john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";

const contact = (id: string, more: object = {}) => ({ type: "contact", id, url: "tel:+1", ...more });

onEachStore("Eligibility", ({ open }) => {
  async function offered(world: World, customer: string): Promise<string | undefined> {
    const { flow } = await world.flow(await world.mint(customer));
    const [step] = flow.steps;
    return step?.type === "offer" ? step.offer.id : undefined;
  }

  it("the first of a list whose conditions hold, each reason by its own list", async () => {
    const world = await open();
    await world.publish(
      asking({
        price: [
          contact("team", { when: { field: "plan.id", is: "prod_team" } }),
          contact("rest"),
          contact("last"),
        ],
        none: [contact("nobody", { when: { field: "plan.id", is: "prod_nothing" } })],
      }),
    );
    const offers = async (customer: string) => {
      const step = (await world.flow(await world.mint(customer))).flow.steps[0];
      return step?.type === "survey" && step.reasons.map(({ offer }) => offer?.id);
    };
    assert.deepEqual(await offers("cus_zoe"), ["team", undefined]);
    assert.deepEqual(await offers(john), ["rest", undefined]);
  });

  it("an offer that makes no sense gives way to the next", async () => {
    const world = await open();
    await world.publish(offering(half, contact("talk")));
    assert.equal(await offered(world, john), "half");
    assert.equal(await offered(world, "cus_tom"), "talk");
  });

  it("a step of its own conditions is left out", async () => {
    const world = await open();
    const when = { field: "tenureDays", atLeast: 3000 };
    const flow = offering(contact("talk"));
    const losses = { type: "losses", id: "losses", items: ["Your projects"], when };
    await world.publish({ ...flow, steps: [losses, ...flow.steps] });
    const steps = async (customer: string) => (await world.flow(await world.mint(customer))).flow.steps;
    assert.deepEqual(
      (await steps("cus_eleanor")).map(({ id }) => id),
      ["losses", "offer", "confirm"],
    );
    assert.deepEqual(
      (await steps(john)).map(({ id }) => id),
      ["offer", "confirm"],
    );
    assert.ok(
      !JSON.stringify(await steps("cus_eleanor")).includes("tenureDays"),
      "conditions stay on the server",
    );
  });

  it("once per customer, whichever session, unless the offer says otherwise", async () => {
    for (const again of [false, true]) {
      const world = await open();
      await world.publish(offering(contact("talk", again ? { oncePerCustomer: false } : {})));
      settled(await (await world.visit(john)).accept());
      assert.equal(await offered(world, john), again ? "talk" : undefined);
      assert.equal(await offered(world, "cus_zoe"), "talk", "another customer");
    }
  });

  it("declining an offer leaves it open", async () => {
    const world = await open();
    await world.publish(offering(half));
    await (await world.visit(john)).decline().close();
    assert.equal(await offered(world, john), "half");
  });

  it("of two sessions that accept a once-only offer at the same time exactly one gets it", async () => {
    const world = await open();
    await world.publish(offering(contact("talk")));
    const visits = await Promise.all([1, 2, 3, 4].map(() => world.visit(john)));
    const replies = await Promise.all(visits.map((visit) => visit.accept()));
    const codes = replies.map(({ status, code }) => (status === 200 ? "ok" : code)).sort();
    assert.deepEqual(codes, ["offer_not_available", "offer_not_available", "offer_not_available", "ok"]);
    const facts = await world.facts();
    assert.equal(facts.filter((type) => type === "cancel.saved").length, 1);
  });

  it("of two sessions that accept different discounts at the same time exactly one gets it", async () => {
    const world = await open();
    await world.publish(asking({ one: [half], two: [{ ...half, id: "other", percentOff: 20 }] }));
    const [one, two] = await Promise.all([world.visit(john), world.visit(john)]);
    const replies = await Promise.all([one.select("one").next().accept(), two.select("two").next().accept()]);
    const codes = replies.map(({ code }) => code ?? "ok").sort();
    assert.ok(["offer_changed,ok", "offer_not_available,ok"].includes(codes.join()), codes.join());
    assert.equal((await world.effects()).length, 1);
    settled(await (await world.visit(john)).cancel());
    assert.ok((await world.billed(ids.monthly)).cancelAt, "whoever lost can still leave");
  });

  for (const ahead of [0, 400]) {
    it(`cooldown counts days by billing's clock, here ${ahead} days ahead of ours`, async () => {
      const world = await open();
      await world.publish(offering(contact("talk", { oncePerCustomer: false, cooldownDays: 90 })));
      await world.simulator.advance({ by: ahead * DAY });
      settled(await (await world.visit(john)).accept());
      assert.equal(await offered(world, john), undefined);
      await world.simulator.advance({ by: 90 * DAY - 1 });
      assert.equal(await offered(world, john), undefined);
      await world.simulator.advance({ by: 1 });
      assert.equal(await offered(world, john), "talk");
    });
  }

  it("cooldown looks at every offer that was taken, and is checked again when this one is", async () => {
    const world = await open();
    const cool = contact("cool", { cooldownDays: 30 });
    await world.publish(asking({ one: [contact("talk")], two: [cool] }));
    const [one, two] = await Promise.all([world.visit(john), world.visit(john)]);
    two.select("two").next();
    settled(await one.select("one").next().accept());
    assert.equal((await two.accept()).code, "offer_not_available");
  });

  it("a discount is not offered when the next charge changes anyway", async () => {
    const world = await open();
    const smaller = { type: "plan_change", id: "smaller", plans: [{ priceId: "price_basic_monthly" }] };
    await world.publish(asking({ one: [smaller], two: [half] }));
    const visit = await world.visit(john);
    settled(await visit.select("one").next().accept({ priceId: "price_basic_monthly" }));
    const [step] = (await world.flow(visit.token, "?restart=1")).flow.steps;
    assert.deepEqual(step?.type === "survey" && step.reasons.map(({ offer }) => offer?.id), [
      undefined,
      undefined,
    ]);
  });

  it("what a customer keeps back stays back: only attributes that texts name are sent", async () => {
    const world = await open();
    const flow = offering(
      contact("talk", { title: "{{attributes.company|You}}, wait", body: "{{attributes.team}}" }),
    );
    await world.publish(flow);
    assert.deepEqual((await world.flow(await world.mint(john))).attributes, {
      company: "Doe Motion",
      team: "Storyboards",
    });
    await world.publish(
      offering(contact("talk", { title: "{{attributes.company_name}} {{attributes.teams}}" })),
    );
    assert.deepEqual((await world.flow(await world.mint(john))).attributes, {});
  });

  it("pauses are offered again after they ended", async () => {
    const world = await open();
    await world.publish(offering({ ...pause, oncePerCustomer: false }));
    settled(await (await world.visit(john)).accept({ months: 1 }));
    assert.equal(await offered(world, john), undefined);
    await world.simulator.advance({ by: 32 * DAY });
    assert.equal(await offered(world, john), "pause");
  });
});

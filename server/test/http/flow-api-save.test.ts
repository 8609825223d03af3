/** Offers that are named instead of reached: each kind, only as the session's own flow has it, and once. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { gate } from "../billing/faulty.ts";
import { asking, offering } from "../flows/fixtures.ts";
import { DAY, john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { call, contact, discount, everything, refused, saved, start, succeeds, third } from "./flowing.ts";

const BASIC = "price_basic_monthly";

const discountOf = async (world: World) => (await world.billed(ids.monthly)).discount?.percentOff;
const statusOf = async (world: World) => (await world.billed(ids.monthly)).status;
const priceOf = async (world: World) => (await world.billed(ids.monthly)).price.id;
const nextOf = async (world: World) => (await world.billed(ids.monthly)).scheduledChange?.price.id;

onEachStore("Saving by the flow endpoints", ({ open }) => {
  async function begun(definition: object = everything): Promise<{ world: World; session_id: string }> {
    const world = await open();
    await world.publish(definition);
    return { world, session_id: await start(world) };
  }

  const kinds: [string, unknown, (world: World) => Promise<unknown>, unknown, number?][] = [
    ["discount", { percent: 30, duration_months: 3 }, discountOf, 30],
    ["discount", { percent: 50, duration_months: null, duration: "once" }, discountOf, 50],
    ["pause", { months: 3 }, statusOf, "paused"],
    ["downgrade", { price_id: BASIC }, nextOf, BASIC, 1900],
    ["plan_change", { price_id: BASIC }, nextOf, BASIC, 1900],
    ["annual_switch", { price_id: "price_pro_annual" }, priceOf, "price_pro_annual"],
    ["annual", { price_id: "price_pro_annual" }, priceOf, "price_pro_annual"],
  ];
  for (const [offer_accepted, offer_value, seen, expected, kept] of kinds) {
    it(`${offer_accepted} ${JSON.stringify(offer_value)} is carried out at billing, once`, async () => {
      const { world, session_id } = await begun();
      const body = { session_id, offer_accepted, offer_value };
      const first = await call(world, "save", body);
      assert.equal(first.status, 200, first.text);
      assert.equal(await seen(world), expected);
      const [row] = await world.ledger();
      assert.deepEqual(first.body, {
        success: true,
        stripe: { success: true },
        saved_mrr_cents: row?.savedMrr,
      });
      if (kept !== undefined) assert.equal(row?.savedMrr, kept);
      world.pass(DAY);
      await succeeds(call(world, "save", body), first.body);
      assert.equal((await world.effects()).length, 1);
      assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
    });
  }

  it("a pause until a day of the customer's choice, within what was offered", async () => {
    const { world, session_id } = await begun();
    const reply = await call(world, "start", { subscription_id: ids.monthly, customer_id: john });
    const steps = Object(reply.body.flow).steps as {
      id: string;
      offer: { until: { min: string; max: string } };
    }[];
    const { min, max } = steps.find(({ id }) => id === "why/no_time")?.offer.until ?? assert.fail();
    const until = (at: number) => ({ until: new Date(at).toISOString() });
    const save = (offer_value: object) =>
      call(world, "save", { session_id, offer_accepted: "pause", offer_value });
    for (const value of [until(Date.parse(min) - 1), until(Date.parse(max) + 1), { until: min.slice(0, 10) }])
      await refused(save(value), 400, "offer_unknown");
    await succeeds(save(until(Date.parse(max))), saved);
    assert.equal((await world.billed(ids.monthly)).pausedUntil, Date.parse(max));
  });

  it("an offer that billing has no part in is recorded, and left to the business", async () => {
    const { world, session_id } = await begun();
    const body = { session_id, offer_accepted: "contact", offer_value: { url: contact.url } };
    const skipped = { success: true, stripe: { success: false, skipped: true }, saved_mrr_cents: 4900 };
    await succeeds(call(world, "save", body), skipped);
    await succeeds(call(world, "save", body), skipped);
    assert.deepEqual(await world.effects(), []);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
  });

  it("refuses what the flow does not have, to the letter", async () => {
    const { world, session_id } = await begun();
    const value = discount.offer_value;
    const tampered: [string, unknown][] = [
      ["discount", { ...value, percent: 90 }],
      ["discount", { ...value, percent: "30" }],
      ["discount", { ...value, duration_months: 12 }],
      ["discount", { percent: 30 }],
      ["discount", {}],
      ["discount", { ...value, amount_cents: 1 }],
      ["discount", JSON.parse('{"percent":30,"duration_months":3,"__proto__":{"percent":90}}')],
      ["discount", JSON.parse('{"__proto__":{"percent":30,"duration_months":3}}')],
      ["pause", { months: 2 }],
      ["pause", { months: 1, until: "2027-08-01T00:00:00.000Z" }],
      ["pause", value],
      ["downgrade", { price_id: "price_pro_annual" }],
      ["downgrade", { price_id: "constructor" }],
      ["trial_extension", { days: 14 }],
      ["constructor", {}],
      ["__proto__", {}],
    ];
    for (const [offer_accepted, offer_value] of tampered) {
      const reply = call(world, "save", { session_id, offer_accepted, offer_value });
      await refused(reply, 400, "offer_unknown");
    }
    for (const offer_value of [null, [], "x", 30])
      await refused(
        call(world, "save", { session_id, offer_accepted: "discount", offer_value }),
        400,
        "parameter_invalid",
      );
    const missing = await refused(
      call(world, "save", { session_id, offer_accepted: "discount" }),
      400,
      "parameter_missing",
    );
    assert.equal(missing.param, "offer_value");
    assert.deepEqual([await world.effects(), await world.facts()], [[], ["cancel.started"]]);
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
  });

  it("keeps to the version of the flow that the session runs", async () => {
    const { world, session_id } = await begun();
    await world.publish(asking({ else: [{ ...third, id: "more", percentOff: 90 }] }));
    const offer_value = { percent: 90, duration_months: 3 };
    await refused(
      call(world, "save", { session_id, offer_accepted: "discount", offer_value }),
      400,
      "offer_unknown",
    );
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
  });

  it("another offer, or leaving, after the first is too late", async () => {
    const { world, session_id } = await begun();
    await succeeds(call(world, "save", { session_id, ...discount }), saved);
    const others = [
      { offer_accepted: "pause", offer_value: { months: 1 } },
      { ...discount, offer_value: { percent: 90, duration_months: 3 } },
    ];
    for (const other of others)
      await refused(call(world, "save", { session_id, ...other }), 409, "session_completed");
    await refused(call(world, "cancel", { session_id }), 409, "session_completed");
    assert.equal((await world.effects()).length, 1);
  });

  it("what was taken once, or too recently, is not there again", async () => {
    const { world, session_id } = await begun(offering(third));
    // Two visits that were both shown the offer: a widget takes it first.
    const visit = await world.visit(john);
    settled(await visit.accept());
    const late = await call(world, "save", { session_id, ...discount });
    assert.deepEqual(
      [late.status, ["offer_changed", "offer_not_available"].includes(late.code ?? "")],
      [409, true],
    );
    assert.equal((await world.effects()).length, 1);
    await world.publish(everything);
    const again = await start(world);
    await refused(call(world, "save", { session_id: again, ...discount }), 400, "offer_unknown");
  });

  it("what the customer has taken elsewhere meanwhile is not taken twice", async () => {
    const world = await open();
    await world.publish(offering({ ...contact, id: "talk" }));
    const session_id = await start(world);
    settled(await (await world.visit(john)).accept());
    world.pass(1);
    const body = { session_id, offer_accepted: "contact", offer_value: { url: contact.url } };
    await refused(call(world, "save", body), 409, "offer_not_available");
  });

  it("twenty at once are one", async () => {
    const { world, session_id } = await begun();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => call(world, "save", { session_id, ...discount })),
    );
    for (const { status, body } of replies) assert.deepEqual([status, body], [200, saved]);
    assert.equal((await world.effects()).length, 1);
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.saved"]);
  });

  for (const cancelAtBilling of ["record", "period_end"] as const) {
    it(`of an offer and a cancellation at once one wins: ${cancelAtBilling}`, async () => {
      for (const first of ["save", "cancel"]) {
        const world = await open({ cancelAtBilling });
        await world.publish(everything);
        const session_id = await start(world);
        const hangs = gate();
        // Both have read billing before either has decided anything.
        world.billing.plan = { subscription: { when: "after", hangs } };
        const asks = {
          save: () => call(world, "save", { session_id, ...discount }),
          cancel: () => call(world, "cancel", { session_id }),
        };
        const order = first === "save" ? [asks.save, asks.cancel] : [asks.cancel, asks.save];
        const asked = order.map((ask) => ask());
        await hangs.reached;
        hangs.open();
        const replies = await Promise.all(asked);
        const statuses = replies.map(({ status }) => status).sort();
        assert.deepEqual(statuses, [200, 409], JSON.stringify(replies.map(({ text }) => text)));
        assert.equal(replies.find(({ status }) => status === 409)?.code, "session_completed");
        const [row, ...others] = await world.ledger();
        const isSaved = row?.outcome === "retained";
        assert.deepEqual(others, []);
        const effects = (await world.effects()).map(({ type }) => type);
        const left = cancelAtBilling === "record" ? [] : ["cancel"];
        assert.deepEqual(effects, isSaved ? ["discount"] : left);
        assert.deepEqual(await world.facts(), [
          "cancel.started",
          isSaved ? "cancel.saved" : "cancel.canceled",
        ]);
      }
    });
  }
});

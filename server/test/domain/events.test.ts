/** What integrators hear of: each event is as it is documented, with nothing besides. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { EVENT_TYPES, type EventType } from "../../src/contract/event-types.ts";
import { EVENT_DATA, type EventData, envelopeOf } from "../../src/contract/events.ts";
import { bodyOf } from "../../src/domain/webhook-deliveries.ts";
import type { EventRow } from "../../src/store/store.ts";
import { asking, offering } from "../flows/fixtures.ts";
import { alone, john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { settings } from "./cancel-linking.ts";
import { type Story, stories } from "./event-stories.ts";

const NOW_TEXT = "2027-05-14T09:41:00.000Z";
const told = (world: World) => world.deps.store.events(world.scope, { limit: 99 });

/** The data of the last event of this type. */
async function last<Type extends EventType>(world: World, type: Type): Promise<EventData<Type>> {
  const event = (await told(world)).findLast((each) => each.type === type) ?? assert.fail(type);
  return event.data as EventData<Type>;
}

/** As it goes out, with every key and no other, on every level. */
function isAsDocumented(event: EventRow): void {
  const { type, sessionId, data } = event;
  const sent = JSON.parse(bodyOf(event));
  const { success, error, data: known } = envelopeOf(type as EventType).safeParse(sent);
  assert.ok(success, `${type}: ${error}`);
  assert.deepEqual(sent, known, `${type} carries nothing else`);
  if (type.startsWith("cancel.")) assert.equal(Object(data).session_id, sessionId);
}

describe("Events", () => {
  it("of every type are told in one of these stories", () => {
    // Nothing that happens: somebody asks for it.
    const told = ["webhook.test", ...stories.flatMap(([, types]) => types)];
    assert.deepEqual([...new Set(told)].sort(), [...EVENT_TYPES].sort());
  });

  it("have types that webhooks can carry, and data each", () => {
    for (const type of EVENT_TYPES) assert.match(type, /^[a-z_]+\.[a-z_]+$/);
    assert.deepEqual(Object.keys(EVENT_DATA), [...EVENT_TYPES]);
  });
});

onEachStore("What integrators hear", ({ home, open }) => {
  async function isTold(world: World, [, types, happens]: Story): Promise<void> {
    await happens(world);
    const events = await told(world);
    assert.deepEqual(
      events.map(({ type }) => type),
      types,
    );
    for (const event of events) isAsDocumented(event);
  }

  for (const story of stories) {
    const [name, , , where] = story;
    it(`when ${name}`, async () => {
      if (where !== "alone") return isTold(await open({ settings }), story);
      await using world = await alone(home, { settings });
      return await isTold(world, story);
    });
  }

  const third = { type: "discount", id: "third", percentOff: 30, duration: "repeating", months: 3 };

  it("of a discount is what Retainly documents", async () => {
    const world = await open();
    await world.publish(asking({ too_expensive: [third] }));
    const visit = (await world.visit(john)).select("too_expensive").next();
    settled(await visit.accept());
    assert.deepEqual(await last(world, "cancel.saved"), {
      session_id: visit.session,
      customer_id: john,
      subscription_id: ids.monthly,
      email: "john.doe@example.com",
      plan: "Pro",
      mrr_cents: 4900,
      currency: "usd",
      cancel_reason: "too_expensive",
      reason_text: null,
      offer: "discount",
      offer_value: { percent: 30, duration_months: 3 },
      saved_mrr_cents: 4900,
      lost_mrr_cents: 0,
    });
  });

  it("of a cheaper plan is what that keeps, and what it loses", async () => {
    const world = await open();
    const priceId = "price_basic_monthly";
    await world.publish(offering({ type: "plan_change", id: "less", plans: [{ priceId }] }));
    settled(await (await world.visit(john)).accept({ priceId }));
    const { offer, offer_value, saved_mrr_cents, lost_mrr_cents } = await last(world, "cancel.saved");
    assert.deepEqual([offer, offer_value], ["downgrade", { price_id: priceId }]);
    assert.deepEqual([saved_mrr_cents, lost_mrr_cents], [1900, 3000]);
  });

  it("of staying without an offer is that there was none", async () => {
    const world = await open();
    await world.publish(asking({ too_expensive: [third] }));
    await (await world.visit(john)).select("too_expensive").next().keep();
    const { offer, offer_value, saved_mrr_cents, cancel_reason } = await last(world, "cancel.saved");
    assert.deepEqual(
      [offer, offer_value, saved_mrr_cents, cancel_reason],
      [null, null, 4900, "too_expensive"],
    );
  });

  it("of leaving is until when, and what is lost", async () => {
    const world = await open();
    settled(await (await world.visit(john)).cancel());
    const { requested_at, effective_at, lost_mrr_cents } = await last(world, "cancel.canceled");
    const cancelAt = (await world.billed(ids.monthly)).cancelAt ?? 0;
    assert.deepEqual(
      [requested_at, effective_at, lost_mrr_cents],
      [NOW_TEXT, new Date(cancelAt).toISOString(), 4900],
    );
  });

  it("of what was requested is what it would have been, also once it is refused", async () => {
    const [, , refused] = stories.find(([, types]) => types.includes("cancel.request_failed")) ?? [];
    const [, , done] = stories.find(([, [, , third]]) => third === "cancel.saved") ?? [];
    await using world = await alone(home);
    await refused?.(world);
    const requested = await last(world, "cancel.requested");
    assert.deepEqual([requested.outcome, requested.requested_at], ["canceled", NOW_TEXT]);
    assert.equal((await last(world, "cancel.request_failed")).outcome, "canceled");
    await using other = await alone(home);
    await done?.(other);
    const { outcome, offer, offer_value, requested_at } = await last(other, "cancel.requested");
    assert.deepEqual(
      [outcome, offer, offer_value, requested_at],
      ["saved", "discount", { percent: 50, duration_months: null, duration: "once" }, null],
    );
  });

  it("of what nobody knows is null", async () => {
    const [, , happens] = stories.find(([name]) => name.includes("nothing is known")) ?? [];
    await using world = await alone(home, { settings });
    await happens?.(world);
    const { customer_id, subscription_id, email, mrr_cents, lost_mrr_cents, effective_at } = await last(
      world,
      "cancel.canceled",
    );
    assert.equal(customer_id, "user_123");
    assert.deepEqual(
      [subscription_id, email, mrr_cents, lost_mrr_cents, effective_at],
      [null, null, null, null, null],
    );
  });

  it("of an end at billing is what was said there, and whether anybody wanted it", async () => {
    const [, , happens] = stories.find(([, types]) => types.includes("subscription.ended")) ?? [];
    await using world = await alone(home);
    await happens?.(world);
    const { cancel_reason, reason_text, involuntary } = await last(world, "subscription.ending");
    assert.deepEqual([cancel_reason, reason_text, involuntary], ["too_expensive", "Too much", false]);
    assert.equal((await last(world, "subscription.ending_undone")).saved_mrr_cents, 4900);
    const ended = await last(world, "subscription.ended");
    assert.deepEqual(
      [ended.cancel_reason, ended.involuntary, ended.lost_mrr_cents],
      ["involuntary", true, 4900],
    );
  });
});

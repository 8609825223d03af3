/** What the books say of flows behind links, and what a link's session does not open. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { hubRoutes } from "../../src/routes/hub.ts";
import { followed, goBack, makeLink, result, settings } from "../domain/cancel-linking.ts";
import { DAY, john, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { least, read, report, update } from "./cancelling.ts";

const row = async (world: World) => (await world.ledger())[0] ?? assert.fail("nothing in the ledger");

onEachStore("The ledger of links", ({ open }) => {
  it("names no subscription where the business bills by itself, and holds what it has said", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { metadata: { cohort: "b", seats: 3, note: null } });
    settled(await (await followed(world, link)).cancel());
    const { customerId, subscriptionId, tenureDays, metadata } = await row(world);
    assert.deepEqual([customerId, subscriptionId, tenureDays], ["user_123", undefined, 400]);
    assert.deepEqual(metadata, { cohort: "b", seats: 3, note: null });
    const events = await world.deps.store.events(world.scope, { limit: 10 });
    const told = events.filter(({ type }) => type.startsWith("cancel."));
    assert.equal(told.length, 2);
    for (const { data } of told) assert.equal((data as Record<string, unknown>).subscription_id, null);
  });

  it("can be told later how it really ended, by the link's id", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    settled(await (await followed(world, link)).cancel());
    assert.equal((await read(world, link.id)).status, 404, "not before the business has got the result");
    await result(world, link, "cancelled");
    const before = await read(world, link.id);
    assert.deepEqual([before.status, before.body.outcome, before.body.userId], [200, "churned", "user_123"]);
    const told = await update(world, link.id, { outcome: "recovered", metadata: { by: "success" } });
    assert.deepEqual([told.status, told.body.outcome], [200, "recovered"]);
    const history = (await read(world, link.id)).body.history as { outcome: string }[];
    assert.deepEqual(
      history.map(({ outcome }) => outcome),
      ["churned", "recovered"],
    );
    assert.equal((await world.ledger()).length, 1);
    assert.equal((await row(world)).outcome, "retained");
    assert.equal((await report(world, { ...least, eventId: link.id })).status, 200, "there is no second one");
  });

  it("leaves an event alone that a business has reported under the link's id, and lets nobody report another", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    settled(await (await followed(world, link)).cancel());
    const refused = await report(world, { ...least, eventId: link.id });
    assert.deepEqual([refused.code, refused.param], ["hosted_session_not_allowed", "eventId"]);
    // Written before that was refused.
    const own = { ...(await row(world)), id: "can_before", source: "api" as const, eventId: link.id };
    const { sessionId: _, ...reported } = own;
    await world.deps.store.putLedger(reported);
    assert.equal((await result(world, link, "cancelled")).outcome, "churned");
    assert.equal((await world.deps.store.ledgerOfEvent(world.scope, link.id))?.id, "can_before");
  });

  it("takes the business's later word for one that was taken back at billing", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { customerId: john });
    settled(await (await followed(world, link)).cancel());
    await result(world, link, "cancelled");
    await world.simulator.execute({ type: "undo_cancellation", subscriptionId: ids.monthly }, "undo");
    await world.visit(john);
    assert.equal((await read(world, link.id)).body.outcome, "recovered");
    const told = await update(world, link.id, { outcome: "churned" });
    assert.deepEqual([told.status, told.body.outcome], [200, "churned"]);
    assert.equal((await row(world)).undoneAt, undefined);
  });

  it("says nothing of what nobody has said", async () => {
    const world = await open({ settings });
    await (await followed(world, await makeLink(world, { context: undefined }))).close();
    const { tenureDays, metadata } = await row(world);
    assert.deepEqual([tenureDays, metadata], [undefined, undefined]);
  });

  it("says of a link that is carried out at billing what billing knows", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { customerId: john, metadata: { cohort: "b" } });
    settled(await (await followed(world, link)).cancel());
    const days = Math.floor((world.clock.now - (await world.billed(ids.monthly)).startedAt) / DAY);
    assert.ok(days > 0);
    const { subscriptionId, tenureDays, metadata } = await row(world);
    assert.deepEqual([subscriptionId, tenureDays, metadata], [ids.monthly, days, { cohort: "b" }]);
  });

  it("says of other flows for how long somebody has been a customer", async () => {
    const world = await open();
    const visit = await world.visit(john);
    await visit.select("other").send();
    const { tenureDays, metadata } = await row(world);
    const { startedAt } = visit.config.subscription;
    assert.deepEqual([tenureDays, metadata], [Math.floor((visit.config.now - startedAt) / DAY), undefined]);
  });

  it("names an offer as it was called, and only if it was", async () => {
    const world = await open();
    const deal = (id: string, title?: string) => ({
      type: "offer",
      id: `step-${id}`,
      offers: [{ type: "contact", id, url: "https://shop.example/call", ...(title ? { title } : {}) }],
    });
    await world.publish({
      name: "Offers",
      steps: [
        deal("named", "Talk to us"),
        deal("plain"),
        { type: "confirm", id: "confirm", effective: "period_end" },
      ],
    });
    const visit = await world.visit(john);
    const shown = async () => {
      const { offerId, offerLabel } = await row(world);
      return [offerId, offerLabel];
    };
    await visit.decline().back().send();
    assert.deepEqual(await shown(), ["named", "Talk to us"]);
    await visit.decline().send();
    assert.deepEqual(await shown(), ["plain", undefined]);
    visit.back();
    settled(await visit.accept());
    assert.deepEqual(await shown(), ["named", "Talk to us"]);
  });

  it("has no row of a flow that nobody has seen, and the diagnostics say what the result says", async () => {
    const world = await open({ settings });
    const [unopened, unseen] = [await makeLink(world), await makeLink(world)];
    await followed(world, unseen);
    for (const link of [unopened, unseen]) {
      assert.equal((await goBack(world, link, "abandoned")).status, 202);
      assert.equal((await result(world, link, "abandoned", { final: true })).outcome, "abandoned");
      const { body } = await world.request(`/api/v1/cancel-sessions/${link.id}`, { key: world.key });
      assert.deepEqual([body.outcome, body.status], ["abandoned", "completed"]);
    }
    assert.deepEqual(await world.ledger(), []);
    assert.deepEqual(await world.facts(), []);
  });
});

const change = { subscription: ids.monthly, change: { type: "resume" } };

/** What each route of a hub takes. */
const SAMPLES: Readonly<Record<string, object>> = {
  preview_change: change,
  make_change: { ...change, id: "change_00000001", seen: {} },
  open_payment_page: { subscription: ids.monthly, returnUrl: "https://shop.example/" },
  save_billing_details: { name: "John", address: {} },
  dismiss_offer: { offer: "spring" },
};

onEachStore("The session of a link", ({ open }) => {
  it("opens no hub", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { customerId: john });
    const { token } = await followed(world, link);
    const ordinary = await world.mint(john, ids.monthly);
    for (const { method, path, operationId, body } of hubRoutes) {
      const json = SAMPLES[operationId];
      assert.ok(json || !body, `${operationId} has a sample`);
      const asked = {
        method: method.toUpperCase(),
        origin: "https://shop.example",
        ...(json ? { json } : {}),
      };
      const ask = (as: string) => world.request(path, { ...asked, token: as });
      const allowed = await ask(ordinary);
      assert.ok(![400, 401].includes(allowed.status), `${path}: ${allowed.text}`);
      const { status, code } = await ask(token);
      assert.deepEqual([status, code], [401, "session_invalid"], path);
    }
    assert.ok(hubRoutes.length > 6);
  });
});

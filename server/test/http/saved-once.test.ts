/** What one subscription's saves are worth together, however often its customer comes and goes. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { parse } from "csv-parse/sync";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { changed, make } from "../domain/changing.ts";
import { half, offering } from "../flows/fixtures.ts";
import { DAY, john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { call, contact, everything, start, succeeds } from "./flowing.ts";

const talk = { offer_accepted: "contact", offer_value: { url: contact.url } };
const MONTHLY = 4900;

/** As dashboards, files and endpoints of the business have it: they must agree. */
async function figures(world: World): Promise<{ saves: number; saved: number; lost: number }> {
  const { body } = await world.request("/api/v1/analytics", { key: world.key });
  const { saves, mrr_saved_cents: saved, mrr_lost_cents: lost } = body as Record<string, number>;
  const { text } = await world.request("/api/exports/saves", { key: world.key });
  const listed: Record<string, string>[] = parse(text, { columns: true });
  const inFile = listed.reduce((sum, { mrr_impact_usd: amount }) => sum + 100 * Number(amount), 0);
  const events = await world.deps.store.events(world.scope, { limit: 99 });
  const told = events.reduce((sum, { data }) => sum + (Object(data).saved_mrr_cents ?? 0), 0);
  assert.deepEqual([listed.length, inFile, told], [saves, saved, saved]);
  return { saves: saves as number, saved: saved as number, lost: lost as number };
}

onEachStore("A subscription", ({ open }) => {
  const world = () => open({ settings: { currency: "usd" } });

  it("that is cancelled and kept again and again, in two visits each time, is saved for what it is worth", async () => {
    const shop = await world();
    await shop.publish(everything);
    for (let times = 0; times < 3; times++) {
      const left = await start(shop, {}, await shop.mint(john));
      await succeeds(call(shop, "cancel", { session_id: left, reason: "broken" }));
      shop.pass(MINUTE);
      await (await shop.visit(john)).keep();
      shop.pass(MINUTE);
      const row = await shop.deps.store.ledgerOfSession(left);
      assert.deepEqual(
        [row?.outcome, row?.savedMrr, row?.lostMrr, row?.effectiveAt],
        ["abandoned", undefined, undefined, undefined],
      );
      assert.ok((await shop.deps.store.session(left))?.undoneAt);
    }
    assert.deepEqual(await figures(shop), { saves: 3, saved: MONTHLY, lost: 0 });
    assert.equal(await shop.deps.store.rebuildFigures(), 0);
  });

  it("is saved by the visit that takes an offer after a cancellation, if it was not saved before", async () => {
    for (const [before, worth] of [
      [false, MONTHLY],
      [true, 0],
    ]) {
      const shop = await world();
      await shop.publish(everything);
      if (before) await (await shop.visit(john)).keep();
      await succeeds(call(shop, "cancel", { session_id: await start(shop), reason: "broken" }));
      shop.pass(MINUTE);
      const { body } = await call(shop, "save", { session_id: await start(shop), ...talk });
      assert.deepEqual([body.success, body.saved_mrr_cents], [true, worth]);
      assert.deepEqual(await figures(shop), { saves: before ? 2 : 1, saved: MONTHLY, lost: 0 });
    }
  });

  it("that is taken back in the hub, kept, and taken back once more is worth it once in a period", async () => {
    const shop = await world();
    const takeBack = async () => {
      shop.pass(MINUTE);
      return changed(await make(shop, await shop.mint(john), ids.monthly, { type: "undo_cancellation" }));
    };
    settled(await (await shop.visit(john)).cancel());
    await takeBack();
    shop.pass(MINUTE);
    await (await shop.visit(john)).keep();
    assert.deepEqual(await figures(shop), { saves: 2, saved: MONTHLY, lost: 0 });
    settled(await (await shop.visit(john)).cancel());
    assert.deepEqual(await figures(shop), { saves: 2, saved: MONTHLY, lost: MONTHLY });
    await takeBack();
    assert.deepEqual(await figures(shop), { saves: 3, saved: MONTHLY, lost: 0 });
  });

  it("is worth it again once another period has begun, and not a millisecond before", async () => {
    const shop = await world();
    const { periodEnd } = await shop.billed(ids.monthly);
    await (await shop.visit(john)).keep();
    shop.clock.now = periodEnd - 1;
    await (await shop.visit(john)).keep();
    assert.deepEqual(await figures(shop), { saves: 2, saved: MONTHLY, lost: 0 });
    shop.clock.now = periodEnd + DAY / 2;
    await (await shop.visit(john)).keep();
    assert.deepEqual(await figures(shop), { saves: 3, saved: 2 * MONTHLY, lost: 0 });
  });

  it("is saved once by two pages at once", async () => {
    const shop = await world();
    await shop.publish(offering(half));
    const visits = [await shop.visit(john), await shop.visit(john)];
    await Promise.all(visits.map((visit) => visit.keep()));
    assert.deepEqual(await figures(shop), { saves: 2, saved: MONTHLY, lost: 0 });
  });
});

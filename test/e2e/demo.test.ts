import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createWorld, type Visitor, type World } from "./harness.ts";

/** What `npm start` shows, as somebody who evaluates the product uses it. */
describe("the demo", () => {
  let world: World;
  let visitor: Visitor;
  before(async () => {
    world = await createWorld();
    // Any page opens the browser; the demo itself is served by the server under its strict policy.
    visitor = await world.visit({ customer: "cus_NffrFeUfNV2Hib" });
    await visitor.page.setViewportSize({ width: 1440, height: 1000 });
  });
  after(() => world.close());

  it("shows at least eight customers, each with a live tag unless nothing is left to cancel", async () => {
    const { page } = visitor;
    await page.goto(world.url);
    const names = page.getByRole("navigation", { name: "Demo customers" }).getByRole("link");
    await names.first().waitFor();
    const addresses = await names.evaluateAll((links) =>
      links.map((link) => (link as HTMLAnchorElement).href),
    );
    assert.ok(addresses.length >= 8, `${addresses.length} customers`);
    const { customers } = await world.state();
    for (const address of addresses) {
      await page.goto(address);
      await page.locator('main[aria-busy="false"]').waitFor();
      const id = new URL(address).searchParams.get("customer");
      const owned = customers.find((each) => each.id === id)?.subscriptions ?? [];
      const leavable = owned.filter(
        ({ status, cancelAt }) => status !== "cancelled" && cancelAt === undefined,
      );
      assert.equal(
        await page.locator("renumerate-cancel-button:defined").count(),
        leavable.length,
        String(id),
      );
    }
  });

  it("lets a customer cancel and shows it in shop, ledger and events", async () => {
    const { page, faults } = visitor;
    await page.goto(`${world.url}/?customer=cus_NffrFeUfNV2Hib`);
    await page.locator("main").getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByRole("dialog").getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    await page.keyboard.press("Escape");
    await page
      .locator("main")
      .getByText(/cancel(s|led|ling)|ends/i)
      .first()
      .waitFor();
    const panel = page.locator("#panel");
    await panel
      .locator("#ledger")
      .getByText(/cancelled/i)
      .first()
      .waitFor();
    await panel
      .locator("#events")
      .getByText(/cancel\.canceled/)
      .first()
      .waitFor();
    await panel
      .locator("#dom")
      .getByText(/renumerate-complete/)
      .first()
      .waitFor();
    assert.deepEqual(faults, [], "nothing violates the page's own policy");
  });

  it("moves the clock: the cancelled subscription ends", async () => {
    const { page } = visitor;
    const before = (await world.state()).now;
    const moved = page.waitForResponse("**/demo/api/clock");
    await page.getByRole("button", { name: "+1 month" }).click();
    await moved;
    assert.ok((await world.state()).now - before > 27 * 86_400_000);
    assert.equal((await world.subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs")).status, "cancelled");
  });

  it("keeps everything over a restart", async () => {
    const { now, ledger, events } = await world.state();
    await world.restart("SIGTERM");
    const after = await world.state();
    assert.deepEqual(after.ledger, ledger);
    // Billing goes on: what it had not told yet comes in addition.
    const known = new Set(events.map(({ id }) => id));
    assert.deepEqual(
      after.events.filter(({ id }) => known.has(id)),
      events,
    );
    assert.ok(after.now >= now);
    assert.equal((await world.subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs")).status, "cancelled");
  });
});

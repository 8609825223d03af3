import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { createWorld, type Visitor, type World } from "./harness.ts";
import { button, confirm, day, ids, john, plainFlow, previewed, told, visitHub } from "./hub-page.ts";

const TAG = "renumerate-subscription-hub";

/** What is shown stays true while it is looked at, and what fails is said where it fails. */
describe("a hub that is looked at", () => {
  let world: World;
  let visitor: Visitor;
  before(async () => {
    world = await createWorld();
    await world.publish(plainFlow);
  });
  after(() => world.close());
  afterEach(async () => {
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  const article = (page: Page, plan: string | RegExp) => page.getByRole("article", { name: plan });

  /** What has the focus within the hub, and where that is in the window. */
  const place = (page: Page) =>
    page
      .locator(TAG)
      .first()
      .evaluate((hub) => {
        const focused = hub.shadowRoot?.activeElement as HTMLElement | null;
        return [focused?.id || focused?.className, Math.round(focused?.getBoundingClientRect().top ?? 0)];
      });

  /** The customer looks at something else, and comes back. */
  async function turnAway(page: Page, isHidden: boolean): Promise<void> {
    await page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  }

  it("shows what was changed in another hub of the page and in another tab; focus and scrolling stay", async () => {
    visitor = await world.visit({
      customer: john,
      tag: "subscription-hub",
      html: `<renumerate-subscription-hub id="twin" session-url="/session?customer=${john}"></renumerate-subscription-hub>`,
    });
    const { page } = visitor;
    const [first, twin] = [page.locator(TAG).first(), page.locator("#twin")];
    const tab = await page.context().newPage();
    await tab.setViewportSize({ width: 400, height: 300 });
    await tab.goto(page.url());
    const other = tab.locator(TAG).first();
    for (const hub of [first, twin, other]) await hub.getByText("Active", { exact: true }).waitFor();
    await button(other, "Change plan").focus();
    const before = await place(tab);
    assert.equal(before[0], "plan_change-0");
    assert.ok(await tab.evaluate(() => scrollY > 0));

    await button(first, "Enter a promo code").click();
    await first.getByRole("textbox", { name: "Promo code" }).fill("WELCOME20");
    await button(first, "Check code").click();
    await first.getByRole("heading", { name: "What changes" }).waitFor();
    await button(first, "Apply discount").click();
    await first.getByText("Your discount is on").waitFor();
    const after = await place(page);
    for (const hub of [twin, other]) await hub.getByText("$39.20 per month").waitFor();
    assert.deepEqual(await place(tab), before);
    assert.deepEqual(await place(page), after);
  });

  it("is brought up to date when the customer comes back to the tab", async () => {
    visitor = await visitHub(world, "cus_priya");
    const { page } = visitor;
    const { cancelAt } = await world.subscription(ids.priya);
    await page.getByText(`Ends on ${day(cancelAt)}`, { exact: true }).waitFor();
    await turnAway(page, true);
    await world.advance(9.5);
    await turnAway(page, false);
    await page.getByText(`Ended on ${day(cancelAt)}`, { exact: true }).waitFor();
    assert.equal(await button(page, "Undo cancellation").count(), 0);
  });

  it("says of each of several subscriptions what is about it, and what fails in one card leaves the others alone", async () => {
    visitor = await visitHub(world, "cus_lucia");
    const { page } = visitor;
    await page.getByRole("heading", { name: "Your subscriptions", exact: true }).waitFor();
    const [team, basic] = [article(page, "Team"), article(page, "Basic")];
    const untouched = await basic.innerText();
    await page.route(/\/hub\/change$/, (route) => route.abort());
    await button(team, "Pause subscription Team").click();
    await team.getByRole("radio", { name: "1 month" }).check();
    await previewed(page);
    await confirm(page, "Pause subscription");
    await team.getByRole("alert").getByText("That did not go through.").waitFor();
    assert.equal(await basic.innerText(), untouched);
    assert.equal((await world.subscription(ids.luciaTeam)).status, "active");

    await page.unroute(/\/hub\/change$/);
    await button(basic, "Pause subscription Basic").click();
    await basic.getByRole("radio", { name: "1 month" }).check();
    await previewed(page);
    await confirm(page, "Pause subscription");
    await basic.getByText("Your pause is set").waitFor();
    assert.equal(await team.getByRole("alert").count(), 0);
    assert.equal((await world.subscription(ids.lucia)).status, "paused");
    assert.equal((await world.subscription(ids.luciaTeam)).status, "active");
  });

  it("says so where there is no subscription, and whom to write to", async () => {
    visitor = await world.visit({ customer: "cus_wren", tag: "subscription-hub" });
    const { page } = visitor;
    await page.getByRole("heading", { name: "You have no subscription" }).waitFor();
    assert.match(
      (await page.getByRole("link", { name: "help@shop.example" }).getAttribute("href")) ?? "",
      /^mailto:help@shop\.example\?/,
    );
    await button(page, "Billing history").click();
    await page.getByText("There are no invoices yet.").first().waitFor();
  });

  it("shows nobody's subscriptions to a customer whom billing does not know", async () => {
    const answer = await fetch(`${world.site}/session?customer=cus_nobody`);
    const { error } = (await answer.json()) as { error?: string };
    assert.deepEqual([answer.status, error], [404, "Customer not found"]);
    visitor = await world.visit({ customer: "cus_nobody", tag: "subscription-hub" });
    const { page } = visitor;
    await page.getByRole("heading", { name: "Your subscription cannot be shown right now" }).waitFor();
    await page.getByRole("link", { name: "help@shop.example" }).waitFor();
    await page.getByRole("link", { name: "Cancel by e-mail" }).waitFor();
    assert.equal(await page.getByRole("article").count(), 0);
  });

  /** The server does not answer: neither the page, nor the site's own backend. */
  async function outage(page: Page, isOut: boolean): Promise<void> {
    if (!isOut) return page.unrouteAll();
    await page.route(`${world.url}/v1/widget/**`, (route) => route.abort());
    await page.route(`${world.site}/session*`, (route) => route.fulfill({ status: 502, json: {} }));
  }

  it("gives the address to write to while the server is down, and works when it is back", async () => {
    visitor = await visitHub(world, "cus_eleanor");
    const { page } = visitor;
    await outage(page, true);
    await page.reload();
    await page.getByRole("heading", { name: "Your subscription cannot be shown right now" }).waitFor();
    await page.getByRole("link", { name: "help@shop.example" }).waitFor();
    await outage(page, false);
    await button(page, "Try again").click();
    await article(page, "Team").getByText("Active", { exact: true }).waitFor();

    await outage(page, true);
    await turnAway(page, true);
    await turnAway(page, false);
    const old = page
      .locator("[part=note]")
      .getByText(/^This could not be updated\. You see what was known on /);
    await old.waitFor();
    await article(page, "Team").waitFor();
    await outage(page, false);
    await button(page, "Try again").click();
    await old.waitFor({ state: "detached" });
    await button(page, "Pause subscription").click();
    await page.getByRole("radio", { name: "1 month" }).check();
    await previewed(page);
    await confirm(page, "Pause subscription");
    await told(page, "Your pause is set");
  });
});

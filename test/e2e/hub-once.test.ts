import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { createWorld, type Visitor, type World } from "./harness.ts";
import {
  button,
  confirm,
  ids,
  invoicesOf,
  john,
  panel,
  plainFlow,
  plans,
  previewed,
  shown,
  told,
  visitHub,
} from "./hub-page.ts";

const CHANGE = /\/v1\/widget\/hub\/change$/;

/** What is written down, and how often, whatever happens between the press and the answer. */
describe("one press, one change", () => {
  let world: World;
  let visitor: Visitor;
  before(async () => {
    world = await createWorld();
    await world.publish(plainFlow);
    await world.setHub({ plans });
  });
  after(() => world.close());
  afterEach(async () => {
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  async function visit(customer: string): Promise<Page> {
    visitor = await visitHub(world, customer);
    return visitor.page;
  }

  /** As far as the button that confirms a change to a larger plan. */
  async function upgrade(page: Page): Promise<void> {
    await button(page, "Change plan").click();
    await page.getByRole("radio", { name: /^Pro\s*\$490\.00 per year/ }).check();
    await previewed(page);
  }

  const sent = (page: Page): string[] => {
    const all: string[] = [];
    page.on("request", (request) => {
      if (CHANGE.test(request.url()) && request.method() === "POST") all.push(request.postDataJSON().id);
    });
    return all;
  };

  it("when the answer is lost and it is tried again", async () => {
    const before = await invoicesOf(world, ids.john);
    const page = await visit(john);
    const requests = sent(page);
    await upgrade(page);
    let isLost = true;
    await page.route(CHANGE, async (route) => {
      if (!isLost) return route.continue();
      await route.fetch();
      await route.abort();
    });
    await confirm(page, "Switch plan");
    await panel(page)
      .getByText("That did not go through. Trying again is safe: nothing is done twice.")
      .waitFor();
    assert.equal((await invoicesOf(world, ids.john)).length, before.length + 1, "billing has done it");
    isLost = false;
    await confirm(page, "Try again");
    await told(page, "Your plan is changed");
    assert.equal((await invoicesOf(world, ids.john)).length, before.length + 1);
    assert.equal((await world.subscription(ids.john)).price.id, "price_pro_annual");
    assert.ok(requests.length >= 2);
    assert.equal(new Set(requests).size, 1, "all attempts are the same change");
  });

  it("when the answer is lost and the customer goes back: the hub says what holds", async () => {
    const page = await visit("cus_eleanor");
    await page.route(CHANGE, async (route) => {
      await route.fetch();
      await route.abort();
    });
    await button(page, "Pause subscription").click();
    await page.getByRole("radio", { name: "1 month" }).check();
    await previewed(page);
    await confirm(page, "Pause subscription");
    await button(panel(page), "Try again").waitFor();
    await confirm(page, "Back");
    await page
      .getByText(/^Paused until /)
      .first()
      .waitFor();
    assert.equal((await world.subscription(ids.eleanor)).status, "paused");
  });

  it("when the buttons are double-clicked", async () => {
    const before = await invoicesOf(world, ids.ingrid);
    const page = await visit("cus_ingrid");
    const requests = sent(page);
    await button(page, "Resume now").dblclick();
    await previewed(page);
    assert.deepEqual(requests, [], "opening confirms nothing");
    assert.equal((await world.subscription(ids.ingrid)).status, "paused");
    await button(panel(page), "Resume now").dblclick();
    await told(page, "Your subscription is running again");
    assert.equal(requests.length, 1);
    assert.equal((await invoicesOf(world, ids.ingrid)).length, before.length + 1);
  });

  it("when two tabs want it: the second is told, and nothing is charged twice", async () => {
    const before = await invoicesOf(world, ids.noah);
    const page = await visit("cus_noah");
    const other = await page.context().newPage();
    await other.goto(page.url());
    await shown(other);
    for (const each of [page, other]) {
      await button(each, "Change plan").click();
      await each.getByRole("radio", { name: /^Pro\s*\$49\.00 per month/ }).check();
      await previewed(each);
    }
    await confirm(page, "Switch plan");
    await told(page, "Your plan is changed");
    await confirm(other, "Switch plan");
    await other.getByRole("heading", { name: "Pro", exact: true }).waitFor();
    await other
      .getByText("This has changed since you saw it. Please look at it again.")
      .or(other.getByText("That is not possible right now. Nothing has changed."))
      .waitFor();
    assert.equal((await invoicesOf(world, ids.noah)).length, before.length + 1);
    assert.equal((await world.subscription(ids.noah)).price.id, "price_pro_monthly");
  });

  for (const moment of ["with the request", "after it has acted"] as const) {
    it(`when the server is killed ${moment}: after a reload the hub says what holds`, async () => {
      const [customer, id] =
        moment === "with the request" ? ["cus_misaki", ids.misaki] : ["cus_zoe", ids.zoe];
      const page = await visit(customer);
      await button(page, "Pause subscription").click();
      await page.getByRole("radio", { name: "3 months" }).check();
      await previewed(page);
      let restarted: Promise<void> | undefined;
      await page.route(CHANGE, async (route) => {
        if (restarted) return route.continue();
        if (moment === "after it has acted") await route.fetch();
        restarted = world.restart("SIGKILL");
        await (moment === "after it has acted" ? route.abort() : route.continue());
      });
      await confirm(page, "Pause subscription");
      await button(panel(page), "Try again")
        .or(page.getByText("Your pause is set"))
        .or(page.getByText("We have received your request"))
        .first()
        .waitFor();
      await restarted;
      await page.reload();
      await shown(page);
      const isPaused = (await world.subscription(id)).status === "paused";
      if (moment === "after it has acted") assert.equal(isPaused, true);
      await page
        .getByText(isPaused ? /^Paused until / : "Active")
        .first()
        .waitFor();
      if (isPaused) return;
      // It can be asked for anew.
      await button(page, "Pause subscription").click();
      await page.getByRole("radio", { name: "3 months" }).check();
      await previewed(page);
      await confirm(page, "Pause subscription");
      await told(page, "Your pause is set");
    });
  }
});

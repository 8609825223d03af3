/** The code for changes comes when somebody is about to make one: late, or at first not at all. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Locator } from "playwright-core";
import { createWorld, type World } from "./harness.ts";

const CODE = /\/manage-[\w-]+\.js/;

describe("the code for changes", () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  async function open() {
    const visitor = await world.visit({
      customer: "cus_noah",
      tag: "subscription-hub",
      browser: { viewport: { width: 360, height: 640 }, reducedMotion: "reduce" },
    });
    const { page } = visitor;
    const pause = page.getByRole("button", { name: "Pause subscription" });
    const panel = page.getByRole("radiogroup", { name: "Length of the pause" });
    return { ...visitor, pause, panel };
  }

  it("is not loaded by looking, and is by the first thing that is pressed", async () => {
    const { page, pause, panel, close, faults } = await open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await pause.waitFor();
    assert.deepEqual(
      asked.filter((url) => CODE.test(url)),
      [],
    );
    await pause.click();
    await panel.waitFor();
    assert.equal(asked.filter((url) => CODE.test(url)).length, 1);
    assert.deepEqual(faults, []);
    await close();
  });

  it("that is slow: the button says so, and the way out stays", async () => {
    const { page, pause, panel, close } = await open();
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    await page.route(CODE, async (route) => {
      await gate;
      await route.continue();
    });
    await pause.click();
    await page.locator('[data-action="pause"][aria-disabled="true"]').waitFor();
    await page.getByRole("status").getByText("Loading…").waitFor();
    await page.getByRole("button", { name: "Cancel subscription" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).click();
    go();
    await panel.waitFor();
    await close();
  });

  it("that does not come: it is said where it was pressed, and trying again does what was pressed", async () => {
    const { page, pause, panel, close } = await open();
    await page.route(CODE, (route) => route.abort());
    await pause.click();
    const said = page.getByRole("alert").filter({ hasText: "Trying again is safe" });
    await said.waitFor();
    assert.ok(await isInView(said), "it is in sight");
    assert.equal(await page.getByRole("button", { name: "Cancel subscription" }).isEnabled(), true);
    await page.unroute(CODE);
    await page.getByRole("button", { name: "Try again" }).click();
    await panel.waitFor();
    assert.equal(await said.count(), 0);
    await close();
  });

  it("that does not come for the history below: it is said there", async () => {
    const { page, close } = await open();
    await page.route(CODE, (route) => route.abort());
    await page.getByRole("button", { name: "Billing history" }).click();
    const said = page.getByRole("alert").filter({ hasText: "Trying again is safe" });
    await said.waitFor();
    assert.ok(await isInView(said));
    await page.unroute(CODE);
    await page.getByRole("button", { name: "Try again" }).click();
    await page
      .getByRole("link", { name: /^Invoice / })
      .first()
      .waitFor();
    await close();
  });
});

const isInView = (found: Locator): Promise<boolean> =>
  found.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });

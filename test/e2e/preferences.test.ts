import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { AnyPage, Preferences } from "./drivers/page.ts";
import { everyStep } from "./flows.ts";
import { createWorld, describeInEachEngine, type World } from "./harness.ts";

/** What somebody has set in the system, and every browser passes on. */
describeInEachEngine("a customer who prefers", (engine) => {
  let world: World<AnyPage, Preferences>;
  before(async () => {
    world = await createWorld(engine);
    await world.publish(everyStep);
  });
  after(() => world.close());

  /** How the open dialog looks. */
  async function look(browser: Preferences, attributes = "") {
    const { page, close, faults } = await world.visit({ customer: "cus_tom", attributes, browser });
    await page.getByRole("button", { name: "Cancel subscription" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "Why would you like to cancel?" }).waitFor();
    const style = await dialog.evaluate((element) => {
      const { backgroundColor, animationName } = getComputedStyle(element);
      return { backgroundColor, animationName };
    });
    await close();
    assert.deepEqual(faults, []);
    return style;
  }

  it("dark gets it where the page leaves it to the system, and only there", async () => {
    const dark = await look({ colorScheme: "dark" }, 'color-scheme="auto"');
    const light = await look({ colorScheme: "light" }, 'color-scheme="auto"');
    const page = await look({ colorScheme: "dark" });
    assert.equal(light.backgroundColor, "rgb(255, 255, 255)");
    assert.notEqual(dark.backgroundColor, light.backgroundColor);
    assert.equal(page.backgroundColor, light.backgroundColor);
  });

  it("less motion sees none", async () => {
    assert.equal((await look({ reducedMotion: "reduce" })).animationName, "none");
    assert.notEqual((await look({ reducedMotion: "no-preference" })).animationName, "none");
  });
});

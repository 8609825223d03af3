import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { everyStep } from "./flows.ts";
import { createWorld, type World } from "./harness.ts";

const LEAVE = "Cancel subscription";

/** Headings in order of a walk through the whole flow, and how to get on from each. */
const WALK: readonly [heading: string, go: (page: Page) => Promise<void>][] = [
  [
    "Why would you like to cancel?",
    async (page) => {
      await page.getByRole("radio", { name: "Too expensive" }).check();
      await page.getByRole("button", { name: "Continue" }).click();
    },
  ],
  ["10% off your subscription", (page) => page.getByRole("button", { name: "No thanks" }).click()],
  [
    "Is there anything you would like to tell us?",
    (page) => page.getByRole("button", { name: "Continue" }).click(),
  ],
  ["What ends with your subscription", (page) => page.getByRole("button", { name: "Continue" }).click()],
  ["One more thing", (page) => page.getByRole("button", { name: "Continue" }).click()],
  [
    "Confirm your cancellation",
    (page) => page.getByRole("dialog").getByRole("button", { name: LEAVE }).click(),
  ],
  ["Your subscription is cancelled", async () => {}],
];

describe("at 320 px", () => {
  let world: World;
  before(async () => {
    world = await createWorld();
    await world.publish(everyStep);
  });
  after(() => world.close());

  for (const [colorScheme, customer] of [
    ["light", "cus_NffrFeUfNV2Hib"],
    ["dark", "cus_eleanor"],
  ] as const) {
    it(`axe finds nothing and every dialog has its name, in ${colorScheme}`, async () => {
      const { page, close, faults } = await world.visit({
        customer,
        attributes: 'color-scheme="auto"',
        browser: { viewport: { width: 320, height: 568 }, colorScheme, reducedMotion: "reduce" },
      });
      await page.getByRole("button", { name: LEAVE }).click();
      for (const [heading, go] of WALK) {
        await page.getByRole("heading", { name: heading }).waitFor();
        // The dialog's name in the accessibility tree is the heading that the customer reads.
        assert.equal(await page.getByRole("dialog", { name: heading }).count(), 1, heading);
        assert.equal(
          await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).count(),
          1,
        );
        const { violations } = await new AxeBuilder({ page }).analyze();
        assert.deepEqual(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
          [],
          heading,
        );
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= 320),
          `${heading} scrolls sideways`,
        );
        await go(page);
      }
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it("the page behind neither scrolls nor can be reached", async () => {
    const { page, close } = await world.visit({
      customer: "cus_tom",
      html: '<p style="height: 3000px">long</p><button id="behind">Behind</button>',
      browser: { viewport: { width: 390, height: 700 } },
    });
    await page.getByRole("button", { name: LEAVE }).click();
    await page.getByRole("dialog").waitFor();
    await page.mouse.move(195, 20);
    await page.mouse.wheel(0, 800);
    for (let count = 0; count < 30; count++) await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => window.scrollY), 0);
    assert.notEqual(await page.evaluate(() => document.activeElement?.id), "behind");
    await close();
  });
});

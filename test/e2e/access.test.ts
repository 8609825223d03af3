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

/** What the customer's own settings ask of every step, and what only this browser can be told to have. */
describe("on every step", () => {
  let world: World;
  before(async () => {
    world = await createWorld();
    await world.publish(everyStep);
  });
  after(() => world.close());

  /** The walk as far as the confirmation, with a look at each step: the same customer can go again. */
  async function walk(
    browser: NonNullable<Parameters<World["visit"]>[0]["browser"]>,
    look: (page: Page, heading: string) => Promise<void>,
    prepare: (page: Page) => Promise<void> = async () => {},
  ) {
    // What is still sliding in is not yet where it will be.
    const still = { reducedMotion: "reduce", ...browser } as const;
    const { page, close, faults } = await world.visit({ customer: "cus_NffrFeUfNV2Hib", browser: still });
    await prepare(page);
    await page.getByRole("button", { name: LEAVE }).click();
    for (const [index, [heading, go]] of WALK.slice(0, -1).entries()) {
      await page.getByRole("heading", { name: heading }).waitFor();
      await look(page, heading);
      if (index < WALK.length - 2) await go(page);
    }
    assert.deepEqual(faults, []);
    await close();
  }

  /** Nothing is wider than its place, and every control can be brought into view by scrolling down. */
  async function assertReflow(page: Page, heading: string) {
    const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
    for (const control of await page.getByRole("dialog").locator("button, fieldset label, textarea").all()) {
      await control.scrollIntoViewIfNeeded();
      const box = await control.boundingBox();
      assert.ok(box && box.x >= 0 && box.x + box.width <= width, `${heading}: sideways`);
      assert.ok(box.y + Math.min(box.height, height / 2) <= height + 1, `${heading}: below`);
    }
    const wide = await page
      .getByRole("dialog")
      .evaluate(
        (dialog) =>
          [dialog, ...dialog.querySelectorAll(".panel, .content, .footer, button, label")].filter(
            (each) => each.scrollWidth > each.clientWidth + 1,
          ).length,
      );
    assert.equal(wide, 0, `${heading}: wider than its place`);
  }

  it("1.4.10: a window of 1280 by 1024 at 400 % needs no scrolling sideways", async () => {
    await walk({ viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 }, assertReflow);
  });

  it("1.4.4: letters of twice the size, as set in the browser, are twice the size and fit", async () => {
    await walk({ viewport: { width: 640, height: 512 }, deviceScaleFactor: 2 }, assertReflow);
    await walk(
      { viewport: { width: 320, height: 568 } },
      async (page, heading) => {
        const size = await page.getByRole("dialog").evaluate((dialog) => getComputedStyle(dialog).fontSize);
        assert.equal(size, "32px", heading);
        await assertReflow(page, heading);
      },
      async (page) => {
        const browser = await page.context().newCDPSession(page);
        await browser.send("Page.setFontSizes", { fontSizes: { standard: 32 } });
      },
    );
  });

  it("forced colours: dialog, controls and what is chosen have lines in the colours of the system", async () => {
    const system = (page: Page, color: string) =>
      page.evaluate((name) => {
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = name;
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
      }, color);
    await walk({ forcedColors: "active" }, async (page, heading) => {
      const [canvas, canvasText, highlight] = await Promise.all(
        ["Canvas", "CanvasText", "Highlight"].map((name) => system(page, name)),
      );
      const dialog = page.getByRole("dialog");
      const lines = await dialog.evaluate((element) =>
        [element, ...element.querySelectorAll("button:not(.icon), textarea, fieldset label, .footer")].map(
          (each) => {
            const { borderTopStyle, borderTopWidth, borderTopColor } = getComputedStyle(each);
            return `${borderTopStyle} ${borderTopWidth} ${borderTopColor === getComputedStyle(element).backgroundColor}`;
          },
        ),
      );
      assert.deepEqual([...new Set(lines)], ["solid 1px false"], heading);
      const { background, color } = await dialog.evaluate((element) => {
        const { backgroundColor, color } = getComputedStyle(element);
        return { background: backgroundColor, color };
      });
      assert.deepEqual([background, color], [canvas, canvasText], heading);
      const radio = page.getByRole("radio").first();
      if (!(await radio.count())) return;
      await radio.check();
      const chosen = await dialog.locator("label:has(:checked)").evaluate((label) => {
        const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(label);
        return `${outlineStyle} ${outlineWidth} ${outlineColor}`;
      });
      assert.equal(chosen, `solid 2px ${highlight}`);
    });
  });

  it("2.3.3: nothing moves where less motion is wanted, not even what is behind the dialog", async () => {
    await walk({ reducedMotion: "reduce" }, async (page, heading) => {
      const moving = await page
        .getByRole("dialog")
        .evaluate((dialog) => [
          getComputedStyle(dialog, "::backdrop").animationName,
          ...[dialog, ...dialog.querySelectorAll("*")].map((each) => getComputedStyle(each).animationName),
        ]);
      assert.deepEqual([...new Set(moving)], ["none"], heading);
    });
  });

  it("more contrast: lesser texts and lines are as strong as the text", async () => {
    await walk({ contrast: "more" }, async (page, heading) => {
      const colors = await page.getByRole("dialog").evaluate((dialog) => {
        const edges = [
          ...dialog.querySelectorAll("button.secondary, textarea, fieldset label:not(:has(:checked))"),
        ];
        return [
          getComputedStyle(dialog).color,
          ...[...dialog.querySelectorAll("dt, .body, .icon")].map((each) => getComputedStyle(each).color),
          ...edges.map((each) => getComputedStyle(each).borderTopColor),
        ];
      });
      assert.equal(new Set(colors).size, 1, heading);
    });
  });

  it("where a finger was does not favour one way out: it leaves no pointer behind", async () => {
    const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } as const;
    await walk(phone, async (page, heading) => {
      const exits = page.getByRole("dialog").locator('[part="footer"] button');
      const look = (at: number) =>
        exits.nth(at).evaluate((exit) => {
          const { borderColor, color, backgroundColor, opacity } = getComputedStyle(exit);
          return { borderColor, color, backgroundColor, opacity };
        });
      for (const at of [0, 1]) {
        await exits.nth(at).hover();
        assert.deepEqual(await look(0), await look(1), heading);
      }
    });
  });

  it("on a phone with a notch, nothing lies under it or under the bar at the bottom", async () => {
    const insets = { top: 47, bottom: 34, left: 21, right: 22 };
    await walk(
      { viewport: { width: 390, height: 460 } },
      async (page, heading) => {
        const panel = page.getByRole("dialog").locator(".panel");
        const box = await panel.boundingBox();
        assert.ok(box, heading);
        assert.ok(box.y >= insets.top, `${heading}: under the notch`);
        assert.ok(
          box.x >= insets.left && box.x + box.width <= 390 - insets.right,
          `${heading}: at the sides`,
        );
        assert.ok(box.y + box.height <= 460 - insets.bottom + 1, `${heading}: at the bottom`);
      },
      async (page) => {
        const browser = await page.context().newCDPSession(page);
        await browser.send("Emulation.setSafeAreaInsetsOverride", { insets });
      },
    );
  });
});

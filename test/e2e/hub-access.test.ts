import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "playwright-core";
import { createWorld, type Visitor, type World } from "./harness.ts";
import {
  button,
  confirm,
  ids,
  john,
  panel,
  plainFlow,
  plans,
  previewed,
  told,
  visitHub,
} from "./hub-page.ts";
import { notesOf, visitStrict } from "./strict/page.ts";

const TAG = "renumerate-subscription-hub";

/** Nothing is wrong by the rules of axe, nor wider than the window. */
async function assertAccessible(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
    [],
    state,
  );
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `${state}: sideways`,
  );
}

/** The text of what has the focus, in the page or in the hub. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return (active?.textContent ?? "").replace(/\s+/g, " ").trim();
  });

async function tabTo(page: Page, name: string): Promise<void> {
  for (let count = 0; count < 50; count++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === name) return;
  }
  assert.fail(`${name} cannot be reached by Tab`);
}

describe("the hub in a window of 320 px", () => {
  let world: World;
  before(async () => {
    world = await createWorld();
    await world.publish({
      ...plainFlow,
      proactive: { offers: [{ type: "annual_switch", id: "yearly" }], quietDays: 30 },
    });
    await world.setHub({ plans });
  });
  after(() => world.close());

  const small = (colorScheme: "light" | "dark") => ({
    attributes: 'color-scheme="auto"',
    browser: { viewport: { width: 320, height: 640 }, colorScheme, reducedMotion: "reduce" } as const,
  });

  /** One is changed in the light, the other in the dark: what they can do is the same. */
  for (const [colorScheme, customer, plan] of [
    ["light", "cus_eleanor", "Team"],
    ["dark", john, "Pro"],
  ] as const) {
    it(`axe finds nothing at rest, in each panel and after each result, and all is named, in ${colorScheme}`, async () => {
      const { page, close, faults } = await visitHub(world, customer, small(colorScheme));
      const look = (state: string) => assertAccessible(page, state);
      /** A form is called like what is done, and to which plan. */
      const open = async (name: string, form = name) => {
        await button(page, name).click();
        await page.getByRole("form", { name: `${form} ${plan}` }).waitFor();
        await look(name);
      };
      const back = () => button(panel(page), "Back").click();
      const act = async (name: string, words: string) => {
        await previewed(page);
        await look(`${name}, previewed`);
        await confirm(page, name);
        await told(page, words);
        await look(words);
      };

      await page.getByRole("region", { name: "Your subscription" }).waitFor();
      await page.getByRole("article", { name: plan }).waitFor();
      await page.getByRole("group", { name: "What you can change" }).waitFor();
      await look("at rest");

      await button(page.getByRole("group", { name: "Pay by the year" }), "Switch to yearly").click();
      await page.getByRole("form", { name: `Pay by the year ${plan}` }).waitFor();
      await previewed(page);
      await look("an offer");
      await back();

      await open("Enter a promo code");
      await confirm(page, "Check code");
      await panel(page).getByText("Please enter a code.").waitFor();
      await look("without a code");
      await page.getByRole("textbox", { name: "Promo code" }).fill("WELCOME20");
      await confirm(page, "Check code");
      await act("Apply discount", "Your discount is on");

      await open("Change plan");
      await confirm(page, "Switch plan");
      await panel(page).getByText("Please choose one of these.").waitFor();
      await look("without a plan");
      await page.getByRole("radiogroup", { name: "Plans" }).getByRole("radio").first().check();
      await previewed(page);
      await page.route(/\/hub\/change$/, (route) => route.abort());
      await confirm(page, "Switch plan");
      await panel(page).getByRole("alert").waitFor();
      await look("a change that did not go through");
      await page.unroute(/\/hub\/change$/);
      await back();

      await open("Pause subscription");
      await page.getByRole("radiogroup", { name: "Length of the pause" }).getByRole("radio").first().check();
      await act("Pause subscription", "Your pause is set");
      await open("Change the pause");
      await back();
      await open("Cancel the pause");
      await act("Cancel the pause", "Your subscription is running again");

      await button(page, "Billing history").click();
      await page
        .getByRole("link", { name: /^Receipt / })
        .or(page.getByText("There are no invoices yet."))
        .first()
        .waitFor();
      await look("invoices");
      await button(page, "Billing details").click();
      await look("billing details");
      await button(page, "Edit Billing details").click();
      await page.getByRole("form", { name: "Billing details" }).waitFor();
      await look("billing details, edited");
      assert.deepEqual(faults, []);
      await close();
    });
  }

  it("axe finds nothing where a payment is overdue, a subscription ends, is on trial, and where there are two or none", async () => {
    for (const customer of [
      "cus_sam",
      "cus_priya",
      "cus_mateo",
      "cus_lucia",
      "cus_nour",
      "cus_wren",
      "cus_nobody",
    ]) {
      const { page, close } = await world.visit({ customer, tag: "subscription-hub", ...small("light") });
      await page
        .locator(TAG)
        .getByRole("heading", { level: 2 })
        .and(page.locator(":not(.loading)"))
        .waitFor();
      await assertAccessible(page, customer);
      await close();
    }
  });

  it("can be used with the keyboard alone: the focus goes into a panel, back to its button, and to the result", async () => {
    const { page, close, faults } = await visitHub(world, "cus_noah", small("light"));
    await tabTo(page, "Pause subscription");
    await page.keyboard.press("Enter");
    await page.getByRole("form", { name: /^Pause subscription/ }).waitFor();
    assert.equal(await focused(page), "Pause subscription", "the heading of the panel");
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
    assert.equal(await focused(page), "Pause subscription", "the button that opened it");
    assert.equal(
      await page.locator("[data-action=pause]").evaluate((one) => one.matches(":focus-visible")),
      true,
    );

    await page.keyboard.press("Enter");
    await panel(page).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.getByRole("radio", { name: "2 months" }).isChecked(), true);
    await previewed(page);
    await tabTo(page, "Pause subscription");
    await page.keyboard.press("Enter");
    await told(page, "Your pause is set");
    assert.equal(await focused(page), "Your pause is set");
    assert.equal((await world.subscription(ids.noah)).status, "paused");

    await tabTo(page, "Billing history");
    await page.keyboard.press("Enter");
    await page
      .getByRole("link", { name: /^Invoice / })
      .first()
      .waitFor();
    assert.equal(await focused(page), "Billing history");
    await tabTo(page, "Billing details");
    await page.keyboard.press("Enter");
    await button(page, "Edit Billing details").waitFor();
    await tabTo(page, "Edit");
    await page.keyboard.press("Enter");
    await page.getByRole("form", { name: "Billing details" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("form", { name: "Billing details" }).waitFor({ state: "detached" });
    assert.equal(await focused(page), "Edit");
    assert.deepEqual(faults, []);
    await close();
  });

  /** Policies that a careful page has: nothing of it may be broken by any part of the hub. */
  describe("on a page with a strict policy", () => {
    let visitor: Visitor | undefined;
    afterEach(() => visitor?.close());
    const policies: Record<string, [policy: (script: string) => string, atServer: boolean]> = {
      "that names the page's own origin alone": [
        () => "default-src 'self'; require-trusted-types-for 'script'",
        true,
      ],
      "with the script from another origin": [
        (origin) =>
          `default-src 'self'; script-src ${origin}; connect-src ${origin}; style-src 'self'; require-trusted-types-for 'script'`,
        false,
      ],
    };
    for (const [title, [policy, atServer]] of Object.entries(policies)) {
      it(`${title}, it breaks nothing`, async () => {
        const customer = "cus_zoe";
        const head = `<script type="module" src="${world.url}/embed.js"></script>`;
        visitor = await visitStrict(world, {
          customer,
          head: `${head}<renumerate-subscription-hub session-id="${await world.mint(customer)}"></renumerate-subscription-hub>`,
          policy: policy(world.url),
          atServer,
        });
        const { page } = visitor;
        const hub: Locator = page.locator(TAG);
        await button(hub, "Pause subscription").click();
        await hub.getByRole("radio", { name: "1 month" }).check();
        await previewed(page);
        await confirm(page, "Back");
        await button(hub, "Billing history").click();
        await hub
          .getByRole("link", { name: /^Invoice / })
          .first()
          .waitFor();
        await button(hub, "Billing details").click();
        await button(hub, "Edit Billing details").click();
        await hub.getByRole("form", { name: "Billing details" }).waitFor();
        await button(hub, "Cancel subscription").click();
        await page.getByRole("dialog").waitFor();
        assert.deepEqual((await notesOf(page)).violations, []);
        assert.deepEqual(visitor.faults, []);
      });
    }
  });
});

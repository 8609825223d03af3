/** The browser examples of the Renumerate client's documentation, bundled as their readers bundle them, in a browser. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { type Example, example } from "../docs/examples.ts";
import { bundle } from "./bundle.ts";
import { chromiumDriver } from "./drivers/chromium.ts";
import { createWorld, type World } from "./harness.ts";
import { html, type Served, serve } from "./serve.ts";

describe("the browser examples of the Renumerate client's documentation", () => {
  const driver = chromiumDriver();
  const sites: Served[] = [];
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    await driver.close();
    for (const site of sites) site.close();
    await world.close();
  });

  async function run(name: Example): Promise<{ page: Page; faults: string[]; close(): Promise<void> }> {
    const sessionId = await world.mint("cus_NffrFeUfNV2Hib");
    const files = await bundle(name, example(name, { apiUrl: world.url, sessionId }));
    const site = await serve((request) => {
      const path = new URL(request.url).pathname.slice(1);
      if (!path) {
        const script = '<script type="module" src="/entry.js"></script>';
        return html('<h1>Billing</h1><div id="elementId"></div><div id="root"></div>', script);
      }
      const code = files.get(path);
      return code === undefined
        ? undefined
        : new Response(code, { headers: { "Content-Type": "text/javascript" } });
    });
    sites.push(site);
    const opened = await driver.open({});
    await opened.page.goto(site.url);
    return opened;
  }

  /** The dialog is there, and asks John, who has this one subscription, why. */
  async function asksWhy(page: Page): Promise<void> {
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio").first().waitFor();
    assert.equal(await page.locator("dialog.renumerate-dialog[open]").count(), 1);
  }

  async function cancels(page: Page): Promise<void> {
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel subscription" }).click();
    await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel subscription" }).click();
    await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    assert.ok((await world.subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs")).cancelAt);
  }

  it("open the flow at once with showRetentionView", async () => {
    const { page, faults, close } = await run("show.ts");
    await asksWhy(page);
    await page.getByRole("button", { name: "Close", exact: true }).first().click();
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.deepEqual(faults, []);
    await close();
  });

  it("render what is inside of the React provider", async () => {
    const { page, faults, close } = await run("configuration.tsx");
    await page.getByText("Inside").waitFor();
    assert.deepEqual(faults, []);
    await close();
  });

  it("put two buttons into the page with React, one with classes of its own", async () => {
    const { page, faults, close } = await run("button.tsx");
    const buttons = page.getByRole("button", { name: "Cancel Subscription" });
    await buttons.nth(1).waitFor();
    const classes = await buttons.evaluateAll((all) => all.map((each) => each.className));
    assert.equal(classes[0], "renumerate-cancel-btn");
    assert.match(String(classes[1]), /^bg-red-500 .* transition-colors$/);
    await buttons.nth(1).click();
    await asksWhy(page);
    assert.deepEqual(faults, []);
    await close();
  });

  it("open the flow with the hook, when the customer says so", async () => {
    const { page, faults, close } = await run("hook.tsx");
    const button = page.getByRole("button", { name: "Cancel My Subscription" });
    page.once("dialog", (question) => question.dismiss());
    await button.click();
    assert.equal(await page.locator("dialog").count(), 0);
    page.once("dialog", (question) => question.accept());
    await button.click();
    await asksWhy(page);
    assert.deepEqual(faults, []);
    await close();
  });

  it("mount a button with classes, which leads to a cancellation", async () => {
    const { page, faults, close } = await run("mount.ts");
    const button = page.locator("#elementId").getByRole("button", { name: "Cancel Subscription" });
    assert.equal(await button.getAttribute("class"), "classes");
    await button.click();
    await asksWhy(page);
    await cancels(page);
    assert.deepEqual(faults, []);
    await close();
  });
});

/** The demo applications: installed from the packed package, checked, built, and used by a customer in a browser. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { createWorld, type Visitor, type World } from "../e2e/harness.ts";
import { type Application, install, pack } from "./application.ts";
import { serve } from "./site.ts";

/** Text in a file, and the same misspelt. */
interface Mistake {
  file: string;
  text: string;
  misspelt: string;
}

const mistakes: Record<string, { attribute: Mistake; event: Mistake }> = {
  react: {
    attribute: { file: "src/Billing.tsx", text: '"session-url":', misspelt: '"sesion-url":' },
    event: { file: "src/Billing.tsx", text: '"onrenumerate-error":', misspelt: '"onrenumerate-eror":' },
  },
  vue: {
    attribute: { file: "src/BillingPage.vue", text: ":session-url=", misspelt: ":sesion-url=" },
    event: { file: "src/BillingPage.vue", text: "@renumerate-error=", misspelt: "@renumerate-eror=" },
  },
  svelte: {
    attribute: { file: "src/Billing.svelte", text: "session-url=", misspelt: "sesion-url=" },
    event: { file: "src/Billing.svelte", text: "onrenumerate-error=", misspelt: "onrenumerate-eror=" },
  },
  angular: {
    attribute: { file: "src/billing.html", text: "[sessionUrl]=", misspelt: "[sesionUrl]=" },
    event: { file: "src/billing.html", text: "(renumerate-error)=", misspelt: "(renumerate-eror)=" },
  },
};

/** Installing asks a registry and may have to wait for it. */
const PATIENCE = { timeout: 300_000 };

const customer = "cus_NffrFeUfNV2Hib";
const subscription = "sub_1MowQVLkdIwHu7ixeRlqHVzs";

async function cancel(page: Page): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel subscription" }).click();
  await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
  await dialog.getByRole("button", { name: "Cancel subscription" }).click();
  await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
  await page.keyboard.press("Escape");
}

describe("the demo applications", { timeout: 420_000 }, () => {
  let packed: Awaited<ReturnType<typeof pack>>;
  before(async () => {
    packed = await pack();
  }, PATIENCE);
  after(() => packed?.remove());

  for (const [name, { attribute, event }] of Object.entries(mistakes)) {
    describe(`for ${name}`, PATIENCE, () => {
      let application: Application;
      let world: World;
      let visitor: Visitor;
      let site: Awaited<ReturnType<typeof serve>>;

      before(async () => {
        application = await install(name, packed.tarball);
        await application.run("build");
        world = await createWorld();
        site = await serve(application.dist, world.url);
        // Any page opens the browser.
        visitor = await world.visit({ customer });
      }, PATIENCE);
      after(async () => {
        site?.close();
        await world?.close();
        application?.remove();
      });

      it("passes its own type check", async () => {
        await application.run("check");
      });

      it("shows in its own state how the customer's flow ended", async () => {
        const { page, faults } = visitor;
        await page.goto(`${site.url}/?customer=${customer}`);
        const hub = page.locator("renumerate-subscription-hub");
        await hub.getByRole("button", { name: "Cancel subscription" }).waitFor();
        const button = page.locator("renumerate-cancel-button");
        await button.getByRole("button", { name: "Cancel subscription" }).click();
        await cancel(page);
        await page.locator(".outcome", { hasText: /^Cancelled: yours until \w+ \d+, \d{4}\.$/ }).waitFor();
        const events = page.locator(".events li");
        await events.filter({ hasText: "complete" }).waitFor();
        assert.deepEqual(await events.allTextContents(), [`cancelled ${subscription}`, "complete cancelled"]);
        await hub.getByRole("button", { name: "Cancel subscription" }).waitFor({ state: "detached" });
        assert.ok((await world.subscription(subscription)).cancelAt, "billing knows");
        assert.deepEqual(faults, []);
      });

      for (const [what, { file, text, misspelt }] of Object.entries({ attribute, event })) {
        it(`does not pass with a misspelt ${what}, and names its line`, async () => {
          const { status, said, line } = await application.checkWith(file, text, misspelt);
          assert.notEqual(status, 0);
          assert.match(said, new RegExp(`${file}[(:]${line}[,:]`));
        });
      }

      if (name === "react") {
        it("hears its components, too", async () => {
          const { page, faults } = visitor;
          const other = (await world.state()).customers.find(
            ({ id, subscriptions: [only, ...more] }) =>
              id !== customer && only?.status === "active" && !only.cancelAt && !more.length,
          );
          await page.goto(`${site.url}/?customer=${other?.id}`);
          await page.getByRole("button", { name: "Cancel my plan" }).click();
          await cancel(page);
          await page.locator(".events li", { hasText: "complete cancelled" }).waitFor();
          assert.deepEqual(faults, []);
        });
      }
    });
  }
});

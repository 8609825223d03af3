/** The React components with `getAuthToken`: sessions by exchange. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import {
  ANOTHER,
  closeDialog,
  dialogOf,
  LOOKER,
  leave,
  openSite,
  type ReactSite,
  type Visited,
} from "../fixtures/react/site.ts";
import { until } from "./harness.ts";

const EXCHANGE = "/v1/session/exchange";
const HUB = "/v1/widget/hub";

/** What the page says of its context, once that holds. */
async function status(page: Page, part: string): Promise<Record<string, unknown>> {
  const output = page.locator("output", { hasText: part });
  await output.waitFor();
  return JSON.parse(await output.innerText());
}

/** A site that does not answer who is signed in until it is let. */
function holding(): { prepare(page: Page): Promise<unknown>; release(): void } {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const prepare = (page: Page) =>
    page.route("**/token*", async (route) => {
      await held;
      await route.continue();
    });
  return { prepare, release };
}

for (const version of ["19", "18"] as const) {
  describe(`React ${version} with getAuthToken`, () => {
    let site: ReactSite;
    let visited: Visited | undefined;
    before(async () => {
      site = await openSite(version);
    });
    after(() => site.close());
    afterEach(() => visited?.close());

    const open: ReactSite["open"] = async (...args) => {
      visited = await site.open(...args);
      return visited;
    };
    const inHub = (page: Page) =>
      page
        .locator("renumerate-subscription-hub")
        .getByRole("button", { name: /^Cancel subscription/ })
        .first();
    const subscriptionsOf = async (customer: string) =>
      (await site.world.state()).customers
        .find(({ id }) => id === customer)
        ?.subscriptions.filter(({ cancelAt }) => cancelAt !== undefined) ?? [];

    it("54: while the session loads the button is disabled, and the hub says so inside its wrapper", async () => {
      const { prepare, release } = holding();
      const { page, asked, said } = await open(
        { scene: "token", tokens: [site.tokenOf(LOOKER)] },
        { prepare },
      );
      const button = page.getByRole("button", { name: "Leave us" });
      const wrapper = page.locator("div.renumerate-subscription-hub");
      await wrapper.getByText("Just a moment").waitFor();
      assert.ok(await button.isDisabled());
      const context = { method: "function", rest: [] };
      assert.deepEqual(await status(page, '"isReady":false'), {
        ...context,
        session: null,
        isSessionLoading: true,
        isReady: false,
      });
      assert.equal(await page.locator("renumerate-subscription-hub").count(), 0);

      release();
      assert.deepEqual(await status(page, '"isReady":true'), {
        ...context,
        session: ["r10_", "number"],
        isSessionLoading: false,
        isReady: true,
      });
      await inHub(page).waitFor();
      assert.equal(await wrapper.locator("> *").count(), 1);
      assert.ok(await button.isEnabled());
      assert.equal(asked(EXCHANGE), 1);
      assert.deepEqual(said, []);
    });

    it("54: errorComponent stands in the wrapper until refreshSession succeeds", async () => {
      const { page } = await open({ scene: "token", tokens: ["fail"] });
      await page.locator("div.renumerate-subscription-hub").getByText("No luck").waitFor();
      const { isReady, error } = await status(page, "error");
      assert.deepEqual([isReady, error], [false, "signed out"]);
      await page.getByRole("button", { name: "Refresh" }).click();
      await page.getByText("No luck").waitFor();
      await page.evaluate((token) => window.show({ tokens: [token] }), site.tokenOf(LOOKER));
      await page.getByRole("button", { name: "Refresh" }).click();
      await inHub(page).waitFor();
      assert.equal((await status(page, '"isReady":true')).error, undefined);
    });

    it("54: without components of the site, the words are Loading...", async () => {
      const { page } = await open({ scene: "plainToken", tokens: ["never"] });
      await page.locator("div.renumerate-subscription-hub > div", { hasText: /^Loading\.\.\.$/ }).waitFor();
    });

    it("63: after a failed exchange button and hub both name a way on", async () => {
      const prepare = (page: Page) =>
        page.route(`**${EXCHANGE}`, (route) =>
          route.fulfill({
            status: 500,
            headers: { "Access-Control-Allow-Origin": "*" },
            json: { error: "Down" },
          }),
        );
      const { page, heard } = await open(
        { scene: "plainToken", tokens: [site.tokenOf(LOOKER)] },
        { prepare },
      );
      assert.equal((await status(page, "error")).error, "Down");
      await page
        .locator("renumerate-subscription-hub")
        .getByRole("link", { name: "help@shop.example" })
        .waitFor();
      await page.getByRole("button", { name: "Cancel Subscription", exact: true }).click();
      const error = dialogOf(page).locator(".renumerate-error-content");
      await error.getByRole("link", { name: "help@shop.example" }).waitFor();
      await page.unroute(`**${EXCHANGE}`);
      await error.getByRole("button", { name: "Try again" }).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      await closeDialog(page);
      assert.deepEqual(await heard(), ["provider0 complete abandoned"]);
    });

    it("63: nobody waits for a session for longer than the timeout", async () => {
      const { prepare: holdToken, release } = holding();
      const prepare = async (page: Page) => {
        await page.clock.install();
        await holdToken(page);
        // Never answers.
        await page.route(`**${EXCHANGE}`, () => {});
      };
      const { page, asked } = await open(
        { scene: "plainToken", tokens: [site.tokenOf(LOOKER)], config: { timeout: 60_000 } },
        { prepare },
      );
      const button = page.getByRole("button", { name: "Cancel Subscription", exact: true });
      await until(async () => asked("/token") === 1);
      await page.clock.runFor(40_000);
      release();
      await until(async () => asked(EXCHANGE) === 1);
      assert.ok(await button.isDisabled());
      // The exchange has its own sixty seconds.
      await page.clock.runFor(21_000);
      await page.locator("button.renumerate-cancel-btn:enabled").waitFor();
      assert.equal((await status(page, "error")).isSessionLoading, false);
    });

    it("exchanges once and loads the hub once, however often it is rendered anew", async () => {
      const { page, asked, said } = await open({ scene: "plainToken", tokens: [site.tokenOf(LOOKER)] });
      await inHub(page).waitFor();
      for (let count = 0; count < 20; count++)
        await page.evaluate((mark) => window.show({ mark }), `${count} `);
      await page.evaluate(() =>
        window.show({ config: { ...window.given.config, fallbackEmail: "new@shop.example" } }),
      );
      await inHub(page).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      assert.deepEqual([asked(EXCHANGE), asked(HUB)], [1, 1]);
      // By the provider, by the hub, and by the flow that was opened.
      assert.equal(await page.evaluate(() => window.heard.filter((each) => each === "asked").length), 3);
      await page.evaluate(() => window.show({ mark: "again " }));
      await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => resolve(true))));
      await page.evaluate(() => window.RENUMERATE_INSTANCE?.getSession());
      assert.equal(await page.evaluate(() => window.heard.filter((each) => each === "asked").length), 3);
      assert.deepEqual(said, []);
    });

    it("keeps two providers and their customers apart", async () => {
      const customers = [site.customer(), site.customer()];
      const { page, heard, asked } = await open({
        scene: "two",
        tokens: customers.map(site.tokenOf),
        only: ["onComplete"],
      });
      const section = page.getByRole("region", { name: "Customer 1" });
      await section
        .getByRole("button", { name: /^Cancel subscription/ })
        .first()
        .click();
      await leave(page);
      await closeDialog(page);
      assert.deepEqual(await heard(), ["provider1 cancelled", "hub1 complete cancelled"]);
      const gone = await Promise.all(customers.map(subscriptionsOf));
      assert.deepEqual(
        gone.map(({ length }) => length),
        [0, 1],
      );
      assert.equal(asked(EXCHANGE), 2);
    });

    it("has no session of whoever was signed in before", async () => {
      const { page } = await open({ scene: "signedIn", tokens: [site.tokenOf(LOOKER)] });
      await status(page, "r10_");
      await page.evaluate(() => window.show({ tokens: [] }));
      await status(page, '"session":null');
      await page.evaluate(() => window.show({ tokens: ["never"] }));
      assert.equal((await status(page, '"isReady":false')).session, null);
    });

    it("forgets who was signed in when nobody is any more", async () => {
      const [first, second] = [ANOTHER, site.customer()];
      const { page } = await open({ scene: "signedIn", tokens: [site.tokenOf(first)] });
      await status(page, "r10_");
      await page.evaluate(() => window.show({ tokens: [] }));
      assert.equal((await status(page, '"session":null')).isSessionLoading, false);
      await page.evaluate((token) => window.show({ tokens: [token] }), site.tokenOf(second));
      await status(page, "r10_");
      await page.getByRole("button", { name: "Cancel Subscription", exact: true }).click();
      await leave(page);
      assert.equal((await subscriptionsOf(second)).length, 1);
      assert.equal((await subscriptionsOf(first)).length, 0);
    });

    it("takes no session that comes when nobody is signed in any more", async () => {
      const { prepare, release } = holding();
      const { page, asked } = await open({ scene: "signedIn", tokens: [site.tokenOf(LOOKER)] }, { prepare });
      await status(page, '"isSessionLoading":true');
      await page.evaluate(() => window.show({ tokens: [] }));
      await status(page, '"isSessionLoading":false');
      const answered = page.waitForResponse(`**${EXCHANGE}`);
      release();
      await (await answered).finished();
      await until(() => page.evaluate(() => !!sessionStorage.getItem("renumerate_sdk_session")));
      assert.equal(asked(EXCHANGE), 1);
      await page.evaluate(() => window.show({ tokens: ["never"] }));
      assert.equal((await status(page, '"isSessionLoading":true')).session, null);
    });
  });
}

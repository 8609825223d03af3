/**
 * A business that lets customers cancel on a page of the server: its backend asks for a link, the customer goes there and
 * comes back with a result, which the backend verifies. The business knows nothing but the API.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { everyOffer } from "./flows.ts";
import { createWorld, type Visit, type Visitor, type World } from "./harness.ts";

const LEAVE = "Cancel subscription";
const EMAIL = "help@papercrane.example";
const OVER = "This link cannot be used any more";
const USED = "This link has already been used";
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

interface Result {
  sub: string;
  sid: string;
  outcome: string;
  reason_key?: string | null;
  offer: { type: string; accepted: boolean };
}

/** The business: a page that leads away, and one that takes the result out of its address. */
async function openBusiness() {
  const back = `const result = new URLSearchParams(location.hash.slice(1)).get("ci_result_token");
history.replaceState(null, "", location.pathname + location.search);
document.querySelector("output").textContent = result;`;
  const site = createServer(({ url = "" }, response) => {
    const body = url.startsWith("/back")
      ? `<h1>Welcome back</h1><output></output><script>${back}</script>`
      : "<h1>Account</h1>";
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Business</title>${body}`);
  });
  await new Promise<void>((resolve) => site.listen(0, "localhost", resolve));
  const host = `localhost:${(site.address() as AddressInfo).port}`;
  const close = () => {
    site.close();
    site.closeAllConnections();
  };
  return { host, account: `http://${host}/account`, back: `http://${host}/back?from=link`, close };
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name }).waitFor();
const words = (page: Page) => page.getByRole("status").filter({ hasText: "Loading…" });

async function choose(page: Page, reason: string): Promise<void> {
  await heading(page, "Before you go");
  await page.getByRole("radio", { name: reason }).check();
}

async function leave(page: Page): Promise<void> {
  await heading(page, "Before you go");
  await press(page, LEAVE);
  await heading(page, "Confirm your cancellation");
  await press(page, LEAVE);
}

describe("a link to the hosted cancel flow", () => {
  let world: World;
  let business: Awaited<ReturnType<typeof openBusiness>>;
  let visitor: Visitor | undefined;
  /** Of all that was asked for since the tab was opened. */
  let origins: Set<string>;
  before(async () => {
    world = await createWorld();
    business = await openBusiness();
    const settings = ["--name", "Papercrane", "--fallback-email", EMAIL, "--return-hosts", business.host];
    await world.renumerate("workspace", "set", ...settings);
    await world.publish(everyOffer);
  });
  after(async () => {
    business.close();
    await world.close();
  });
  afterEach(() => visitor?.close());

  async function tab(browser: Visit["browser"] = {}): Promise<Page> {
    visitor = await world.visit({ customer: "cus_tom", browser });
    const { page } = visitor;
    page.setDefaultTimeout(10_000);
    await page.goto(business.account);
    origins = new Set();
    page.on("request", (request) => origins.add(new URL(request.url()).origin));
    return page;
  }

  async function call<Answer>(path: string, body: object): Promise<Answer> {
    const response = await fetch(`${world.url}/api/v1/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${world.privateKey}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Answer;
  }

  const soon = () => new Date(Date.now() + 10 * 86_400_000).toISOString();
  let users = 0;
  const link = (more: object = {}) =>
    call<{ url: string; session_id: string }>("cancel-link", {
      userId: `user_${++users}`,
      returnUrl: business.back,
      context: { plan: "Pro", mrr: 29, tenureDays: 90, periodEnd: soon() },
      ...more,
    });

  /** At the business, with a result that is not in the address any more. */
  async function returned(page: Page): Promise<Result> {
    await heading(page, "Welcome back");
    assert.equal(page.url(), business.back);
    const token = (await page.locator("output").textContent()) ?? "";
    return call<Result>("cancel-sessions/verify", { token });
  }

  async function isReadable(page: Page): Promise<void> {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} px too wide`);
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(" ")}`),
      [],
    );
  }

  for (const [device, browser] of Object.entries({ desktop: {}, phone })) {
    it(`a customer leaves, and the business hears so before anybody calls it done (${device})`, async () => {
      const page = await tab(browser);
      const { url, session_id } = await link();
      let go = () => {};
      const held = new Promise<void>((resolve) => {
        go = resolve;
      });
      await page.route("**/return", async (route) => {
        await held;
        await route.continue();
      });
      const asked = page.waitForRequest("**/return");
      await page.goto(url);
      assert.equal(page.url(), url, "the address of a link stays as it is");
      await choose(page, "Too expensive");
      await leave(page);
      await asked;
      await words(page).waitFor();
      await words(page).evaluate((moment) =>
        Promise.all(moment.getAnimations().map(({ finished }) => finished)),
      );
      assert.equal(await page.getByRole("heading", { name: /cancelled/ }).count(), 0);
      if (device === "phone") await isReadable(page);
      go();
      const result = await returned(page);
      assert.partialDeepStrictEqual(result, {
        sub: `user_${users}`,
        sid: session_id,
        outcome: "churned",
        reason_key: "price",
      });
      assert.equal(result.offer.accepted, false);
      assert.deepEqual([...origins].sort(), [world.url, new URL(business.back).origin].sort());
      assert.deepEqual(visitor?.faults, []);
    });
  }

  it("a customer stays", async () => {
    const page = await tab();
    const { url, session_id } = await link();
    await page.goto(url);
    await choose(page, "Wrong plan");
    await press(page, "Keep subscription");
    const result = await returned(page);
    assert.partialDeepStrictEqual(result, { sid: session_id, outcome: "recovered", reason_key: "size" });
    assert.equal(result.offer.accepted, false);
  });

  it("a customer stays with a pause", async () => {
    const page = await tab();
    const { url } = await link();
    await page.goto(url);
    await choose(page, "Away for a while");
    await press(page, "Continue");
    await page.getByRole("radio", { name: "2 months" }).check();
    await press(page, "Pause subscription");
    const result = await returned(page);
    assert.partialDeepStrictEqual(result, { outcome: "recovered", reason_key: "away" });
    assert.partialDeepStrictEqual(result.offer, { type: "pause", accepted: true });
  });

  it("a customer closes the page without a decision", async () => {
    const page = await tab();
    const { url } = await link();
    await page.goto(url);
    await choose(page, "I need help");
    const since = performance.now();
    await press(page, "Close");
    const result = await returned(page);
    assert.partialDeepStrictEqual(result, { outcome: "abandoned", reason_key: "help" });
    assert.ok(performance.now() - since < 4_000, "nobody waits for what the server knows");
  });

  it("a customer can go back although the flow's code never comes", async () => {
    const page = await tab();
    const { url } = await link();
    await page.route("**/embed.js", (route) => route.abort());
    await page.goto(url);
    await heading(page, "This is not working right now");
    await press(page, "Close");
    assert.equal((await returned(page)).outcome, "abandoned");
  });

  it("where billing is asked, the customer reads how it ended, and goes back when they close", async () => {
    const page = await tab();
    const { url } = await link({ customerId: "cus_noah" });
    await page.goto(url);
    await leave(page);
    await heading(page, "Your subscription is cancelled");
    const sessions = (await world.state()).ledger.filter(({ outcome }) => outcome === "cancelled");
    assert.ok((await world.subscription(sessions[0]?.subscriptionId ?? "")).cancelAt);
    await press(page, "Done");
    assert.partialDeepStrictEqual(await returned(page), { sub: `user_${users}`, outcome: "churned" });
  });

  it("a customer who decided and left the page comes back at once when they open it again", async () => {
    const page = await tab();
    const { url } = await link();
    await page.route("**/return", (route) => route.abort());
    await page.goto(url);
    await leave(page);
    await heading(page, "This is not working right now");
    await page.goto(business.account);
    await page.goto(url);
    await heading(page, "This is not working right now");
    await page.unroute("**/return");
    await press(page, "Try again");
    assert.equal((await returned(page)).outcome, "churned");
    assert.equal((await page.goto(url))?.status(), 410);
  });

  it("a link that was used opens nothing any more, from the list of visited pages either", async () => {
    const page = await tab();
    const { url } = await link();
    await page.goto(url);
    await heading(page, "Before you go");
    await press(page, "Close");
    await returned(page);
    await page.goBack();
    assert.equal(page.url(), business.account);
    const again = await page.goto(url);
    assert.equal(again?.status(), 410);
    await heading(page, USED);
    await page.getByRole("link", { name: EMAIL }).waitFor();
    assert.equal(await page.getByRole("button").count(), 0);
    await isReadable(page);
  });

  it("a page that comes back from the browser's memory is loaded anew", async () => {
    const page = await tab();
    const { url } = await link();
    await page.goto(url);
    await heading(page, "Before you go");
    const other = await page.context().newPage();
    await other.goto(url);
    await heading(other, "Before you go");
    await press(other, "Close");
    await returned(other);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await heading(page, USED);
    assert.equal(await page.getByRole("heading", { name: "Before you go" }).count(), 0);
  });

  it("the demo's customers can try it: its own return page says how it ended", async () => {
    const page = await tab();
    await page.goto(`${world.url}/?customer=cus_eleanor&view=link`);
    await page.locator("main").getByRole("button", { name: LEAVE }).click();
    await page.waitForURL("**/cancel/*");
    await heading(page, "Before you go");
    await press(page, "Keep subscription");
    await press(page, "Done");
    await heading(page, "You are staying");
    assert.equal(page.url(), `${world.url}/returned.html`, "the result is not in the address any more");
    await isReadable(page);
    await page.getByText("What the token says").click();
    await page.getByText('"outcome": "recovered"').waitFor();
    await page.getByRole("link", { name: "Back to plan and billing" }).click();
    await page.locator('main[aria-busy="false"]').waitFor();
    assert.equal(page.url(), `${world.url}/?customer=cus_eleanor&view=link`);
    assert.deepEqual(visitor?.faults, []);
  });

  it("the demo's return page believes nothing that it cannot verify", async () => {
    const page = await tab();
    await page.goto(`${world.url}/returned.html#ci_result_token=e30.e30.e30`);
    await heading(page, "We could not confirm this");
    await page.goto(`${world.url}/returned.html?`);
    await heading(page, "There is no result here");
  });

  const refusals = [
    ["a link that holds no longer", 410, "cancel_link_used", OVER],
    ["a host that is not listed any more", 400, "return_url_not_allowed", "This is not working right now"],
  ] as const;
  for (const [what, status, code, title] of refusals) {
    it(`says so when there is no way back (${what})`, async () => {
      const page = await tab();
      const { url } = await link();
      await page.goto(url);
      await heading(page, "Before you go");
      await page.route("**/return", (route) => route.fulfill({ status, json: { error: { code } } }));
      await press(page, "Close");
      await heading(page, title);
      await page.getByRole("link", { name: EMAIL }).waitFor();
      assert.equal(await page.getByRole("button").count(), 0, "trying again would not help");
    });
  }

  it("says so when the way back cannot be had, and goes on once it can", async () => {
    const page = await tab();
    const { url } = await link();
    await page.route("**/return", (route) => route.abort());
    await page.goto(url);
    await leave(page);
    for (let times = 0; times < 2; times++) {
      await heading(page, "This is not working right now");
      await page.getByRole("link", { name: EMAIL }).waitFor();
      assert.equal(
        await page.getByText("has not changed").filter({ visible: true }).count(),
        0,
        "nobody knows that",
      );
      if (!times) await isReadable(page);
      const failed = page.waitForEvent("requestfailed");
      await press(page, "Try again");
      await failed;
    }
    await heading(page, "This is not working right now");
    await page.unroute("**/return");
    await press(page, "Try again");
    assert.equal((await returned(page)).outcome, "churned");
  });

  for (const [colorScheme, device, browser] of [
    ["light", "desktop", {}],
    ["dark", "phone", phone],
  ] as const) {
    it(`reads well in ${colorScheme} on a ${device}, from right to left too`, async () => {
      const page = await tab({ ...browser, colorScheme, reducedMotion: "reduce" });
      const { url } = await link();
      for (const locale of ["en", "ar"]) {
        await page.goto(`${url}?locale=${locale}`);
        await page.getByRole("radio").first().waitFor();
        assert.equal(await page.locator("html").getAttribute("dir"), locale === "ar" ? "rtl" : "ltr");
        await isReadable(page);
      }
      assert.deepEqual(visitor?.faults, []);
    });
  }
});

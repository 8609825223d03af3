/** The class on a real site, with a real server: what a page of its own cannot show. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { after, afterEach, before, describe, it } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { chromiumDriver } from "./drivers/chromium.ts";
import { createWorld, until, type World } from "./harness.ts";
import { html, type Served, serve } from "./serve.ts";

const EMAIL = "help@shop.example";

/** What the pages of the site keep for the tests to read. */
interface Kept extends Window {
  calls: string[];
}

const callbacks = `{
  onRetained: ({ status }) => calls.push("retained " + status),
  onCancelled: ({ status, subscriptionId }) => calls.push("cancelled " + status + " " + subscriptionId),
  onComplete: ({ outcome }) => calls.push("complete " + outcome),
}`;

const dialogOf = (page: Page) => page.locator("dialog.renumerate-dialog");

async function cancel(page: Page): Promise<void> {
  const dialog = dialogOf(page);
  await dialog.getByRole("button", { name: "Cancel subscription" }).click();
  await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
  await dialog.getByRole("button", { name: "Cancel subscription" }).click();
  await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
}

const close = async (page: Page) => {
  await dialogOf(page).getByRole("button", { name: "Close", exact: true }).click();
  await dialogOf(page).waitFor({ state: "detached" });
};

const callsOf = (page: Page) => page.evaluate(() => (window as unknown as Kept).calls);

describe("the class on a site", () => {
  const driver = chromiumDriver();
  let world: World;
  let site: Served;
  let publicKey: string;
  /** Who is signed in to the site. */
  let customer = "";
  let script = "";
  const opened: (() => Promise<void>)[] = [];

  const tokenFor = (subscriberId: string) => {
    const payload = JSON.stringify({
      brandPub: publicKey,
      subscriberId,
      timestamp: Date.now(),
      nonce: randomUUID(),
    });
    const signature = createHmac("sha256", world.privateKey).update(payload).digest("base64url");
    return `${Buffer.from(payload).toString("base64url")}.${signature}`;
  };

  async function mintHub(customerId: string): Promise<string> {
    const response = await fetch(`${world.url}/v1/subscription/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Brand-Key": world.privateKey },
      body: JSON.stringify({ subscription: { customer_id: customerId } }),
    });
    return ((await response.json()) as { id: string }).id;
  }

  before(async () => {
    world = await createWorld();
    ({ key: publicKey } = JSON.parse(
      await world.renumerate("keys", "create", "--kind", "public", "--json"),
    ) as { key: string });
    site = await serve((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/api/renumerate-token") return Response.json({ token: tokenFor(customer) });
      return html(
        `<h1>Billing</h1><div id="a"></div><div id="b"></div><script type="module">
          import { Renumerate } from "${world.url}/renumerate.js";
          window.calls = [];
          ${script}
        </script>`,
      );
    });
  });
  after(async () => {
    await driver.close();
    site.close();
    await world.close();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each();
  });

  async function visit(code: string, options: BrowserContextOptions = {}) {
    script = code;
    const { page, faults, close } = await driver.open(options);
    page.setDefaultTimeout(10_000);
    opened.push(close);
    const exchanges: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/v1/session/exchange"))
        exchanges.push(request.postData() ?? "");
    });
    await page.goto(site.url);
    return { page, faults, exchanges };
  }

  const byToken = `
    const getAuthToken = async () => (await (await fetch("/api/renumerate-token")).json()).token;
    window.renumerate = new Renumerate({ getAuthToken, fallbackEmail: "${EMAIL}", callbacks: ${callbacks} });`;

  it("10, 14, 23, 60: by session id a customer cancels, billing says so, and each callback is called once", async () => {
    const id = await world.mint("cus_tom");
    const { page, faults } = await visit(`
      const renumerate = new Renumerate({ publicKey: "pk_1", callbacks: ${callbacks} });
      renumerate.mountCancelButton("a", ${JSON.stringify(id)});`);
    await page.getByRole("button", { name: "Cancel Subscription" }).click();
    await cancel(page);
    const state = await world.state();
    const subscription = state.customers.find((each) => each.id === "cus_tom")?.subscriptions[0];
    assert.ok(subscription?.cancelAt);
    await close(page);
    assert.deepEqual(await callsOf(page), [`cancelled done ${subscription.id}`, "complete cancelled"]);
    assert.deepEqual(faults, []);
  });

  it("47, 50: by handshake token, one exchange for the button, the hub and the next page", async () => {
    customer = "cus_NffrFeUfNV2Hib";
    const { page, faults, exchanges } = await visit(`${byToken}
      renumerate.mountCancelButton("a");
      await renumerate.mountSubscriptionHub("b");`);
    await page.locator("renumerate-subscription-hub article").first().waitFor();
    await page.locator("#a button").click();
    await dialogOf(page).getByRole("heading", { name: "Why would you like to cancel?" }).waitFor();
    await close(page);
    await page.reload();
    await page.locator("renumerate-subscription-hub article").first().waitFor();
    const [session, stored] = await page.evaluate(async () => {
      const { renumerate } = window as unknown as { renumerate: { getSession(): Promise<unknown> } };
      return [
        (await renumerate.getSession()) as { sessionId: string; expiresAt: number },
        JSON.parse(sessionStorage.getItem("renumerate_sdk_session") as string),
      ];
    });
    assert.equal(exchanges.length, 1);
    assert.match(session.sessionId, /^r10_/);
    assert.equal(stored.sessionId, session.sessionId);
    assert.ok(session.expiresAt * 1000 > Date.now() && session.expiresAt < Date.now());
    assert.deepEqual(faults, []);
  });

  it("69: who signs in on the same page, or after it, never sees what was another customer's", async () => {
    customer = "cus_amara";
    const { page, exchanges } = await visit(`${byToken} renumerate.mountCancelButton("a");`);
    const opensFor = async () => {
      const flow = page.waitForResponse((response) => response.url().includes("/v1/widget/flow"));
      await page.locator("#a button").click();
      const { customer, subscription } = (await (await flow).json()) as {
        customer: { name: string };
        subscription: { id: string };
      };
      await dialogOf(page).getByRole("radio").first().waitFor();
      await close(page);
      return `${customer.name} ${subscription.id}`;
    };
    const amara = await opensFor();
    customer = "cus_mateo";
    const mateo = await opensFor();
    await page.reload();
    assert.equal(await opensFor(), mateo);
    customer = "cus_amara";
    await page.reload();
    assert.equal(await opensFor(), amara);
    assert.notEqual(amara, mateo);
    assert.equal(exchanges.length, 3);
  });

  it("51: what the server thinks of a token is what getSession rejects with", async () => {
    customer = "cus_amara";
    const { page } = await visit(byToken);
    const because = (token: string) =>
      page.evaluate(async (token) => {
        const { renumerate } = window as unknown as {
          renumerate: { updateConfig(config: object): void; refreshSession(): Promise<unknown> };
        };
        renumerate.updateConfig({ getAuthToken: async () => token });
        return renumerate.refreshSession().then(
          () => "a session",
          (error: Error) => error.message,
        );
      }, token);
    const good = tokenFor(customer);
    assert.equal(await because("nonsense"), "Invalid token format");
    assert.equal(await because(`${good.slice(0, -8)}AAAAAAAA`), "Invalid signature");
    assert.equal(await because(tokenFor("cus_nobody")), "Customer not found");
    assert.equal(await because(good), "a session");
    assert.equal(await because(good), "Token already used");
  });

  it("26, 27: from a hub a customer cancels, and the hub says when it ends", async () => {
    const id = await mintHub("cus_sam");
    const { page, faults } = await visit(`
      const renumerate = new Renumerate({});
      renumerate.mountSubscriptionHub("b", ${JSON.stringify(id)}, "", "", ${callbacks});`);
    const hub = page.locator("#b renumerate-subscription-hub");
    await hub
      .getByRole("button", { name: /^Cancel subscription/ })
      .first()
      .click();
    await cancel(page);
    await close(page);
    await hub
      .getByText(/^Ends on /)
      .first()
      .waitFor();
    const [cancelled, complete] = await callsOf(page);
    assert.match(String(cancelled), /^cancelled done sub_/);
    assert.equal(complete, "complete cancelled");
    assert.deepEqual(faults, []);
  });

  it("the hosted hub in a frame of the page opens the dialog of the class, one for two instances", async () => {
    const id = await mintHub("cus_misaki");
    const { page, faults } = await visit(`
      const renumerate = new Renumerate({ callbacks: ${callbacks} });
      new Renumerate({});
      const frame = document.createElement("iframe");
      frame.style.cssText = "width: 600px; height: 10px";
      frame.src = renumerate.getSubscriptionHubUrl(${JSON.stringify(id)});
      document.body.append(frame);`);
    const hub = page.frameLocator("iframe");
    // It has grown with what is in it.
    await page.waitForFunction(
      () => Number.parseInt(document.querySelector("iframe")?.style.height ?? "", 10) > 100,
    );
    await hub
      .getByRole("button", { name: /^Cancel subscription/ })
      .first()
      .click();
    await cancel(page);
    assert.equal(await hub.getByRole("dialog").count(), 0);
    await close(page);
    await hub
      .getByText(/^Ends on /)
      .first()
      .waitFor();
    assert.deepEqual(
      (await callsOf(page)).map((call) => call.split(" ")[0]),
      ["cancelled", "complete"],
    );
    assert.deepEqual(faults, []);
  });

  it("35, 37, 63: a server that is gone, from the first click to trying again", async () => {
    const id = await world.mint("cus_eleanor");
    const { page } = await visit(`
      const renumerate = new Renumerate({ fallbackEmail: "${EMAIL}", callbacks: ${callbacks} });
      renumerate.mountCancelButton("a", ${JSON.stringify(id)});`);
    await page.locator("#a button").waitFor();
    await page.route(`${world.url}/**`, (route) => route.abort());
    await page.locator("#a button").click();
    const box = page.locator(".renumerate-error-content");
    await box.getByText("We're sorry!").waitFor();
    await box.getByRole("link", { name: EMAIL }).waitFor();
    await box.getByRole("button", { name: "Try again" }).click();
    await box.getByText("We're sorry!").waitFor();
    assert.equal(await box.count(), 1);
    await page.unroute(`${world.url}/**`);
    await box.getByRole("button", { name: "Try again" }).click();
    await cancel(page);
    await close(page);
    await until(async () => (await callsOf(page)).length === 2);
  });

  it("67: in forced colours the dialog, its buttons and its failure have edges", async () => {
    const { page } = await visit(
      `new Renumerate({ apiUrl: "${site.url}", fallbackEmail: "${EMAIL}" }).showRetentionView("ret_x");`,
      { forcedColors: "active" },
    );
    await page.locator(".renumerate-error-content").waitFor();
    for (const selector of [".renumerate-dialog-content", ".renumerate-retry"]) {
      const width = await page.locator(selector).evaluate((each) => getComputedStyle(each).borderTopWidth);
      assert.equal(width, "1px", selector);
    }
  });
});

/** The markup that docs/sessions.md and docs/cms.md show, in a browser: as printed, with the test's addresses in place. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { block, blocksOf } from "../docs/blocks.ts";
import { type Handlers, loadHandlers, signedByShopify } from "../docs/handlers.ts";
import { chromiumDriver } from "./drivers/chromium.ts";
import { createWorld, type World } from "./harness.ts";
import { html, type Served, serve } from "./serve.ts";

const john = "cus_NffrFeUfNV2Hib";

/** What Shopify makes of a template of ours for a customer who is signed in, or is not. */
function liquid(template: string, isSignedIn: boolean): string {
  const values: Record<string, string> = {
    "shop.email | escape": "support@example.com",
    "request.locale.iso_code": "en",
    "routes.account_login_url": "/account/login",
  };
  const branch = isSignedIn ? "$1" : "$2";
  return template
    .replace(/\{% if customer %\}(.*)\{% else %\}(.*)\{% endif %\}/s, branch)
    .replaceAll(
      /\{\{ (.+?) \}\}/g,
      (_, name: string) => values[name] ?? assert.fail(`no ${name} in Shopify`),
    );
}

describe("the markup of the documents", () => {
  const sessions = blocksOf("docs/sessions.md");
  const cms = blocksOf("docs/cms.md");
  const driver = chromiumDriver();
  let world: World;
  let site: Served;
  let functions: Served;
  let handlers: Handlers;
  /** The page at the site's `/`. */
  let page: () => Response;

  before(async () => {
    world = await createWorld();
    const { url: server, privateKey } = world;
    const made = await world.renumerate("keys", "create", "--kind", "public", "--json");
    const { key: publicKey } = JSON.parse(made) as { key: string };
    site = await serve(async ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === "/") return page();
      if (pathname === "/api/renumerate-session") return Response.json({ id: await world.mint(john) });
      if (pathname === "/api/renumerate-token") {
        const headers = { Authorization: "Bearer member-john" };
        return handlers.token.fetch(new Request(url, { headers }));
      }
      if (pathname === "/apps/renumerate/session") {
        const query = new URLSearchParams({
          shop: "shop-name.myshopify.com",
          logged_in_customer_id: "1",
          path_prefix: "/apps/renumerate",
          timestamp: String(Math.floor(Date.now() / 1000)),
        });
        return handlers.shopify.fetch(
          new Request(`${functions.url}/session?${await signedByShopify(query)}`),
        );
      }
      return undefined;
    });
    // On an origin of their own, as those of a provider are.
    functions = await serve((request) => handlers.token.fetch(request));
    handlers = await loadHandlers({ server, publicKey, privateKey, site: site.url });
  });
  after(async () => {
    await driver.close();
    for (const each of [site, functions]) each.close();
    handlers.dispose();
    await world.close();
  });

  const placed = (code: string) =>
    code
      .replaceAll("https://renumerate.example.com", world.url)
      .replaceAll("https://functions.example.com", functions.url);
  const script = () => placed(block(cms, ["Webflow"], "html"));
  const membership = "<script>window.membershipToken = async () => 'member-john'</script>";

  /** The customer clicks, and sees their own flow. @returns the addresses that the page has asked */
  async function opens(body: string, head = ""): Promise<string[]> {
    page = () => html(body, head);
    const { page: tab, faults, close } = await driver.open({});
    try {
      const asked: string[] = [];
      tab.on("request", (request) => asked.push(new URL(request.url()).pathname));
      const flow = tab.waitForResponse("**/v1/widget/flow**");
      await tab.goto(site.url);
      await tab.getByRole("button", { name: "Cancel subscription" }).click();
      await tab.getByRole("dialog").getByRole("radio").first().waitFor();
      const { customer } = (await (await flow).json()) as { customer: { name: string } };
      assert.equal(customer.name, "John Doe");
      assert.deepEqual(faults, []);
      return asked;
    } finally {
      await close();
    }
  }

  /** Without the script, the fallback is what there is. */
  async function fallsBack(body: string): Promise<string | null> {
    page = () => html(body);
    const { page: tab, close } = await driver.open({ javaScriptEnabled: false });
    try {
      await tab.goto(site.url);
      return await tab.getByRole("link").getAttribute("href");
    } finally {
      await close();
    }
  }

  it("of session ids opens the flow", async () => {
    const code = block(sessions, ["Session ids"], "html");
    const asked = await opens(code, script());
    assert.ok(asked.includes("/api/renumerate-session") && !asked.includes("/v1/session/exchange"));
    assert.equal(await fallsBack(code), "mailto:support@example.com?subject=Cancel");
  });

  it("of handshake tokens opens the flow", async () => {
    const code = block(sessions, ["Handshake tokens"], "html");
    const asked = await opens(code, script());
    assert.ok(asked.includes("/api/renumerate-token") && asked.includes("/v1/session/exchange"));
    assert.equal(await fallsBack(code), "mailto:support@example.com?subject=Cancel");
  });

  it("for Webflow opens the flow, with a function on another origin", async () => {
    const code = placed(block(cms, ["Webflow"], "html", 1));
    const asked = await opens(code, script() + membership);
    assert.ok(asked.includes("/renumerate-token") && asked.includes("/v1/session/exchange"));
    assert.equal(await fallsBack(code), "mailto:support@example.com?subject=Cancel");
  });

  it("for Squarespace opens the flow, with all of it in the page's body", async () => {
    const code = placed(block(cms, ["Squarespace"], "html"));
    const asked = await opens(code, membership);
    assert.ok(asked.includes("/renumerate-token") && asked.includes("/v1/session/exchange"));
    assert.equal(await fallsBack(code), "mailto:support@example.com?subject=Cancel");
  });

  it("for Shopify opens the flow, by the shop's own address", async () => {
    const template = placed(block(cms, ["Shopify"], "liquid"));
    const asked = await opens(liquid(template, true));
    assert.ok(asked.includes("/apps/renumerate/session") && !asked.includes("/v1/session/exchange"));
    assert.equal(await fallsBack(liquid(template, true)), "mailto:support@example.com");
    assert.equal(await fallsBack(liquid(template, false)), "/account/login");
  });
});

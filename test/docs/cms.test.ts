/** The functions of docs/cms.md, against a real server. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createWorld, type World } from "../e2e/harness.ts";
import { type Handlers, loadHandlers, signedByShopify } from "./handlers.ts";
import { verify } from "./verify.ts";

const SITE = "https://www.your-site.example";

describe("the functions of docs/cms.md", () => {
  let world: World;
  let handlers: Handlers;
  let publicKey: string;
  before(async () => {
    world = await createWorld();
    const made = await world.renumerate("keys", "create", "--kind", "public", "--json");
    publicKey = (JSON.parse(made) as { key: string }).key;
    const { url: server, privateKey } = world;
    handlers = await loadHandlers({ server, publicKey, privateKey, site: SITE });
  });
  after(async () => {
    handlers.dispose();
    await world.close();
  });

  const now = () => Math.floor(Date.now() / 1000);
  /** What the app proxy forwards, for the customer 1. */
  const forwarded = (change: Record<string, string> = {}) =>
    new URLSearchParams({
      shop: "shop-name.myshopify.com",
      logged_in_customer_id: "1",
      path_prefix: "/apps/renumerate",
      timestamp: String(now()),
      ...change,
    });
  const ask = (query: URLSearchParams) =>
    handlers.shopify.fetch(new Request(`https://functions.example.com/session?${query}`));

  it("gives the session of who is signed in to the shop", async () => {
    const response = await ask(await signedByShopify(forwarded()));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const { id } = (await response.json()) as { id: string };
    const flow = await fetch(`${world.url}/v1/widget/flow`, { headers: { Authorization: `Bearer ${id}` } });
    assert.equal(((await flow.json()) as { customer: { name: string } }).customer.name, "John Doe");
  });

  it("checks the signature as Shopify describes it", async () => {
    // The example of Shopify's documentation, which is of 2011 and signed with "hush".
    const query = new URLSearchParams(
      "extra=1&extra=2&shop=shop-name.myshopify.com&logged_in_customer_id=1&path_prefix=%2Fapps%2Fawesome_reviews&timestamp=1317327555",
    );
    const signature = "4c68c8624d737112c91818c11017d24d334b524cb5c2b8ba08daa056f7395ddb";
    assert.equal((await signedByShopify(query)).get("signature"), signature);
    const { now } = Date;
    Date.now = () => 1_317_327_555_000;
    try {
      const given = new URLSearchParams(query);
      given.set("signature", signature);
      const response = await ask(given);
      assert.equal(response.status, 200, "it is good at its time");
      given.set("logged_in_customer_id", "2");
      assert.equal((await ask(given)).status, 401);
    } finally {
      Date.now = now;
    }
    query.set("signature", signature);
    assert.equal((await ask(query)).status, 401, "and not now");
  });

  it("gives nothing to anybody else", async () => {
    const refused = async (query: URLSearchParams) =>
      assert.equal((await ask(query)).status, 401, String(query));
    await refused(forwarded());
    await refused(await signedByShopify(forwarded(), "other secret"));
    await refused(await signedByShopify(forwarded({ logged_in_customer_id: "" })));
    await refused(await signedByShopify(forwarded({ logged_in_customer_id: "2" })));
    await refused(await signedByShopify(forwarded({ shop: "other.myshopify.com" })));
    await refused(await signedByShopify(forwarded({ timestamp: String(now() - 61) })));
    await refused(await signedByShopify(forwarded({ timestamp: "soon" })));
    const tampered = await signedByShopify(forwarded({ logged_in_customer_id: "2" }));
    tampered.set("logged_in_customer_id", "1");
    await refused(tampered);
    const twice = await signedByShopify(forwarded({ logged_in_customer_id: "2" }));
    await refused(new URLSearchParams(`logged_in_customer_id=1&${twice}`));
  });

  const member = (headers: Record<string, string>, method = "GET") =>
    handlers.token.fetch(new Request("https://functions.example.com/renumerate-token", { method, headers }));

  it("signs a token for a member, readable by the one site", async () => {
    const response = await member({ Authorization: "Bearer member-john" });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("access-control-allow-origin"), SITE);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const { token } = (await response.json()) as { token: string };
    assert.deepEqual(
      [
        (await verify(token, world.privateKey)).subscriberId,
        (await verify(token, world.privateKey)).brandPub,
      ],
      ["cus_NffrFeUfNV2Hib", publicKey],
    );
  });

  it("signs nothing for nobody, and answers the preflight", async () => {
    for (const headers of [{}, { Authorization: "Bearer guess" }, { Authorization: "member-john-not" }]) {
      const response = await member(headers as Record<string, string>);
      assert.equal(response.status, 401);
      assert.equal(await response.text(), "");
    }
    const preflight = await member({}, "OPTIONS");
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-headers"), "Authorization");
  });
});

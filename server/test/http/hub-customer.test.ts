/** What a hub shows and changes of the customer as a whole: invoices, billing details, the way to the payment page. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { HubInvoices as InvoicesShape } from "../../../src/api/contract.ts";
import type { Hub, HubInvoices } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { sealSession } from "../../src/domain/session-token.ts";
import { DAY, john, NOW, onEachStore, type World } from "../harness.ts";

const HUB = "/v1/widget/hub";
const SHOP = "https://shop.example";
const lucia = "cus_lucia";

/** Nobody is given such a session; what it names may have moved to another customer since. */
const claiming = (world: World, customerId: string, subscriptionId: string) =>
  sealSession(world.deps.keys.session, "ret_", {
    ...world.scope,
    tokenId: "tok_1",
    customerId,
    subscriptionId,
    expiresAt: NOW + DAY,
  });

onEachStore("A hub's invoices", ({ open }) => {
  async function page(world: World, token: string, after?: string): Promise<HubInvoices> {
    const query = after === undefined ? "" : `?${new URLSearchParams({ after })}`;
    const reply = await world.request(`${HUB}/invoices${query}`, { token });
    assert.equal(reply.status, 200, reply.text);
    const parsed = InvoicesShape.parse(reply.body) as HubInvoices;
    assert.deepEqual(reply.body, parsed, "nothing beyond the contract leaves the server");
    return parsed;
  }

  it("come twelve at a time, the newest first, each once", async () => {
    const world = await open();
    const token = await world.mint("cus_eleanor");
    const all = await world.invoices(ids.longTenured);
    const seen: string[] = [];
    const sizes: number[] = [];
    let after: string | undefined;
    do {
      const { invoices, after: next } = await page(world, token, after);
      seen.push(...invoices.map(({ id }) => id));
      sizes.push(invoices.length);
      after = next;
    } while (after !== undefined);
    assert.ok(all.length > 100);
    assert.deepEqual(seen, all.map(({ id }) => id).reverse());
    assert.deepEqual(new Set(sizes.slice(0, -1)), new Set([12]));
  });

  it("end with a full page where there are no more, and go on where there is one", async () => {
    const world = await open();
    const token = await world.mint(lucia, ids.second);
    const until = async (count: number) => {
      while ((await world.invoices(ids.second)).length < count)
        await world.simulator.advance({ by: 20 * DAY });
      assert.equal((await world.invoices(ids.second)).length, count);
    };
    await until(12);
    const full = await page(world, token);
    assert.deepEqual([full.invoices.length, full.after], [12, undefined]);
    await until(13);
    const first = await page(world, token);
    assert.equal(first.invoices.length, 12);
    const last = await page(world, token, first.after ?? assert.fail("there is more"));
    assert.deepEqual([last.invoices.length, last.after], [1, undefined]);
    assert.equal(last.invoices[0]?.id, full.invoices.at(-1)?.id);
    const again = await page(world, token, "in_nowhere");
    assert.equal(again.invoices[0]?.id, first.invoices[0]?.id, "what is unknown is the first page");
  });

  it("are those of the subscription that a session names, and of nobody else", async () => {
    const world = await open();
    const own = (await world.invoices(ids.second)).map(({ id }) => id).reverse();
    const named = await page(world, await world.mint(lucia, ids.second));
    assert.deepEqual(
      named.invoices.map(({ id }) => id),
      own,
    );
    const both = await page(world, await world.mint(lucia));
    assert.equal(both.invoices.length, 12);
    assert.ok(both.after);
    for (const subscription of [ids.annual, "sub_nowhere"])
      assert.deepEqual(await page(world, claiming(world, john, subscription)), { invoices: [] });
    assert.deepEqual(await page(world, await world.mint("cus_wren")), { invoices: [] });
    // A place in somebody else's list says nothing of theirs.
    const johns = await page(world, await world.mint(john), own[0]);
    assert.ok(johns.invoices.every(({ id }) => !own.includes(id)));
  });

  it("are not told when billing does not answer", async () => {
    const world = await open();
    const token = await world.mint(john);
    world.billing.plan = { invoices: { when: "before", throws: "unknown" } };
    const reply = await world.request(`${HUB}/invoices`, { token });
    assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"]);
  });
});

onEachStore("The way to the payment page", ({ open }) => {
  const ask = (world: World, token: string, json: object, origin: string | undefined = SHOP) =>
    world.request(`${HUB}/payment-page`, { token, json, ...(origin ? { origin } : {}) });

  it("leads to the provider, and back to the page that asked", async () => {
    const world = await open();
    const token = await world.mint(john);
    const reply = await ask(world, token, { subscription: ids.monthly, returnUrl: `${SHOP}/billing?tab=1` });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(Object.keys(reply.body), ["url"]);
    const { operation, args } = world.billing.calls.at(-1) ?? assert.fail();
    assert.deepEqual(
      [operation, args],
      [
        "paymentPage",
        [{ customerId: john, subscriptionId: ids.monthly, returnUrl: `${SHOP}/billing?tab=1` }],
      ],
    );
    const shown = await world.request(String(reply.body.url));
    assert.equal(shown.status, 200, shown.text);
    assert.ok(shown.text.includes(SHOP));
  });

  it("leads back to no other place", async () => {
    const world = await open();
    const token = await world.mint(john);
    for (const returnUrl of [
      "https://elsewhere.example/billing",
      "https://shop.example.elsewhere.example/",
      "https://shop.example@elsewhere.example/",
      "http://shop.example/billing",
      "https://shop.example:8443/billing",
      "javascript:alert(1)//https://shop.example",
      "data:text/html,https://shop.example",
      "blob:https://shop.example/0b9c1b1e-8c5f-4f0e-9d3c-7d3a3c1c1c1c",
      "//shop.example/billing",
      "/billing",
      "",
    ]) {
      const reply = await ask(world, token, { subscription: ids.monthly, returnUrl });
      assert.deepEqual(
        [reply.status, reply.code, reply.param],
        [400, "parameter_invalid", "returnUrl"],
        returnUrl,
      );
    }
    assert.ok(world.billing.calls.every(({ operation }) => operation !== "paymentPage"));
  });

  it("leads back to the server's own pages where no page says whence it asks", async () => {
    const world = await open({ publicUrl: "https://retention.acme.example" });
    const token = await world.mint(john);
    const status = async (returnUrl: string) => {
      const json = { subscription: ids.monthly, returnUrl };
      return (await world.request(`${HUB}/payment-page`, { token, json })).status;
    };
    assert.equal(await status("https://retention.acme.example/billing.html"), 200);
    assert.equal(await status(`${SHOP}/billing`), 400);
  });

  it("leads back to no page that merely claims to be the server's own", async () => {
    const world = await open({ publicUrl: "https://retention.acme.example" });
    const token = await world.mint(john);
    const evil = "http://elsewhere.example";
    for (const page of [evil, "http://127.0.0.1:8080"])
      for (const returnUrl of [`${page}/subs`, `${page}/`]) {
        const json = { subscription: ids.monthly, returnUrl };
        const reply = await world.request(`${page}${HUB}/payment-page`, { token, origin: page, json });
        const refused = page === evil ? [403, "origin_not_allowed"] : [400, "parameter_invalid", "returnUrl"];
        assert.deepEqual([reply.status, reply.code, reply.param].slice(0, refused.length), refused);
      }
    assert.ok(world.billing.calls.every(({ operation }) => operation !== "paymentPage"));
    const own = "https://retention.acme.example";
    for (const origin of [own, SHOP]) {
      const json = { subscription: ids.monthly, returnUrl: `${origin}/billing` };
      const reply = await world.request(`${evil}${HUB}/payment-page`, { token, origin, json });
      assert.equal(reply.status, 200, origin);
    }
  });

  it("is open to who is overdue or paused, and closed where nothing will be charged", async () => {
    const world = await open();
    const codeFor = async (customer: string, subscription: string) => {
      const json = { subscription, returnUrl: SHOP };
      const { status, code } = await ask(world, await world.mint(customer), json);
      return code ?? status;
    };
    assert.equal(await codeFor("cus_sam", ids.pastDue), 200);
    assert.equal(await codeFor("cus_ingrid", ids.paused), 200);
    assert.equal(await codeFor("cus_priya", ids.cancelling), "change_not_available");
    assert.equal(await codeFor("cus_olivia", ids.cancelled), "change_not_available");
  });

  it("is for one's own subscription, and the one that the session names", async () => {
    const world = await open();
    const code = async (token: string, subscription: string) =>
      (await ask(world, token, { subscription, returnUrl: SHOP })).code;
    const token = await world.mint(lucia, ids.first);
    assert.equal(await code(token, ids.first), undefined);
    assert.equal(await code(token, ids.second), "subscription_not_found");
    assert.equal(await code(await world.mint(john), ids.annual), "subscription_not_found");
    assert.equal(await code(await world.mint(john), "sub_nowhere"), "subscription_not_found");
    assert.equal(await code(claiming(world, john, ids.annual), ids.annual), "subscription_not_found");
  });

  it("says why it is closed when the provider has none, or does not answer", async () => {
    const world = await open();
    const token = await world.mint(john);
    const json = { subscription: ids.monthly, returnUrl: SHOP };
    world.billing.plan = { paymentPage: { when: "before", throws: "rejected" } };
    assert.equal((await ask(world, token, json)).code, "change_not_available");
    world.billing.plan = { paymentPage: { when: "before", throws: "unknown" } };
    assert.equal((await ask(world, token, json)).code, "billing_unavailable");
  });
});

onEachStore("Billing details", ({ open: openWorld }) => {
  /** Where the e-mail address can be changed. */
  const open = () => openWorld({ settings: { hub: { actions: { billing_email: true } } } });
  const save = (world: World, token: string, json: object) =>
    world.request(`${HUB}/billing-details`, { token, json });
  const customer = async (world: World, token: string) =>
    ((await world.request(HUB, { token })).body as unknown as Hub).customer;
  const full = {
    name: "Jane Doe",
    email: "jane@example.com",
    address: {
      line1: "1 Main Street",
      line2: "Floor 2",
      city: "Springfield",
      postalCode: "12345",
      state: "IL",
      country: "US",
    },
  };

  it("take the place of all that was there", async () => {
    const world = await open();
    const token = await world.mint(john);
    const saved = await save(world, token, full);
    assert.deepEqual([saved.status, saved.body], [200, full]);
    assert.deepEqual(await customer(world, token), full);
    const less = {
      name: "  ",
      email: "j@example.com",
      address: { line1: " 2 Side Street ", line2: "", city: " " },
    };
    const left = { email: "j@example.com", address: { line1: "2 Side Street" } };
    assert.deepEqual((await save(world, token, less)).body, left, "what is empty is gone");
    assert.deepEqual(await customer(world, token), left);
    const none = { name: "", email: "j@example.com", address: { line1: "" } };
    assert.deepEqual((await save(world, token, none)).body, { email: "j@example.com" });
    assert.deepEqual(await customer(world, token), { email: "j@example.com" });
  });

  it("change nobody else's, and can be saved twice", async () => {
    const world = await open();
    const [token, other] = [await world.mint(john), await world.mint(lucia)];
    const before = await customer(world, other);
    for (let times = 0; times < 2; times++) assert.equal((await save(world, token, full)).status, 200);
    assert.deepEqual(await customer(world, other), before);
    assert.equal((await save(world, token, { ...full, id: "cus_lucia" })).code, "parameter_unknown");
  });

  it("name the field that is wrong", async () => {
    const world = await open();
    const token = await world.mint(john);
    const before = await customer(world, token);
    const { name: _, ...nameless } = full;
    const address = (more: object) => ({ ...full, address: { ...full.address, ...more } });
    const faults: [object, string, string][] = [
      [{ ...full, email: "jane" }, "parameter_invalid", "email"],
      [{ ...full, email: "" }, "parameter_invalid", "email"],
      [nameless, "parameter_missing", "name"],
      [{ ...full, name: "x".repeat(201) }, "parameter_invalid", "name"],
      [address({ postalCode: "1".repeat(21) }), "parameter_invalid", "address/postalCode"],
      [address({ country: "us" }), "parameter_invalid", "address/country"],
      [address({ country: "USA" }), "parameter_invalid", "address/country"],
      [address({ country: "QQ" }), "parameter_invalid", "address/country"],
      [address({ planet: "Earth" }), "parameter_unknown", "address/planet"],
    ];
    for (const [json, code, param] of faults) {
      const reply = await save(world, token, json);
      assert.deepEqual([reply.status, reply.code, reply.param], [400, code, param], JSON.stringify(json));
    }
    assert.deepEqual(await customer(world, token), before);
    for (const country of ["XK", "GB", "JP"])
      assert.equal((await save(world, token, address({ country }))).status, 200, country);
  });

  it("leave an e-mail address alone, but where the business lets customers change it", async () => {
    const world = await openWorld();
    const token = await world.mint(john);
    const before = await customer(world, token);
    const { email: _, ...rest } = full;
    for (const email of ["jane@example.com", "amara.okafor@example.com", "John.Doe@example.com"]) {
      const reply = await save(world, token, { ...full, email });
      assert.deepEqual([reply.status, reply.code], [409, "change_not_available"], email);
    }
    assert.deepEqual(await customer(world, token), before);
    const kept = { ...rest, email: before.email };
    for (const json of [rest, kept]) assert.deepEqual((await save(world, token, json)).body, kept);
    assert.deepEqual(await customer(world, token), kept);
    // By the address that the business knows, the customer is still found.
    const json = { retention: { customer_email: before.email } };
    assert.equal((await world.request("/v1/retention/session", { key: world.key, json })).status, 200);
  });

  it("keep an address that is not named, where it could be changed as well", async () => {
    const world = await open();
    const token = await world.mint(john);
    const { email } = await customer(world, token);
    const saved = await save(world, token, { name: "Jane", address: {} });
    assert.deepEqual([saved.status, saved.body], [200, { name: "Jane", email }]);
  });

  it("take no address that another customer has, in whatever case", async () => {
    const world = await open();
    const token = await world.mint("cus_amara");
    const before = await customer(world, token);
    for (const email of ["john.doe@example.com", "John.Doe@EXAMPLE.com", "wren.castellanos@example.com"]) {
      const reply = await save(world, token, { ...full, email });
      assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", "email"], email);
    }
    assert.deepEqual(await customer(world, token), before);
    const json = { retention: { customer_email: "john.doe@example.com" } };
    assert.equal((await world.request("/v1/retention/session", { key: world.key, json })).status, 200);
    // In another case it is one's own still, and what nobody has is free.
    for (const email of ["Amara.Okafor@example.com", "amara@example.com"])
      assert.equal((await save(world, token, { ...full, email })).body.email, email);
  });

  it("say what became of them when billing refuses or does not answer", async () => {
    const world = await open();
    const token = await world.mint(john);
    for (const [throws, code] of [
      ["rejected", "billing_rejected"],
      ["unknown", "billing_unavailable"],
    ] as const) {
      world.billing.plan = { updateCustomer: { when: "before", throws } };
      assert.equal((await save(world, token, full)).code, code);
    }
    const gone = sealSession(world.deps.keys.session, "sub_", {
      ...world.scope,
      tokenId: "tok_1",
      customerId: "cus_gone",
      expiresAt: NOW + DAY,
    });
    world.billing.plan = {};
    assert.equal((await save(world, gone, full)).code, "billing_rejected");
  });
});

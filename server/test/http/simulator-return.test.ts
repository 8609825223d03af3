/** The way from a hub to billing's page for another card and back, hop by hop as a browser goes it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions } from "../../src/billing/simulator-demo.ts";
import { john, MINUTE, onEachStore, type Reply, type World } from "../harness.ts";

const HOST = "http://localhost:4321";
const LINK = { "Sec-Fetch-Dest": "document" };
const FORM = { "Content-Type": "application/x-www-form-urlencoded", ...LINK };

const sessionOf = ({ text }: Reply) => / data-session="([^"]*)"/.exec(text)?.[1];

onEachStore("The way back from billing's page", ({ open }) => {
  /** What a hub gets that asks for the page. */
  const ask = (
    world: World,
    token: string,
    returnUrl: string,
    origin = HOST,
    subscription = demoSubscriptions.monthly as string,
  ) => world.request("/v1/widget/hub/payment-page", { token, origin, json: { subscription, returnUrl } });

  /** Where the page leads back to. */
  const back = async (world: World, page: string): Promise<string> => {
    const { status, headers } = await world.request(page, {
      method: "POST",
      body: "card=mastercard",
      headers: FORM,
    });
    assert.equal(status, 303);
    return headers.get("location") ?? "";
  };

  it("leads to a hosted hub that still knows whose it is, long after its ticket has run out", async () => {
    const world = await open();
    const id = await world.mint(john);
    const first = await world.request(`/subs?session_id=${id}`, { headers: LINK });
    const opened = await world.request(`/subs${first.headers.get("location")}`, { headers: LINK });
    // Its script has taken the ticket out of the address before the hub says where it is.
    const { status, body } = await ask(world, sessionOf(opened) ?? "", `${HOST}/subs`);
    assert.equal(status, 200);
    const page = body.url as string;
    assert.ok(!page.includes("tkt_") && !page.includes("shop"));

    world.pass(59 * MINUTE);
    const address = await back(world, page);
    assert.match(address, /^http:\/\/localhost:4321\/subs\?ticket=tkt_[\w-]+$/);
    assert.ok(!address.includes(id.slice(4, 40)));

    // What the browser lists in the end is worth something for a minute only.
    const arrived = await world.request(address, { headers: LINK });
    assert.deepEqual([arrived.status, arrived.headers.get("location")], [200, null]);
    const session = sessionOf(arrived) ?? "";
    const hub = await world.request("/v1/widget/hub", { token: session });
    assert.equal(hub.status, 200);
    assert.match(JSON.stringify(hub.body.subscriptions), /"last4":"4444"/);

    world.pass(MINUTE);
    const late = await world.request(address, { headers: LINK });
    assert.deepEqual([late.status, sessionOf(late)], [401, undefined]);
  });

  it("goes over an address that soon is worth nothing, where the browser says what it loads", async () => {
    const world = await open();
    const { body } = await ask(world, await world.mint(john), `${HOST}/subs?locale=de&ticket=tkt_old`);
    const address = await back(world, body.url as string);
    assert.match(address, /\?locale=de&ticket=tkt_[\w-]+$/);
    const hop = await world.request(address, { headers: LINK });
    assert.deepEqual([hop.status, hop.headers.get("cache-control")], [303, "no-store"]);
    const next = `/subs${hop.headers.get("location")}`;
    assert.match(next, /locale=de/);
    const shown = await world.request(next, { headers: LINK });
    assert.equal(shown.status, 200);
    assert.match(shown.text, /<html lang="de"/);
    assert.ok(sessionOf(shown));
    world.pass(MINUTE);
    assert.equal((await world.request(next, { headers: LINK })).status, 401);
    // A browser that does not say it is shown the page at once.
    const direct = await world.request(address);
    assert.deepEqual([direct.status, direct.headers.get("location")], [200, null]);
  });

  it("goes no further than the session: neither its end nor its one subscription", async () => {
    const world = await open({ limits: { sessionTtl: 30 * MINUTE } });
    const id = await world.mint("cus_lucia", demoSubscriptions.second);
    const { body } = await ask(world, id, `${HOST}/subs`, HOST, demoSubscriptions.second);
    const address = await back(world, body.url as string);
    const session = sessionOf(await world.request(address)) ?? "";
    const hub = await world.request("/v1/widget/hub", { token: session });
    const ids = (hub.body.subscriptions as { id: string }[]).map((each) => each.id);
    assert.deepEqual(ids, [demoSubscriptions.second]);
    world.pass(30 * MINUTE);
    const late = await world.request(address, { headers: LINK });
    assert.deepEqual([late.status, sessionOf(late)], [401, undefined]);
  });

  it("leaves the address of every other page as it was", async () => {
    const world = await open();
    const id = await world.mint(john);
    for (const [returnUrl, origin] of [
      ["https://shop.example/billing?a=1", "https://shop.example"],
      ["https://shop.example/subs", "https://shop.example"],
      [`${HOST}/?customer=${john}&view=hub`, HOST],
      [`${HOST}/subs/else`, HOST],
    ] as const) {
      const { status, body } = await ask(world, id, returnUrl, origin);
      assert.equal(status, 200, returnUrl);
      assert.equal(await back(world, body.url as string), returnUrl);
    }
  });

  it("knows its own address behind a proxy with a path", async () => {
    const world = await open({ publicUrl: "https://acme.example/retention" });
    const { body } = await ask(
      world,
      await world.mint(john),
      "https://acme.example/retention/subs",
      "https://acme.example",
    );
    const page = body.url as string;
    assert.match(page, /^https:\/\/acme\.example\/retention\/simulator\/payment-method\//);
    // The proxy hands it on without its own part.
    const address = await back(world, page.replace("https://acme.example/retention", HOST));
    assert.match(address, /^https:\/\/acme\.example\/retention\/subs\?ticket=tkt_/);
  });

  it("is refused for a page of another origin than the one that asks", async () => {
    const world = await open();
    const id = await world.mint(john);
    for (const returnUrl of [
      `${HOST}/subs`,
      "https://evil.example/",
      "javascript:alert(1)",
      "not an address",
    ]) {
      const reply = await ask(world, id, returnUrl, "https://shop.example");
      assert.deepEqual(
        [reply.status, reply.code, reply.param],
        [400, "parameter_invalid", "returnUrl"],
        returnUrl,
      );
      assert.ok(!reply.text.includes("tkt_"));
    }
  });
});

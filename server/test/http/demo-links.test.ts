/** The demo business's backend, where its customers cancel on a page of the server. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createApp } from "../../src/app.ts";
import { mountDemo } from "../../src/routes/demo.ts";
import { john, onEachStore, type Reply, replyOf } from "../harness.ts";

onEachStore("The demo's hosted page", ({ open }) => {
  async function demo(settings = {}) {
    const world = await open({
      settings: { defaultReturnUrl: "http://localhost:4321/returned.html", ...settings },
    });
    const app = createApp(world.deps, (each) => mountDemo(each, world.deps, world.scope, world.simulator));
    const post = async (path: string, json: object, type = "application/json"): Promise<Reply> => {
      const init = { method: "POST", headers: { "Content-Type": type }, body: JSON.stringify(json) };
      return replyOf(await app.fetch(new Request(`http://localhost:4321${path}`, init)));
    };
    const [subscription] = (await world.simulator.subscriptions(john)).map(({ id }) => id);
    return { world, post, subscription };
  }

  it("is a link for whoever is chosen, and its result verifies", async () => {
    const { world, post, subscription } = await demo();
    const made = await post("/demo/api/cancel-link", { customer: john, subscription });
    assert.equal(made.headers.get("cache-control"), "no-store");
    const { pathname } = new URL(made.body.url as string);
    assert.equal((await world.request(pathname)).status, 200);
    const json = { outcome: "abandoned", final: true };
    const { body } = await world.request(`${pathname}/return`, { method: "POST", json });
    const { origin, hash, pathname: back } = new URL(body.url as string);
    assert.equal(origin + back, "http://localhost:4321/returned.html");
    const token = new URLSearchParams(hash.slice(1)).get("ci_result_token");
    const result = await post("/demo/api/result", { token });
    assert.partialDeepStrictEqual(result.body, { sub: john, outcome: "abandoned" });
    assert.equal(result.headers.get("cache-control"), "no-store");
    assert.equal((await post("/demo/api/result", { token: `${token}A` })).code, "result_token_invalid");
  });

  it("is for customers that there are, and for JSON that a page elsewhere cannot send", async () => {
    const { post, subscription } = await demo();
    const ask = (json: object, type?: string) => post("/demo/api/cancel-link", json, type);
    assert.equal((await ask({ customer: "cus_nobody", subscription })).code, "customer_not_found");
    assert.equal((await ask({ customer: john, subscription: "sub_nobodys" })).code, "subscription_not_found");
    assert.equal((await ask({ customer: john })).code, "parameter_missing");
    assert.equal(
      (await ask({ customer: john, subscription }, "text/plain")).code,
      "content_type_unsupported",
    );
    assert.equal((await post("/demo/api/result", {})).code, "parameter_missing");
  });
});

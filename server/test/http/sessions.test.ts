/** The documented requests of a business's own server. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { john, onEachStore } from "../harness.ts";

onEachStore("Making sessions", ({ open }) => {
  for (const [kind, prefix] of [
    ["retention", "ret_"],
    ["subscription", "sub_"],
  ]) {
    const path = `/v1/${kind}/session`;

    it(`56: ${path} takes the documented bodies and answers in both documented shapes`, async () => {
      const world = await open();
      for (const body of [
        { customer_id: john },
        { customer_id: john, subscription_id: ids.monthly },
        { customer_email: "john.doe@example.com" },
        { customer_email: "John.Doe@Example.com", subscription_id: ids.monthly },
        { customer_id: john, customer_email: "john.doe@example.com" },
      ]) {
        const {
          status,
          body: answer,
          headers,
        } = await world.request(path, { key: world.key, json: { [kind as string]: body } });
        assert.equal(status, 200);
        const { id } = answer;
        assert.match(id as string, new RegExp(`^${prefix}[A-Za-z0-9_-]{100,}$`));
        assert.deepEqual(answer, { id, session: { id } });
        assert.match(headers.get("content-type") ?? "", /^application\/json/);
        assert.equal(headers.get("cache-control"), "no-store");
        assert.equal((await world.flow(id as string)).subscription.id, ids.monthly);
      }
    });

    it(`57: ${path} refuses with plain words under "error"`, async () => {
      const world = await open();
      const ask = (body: unknown, key = world.key) => world.request(path, { key, json: body });
      const missing = await ask({ [kind as string]: {} });
      assert.equal(missing.status, 400);
      assert.equal(missing.body.error, `${kind}.customer_id or ${kind}.customer_email is required`);
      assert.equal(missing.param, `${kind}.customer_id`);
      assert.equal((await ask({})).body.error, `${kind} is required.`);
      assert.equal((await ask({ [kind as string]: { subscription_id: ids.monthly } })).status, 400);
      assert.equal((await ask({ [kind as string]: { customer_id: "" } })).status, 400);
      const unknown = await ask({ [kind as string]: { customer_id: "cus_nobody" } });
      assert.deepEqual([unknown.status, unknown.body.error], [404, "Customer not found"]);
      const stranger = await ask({ [kind as string]: { customer_email: "nobody@example.com" } });
      assert.deepEqual([stranger.status, stranger.body.error], [404, "Customer not found"]);
      const subscription = await ask({
        [kind as string]: { customer_id: john, subscription_id: "sub_nothing" },
      });
      assert.deepEqual([subscription.status, subscription.body.error], [404, "Subscription not found"]);
      const key = await ask({ [kind as string]: { customer_id: john } }, "wrong");
      assert.equal(key.status, 401);
      assert.equal(typeof key.body.error, "string");
    });
  }

  it("an e-mail address of several customers is settled by the subscription, or by who still pays", async () => {
    const world = await open();
    const ask = (more: object) =>
      world.request("/v1/retention/session", {
        key: world.key,
        json: { retention: { customer_email: "studio@example.org", ...more } },
      });
    assert.equal((await ask({})).code, "customer_ambiguous");
    const { body } = await ask({ subscription_id: ids.sharedEmailToo });
    assert.equal((await world.flow(body.id as string)).subscription.id, ids.sharedEmailToo);
    assert.equal((await ask({ subscription_id: ids.monthly })).code, "subscription_not_found");
    const end = { type: "cancel", effective: "immediately", subscriptionId: ids.sharedEmail } as const;
    await world.simulator.execute(end, "elsewhere");
    const only = await ask({});
    assert.equal((await world.flow(only.body.id as string)).subscription.id, ids.sharedEmailToo);
  });

  it("a read-only workspace makes none, but who has one can still leave", async () => {
    const world = await open();
    const visit = await world.visit(john);
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    const reply = await world.request("/v1/retention/session", {
      key: world.key,
      json: { retention: { customer_id: john } },
    });
    assert.deepEqual([reply.status, reply.code], [402, "workspace_read_only"]);
    assert.equal((await visit.cancel()).status, 200);
  });

  it("a customer without any subscription has nothing to leave", async () => {
    const world = await open();
    const customer = { id: "cus_new", email: "new@example.com", metadata: {}, createdAt: world.clock.now };
    await world.storage.transaction(`${world.scope.workspaceId}/prod`, (rows) =>
      rows.put("customer", [customer]),
    );
    const reply = await world.request("/v1/widget/flow", { token: await world.mint("cus_new") });
    assert.deepEqual([reply.status, reply.code], [404, "subscription_not_found"]);
  });
});

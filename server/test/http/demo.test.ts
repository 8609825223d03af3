/** The demo business's backend, as its page calls it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { createApp } from "../../src/app.ts";
import { mountDemo } from "../../src/routes/demo.ts";
import { DAY, john, NOW, onEachStore, type Reply, replyOf } from "../harness.ts";

onEachStore("The demo", ({ open }) => {
  async function demo() {
    const world = await open();
    const app = createApp(world.deps, (each) => mountDemo(each, world.deps, world.scope, world.simulator));
    const request = async (path: string, init?: RequestInit): Promise<Reply> =>
      replyOf(await app.fetch(new Request(`http://localhost:4321${path}`, init)));
    const post = (body: string, type = "application/json") =>
      request("/demo/api/clock", { method: "POST", headers: { "Content-Type": type }, body });
    return { world, request, post };
  }

  it("makes sessions that open the flow of whoever is chosen", async () => {
    const { world, request } = await demo();
    const reply = await request(`/demo/api/session?customer=${john}`);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.equal((await world.flow(reply.body.id as string)).customer.name, "John Doe");
    assert.equal((await request("/demo/api/session?customer=cus_nobody")).code, "customer_not_found");
    assert.equal((await request("/demo/api/session")).code, "parameter_missing");
  });

  it("moves billing's clock, by parts of a day too", async () => {
    const { world, post } = await demo();
    let now = NOW;
    for (const [days, ms] of [
      [0, 0],
      [1, DAY],
      [0.5, DAY / 2],
      [1 / 3, DAY / 3],
      [1e-9, 0],
    ] as const) {
      now += ms;
      assert.deepEqual((await post(JSON.stringify({ days }))).body, { now }, `${days}`);
    }
    assert.equal(await world.simulator.now(), now);
  });

  it("refuses what is no number of days within ten years, and the clock stays", async () => {
    const { world, post } = await demo();
    for (const days of ["-1", "3650.1", '"1"', "null", "1e999", "[1]"]) {
      const reply = await post(`{"days":${days}}`);
      assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", "days"], days);
    }
    for (const body of ["", "{", "days=1"]) assert.equal((await post(body)).code, "body_malformed", body);
    assert.equal((await post("null")).status, 400);
    assert.equal(await world.simulator.now(), NOW);
  });

  it("reads JSON in any spelling, and nothing that another site's form could send", async () => {
    const { world, post } = await demo();
    const body = '{"days":0}';
    for (const type of ["application/json; charset=utf-8", "Application/JSON"])
      assert.equal((await post(body, type)).status, 200, type);
    for (const type of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]) {
      const reply = await post('{"days":1}', type);
      assert.deepEqual([reply.status, reply.code], [415, "content_type_unsupported"], type);
    }
    assert.equal(await world.simulator.now(), NOW);
  });

  it("reads 64 kB and no more", async () => {
    const { post } = await demo();
    assert.equal((await post('{"days":0}'.padEnd(65_536))).status, 200);
    const reply = await post('{"days":0}'.padEnd(65_537));
    assert.deepEqual([reply.status, reply.code], [413, "body_too_large"]);
  });
});

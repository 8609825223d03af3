/** Credentials that are no good, counted by where they come from. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { it } from "node:test";
import { getRequestListener } from "@hono/node-server";
import { DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";

const MINT = "/v1/retention/session";

/** A request as Node's server hands it on, from this network address. */
async function from(world: World, address: string, key: string): Promise<number> {
  const request = new Request(new URL(MINT, "http://localhost:4321"), {
    method: "POST",
    headers: { "X-Brand-Key": key, "Content-Type": "application/json" },
    body: JSON.stringify({ retention: { customer_id: john } }),
  });
  const response = await world.app.fetch(request, {
    incoming: { headers: {}, socket: { remoteAddress: address } },
  });
  return response.status;
}

onEachStore("Wrong credentials of one network address", ({ open }) => {
  const limited = () => open({ limits: { perAddress: 3 } });

  it("are refused with 429 beyond the limit, until a minute has passed", async () => {
    const world = await limited();
    for (const status of [401, 401, 401, 429, 429])
      assert.equal(await from(world, "192.0.2.7", "rk_sk_wrong"), status);
    world.clock.now = NOW + MINUTE - 1;
    assert.equal(await from(world, "192.0.2.7", "rk_sk_wrong"), 429);
    world.clock.now = NOW + MINUTE;
    assert.equal(await from(world, "192.0.2.7", "rk_sk_wrong"), 401);
  });

  it("keep nobody out who has a good one, and nobody elsewhere", async () => {
    const world = await limited();
    for (let times = 0; times < 5; times++) await from(world, "192.0.2.7", "rk_sk_wrong");
    assert.equal(await from(world, "192.0.2.7", world.key), 200);
    assert.equal(await from(world, "192.0.2.8", "rk_sk_wrong"), 401);
  });

  it("are those of a whole network of IPv6, and of one address of IPv4 however it is written", async () => {
    const world = await limited();
    for (const [address, status] of [
      ["2001:db8:0:7::1", 401],
      ["2001:db8::7:ffff:ffff:ffff:ffff", 401],
      ["2001:DB8:0:7:1:2:3:4", 401],
      ["2001:db8:0:7::2", 429],
      ["2001:db8:0:8::1", 401],
      ["::1", 401],
      ["::ffff:192.0.2.9", 401],
      ["192.0.2.9", 401],
      ["::ffff:192.0.2.9", 401],
      ["192.0.2.9", 429],
      ["192.0.2.10", 401],
    ] as const)
      assert.equal(await from(world, address, "rk_sk_wrong"), status, address);
  });

  it("do not count where they are merely too old: a page is told so, and gets a new one", async () => {
    const world = await open({ limits: { perAddress: 0 } });
    const token = await world.mint(john);
    world.clock.now = NOW + DAY;
    for (const each of [token, token]) {
      const reply = await world.request("/v1/widget/flow", { token: each });
      assert.deepEqual([reply.status, reply.code], [401, "session_expired"]);
    }
    assert.equal((await world.request("/v1/widget/flow", { token: "ret_no" })).status, 429);
  });

  it("session ids that are no good count too, over a real connection", async () => {
    const world = await limited();
    const server = createServer(getRequestListener(world.app.fetch)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const ask = async () => {
      const socket = connect(port, "127.0.0.1");
      socket.write(
        "GET /v1/widget/flow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ret_no\r\nConnection: close\r\n\r\n",
      );
      let text = "";
      for await (const chunk of socket) text += chunk;
      return Number(text.split(" ")[1]);
    };
    try {
      const statuses: number[] = [];
      for (let times = 0; times < 4; times++) statuses.push(await ask());
      assert.deepEqual(statuses, [401, 401, 401, 429]);
    } finally {
      server.close();
    }
  });
});

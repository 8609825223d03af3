/** Several servers behind one address are one to whoever comes: nothing that a customer needs is in one of them alone. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { createDatabase } from "../../scripts/cluster/database.ts";
import { type Entrance, openProxy } from "../../scripts/cluster/proxy.ts";
import { type Cluster, startCluster } from "../../scripts/cluster/servers.ts";
import { startPostgres } from "../../scripts/postgres.ts";
import { createWorld, type Visitor, type World } from "./harness.ts";

const KEY = "rk_sk_cluster_tests_0123456789";

describe("the proxy of several servers", () => {
  const servers: { url: string; heard: string[]; close(): void }[] = [];
  let addresses: string[];
  let proxy: Entrance;

  async function serve(name: string): Promise<void> {
    const heard: string[] = [];
    const server = createServer(async (incoming, outgoing) => {
      let body = "";
      for await (const chunk of incoming) body += chunk;
      heard.push(`${incoming.method} ${incoming.url} ${incoming.headers.host} ${body}`);
      // Whoever has read it and then goes may have acted on it.
      if (incoming.url === "/dies") return incoming.socket.destroy();
      outgoing.writeHead(201, { "Set-Cookie": ["a=1", "b=2"], "X-Server": name });
      outgoing.write(name);
      if (incoming.url !== "/slowly") outgoing.end();
    }).listen(0, "localhost");
    await once(server, "listening");
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    servers.push({ url: `http://localhost:${(server.address() as AddressInfo).port}`, heard, close });
  }

  before(async () => {
    for (const name of ["one", "two", "three"]) await serve(name);
    addresses = servers.map(({ url }) => url);
    proxy = await openProxy(() => addresses);
  });
  after(() => {
    proxy.close();
    for (const { close } of servers) close();
  });

  const post = (path: string) => fetch(proxy.url + path, { method: "POST", body: "what is said" });

  it("gives each request to the next, also those of one connection", async () => {
    const socket = connect(Number(new URL(proxy.url).port), "localhost");
    const ask = "GET /?q=%2F HTTP/1.1\r\nHost: shop.example\r\n\r\n";
    let text = "";
    for (let answers = 0; answers < 3; answers++) {
      socket.write(ask);
      while (text.split("HTTP/1.1 201").length - 1 <= answers) text += (await once(socket, "data"))[0];
    }
    socket.destroy();
    for (const { heard } of servers) assert.deepEqual(heard.splice(0), ["GET /?q=%2F shop.example "]);
  });

  it("hands on what is asked and what is answered", async () => {
    const answer = await post("/path");
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.headers.getSetCookie(), ["a=1", "b=2"]);
    const [heard] = servers.flatMap((each) => each.heard.splice(0));
    assert.equal(heard, `POST /path ${new URL(proxy.url).host} what is said`);
  });

  it("hands on an answer piece by piece", async () => {
    const asked = request(`${proxy.url}/slowly`).end();
    const [answer] = await once(asked, "response");
    const [first] = await once(answer, "data");
    assert.match(String(first), /one|two|three/);
    asked.destroy();
    for (const { heard } of servers) heard.splice(0);
  });

  it("passes over a server that is down, with what was to be sent to it", async () => {
    const [down] = servers as [(typeof servers)[0]];
    const free = createServer().listen(0, "localhost");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    addresses = [`http://localhost:${port}`, down.url];
    for (let times = 0; times < 4; times++) assert.equal((await post("/")).status, 201);
    assert.deepEqual(
      down.heard.splice(0).map((each) => each.split(" ").slice(3).join(" ")),
      Array(4).fill("what is said"),
    );
    addresses = servers.map(({ url }) => url);
  });

  it("never sends again what somebody may have acted on", async () => {
    assert.equal((await post("/dies")).status, 502);
    assert.equal(servers.flatMap(({ heard }) => heard.splice(0)).length, 1);
  });

  it("says so when nobody is there", async () => {
    addresses = [];
    assert.equal((await post("/")).status, 502);
    addresses = servers.map(({ url }) => url);
  });
});

const postgres = await startPostgres();

if (postgres)
  describe("three servers behind one address", () => {
    after(() => postgres.stop());

    describe("for a customer", () => {
      let world: World;
      let visitor: Visitor;
      before(async () => {
        Object.assign(process.env, { E2E_SERVERS: "3", TEST_DATABASE_URL: postgres.url });
        world = await createWorld();
        visitor = await world.visit({ customer: "cus_amara" });
      });
      after(() => world.close());

      it("are one: a flow goes on at another than it began at", async () => {
        const { page, names, faults } = visitor;
        await page.getByRole("button", { name: "Cancel subscription" }).click();
        await page.getByRole("dialog").getByRole("radio").first().check();
        await page.getByRole("dialog").getByRole("button", { name: "Cancel subscription" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Cancel subscription" }).click();
        await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
        assert.deepEqual((await names()).slice(-2), ["cancelled", "complete"]);
        assert.deepEqual(faults, []);
        const { ledger } = await world.state();
        assert.deepEqual(
          ledger.map(({ outcome, confirmed }) => ({ outcome, confirmed })),
          [{ outcome: "cancelled", confirmed: true }],
        );
      });
    });

    describe("when they are replaced one after the other", () => {
      let cluster: Cluster;
      let drop: () => Promise<void>;
      before(async () => {
        const database = await createDatabase(postgres.url);
        drop = database.drop;
        const settings = { RENUMERATE_PRIVATE_KEY: KEY, RATE_LIMIT_PER_MINUTE: "100000" };
        cluster = await startCluster({ ...settings, DATABASE_URL: database.url });
      });
      after(async () => {
        await cluster.close();
        await drop();
      });

      it("refuse nobody, and know each other's sessions", async () => {
        const before = cluster.servers.map(({ pid }) => pid);
        let isOver = false;
        let visits = 0;
        const visit = async () => {
          const minted = await fetch(`${cluster.url}/v1/retention/session`, {
            method: "POST",
            headers: { "Content-Type": "application/json", "X-Brand-Key": KEY },
            body: JSON.stringify({ retention: { customer_id: "cus_amara" } }),
          });
          assert.equal(minted.status, 200, await minted.clone().text());
          const { id } = (await minted.json()) as { id: string };
          const flow = await fetch(`${cluster.url}/v1/widget/flow`, {
            headers: { Authorization: `Bearer ${id}` },
          });
          assert.equal(flow.status, 200, await flow.text());
          visits += 1;
        };
        const visiting = (async () => {
          while (!isOver) await visit();
        })();
        await cluster.roll().finally(() => {
          isOver = true;
        });
        await visiting;
        assert.ok(visits > 3, `${visits} visits meanwhile`);
        const now = cluster.servers.map(({ pid }) => pid);
        assert.equal(now.length, before.length);
        assert.deepEqual(
          now.filter((pid) => before.includes(pid)),
          [],
        );
      });
    });
  });

import assert from "node:assert/strict";
import { it } from "node:test";
import { john, onEachStore } from "../harness.ts";
import { settled } from "../visit.ts";
import { handshake } from "./handshake.ts";

onEachStore("Requests", ({ open }) => {
  it("each has an id of its own, in the answer and in the log", async () => {
    const world = await open();
    const seen = new Set<string>();
    for (const path of [
      "/api/health",
      "/docs",
      "/docs.css",
      "/openapi.json",
      "/nothing",
      "/v1/widget/flow",
      "/v1/widget/events",
    ]) {
      const { headers } = await world.request(path);
      const id = headers.get("request-id") ?? "";
      assert.match(id, /^req_/, path);
      assert.ok(!seen.has(id));
      seen.add(id);
      const lines = world.log.map((line) => JSON.parse(line)).filter((line) => line.request_id === id);
      assert.equal(lines.length, 1);
      assert.equal(lines[0].path, path);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
    }
  });

  it("the caller's own id is kept if it is one", async () => {
    const world = await open();
    const idOf = async (id: string) =>
      (await world.request("/api/health", { headers: { "Request-Id": id } })).headers.get("request-id");
    assert.equal(await idOf("trace-0815"), "trace-0815");
    assert.equal(await idOf("x".repeat(39)), "x".repeat(39));
    assert.match((await idOf("x".repeat(40))) ?? "", /^req_/, "that may be a credential");
    assert.equal(await idOf("x=".repeat(32)), "x=".repeat(32));
    assert.match((await idOf("x=".repeat(33))) ?? "", /^req_/);
    assert.match((await idOf("<script>")) ?? "", /^req_/);
  });

  it("leave no key, session id, e-mail address or word of a customer in the log", async () => {
    const world = await open({ limits: { perSession: 13 } });
    const email = "john.doe@example.com";
    const secrets = [world.key, world.publicKey, email, "Doe Motion", "PRIVATE-WORDS"];
    const json = { retention: { customer_email: email } };
    const minted = await world.request("/v1/retention/session", { key: world.key, json });
    const token = minted.body.id as string;
    secrets.push(token, token.slice(10, 60));
    await world.request(`/v1/retention/session?key=${world.key}`, { key: world.publicKey, json });
    await world.request(`/v1/widget/flow?session_id=${token}`, {});
    await world.request("/v1/widget/flow", { token: `${token.slice(0, -2)}AA` });
    await world.request("/v1/widget/events", {
      token,
      body: `{"PRIVATE-WORDS`,
      headers: { "Content-Type": "application/json" },
    });

    const beaconed = { token, session: "ses_none", events: [], words: "PRIVATE-WORDS" };
    const headers = { "Content-Type": "text/plain" };
    for (const said of [beaconed, { ...beaconed, token: `${token}A` }])
      for (const path of ["/v1/widget/beacon", "/v1/widget/flow"])
        await world.request(path, { headers, body: JSON.stringify(said) });
    const handshakeToken = handshake(world);
    secrets.push(handshakeToken, handshakeToken.slice(10, 60), handshakeToken.slice(-40));
    for (const each of [handshakeToken, handshakeToken, `${handshakeToken}A`])
      await world.request("/v1/session/exchange", { json: { handshakeToken: each } });

    // Refused by billing, unknown at billing, retried by the worker, and something that throws.
    world.billing.plan = { execute: { when: "before", throws: "rejected", times: 1 } };
    const visit = await world.visit(token);
    secrets.push(visit.config.session.deliveryToken ?? assert.fail());
    visit.select("switching").write("PRIVATE-WORDS").next().act({ type: "confirm" });
    const request = visit.decision();
    assert.equal((await visit.decide(request)).code, "billing_rejected");
    world.billing.plan = {
      execute: { when: "before", throws: "unknown" },
      readBack: { when: "before", throws: "unknown" },
    };
    assert.equal(settled(await visit.decide(request)).status, "requested");
    world.pass(31_000);
    await world.tick();
    const session = () =>
      Promise.reject(Object.assign(new Error("broken"), { detail: `Key (${email}) exists` }));
    const { store } = world.deps;
    world.deps.store = { ...store, transaction: session, together: session };
    assert.equal((await visit.decide(request)).status, 500);
    world.deps.store = store;
    for (let asked = 0; asked < 12; asked++) await world.request("/v1/widget/flow", { token });

    const log = world.log.join("");
    assert.ok(log.includes("request failed") && log.includes("billing refused") && log.includes("retried"));
    for (const secret of secrets) assert.ok(!log.includes(secret), `the log holds ${secret}`);
  });

  it("leave nothing of an address that opens something in the log, however it is written", async () => {
    const world = await open();
    const token = await world.mint(john);
    const { body } = await world.request("/v1/widget/hub/invoices", { token });
    const [{ invoiceUrl } = assert.fail()] = body.invoices as { invoiceUrl: string }[];
    const path = new URL(invoiceUrl).pathname;
    const secret = path.split("/").at(-1) ?? "";
    assert.ok(secret.length > 40);
    for (const each of [
      path,
      `${path}/`,
      `${path}/more`,
      `${path}%20`,
      `${path}.`,
      `${path}?download=1`,
      path.replace("/simulator/", "/SIMULATOR/"),
      path.replace("/simulator/", "/simulator//"),
      path.replace("/invoices/", "/invoices/%2F"),
      `//localhost:4321/${path}`,
      `/docs/${secret}`,
      `/v1/retention/session/${token}`,
    ])
      for (const method of ["GET", "POST", "HEAD"]) await world.request(each, { method });
    const log = world.log.join("");
    for (const each of [secret, token.slice(4)]) assert.ok(!log.includes(each), log);
    const paths = new Set(world.log.map((line) => JSON.parse(line).path));
    for (const each of [
      "/simulator/invoices/:token",
      "/simulator/invoices/:token/",
      "/SIMULATOR/invoices/:token",
    ])
      assert.ok(paths.has(each), each);
    // What is shorter names a thing and opens nothing.
    for (const length of [39, 40]) await world.request(`/nothing/${"x".repeat(length)}`);
    const last = world.log.slice(-2).map((line) => JSON.parse(line).path);
    assert.deepEqual(last, [`/nothing/${"x".repeat(39)}`, "/nothing/:token"]);
  });

  it("of a workspace say whose they are", async () => {
    const world = await open();
    await world.mint(john);
    const line = JSON.parse(world.log.findLast((each) => each.includes("retention")) ?? "{}");
    assert.deepEqual([line.workspace, line.method, line.status], [world.scope.workspaceId, "POST", 200]);
  });
});

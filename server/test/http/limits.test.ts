/** Both sides of every limit. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { EVENTS_PER_SESSION } from "../../src/domain/decisions.ts";
import { DAY, john, MINUTE, NOW, onEachStore } from "../harness.ts";
import { settled } from "../visit.ts";

const MINT = "/v1/retention/session";

onEachStore("Limits", ({ open }) => {
  it("a body of 64 kB, whether its length is announced or not", async () => {
    const world = await open();
    for (const [size, status] of [
      [65_536, 200],
      [65_537, 413],
    ] as const) {
      const start = JSON.stringify({ retention: { customer_id: john } });
      const text = start + " ".repeat(size - start.length);
      const headers = { "Content-Type": "application/json" };
      assert.equal((await world.request(MINT, { key: world.key, headers, body: text })).status, status);
      const bytes = new TextEncoder().encode(text);
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let from = 0; from < bytes.length; from += 10_000)
            controller.enqueue(bytes.slice(from, from + 10_000));
          controller.close();
        },
      });
      assert.equal((await world.request(MINT, { key: world.key, headers, body: stream })).status, status);
    }
  });

  it("events of 64 kB, a decision of 512 kB", async () => {
    const world = await open();
    const visit = await world.visit(john);
    const headers = { "Content-Type": "application/json" };
    for (const [what, size, status] of [
      ["events", 65_536, 200],
      ["events", 65_537, 413],
      ["decision", 524_288, 200],
      ["decision", 524_289, 413],
    ] as const) {
      const events = what === "events" ? visit.events : [visit.record({ type: "confirm" }).events.at(-1)];
      const text = JSON.stringify({ session: visit.session, events }).padEnd(size);
      const reply = await world.request(`/v1/widget/${what}`, { token: visit.token, headers, body: text });
      assert.equal(reply.status, status, `${what} of ${size}: ${reply.text}`);
    }
  });

  it("a length that is announced too small does not let more in", async () => {
    const world = await open();
    const headers = { "Content-Type": "application/json", "Content-Length": "10" };
    const reply = await world.request(MINT, { key: world.key, headers, body: `"${"x".repeat(70_000)}"` });
    assert.equal(reply.status, 413);
  });

  it("content types: JSON in any spelling, nothing that only looks like it", async () => {
    const world = await open();
    const body = JSON.stringify({ retention: { customer_id: john } });
    const status = async (type: string) =>
      (await world.request(MINT, { key: world.key, headers: { "Content-Type": type }, body })).status;
    for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/json ;x"]) {
      assert.equal(await status(type), 200, type);
    }
    for (const type of [
      "text/plain",
      "application/json-patch+json",
      "application/x-www-form-urlencoded",
      "json",
    ]) {
      assert.equal(await status(type), 415, type);
    }
  });

  it("a body that is not JSON or not UTF-8", async () => {
    const world = await open();
    const headers = { "Content-Type": "application/json" };
    for (const body of ["", "{", "undefined", '{"a":1}x', new Uint8Array([0x22, 0xff, 0x22])]) {
      const reply = await world.request(MINT, { key: world.key, headers, body });
      assert.deepEqual([reply.status, reply.code], [400, "body_malformed"], String(body));
    }
    for (const json of [null, [], 7, "text"]) {
      const reply = await world.request(MINT, { key: world.key, json });
      assert.deepEqual([reply.status, reply.code], [400, "parameter_invalid"], JSON.stringify(json));
    }
  });

  it("500 events in a request, 1000 in a session; a decision may still follow", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("other");
    while (visit.events.length < 501) visit.record({ type: "back" });
    const post = (events: unknown) =>
      world.request("/v1/widget/events", { token: visit.token, json: { session: visit.session, events } });
    assert.deepEqual((await post([])).code, "parameter_invalid");
    assert.deepEqual((await post(visit.events)).param, "events");
    assert.equal((await post(visit.events.slice(0, 500))).status, 200);
    while (visit.events.length < EVENTS_PER_SESSION + 1) visit.record({ type: "back" });
    for (let from = 500; from < EVENTS_PER_SESSION; from += 500) {
      assert.equal((await post(visit.events.slice(from, from + 500))).status, 200);
    }
    const more = await post(visit.events.slice(EVENTS_PER_SESSION));
    assert.deepEqual([more.status, more.code], [400, "too_many_events"]);
    assert.equal((await post(visit.events.slice(0, 1))).status, 200, "what is known already is no more");
    const confirmed = { session: visit.session, events: [visit.record({ type: "confirm" }).events.at(-1)] };
    settled(await world.request("/v1/widget/decision", { token: visit.token, json: confirmed }));
  });

  it("a text of 5000 characters, a place of 10000, ids of 8 to 64", async () => {
    const world = await open();
    const cases: [object, object][] = [
      [
        { type: "write", text: "x".repeat(5000) },
        { type: "write", text: "x".repeat(5001) },
      ],
      [
        { type: "open", seq: 10_000 },
        { type: "open", seq: 10_001 },
      ],
      [
        { type: "open", seq: 0 },
        { type: "open", seq: -1 },
      ],
      [
        { type: "open", id: "x".repeat(8) },
        { type: "open", id: "x".repeat(7) },
      ],
      [
        { type: "open", id: "y".repeat(64) },
        { type: "open", id: "y".repeat(65) },
      ],
      [
        { type: "open", run: "z".repeat(64) },
        { type: "open", run: "z".repeat(65) },
      ],
      [
        { type: "open", at: 0 },
        { type: "open", at: 1.5 },
      ],
      [
        { type: "select", reason: "r".repeat(64) },
        { type: "select", reason: "r".repeat(65) },
      ],
    ];
    for (const [within, beyond] of cases) {
      const visit = await world.visit(john);
      const head = { id: "event-00", run: "run-0000", seq: 0, at: NOW };
      const post = (event: object) =>
        world.request("/v1/widget/events", {
          token: visit.token,
          json: { session: visit.session, events: [{ ...head, ...event }] },
        });
      const refused = await post(beyond);
      assert.deepEqual(
        [refused.status, refused.code],
        [400, "parameter_invalid"],
        JSON.stringify(beyond).slice(0, 80),
      );
      assert.match(refused.param ?? "", /^events\/0\//);
      assert.deepEqual((await post(within)).body, { accepted: 1 }, JSON.stringify(within).slice(0, 80));
    }
  });

  it("a value of 4000 characters as JSON, and none that is too deep to be written down", async () => {
    const world = await open();
    const visit = await world.visit(john);
    let seq = 0;
    /** As text, since what is nested too deeply cannot be written by JSON.stringify either. */
    const fill = (value: string) =>
      world.request("/v1/widget/events", {
        token: visit.token,
        headers: { "Content-Type": "application/json" },
        body: `{"session":"${visit.session}","events":[{"id":"filled_${seq}","run":"run-0000","seq":${seq++},"at":0,"type":"fill","value":${value}}]}`,
      });
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    for (const within of [`"${"x".repeat(3998)}"`, nested(2000), "null", `{"é":"${"é".repeat(3992)}"}`]) {
      assert.deepEqual((await fill(within)).body, { accepted: 1 }, within.slice(0, 20));
    }
    for (const beyond of [`"${"x".repeat(3999)}"`, nested(2001), nested(20_000)]) {
      const refused = await fill(beyond);
      assert.deepEqual([refused.status, refused.code], [400, "parameter_invalid"], beyond.slice(0, 20));
      assert.equal(refused.param, "events/0/value");
    }
    assert.equal((await fill("1")).status, 200, "the server is well");
  });

  it("terms that were seen are bounded as well, however deep", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("not_using").next().choose({ months: 1 }).act({ type: "accept" });
    const { seen, ...request } = visit.decision();
    const decide = (terms: string) =>
      world.request("/v1/widget/decision", {
        token: visit.token,
        headers: { "Content-Type": "application/json" },
        body: `${JSON.stringify(request).slice(0, -1)},"seen":{"offer":"${seen?.offer}","choice":{"months":1},"terms":${terms}}}`,
      });
    for (const depth of [25_001, 100_000, 250_000]) {
      const refused = await decide("[".repeat(depth) + "]".repeat(depth));
      assert.deepEqual(
        [refused.status, refused.code, refused.param],
        [400, "parameter_invalid", "seen/terms"],
      );
    }
    for (const depth of [1, 1000, 20_000]) {
      const { status, code } = await decide(`${'{"months":'.repeat(depth)}1${"}".repeat(depth)}`);
      assert.ok(
        status === 409 ? code === "offer_changed" : code === "parameter_invalid",
        `${depth}: ${code}`,
      );
    }
    assert.deepEqual(await world.effects(), []);
    settled(await decide(JSON.stringify(seen?.terms)));
  });

  it("requests per minute of a key and of a session, each for itself", async () => {
    const world = await open({ limits: { perKey: 3, perSession: 5 } });
    const ask = () => world.request(MINT, { key: world.key, json: { retention: { customer_id: john } } });
    const first = await ask();
    assert.equal(first.headers.get("ratelimit-limit"), "3");
    assert.equal(first.headers.get("ratelimit-remaining"), "2");
    world.pass(10_000);
    await ask();
    assert.equal((await ask()).headers.get("ratelimit-remaining"), "0");
    const refused = await ask();
    assert.deepEqual([refused.status, refused.code], [429, "rate_limited"]);
    assert.equal(refused.headers.get("retry-after"), "50");

    const token = first.body.id as string;
    for (let request = 0; request < 5; request++) await world.flow(token);
    const silent = await world.request("/v1/widget/flow", { token, origin: "https://shop.example" });
    assert.equal(silent.status, 429);
    assert.match(silent.headers.get("access-control-expose-headers") ?? "", /Retry-After/);

    world.pass(50_000 - 1);
    assert.equal((await ask()).status, 429);
    world.pass(1);
    assert.equal((await ask()).status, 200, "the window rolls");
    assert.equal(
      (await ask()).status,
      429,
      "by one request, as long as the others are younger than a minute",
    );
    world.pass(MINUTE);
    assert.equal((await ask()).headers.get("ratelimit-remaining"), "2");
  });

  it("requests count for a minute, also where the clock is set back meanwhile", async () => {
    const world = await open({ limits: { perKey: 2 } });
    const ask = async () => {
      const reply = await world.request(MINT, { key: world.key, json: { retention: { customer_id: john } } });
      return [reply.status, reply.headers.get("retry-after")];
    };
    await ask();
    world.pass(10_000);
    await ask();
    assert.deepEqual(await ask(), [429, "50"]);
    world.pass(-5_000);
    assert.deepEqual(
      await ask(),
      [429, "55"],
      "what another server's clock has written a little ahead counts",
    );
    world.pass(-400 * DAY);
    assert.deepEqual(
      [await ask(), await ask(), await ask()],
      [
        [200, null],
        [200, null],
        [429, "60"],
      ],
    );
    world.pass(MINUTE);
    assert.deepEqual(await ask(), [200, null]);
  });
});

/** The outbox reports what a customer does, against a real server. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { createClient } from "../../src/api/client.ts";
import { EventsRequest } from "../../src/api/contract.ts";
import { createOutbox, type OutboxOptions } from "../../src/api/outbox.ts";
import type { FlowEvent } from "../../src/api/wire.ts";
import type { CustomerEvent } from "../../src/flow/machine.ts";
import { type Answer, type Asked, json, listen, refuse, watchedFetch } from "./server.ts";

const accept: Answer = (response) => json(response, { accepted: 1 });

const eventsOf = ({ body }: Asked): FlowEvent[] =>
  EventsRequest.parse(JSON.parse(body)).events as FlowEvent[];

async function setUp(t: TestContext, answer: Answer = accept, options: Partial<OutboxOptions> = {}) {
  const server = await listen(t, answer);
  const { fetch, inits } = watchedFetch();
  const page = new EventTarget();
  const calls: Promise<unknown>[] = [];
  const client = createClient({
    apiUrl: server.url,
    fetch,
    token: async () => "ret_1",
    wait: async () => {},
  });
  const record: typeof client.record = (...args) => {
    const call = client.record(...args);
    calls.push(call);
    return call;
  };
  let clock = 1000;
  let made = 0;
  const outbox = createOutbox({
    client: { record },
    session: "ses_1",
    run: "run-00001",
    newId: () => `event-00${made++}`,
    now: () => clock++,
    page,
    // Long after the test: what is sent is sent by what the test does.
    delay: 3_600_000,
    ...options,
  });
  // The process need not wait for that hour.
  t.after(() => outbox.dispose());
  return {
    server,
    page,
    inits,
    outbox,
    add: (...events: CustomerEvent[]) => events.map((event) => outbox.add(event)),
    moment: (type: string) => page.dispatchEvent(new Event(type)),
    /** All that was sent until now has been answered, and the outbox has heard of it. */
    async settled() {
      await Promise.allSettled(calls);
      await new Promise(setImmediate);
    },
    /** What each request carried, by position in the run. */
    requests: () => server.asked.map((asked) => eventsOf(asked).map(({ seq }) => seq)),
    received: () => server.asked.flatMap(eventsOf),
  };
}

const next = { type: "next" } as const;
const back = { type: "back" } as const;
const open = { type: "open" } as const;
const write = (text: string) => ({ type: "write", text }) as const;

describe("the run", () => {
  it("numbers its events", async (t) => {
    const { outbox } = await setUp(t);
    assert.deepEqual(outbox.add(open), { type: "open", id: "event-000", run: "run-00001", seq: 0, at: 1000 });
    assert.deepEqual(outbox.add({ type: "select", reason: "other" }), {
      type: "select",
      reason: "other",
      id: "event-001",
      run: "run-00001",
      seq: 1,
      at: 1001,
    });
  });

  it("is whole, sent or not, and a copy", async (t) => {
    const { outbox, add } = await setUp(t);
    const added = add(open, next);
    await outbox.flush();
    added.push(...add(back));
    assert.deepEqual(outbox.all(), added);
    outbox.all().pop();
    assert.equal(outbox.all().length, 3);
  });

  it("has ids of its own making, also on a page without https", async (t) => {
    t.mock.method(crypto, "randomUUID", () => assert.fail("exists in secure contexts only"));
    const { server, outbox, add } = await setUp(t, accept, {
      run: undefined,
      newId: undefined,
      now: undefined,
    });
    const before = Date.now();
    add(...Array.from({ length: 50 }, () => next));
    await outbox.flush();
    const events = eventsOf(server.asked[0] ?? assert.fail());
    assert.equal(new Set(events.map(({ id }) => id)).size, 50);
    assert.equal(new Set(events.map(({ run }) => run)).size, 1);
    for (const { at } of events) assert.ok(at >= before && at <= Date.now());
  });
});

describe("of several answers in a row only the last counts", () => {
  for (const [first, last] of [
    [write("no"), write("not now")],
    [
      { type: "select", reason: "a" },
      { type: "select", reason: "b" },
    ],
    [
      { type: "choose", choice: { months: 1 } },
      { type: "choose", choice: { until: 5 } },
    ],
    [
      { type: "fill", value: { a: 1 } },
      { type: "fill", value: 0 },
    ],
  ] as [CustomerEvent, CustomerEvent][]) {
    it(first.type, async (t) => {
      const { outbox, add, received } = await setUp(t);
      add(open, first, first, last, next);
      const expected = [
        { ...open, id: "event-000", run: "run-00001", seq: 0, at: 1000 },
        { ...last, id: "event-001", run: "run-00001", seq: 1, at: 1003 },
        { ...next, id: "event-002", run: "run-00001", seq: 2, at: 1004 },
      ];
      assert.deepEqual(outbox.all(), expected);
      await outbox.flush();
      assert.deepEqual(received(), expected);
    });
  }

  it("but not steps, and not answers with something between them", async (t) => {
    const { outbox, add } = await setUp(t);
    add(next, next, back, back, write("a"), { type: "select", reason: "b" }, write("c"), next, write("d"));
    assert.equal(outbox.all().length, 9);
  });

  it("but not one that the server has", async (t) => {
    const { outbox, add, requests } = await setUp(t);
    add(write("a"));
    await outbox.flush();
    add(write("ab"), write("abc"));
    await outbox.flush();
    assert.deepEqual(requests(), [[0], [1]]);
    assert.deepEqual(
      outbox.all().map((event) => event.type === "write" && event.text),
      ["a", "abc"],
    );
  });

  it("but not one that the server may have, because it is on its way or its answer was lost", async (t) => {
    const { server, outbox, add } = await setUp(t, (response) => refuse(response, 503, "down"));
    add(write("a"));
    const sending = outbox.flush();
    add(write("ab"));
    await sending;
    add(write("abc"));
    assert.deepEqual(
      outbox.all().map(({ id, ...event }) => [id, "text" in event && event.text]),
      [
        ["event-000", "a"],
        ["event-001", "abc"],
      ],
    );
    assert.deepEqual(new Set(server.asked.map(({ body }) => body)).size, 1);
  });

  it("but not one that a decision carried", async (t) => {
    const { outbox, add } = await setUp(t);
    add(write("a"));
    outbox.delivered(outbox.all());
    add(write("b"));
    assert.equal(outbox.all().length, 2);
  });
});

describe("sending", () => {
  it("is done in order, each event once, one request at a time", async (t) => {
    const held: (() => void)[] = [];
    const { server, outbox, add, requests } = await setUp(t, (response) => {
      held.push(() => accept(response, {} as Asked, 0));
    });
    add(open, next);
    const first = server.next();
    const done = outbox.flush();
    await first;
    add(back, next);
    const same = outbox.flush();
    assert.equal(held.length, 1);
    const second = server.next();
    held.shift()?.();
    await second;
    assert.equal(held.length, 1);
    held.shift()?.();
    await Promise.all([done, same]);
    assert.deepEqual(requests(), [
      [0, 1],
      [2, 3],
    ]);
    await outbox.flush();
    assert.equal(server.asked.length, 2);
  });

  it("asks nothing when there is nothing", async (t) => {
    const { server, outbox, add } = await setUp(t);
    await outbox.flush();
    await outbox.flush();
    assert.equal(server.asked.length, 0);
    add(open);
    await outbox.flush();
    assert.equal(server.asked.length, 1);
  });

  it("begins after some quiet", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { server, add, requests } = await setUp(t, accept, { delay: undefined });
    add(open);
    t.mock.timers.tick(1999);
    add(write("a"));
    t.mock.timers.tick(1999);
    add(write("ab"));
    t.mock.timers.tick(1999);
    await new Promise(setImmediate);
    assert.equal(server.asked.length, 0);
    const asked = server.next();
    t.mock.timers.tick(1);
    await asked;
    assert.deepEqual(requests(), [[0, 1]]);
  });

  it("does not fail towards the page, and what is left goes next time", async (t) => {
    const { server, outbox, add, requests } = await setUp(t, (response) => refuse(response, 503, "down"));
    add(open, next);
    await outbox.flush();
    assert.equal(server.asked.length, 3);
    server.answer = accept;
    add(back);
    await outbox.flush();
    assert.deepEqual(requests().slice(3), [[0, 1, 2]]);
    const [, , , last] = server.asked;
    assert.deepEqual(eventsOf(last ?? assert.fail()), outbox.all());
  });

  it("survives a page whose token cannot be had", async (t) => {
    let tries = 0;
    const { server, outbox, add } = await setUp(t, accept, {
      client: {
        record: () => {
          tries++;
          return Promise.reject(new TypeError("getAuthToken is not written yet"));
        },
      },
    });
    add(open);
    await outbox.flush();
    await outbox.flush();
    assert.equal(tries, 2);
    assert.equal(server.asked.length, 0);
  });

  it("gives up on what the server refuses for good, and goes on with what follows", async (t) => {
    const { server, outbox, add, requests } = await setUp(t, (response) =>
      refuse(response, 409, "event_conflict"),
    );
    add(open, next);
    await outbox.flush();
    server.answer = accept;
    add(back);
    await outbox.flush();
    assert.deepEqual(requests(), [[0, 1], [2]]);
    assert.equal(outbox.all().length, 3);
  });

  it("leaves out what a decision has delivered", async (t) => {
    const { outbox, add, requests } = await setUp(t);
    add(open, { type: "leave" }, { type: "confirm" });
    outbox.delivered(outbox.all());
    await outbox.flush();
    add(back);
    // An older delivery that is heard of late, and none at all, take nothing back.
    outbox.delivered(outbox.all().slice(0, 1));
    outbox.delivered([]);
    await outbox.flush();
    assert.deepEqual(requests(), [[3]]);
  });

  it("makes several requests of what is too long for one", async (t) => {
    const { outbox, add, requests, server } = await setUp(t);
    for (let count = 0; count < 5; count++) add(write("ü".repeat(5000)), next);
    add(...Array.from({ length: 1100 }, () => next));
    await outbox.flush();
    assert.deepEqual(
      requests().flat(),
      Array.from({ length: 1110 }, (_, seq) => seq),
    );
    for (const { body } of server.asked) assert.ok(Buffer.byteLength(body) < 65_536);
  });

  it("sends one event however long it is", async (t) => {
    const { outbox, add, requests } = await setUp(t);
    // The longest text that there is, of characters that JSON writes as six.
    add(write("\u0001".repeat(5000)), next);
    await outbox.flush();
    assert.deepEqual(requests(), [[0], [1]]);
  });
});

describe("when the page goes", () => {
  for (const type of ["pagehide", "visibilitychange", "online"]) {
    it(`${type}: what is left is sent at once, in a request that outlives the page`, async (t) => {
      const { server, inits, outbox, add, moment, requests } = await setUp(t);
      add(open);
      await outbox.flush();
      add(next, write("a"));
      const asked = server.next();
      moment(type);
      await asked;
      assert.deepEqual(requests(), [[0], [1, 2]]);
      assert.deepEqual(
        inits.map(({ keepalive }) => keepalive),
        [false, true],
      );
    });
  }

  it("asks nothing when all is sent", async (t) => {
    const { server, outbox, add, moment } = await setUp(t);
    moment("pagehide");
    add(open);
    await outbox.flush();
    moment("pagehide");
    await outbox.flush();
    assert.equal(server.asked.length, 1);
  });

  it("says goodbye once, though several moments follow each other", async (t) => {
    const { server, outbox, add, moment, requests } = await setUp(t);
    add(open, next);
    const asked = server.next();
    moment("pagehide");
    moment("visibilitychange");
    moment("pagehide");
    await asked;
    add(back);
    const more = server.next();
    moment("visibilitychange");
    await more;
    assert.deepEqual(requests(), [[0, 1], [2]]);
    assert.equal(outbox.all().length, 3);
  });

  it("repeats what is on its way, because that ends with the page", async (t) => {
    const { server, outbox, add, moment, requests, received } = await setUp(t, () => {});
    add(open);
    const first = server.next();
    void outbox.flush();
    await first;
    add(next);
    server.answer = accept;
    const second = server.next();
    moment("pagehide");
    await second;
    assert.deepEqual(requests(), [[0], [0, 1]]);
    assert.deepEqual(received()[1], received()[0]);
  });

  it("sends all of a long run at once", async (t) => {
    const { server, add, moment, requests } = await setUp(t, () => {});
    for (let count = 0; count < 6; count++) add(write("x".repeat(5000)), next);
    const all = async () => {
      while (requests().flat().length < 12) await server.next();
    };
    moment("pagehide");
    await all();
    assert.ok(server.asked.length > 1);
    assert.deepEqual(
      requests()
        .flat()
        .sort((a, b) => a - b),
      Array.from({ length: 12 }, (_, seq) => seq),
    );
  });

  it("tries again at the next moment if it failed and the page is still there", async (t) => {
    const { server, inits, add, moment, settled, requests } = await setUp(t, (response) =>
      refuse(response, 503, "down"),
    );
    add(open);
    moment("visibilitychange");
    await settled();
    server.answer = accept;
    moment("online");
    await settled();
    assert.deepEqual(requests(), [[0], [0], [0], [0]]);
    assert.ok(inits.every(({ keepalive }) => keepalive));
  });

  it("forgets nothing when only the later part of the goodbye has arrived", async (t) => {
    const { server, outbox, add, moment, settled, requests } = await setUp(t, (response, asked, count) =>
      eventsOf(asked)[0]?.seq ? accept(response, asked, count) : refuse(response, 503, "down"),
    );
    for (let count = 0; count < 6; count++) add(write("x".repeat(5000)), next);
    moment("pagehide");
    await settled();
    const before = server.asked.length;
    server.answer = accept;
    await outbox.flush();
    assert.deepEqual(
      requests().slice(before).flat(),
      Array.from({ length: 12 }, (_, seq) => seq),
    );
  });
});

describe("dispose", () => {
  it("sends what is left and lets go of the page", async (t) => {
    const { server, outbox, page, add, moment, requests } = await setUp(t);
    const removed = t.mock.method(page, "removeEventListener");
    add(open, { type: "close" });
    const asked = server.next();
    outbox.dispose();
    await asked;
    await outbox.flush();
    assert.equal(removed.mock.callCount(), 3);
    add(next);
    moment("pagehide");
    await new Promise(setImmediate);
    assert.deepEqual(requests(), [[0, 1]]);
  });
});

describe("whatever happens", () => {
  it("the server gets every event once by id, in a run without gaps", async (t) => {
    const { server } = await setUp(t);
    const act = fc.constantFrom<CustomerEvent | "flush" | "fail" | "work" | "pagehide">(
      ...(["flush", "fail", "work", "pagehide"] as const),
      next,
      back,
      write("a"),
      write("b"),
      { type: "select", reason: "r" },
      { type: "select", reason: "s" },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        server.asked.length = 0;
        server.answer = accept;
        const page = new EventTarget();
        const client = createClient({
          apiUrl: server.url,
          token: async () => "ret_1",
          wait: async () => {},
          attempts: 1,
        });
        const outbox = createOutbox({ client, session: "ses_1", page, delay: 3_600_000 });
        for (const each of acts) {
          if (each === "flush") await outbox.flush();
          else if (each === "pagehide") page.dispatchEvent(new Event("pagehide"));
          else if (each === "fail") server.answer = (response) => refuse(response, 503, "down");
          else if (each === "work") server.answer = accept;
          else outbox.add(each);
        }
        server.answer = accept;
        await outbox.flush();
        await outbox.flush();
        outbox.dispose();
        const all = outbox.all();
        assert.deepEqual(
          all.map(({ seq }) => seq),
          all.map((_, index) => index),
        );
        const received = new Map<string, FlowEvent>();
        for (const event of server.asked.flatMap(eventsOf)) {
          const known = received.get(event.id);
          // What was shown to the server once never changes.
          if (known) assert.deepEqual(event, known);
          received.set(event.id, event);
        }
        assert.deepEqual(
          [...received.values()].sort((a, b) => a.seq - b.seq),
          all,
        );
      }),
      { numRuns: 60 },
    );
  });
});

/** The outbox reports what a customer does, against a real server. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { createClient } from "../../src/api/client.ts";
import { EventsRequest } from "../../src/api/contract.ts";
import { createOutbox, type OutboxOptions } from "../../src/api/outbox.ts";
import type { FlowEvent } from "../../src/api/wire.ts";
import type { CustomerEvent } from "../../src/flow/machine.ts";
import { type Answer, type Asked, json, listen, refuse, said, watchedFetch } from "./server.ts";
import { launch, memoryStorage, settle, watchedPauses } from "./tabs.ts";

const accept: Answer = (response) => json(response, { accepted: 1 });

const eventsOf = ({ body }: Asked): FlowEvent[] =>
  EventsRequest.parse(said({ body }).fields).events as FlowEvent[];

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
    client: { record, beacon: client.beacon },
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
        beacon: () => false,
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
      assert.equal(inits[1]?.keepalive, true);
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
    assert.ok(inits[0]?.keepalive && inits[3]?.keepalive);
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
    assert.equal(removed.mock.callCount(), 4);
    add(next);
    moment("pagehide");
    await new Promise(setImmediate);
    assert.deepEqual(requests(), [[0, 1]]);
  });
});

describe("what the server does not have", () => {
  const SECRET = "They moved my cheese";

  it("is kept from the first moment on, and gone as soon as it has arrived", async (t) => {
    const browser = await launch(t);
    const tab = browser.tab();
    const outbox = tab.open();
    outbox.add(open);
    outbox.add(write(SECRET));
    assert.deepEqual(tab.courier.shelf.get(outbox.run)?.events, outbox.all());
    await outbox.flush();
    assert.deepEqual(browser.stored, []);
    outbox.add(next);
    assert.deepEqual(
      tab.courier.shelf.get(outbox.run)?.events.map(({ seq }) => seq),
      [2],
    );
    assert.equal(JSON.stringify(browser.storage).includes(SECRET), false);
    outbox.dispose();
    await settle(browser);
    assert.deepEqual(browser.stored, []);
    assert.deepEqual(browser.locks.held, []);
  });

  it("survives a tab that is closed without a word, and arrives with the next one", async (t) => {
    const browser = await launch(t);
    const outbox = browser.tab().open();
    outbox.add(open);
    outbox.add(write(SECRET));
    browser.tabs[0]?.die();
    await settle(browser);
    assert.deepEqual(browser.asked, []);
    await browser.tab().courier.deliver();
    assert.deepEqual(browser.books.run(outbox.run), outbox.all());
    assert.deepEqual(browser.stored, []);
  });

  it("is sent in the background when the flow has been closed in an outage", async (t) => {
    const browser = await launch(t);
    const { books } = browser;
    books.mode = "down";
    const tab = browser.tab();
    const outbox = tab.open();
    outbox.add(open);
    outbox.add({ type: "close" });
    outbox.dispose();
    await settle(browser);
    assert.equal(browser.stored.length, 1);
    assert.deepEqual(browser.locks.held, [`renumerate:${outbox.run}`]);
    books.mode = "works";
    tab.moment("online");
    await settle(browser);
    assert.deepEqual(books.run(outbox.run), outbox.all());
    assert.deepEqual([browser.stored, browser.locks.held], [[], []]);
  });

  it("goes by beacon when the page goes, and again if it comes back, since no answer came", async (t) => {
    const browser = await launch(t);
    const tab = browser.tab();
    const outbox = tab.open();
    outbox.add(open);
    tab.moment("pagehide");
    tab.moment("visibilitychange");
    // The server may have it: it does not change any more.
    outbox.add(write("a"));
    tab.moment("pagehide");
    outbox.add(write("ab"));
    await settle(browser);
    assert.deepEqual(browser.asked, ["beacon", "beacon"]);
    assert.equal(outbox.all().length, 3);
    assert.equal(browser.stored.length, 1, "nobody knows whether they arrived");
    tab.moment("pageshow");
    await settle(browser);
    assert.deepEqual(browser.asked, ["beacon", "beacon", "events"]);
    assert.deepEqual(browser.books.run(outbox.run), outbox.all());
    assert.deepEqual(browser.books.changed, []);
    assert.deepEqual(browser.stored, []);
  });

  it("goes as a request where the browser does not take the beacon", async (t) => {
    const { server, page, add, moment } = await setUp(t, accept, {
      keeping: {
        courier: (await launch(t)).tab().courier,
        apiUrl: "",
        token: "dlv_1",
        subscription: "sub_1",
      },
    });
    assert.ok(page);
    add(open);
    const asked = server.next();
    moment("pagehide");
    assert.equal((await asked).url, "/v1/widget/events");
  });

  it("is not kept where there is no storage, and is sent all the same", async (t) => {
    const browser = await launch(t);
    const tab = browser.tab({ hasStorage: false });
    const outbox = tab.open();
    outbox.add(open);
    outbox.confirm();
    assert.equal(outbox.isKept, false);
    await outbox.flush();
    assert.deepEqual(browser.books.run(outbox.run), outbox.all());
  });
});

describe("a confirmed cancellation", () => {
  const confirmed = async (t: TestContext, storage?: Storage) => {
    const browser = await launch(t, storage);
    const tab = browser.tab();
    const outbox = tab.open();
    outbox.add(open);
    return { browser, books: browser.books, tab, outbox };
  };

  it("that is answered leaves nothing behind", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    assert.equal((await tab.confirm(outbox))?.outcome, "cancelled");
    assert.deepEqual([outbox.confirmedAt, outbox.isKept], [undefined, false]);
    assert.deepEqual(browser.stored, []);
    assert.deepEqual(books.run(outbox.run), outbox.all());
    await outbox.flush();
    assert.deepEqual(browser.asked, ["decision"]);
  });

  it("counts from the first click", async (t) => {
    const { browser, outbox } = await confirmed(t);
    const { clock } = browser;
    outbox.confirm();
    browser.clock += 1000;
    outbox.confirm();
    assert.deepEqual([outbox.confirmedAt, outbox.isKept], [clock, true]);
  });

  it("goes when the connection is back, in the same page, with its age", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    tab.isOnline = false;
    const settlement = tab.confirm(outbox);
    await settle(browser);
    browser.clock += 90_000;
    tab.isOnline = true;
    tab.moment("online");
    assert.equal((await settlement)?.outcome, "cancelled");
    assert.deepEqual(books.carriedOut, [{ session: `ses-${outbox.run}`, age: 90_000 }]);
    await outbox.flush();
    assert.deepEqual(browser.stored, []);
    assert.deepEqual(books.run(outbox.run), outbox.all());
  });

  for (const mode of ["offline", "down", "lost"] as const) {
    it(`${mode}: goes with the next visit after a reload, once and with its age`, async (t) => {
      const { browser, books, tab, outbox } = await confirmed(t);
      books.mode = mode;
      const lost = assert.rejects(tab.confirm(outbox));
      await settle(browser);
      tab.die();
      await lost;
      browser.clock += 86_400_000;
      books.mode = "works";
      const told: string[] = [];
      await browser
        .tab()
        .courier.deliver((each) => told.push("error" in each ? "error" : each.settlement.outcome));
      assert.deepEqual(told, ["cancelled"]);
      const age = mode === "lost" ? 0 : 86_400_000;
      assert.deepEqual(books.carriedOut, [{ session: `ses-${outbox.run}`, age }]);
      assert.deepEqual(browser.stored, []);
    });
  }

  it("is not taken away by its own events, whatever order they arrive in", async (t) => {
    const { browser, tab, outbox } = await confirmed(t);
    outbox.add({ type: "confirm" });
    outbox.confirm();
    tab.moment("visibilitychange");
    await outbox.flush();
    await settle(browser);
    assert.equal(browser.books.run(outbox.run).length, 2);
    const kept = tab.courier.shelf.get(outbox.run);
    assert.deepEqual([kept?.decidedAt, kept?.events.length], [browser.clock, 2]);
  });

  it("does not send its events by themselves while it is under way", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { inits, outbox, add } = await setUp(t, accept, { delay: undefined });
    add(open, { type: "confirm" });
    outbox.confirm();
    t.mock.timers.tick(2000);
    await new Promise(setImmediate);
    assert.equal(inits.length, 0);
  });

  it("that is taken back is never sent, and how it went on is", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    watchedPauses(t, true);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    await settle(browser);
    outbox.withdraw();
    outbox.add({ type: "keep" });
    assert.equal(await answer, undefined);
    const decisions = browser.asked.length;
    books.mode = "works";
    tab.moment("online");
    await outbox.flush();
    await settle(browser);
    assert.equal(browser.asked.slice(decisions).includes("decision"), false);
    assert.deepEqual(books.run(outbox.run), outbox.all());
    assert.deepEqual(books.carriedOut, []);
    assert.deepEqual(browser.stored, []);
  });

  it("that is taken back while its request is on its way: the answer counts, and what came after it arrives", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    await settle(browser);
    const asked = browser.server.next();
    let release = () => {};
    browser.server.answer = (response, request, count) => {
      browser.server.answer = books.answer;
      release = () => books.answer(response, request, count);
    };
    books.mode = "works";
    tab.courier.nudge();
    await asked;
    outbox.withdraw();
    outbox.add({ type: "close" });
    release();
    assert.equal((await answer)?.outcome, "cancelled");
    await outbox.flush();
    assert.deepEqual(books.run(outbox.run), outbox.all());
    assert.deepEqual(browser.stored, []);
  });

  it("that was taken back is refused if it arrives after that", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    await settle(browser);
    outbox.withdraw();
    outbox.add({ type: "keep" });
    await answer;
    books.mode = "works";
    await outbox.flush();
    await assert.rejects(tab.confirm(outbox), { code: "session_completed" });
    assert.deepEqual(books.carriedOut, []);
  });

  it("that is too long to be kept with its run is kept alone, and taken back whole", async (t) => {
    const { browser, tab, outbox } = await confirmed(t);
    for (let count = 0; count < 25; count++) {
      outbox.add(write("x".repeat(5000)));
      outbox.add(next);
    }
    outbox.add({ type: "confirm" });
    outbox.confirm();
    assert.equal(outbox.isKept, true);
    const kept = tab.courier.shelf.get(outbox.run);
    assert.deepEqual([kept?.decidedAt, kept?.events.map(({ type }) => type)], [browser.clock, ["confirm"]]);
    outbox.withdraw();
    // The run is too long to be kept: then nothing is, least of all the cancellation.
    assert.deepEqual(browser.stored, []);
  });

  it("whose end alone was carried has its beginning sent afterwards", async (t) => {
    const { browser, books, outbox } = await confirmed(t);
    outbox.add({ type: "confirm" });
    outbox.delivered(outbox.all().slice(-1));
    await outbox.flush();
    assert.deepEqual(books.run(outbox.run), outbox.all());
    assert.deepEqual(browser.stored, []);
  });

  it("is kept though the storage is full of other runs' events", async (t) => {
    const { browser, tab } = await confirmed(t, memoryStorage(2000));
    const other = tab.open();
    other.add(write("x".repeat(900)));
    const outbox = tab.open();
    outbox.add(write("y".repeat(900)));
    outbox.add({ type: "confirm" });
    assert.equal(tab.courier.shelf.get(outbox.run), undefined);
    outbox.confirm();
    assert.equal(outbox.isKept, true);
    assert.ok(tab.courier.shelf.get(outbox.run)?.decidedAt);
    assert.ok(browser.stored.length < 3);
  });

  it("is sent although somebody empties the storage meanwhile", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    await settle(browser);
    browser.storage.clear();
    tab.courier.nudge();
    await settle(browser);
    assert.equal(browser.stored.length, 1);
    books.mode = "works";
    tab.courier.nudge();
    assert.equal((await answer)?.outcome, "cancelled");
    assert.deepEqual(browser.stored, []);
  });

  it("that can be kept no longer says so", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    await settle(browser);
    browser.storage.clear();
    tab.courier.shelf.put = () => false;
    tab.courier.nudge();
    await assert.rejects(answer, { code: "network", retryable: true });
  });

  it("refused for good is kept no longer, and its events arrive", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    const refused = assert.rejects(answer, { code: "billing_rejected" });
    await settle(browser);
    books.mode = "works";
    books.refusal = "billing_rejected";
    tab.courier.nudge();
    await refused;
    outbox.withdraw();
    await outbox.flush();
    assert.deepEqual(books.carriedOut, []);
    assert.deepEqual(browser.stored, []);
  });

  it("goes on when the flow is gone, and other tabs wait for that", async (t) => {
    const { browser, books, tab, outbox } = await confirmed(t);
    books.mode = "down";
    const answer = tab.confirm(outbox);
    await settle(browser);
    outbox.dispose();
    await settle(browser);
    const asked = browser.asked.length;
    await browser.tab().courier.deliver();
    assert.equal(browser.asked.length, asked);
    books.mode = "works";
    tab.courier.nudge();
    assert.equal((await answer)?.outcome, "cancelled");
    await settle(browser);
    assert.equal(books.carriedOut.length, 1);
    assert.deepEqual(browser.locks.held, []);
  });

  it("has nothing to persist where it was not confirmed", async (t) => {
    const { browser, outbox } = await confirmed(t);
    assert.equal(await outbox.persist(), undefined);
    assert.deepEqual(browser.asked, []);
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

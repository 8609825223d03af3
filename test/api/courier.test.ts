/** What is kept in the browser reaches a real server: after a failure, a reload, and from another tab. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { type CourierOptions, createCourier, type Delivery } from "../../src/api/courier.ts";
import { ApiError } from "../../src/api/errors.ts";
import { createShelf, type Kept, type Shelf } from "../../src/api/shelf.ts";
import type { FlowEvent } from "../../src/api/wire.ts";
import { json, refuse } from "./server.ts";
import { type Browser, eventOf, keptOf, launch, settle, type Tab, watchedPauses } from "./tabs.ts";

const RUN = "run-left";

/** A browser in which an earlier visit has left a confirmed cancellation, or mere events. */
async function left(t: TestContext, more: Partial<Kept> = {}) {
  const browser = await launch(t);
  const kept = keptOf(browser, RUN, { decidedAt: browser.clock, ...more });
  createShelf({ storage: browser.storage, now: () => browser.clock }).put(kept);
  return { browser, books: browser.books, kept };
}

const mere = { decidedAt: undefined } as unknown as Partial<Kept>;

/** The tab takes over what is left; resolves when it has been tried once. */
async function deliver(tab: Tab): Promise<Delivery[]> {
  const told: Delivery[] = [];
  await tab.courier.deliver((delivery) => told.push(delivery));
  return told;
}

const outcomes = (told: Delivery[]) =>
  told.map((each) => ("error" in each ? each.error.code : each.settlement.outcome));

describe("what an earlier visit has left", () => {
  it("arrives, with its age; the page hears how it ended, and nothing is kept any longer", async (t) => {
    const { browser, books, kept } = await left(t);
    browser.clock += 5000;
    const told = await deliver(browser.tab());
    assert.deepEqual(outcomes(told), ["cancelled"]);
    assert.deepEqual(told[0]?.kept, kept);
    assert.deepEqual(books.carriedOut, [{ session: kept.session, age: 5000 }]);
    assert.deepEqual(books.run(RUN), kept.events);
    assert.deepEqual(browser.stored, []);
  });

  it("has no negative age, whatever the clock says", async (t) => {
    const { browser, books } = await left(t);
    browser.clock -= 5000;
    await deliver(browser.tab());
    assert.equal(books.carriedOut[0]?.age, 0);
  });

  it("is not worth a word if it is mere events", async (t) => {
    const { browser, books, kept } = await left(t, mere);
    assert.deepEqual(await deliver(browser.tab()), []);
    assert.deepEqual(browser.asked, ["events"]);
    assert.deepEqual(books.run(RUN), kept.events);
    assert.deepEqual(browser.stored, []);
  });

  it("asks nothing when there is nothing", async (t) => {
    const browser = await launch(t);
    assert.deepEqual(await deliver(browser.tab()), []);
    assert.deepEqual(browser.asked, []);
  });

  it("is all sent, whatever becomes of the others", async (t) => {
    const { browser, books } = await left(t);
    const shelf = createShelf({ storage: browser.storage, now: () => browser.clock });
    shelf.put(keptOf(browser, "run-foreign", { token: "dlv_other", decidedAt: browser.clock }));
    shelf.put(keptOf(browser, "run-mere"));
    assert.deepEqual(outcomes(await deliver(browser.tab())).sort(), ["cancelled", "session_invalid"]);
    assert.equal(books.run("run-mere").length, 2);
    assert.equal(books.carriedOut.length, 1);
    assert.deepEqual(browser.stored, []);
  });

  it("does nothing where there is no storage", async (t) => {
    const { browser } = await left(t);
    assert.deepEqual(await deliver(browser.tab({ hasStorage: false })), []);
  });

  it("with an address that is none is tried until it is too old, and hurts nobody", async (t) => {
    const { browser } = await left(t, { apiUrl: "http://[" });
    const tab = browser.tab();
    assert.deepEqual(await deliver(tab), []);
    assert.equal(browser.stored.length, 1);
    browser.clock += 8 * 86_400_000;
    tab.moment("online");
    await settle(browser);
    assert.deepEqual(browser.stored, []);
  });

  it("goes in pieces where it is too long for one request, the last of them deciding", async (t) => {
    const { browser, books, kept } = await left(t);
    const long = [...Array(600).keys()].map((seq) => eventOf(seq, RUN));
    const events = [...long, eventOf(600, RUN, { type: "confirm" })];
    browser.storage.setItem(`renumerate:${RUN}`, JSON.stringify({ ...kept, events }));
    assert.deepEqual(outcomes(await deliver(browser.tab())), ["cancelled"]);
    assert.deepEqual(books.run(RUN), events);
    assert.equal(browser.asked.at(-1), "decision");
  });
});

describe("a failure", () => {
  for (const moment of ["online", "visibilitychange"]) {
    it(`is followed by another attempt at ${moment}`, async (t) => {
      const { browser, books } = await left(t);
      books.mode = "down";
      const tab = browser.tab();
      assert.deepEqual(await deliver(tab), []);
      assert.equal(browser.stored.length, 1);
      books.mode = "works";
      tab.moment(moment);
      await settle(browser);
      assert.equal(books.carriedOut.length, 1);
      assert.deepEqual(browser.stored, []);
    });
  }

  it("is told about at last, though nobody waits for it any more", async (t) => {
    const { browser, books } = await left(t);
    books.mode = "offline";
    const told: Delivery[] = [];
    const tab = browser.tab();
    await tab.courier.deliver((delivery) => told.push(delivery));
    books.mode = "works";
    tab.courier.nudge();
    await settle(browser);
    assert.deepEqual(outcomes(told), ["cancelled"]);
  });

  it("is followed by attempts further and further apart, never all browsers at once", async (t) => {
    for (const [random, shortest, longest] of [
      [0, 1500, 150_000],
      [1, 3000, 300_000],
    ] as const) {
      const { browser, books } = await left(t);
      books.mode = "offline";
      const pauses = watchedPauses(t);
      const tab = browser.tab({ courier: { random: () => random } });
      void deliver(tab);
      while (pauses.length < 10) await new Promise(setImmediate);
      browser.storage.clear();
      await settle(browser);
      t.mock.restoreAll();
      assert.deepEqual(pauses.slice(0, 3), [shortest, 2 * shortest, 4 * shortest]);
      assert.deepEqual(pauses.slice(7, 9), [longest, longest]);
    }
  });

  it("of the server's own making says when to come back, and only the customer comes sooner", async (t) => {
    const { browser, books } = await left(t);
    const pauses = watchedPauses(t, true);
    browser.server.answer = (response) => refuse(response, 429, "rate_limited", { "Retry-After": "120" });
    const tab = browser.tab();
    await deliver(tab);
    assert.deepEqual(pauses, [120_000]);
    for (const moment of ["online", "visibilitychange", "online"]) tab.moment(moment);
    await settle(browser);
    assert.equal(browser.server.asked.length, 1);
    browser.server.answer = books.answer;
    tab.courier.nudge();
    await settle(browser);
    assert.equal(books.carriedOut.length, 1);
  });

  it("leaves no timer and no listener behind", async (t) => {
    const { browser, books } = await left(t);
    const tab = browser.tab();
    const added = t.mock.method(tab.page, "addEventListener");
    const removed = t.mock.method(tab.page, "removeEventListener");
    books.mode = "down";
    await deliver(tab);
    for (let count = 0; count < 3; count++) {
      tab.moment("online");
      await settle(browser);
    }
    books.mode = "works";
    tab.moment("online");
    await settle(browser);
    assert.equal(added.mock.callCount(), 8);
    assert.equal(removed.mock.callCount(), 8);
  });

  it("by hanging ends within the limit, also where the page has set none", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    for (const timeout of [undefined, 0]) {
      const { browser, books } = await left(t);
      books.mode = "hangs";
      const asked = browser.server.next();
      const tried = deliver(browser.tab({ courier: { timeout } as CourierOptions }));
      await asked;
      t.mock.timers.tick(10_000);
      assert.deepEqual(await tried, []);
      assert.equal(browser.stored.length, 1);
    }
  });
});

describe("a refusal", () => {
  it("in the server's own words is final, and told", async (t) => {
    const { browser, books } = await left(t);
    books.refusal = "billing_rejected";
    assert.deepEqual(outcomes(await deliver(browser.tab())), ["billing_rejected"]);
    assert.deepEqual(browser.stored, []);
  });

  it("of mere events is final, and not worth a word", async (t) => {
    const { browser } = await left(t, mere);
    browser.server.answer = (response) => refuse(response, 409, "event_conflict");
    assert.deepEqual(await deliver(browser.tab()), []);
    assert.deepEqual(browser.stored, []);
  });

  for (const status of [200, 403, 404]) {
    it(`of something in between is none: a page with status ${status}`, async (t) => {
      const { browser, books } = await left(t);
      browser.server.answer = (response) => void response.writeHead(status).end("<html>");
      const tab = browser.tab();
      assert.deepEqual(await deliver(tab), []);
      assert.equal(browser.stored.length, 1);
      browser.server.answer = books.answer;
      tab.moment("online");
      await settle(browser);
      assert.equal(books.carriedOut.length, 1);
    });
  }
});

describe("delivering again", () => {
  it("while it is being sent waits for that, and sends it once", async (t) => {
    const { browser, books } = await left(t);
    const tab = browser.tab();
    const [first, second] = await Promise.all([deliver(tab), deliver(tab)]);
    assert.deepEqual([outcomes(first), outcomes(second)], [["cancelled"], []]);
    assert.equal(browser.asked.length, 1);
    assert.equal(books.carriedOut.length, 1);
  });

  it("after a failure tries at once instead of later", async (t) => {
    const { browser, books } = await left(t);
    watchedPauses(t, true);
    const tab = browser.tab();
    books.mode = "down";
    await deliver(tab);
    await deliver(tab);
    assert.equal(browser.asked.length, 2);
    books.mode = "works";
    await deliver(tab);
    assert.equal(books.carriedOut.length, 1);
    assert.deepEqual(browser.stored, []);
  });

  it("brings what another tab has left since then", async (t) => {
    const { browser, kept } = await left(t, mere);
    const tab = browser.tab();
    await deliver(tab);
    tab.courier.shelf.put({ ...kept, events: [eventOf(2, RUN)] });
    await settle(browser);
    await deliver(tab);
    assert.equal(browser.books.run(RUN).length, 3);
    assert.deepEqual(browser.stored, []);
  });

  it("leaves alone what this page holds itself", async (t) => {
    const browser = await launch(t);
    const tab = browser.tab();
    tab.open().add({ type: "open" });
    await deliver(tab);
    assert.deepEqual(browser.asked, []);
  });
});

describe("two tabs", () => {
  const living = async (t: TestContext, hasLocks = true) => {
    const browser = await launch(t);
    const [one, other] = [browser.tab({ hasLocks }), browser.tab({ hasLocks })];
    return { browser, books: browser.books, one, other };
  };

  it("one sends while it lives; when it dies, the other takes over", async (t) => {
    const { browser, books, one, other } = await living(t);
    one.isOnline = false;
    const outbox = one.open();
    outbox.add({ type: "open" });
    const lost = assert.rejects(one.confirm(outbox));
    await settle(browser);
    const told: Delivery[] = [];
    await other.courier.deliver((delivery) => told.push(delivery));
    other.moment("online");
    await settle(browser);
    assert.deepEqual(browser.asked, []);
    browser.clock += 60_000;
    one.die();
    await settle(browser);
    await lost;
    assert.deepEqual(outcomes(told), ["cancelled"]);
    assert.deepEqual(books.carriedOut, [{ session: `ses-${outbox.run}`, age: 60_000 }]);
    assert.deepEqual(browser.stored, []);
    assert.deepEqual(browser.locks.held, []);
  });

  it("take over one after the other", async (t) => {
    const { browser, books, one, other } = await living(t);
    createShelf({ storage: browser.storage }).put(keptOf(browser, RUN, { at: Date.now(), decidedAt: 1 }));
    books.mode = "down";
    browser.clock = Date.now();
    await deliver(one);
    await deliver(other);
    assert.equal(browser.asked.length, 1);
    one.die();
    await settle(browser);
    assert.equal(browser.asked.length, 2);
    books.mode = "works";
    other.moment("online");
    await settle(browser);
    assert.equal(books.carriedOut.length, 1);
  });

  it("behind one that succeeds have nothing to do", async (t) => {
    const { browser, books, one, other } = await living(t);
    createShelf({ storage: browser.storage, now: () => browser.clock }).put(
      keptOf(browser, RUN, { decidedAt: browser.clock }),
    );
    await Promise.all([deliver(one), deliver(other)]);
    await settle(browser);
    assert.deepEqual(browser.asked, ["decision"]);
    assert.equal(books.carriedOut.length, 1);
  });

  it("without locks may both send, and it is carried out once", async (t) => {
    const { browser, books, one, other } = await living(t, false);
    createShelf({ storage: browser.storage, now: () => browser.clock }).put(
      keptOf(browser, RUN, { decidedAt: browser.clock }),
    );
    await Promise.all([deliver(one), deliver(other)]);
    assert.equal(books.carriedOut.length, 1);
    assert.deepEqual(books.run(RUN).length, 2);
    assert.deepEqual(browser.stored, []);
  });

  it("without locks: a decision that is written while its events are sent by the other stays", async (t) => {
    const { browser, books, one, other } = await living(t, false);
    const outbox = one.open();
    outbox.add({ type: "open" });
    one.isOnline = false;
    const asked = browser.server.next();
    let answer = () => {};
    browser.server.answer = (response, request, count) => {
      answer = () => books.answer(response, request, count);
      browser.server.answer = books.answer;
    };
    const tried = deliver(other);
    await asked;
    const confirmed = one.confirm(outbox);
    await new Promise(setImmediate);
    browser.clock += 1000;
    answer();
    await tried;
    await settle(browser);
    // It has brought that, too.
    assert.deepEqual(books.carriedOut, [{ session: `ses-${outbox.run}`, age: 1000 }]);
    one.isOnline = true;
    one.moment("online");
    assert.equal((await confirmed)?.outcome, "cancelled");
    assert.equal(books.carriedOut.length, 1);
    assert.deepEqual(browser.stored, []);
  });

  it("without locks: what is written while earlier events are sent by the other stays", async (t) => {
    const { browser, books, one, other } = await living(t, false);
    const outbox = one.open();
    for (let count = 0; count < 3; count++) outbox.add({ type: count % 2 ? "back" : "next" });
    const asked = browser.server.next();
    let answer = () => {};
    browser.server.answer = (response, request, count) => {
      answer = () => books.answer(response, request, count);
      browser.server.answer = (response) => refuse(response, 503, "down");
    };
    const tried = deliver(other);
    await asked;
    outbox.add({ type: "leave" });
    answer();
    await tried;
    const shelf = createShelf({ storage: browser.storage, now: () => browser.clock });
    assert.deepEqual(
      shelf.all().map(({ events }) => events.map(({ seq }) => seq)),
      [[3]],
    );
  });
});

describe("locks that fail", () => {
  const failing = (request: () => Promise<unknown>) => ({ request }) as unknown as LockManager;

  it("are done without", async (t) => {
    const { browser, books } = await left(t);
    const tab = browser.tab();
    const courier = createCourier({
      shelf: tab.courier.shelf,
      now: () => browser.clock,
      page: tab.page,
      locks: failing(() => Promise.reject(new DOMException("no", "SecurityError"))),
    });
    courier.hold("run-other")();
    const told: Delivery[] = [];
    await courier.deliver((delivery) => told.push(delivery));
    assert.deepEqual(outcomes(told), ["cancelled"]);
    assert.equal(books.carriedOut.length, 1);
  });
});

describe("what changes while it is sent", () => {
  /** Sends, and does something before the answer comes. */
  async function meanwhile(set: { browser: Browser; kept: Kept }, act: (shelf: Shelf) => void) {
    const { browser } = set;
    const tab = browser.tab();
    const { answer } = browser.server;
    browser.server.answer = (response, request, count) => {
      browser.server.answer = answer;
      act(tab.courier.shelf);
      answer(response, request, count);
    };
    return deliver(tab);
  }

  it("a withdrawal stays, and the answer is told all the same", async (t) => {
    const set = await left(t);
    const { decidedAt: _, ...withdrawn } = set.kept;
    const told = await meanwhile(set, (shelf) => shelf.put(withdrawn));
    assert.deepEqual(outcomes(told), ["cancelled"]);
    assert.deepEqual(set.browser.tabs[0]?.courier.shelf.all(), [withdrawn]);
  });

  it("a confirmation of what was sent as mere events stays, and is carried out", async (t) => {
    const set = await left(t, mere);
    const decidedAt = set.browser.clock;
    await meanwhile(set, (shelf) => shelf.put({ ...set.kept, decidedAt }));
    assert.deepEqual(set.browser.asked, ["events", "decision"]);
    assert.equal(set.books.carriedOut.length, 1);
    assert.deepEqual(set.browser.stored, []);
  });

  it("a refusal does not take away what was confirmed anew", async (t) => {
    const set = await left(t);
    set.books.refusal = "billing_rejected";
    const anew = { ...set.kept, decidedAt: set.browser.clock + 1 };
    await meanwhile(set, (shelf) => shelf.put(anew));
    assert.deepEqual(set.browser.tabs[0]?.courier.shelf.all(), [anew]);
  });

  it("a withdrawal after a failure ends it", async (t) => {
    const set = await left(t);
    set.books.mode = "down";
    const { decidedAt: _, ...withdrawn } = set.kept;
    await meanwhile(set, (shelf) => shelf.put(withdrawn));
    set.books.mode = "works";
    set.browser.tabs[0]?.courier.nudge();
    await settle(set.browser);
    assert.deepEqual(set.browser.asked, ["decision"]);
    assert.equal(set.browser.stored.length, 1);
  });
});

describe("taken back in another tab", () => {
  it("a confirmed cancellation is not sent by its own either; what was said before is", async (t) => {
    const browser = await launch(t);
    const [own, other] = [browser.tab(), browser.tab()];
    const outbox = own.open("run-of-own-tab");
    outbox.add({ type: "open" });
    browser.books.mode = "down";
    const confirming = own.confirm(outbox);
    await settle(browser);
    browser.books.mode = "works";
    other.courier.withdraw("run-of-own-tab");
    own.courier.nudge();
    assert.equal(await confirming, undefined);
    assert.equal(outbox.confirmedAt, undefined);
    await outbox.flush();
    assert.deepEqual([browser.books.carriedOut, browser.stored], [[], []]);
    assert.deepEqual(
      browser.books.run("run-of-own-tab").map(({ type }) => type),
      ["open", "confirm"],
    );
  });

  it("what is not there cannot be", async (t) => {
    const browser = await launch(t);
    browser.tab().courier.withdraw("run-none");
    assert.deepEqual(browser.stored, []);
  });
});

describe("events that are too many for one request", () => {
  const long = (): FlowEvent[] =>
    [...Array(12).keys()].map((seq) =>
      eventOf(seq, RUN, seq % 2 ? { type: "next" } : { type: "write", text: "x".repeat(5000) }),
    );

  it("go in order, and what has arrived is not kept any longer", async (t) => {
    const { browser, books } = await left(t, { ...mere, events: long() });
    const tab = browser.tab();
    const kept: number[] = [];
    browser.server.answer = (response, request, count) => {
      kept.push(tab.courier.shelf.get(RUN)?.events.length ?? 0);
      books.answer(response, request, count);
    };
    await deliver(tab);
    assert.ok(kept.length > 1);
    assert.deepEqual(
      kept,
      kept.toSorted((a, b) => b - a),
    );
    assert.equal(new Set(kept).size, kept.length);
    assert.deepEqual(books.run(RUN), long());
    assert.deepEqual(browser.stored, []);
  });

  it("are not sent for ever where the storage has stopped working", async (t) => {
    const { browser, books } = await left(t, { ...mere, events: long() });
    const tab = browser.tab();
    tab.courier.shelf.put = () => false;
    await deliver(tab);
    assert.ok(books.run(RUN).length < 12);
    assert.deepEqual(browser.stored, []);
  });
});

describe("a run of this page", () => {
  it("that is refused rejects", async (t) => {
    const { browser, books } = await left(t);
    books.refusal = "billing_rejected";
    const tab = browser.tab();
    const call = tab.courier.persist(RUN);
    tab.courier.nudge();
    await settle(browser);
    tab.courier.nudge();
    await assert.rejects(call, (error) => error instanceof ApiError && error.code === "billing_rejected");
    assert.deepEqual(browser.stored, []);
  });

  it("is sent by one after the other, however often it is asked for", async (t) => {
    const { browser, books } = await left(t);
    const tab = browser.tab();
    const calls = [tab.courier.persist(RUN), tab.courier.persist(RUN)];
    await settle(browser);
    tab.courier.nudge();
    assert.deepEqual(
      (await Promise.all(calls)).map((settlement) => settlement?.outcome),
      ["cancelled", undefined],
    );
    assert.equal(browser.asked.length, 1);
    assert.equal(books.carriedOut.length, 1);
  });

  it("is no business of others while it is held", async (t) => {
    const { browser } = await left(t);
    const [one, other] = [browser.tab(), browser.tab()];
    const release = one.courier.hold(RUN);
    await settle(browser);
    await deliver(one);
    await deliver(other);
    assert.deepEqual(browser.asked, []);
    release();
    await settle(browser);
    assert.deepEqual(browser.asked, ["decision"]);
  });

  it("uses what the browser has, where nothing is given", async (t) => {
    const { browser, books, kept } = await left(t);
    const shelf = createShelf({ storage: browser.storage, now: () => kept.at });
    const courier = createCourier({ shelf, page: new EventTarget() });
    browser.server.answer = (response) => json(response, {});
    await courier.deliver();
    assert.equal(browser.stored.length, 1);
    browser.server.answer = books.answer;
    await courier.deliver();
    assert.equal(books.carriedOut.length, 1);
  });
});

/** What is kept in the browser, whatever state its storage is in. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { createShelf, type Kept } from "../../src/api/shelf.ts";
import { eventOf, memoryStorage } from "./tabs.ts";

const NOW = Date.UTC(2026, 0, 1);
const WEEK = 7 * 86_400_000;

const entry = (run: string, more: Partial<Kept> = {}): Kept => ({
  apiUrl: "https://r.test",
  session: "ses_1",
  subscription: "sub_1",
  token: "dlv_1",
  run,
  at: NOW,
  events: [eventOf(0, run)],
  ...more,
});

/** Of exactly so many characters. */
function sized(run: string, length: number, more: Partial<Kept> = {}): Kept {
  const written = (count: number) =>
    entry(run, { ...more, events: [eventOf(0, run, { type: "write", text: "x".repeat(count) })] });
  return written(length - JSON.stringify(written(0)).length);
}

const setUp = (capacity?: number) => {
  const storage = memoryStorage(capacity);
  return { storage, shelf: createShelf({ storage, now: () => NOW }) };
};

const runs = (all: Kept[]) => all.map(({ run }) => run);

describe("an entry", () => {
  it("is there until it is taken away, also for the next page", () => {
    const { storage, shelf } = setUp();
    assert.equal(shelf.get("a"), undefined);
    assert.equal(shelf.put(entry("a")), true);
    const next = createShelf({ storage, now: () => NOW });
    assert.deepEqual(next.get("a"), entry("a"));
    next.drop("a");
    next.drop("never there");
    assert.equal(shelf.get("a"), undefined);
    assert.deepEqual(Object.keys(storage), []);
  });

  it("takes the place of the one before it", () => {
    const { shelf } = setUp();
    shelf.put(entry("a"));
    shelf.put(entry("a", { decidedAt: NOW }));
    assert.deepEqual(shelf.all(), [entry("a", { decidedAt: NOW })]);
  });

  it("comes after older ones", () => {
    const { shelf } = setUp();
    for (const [run, at] of [
      ["b", 2],
      ["c", 3],
      ["a", 1],
    ] as const)
      shelf.put(entry(run, { at: NOW + at }));
    assert.deepEqual(runs(shelf.all()), ["a", "b", "c"]);
  });

  it("may be named like the built-in properties of objects", () => {
    const { shelf } = setUp();
    for (const run of ["__proto__", "constructor", "length", "getItem", ""]) {
      assert.equal(shelf.put(entry(run)), true);
      assert.equal(shelf.get(run)?.run, run);
      shelf.drop(run);
      assert.equal(shelf.get(run), undefined);
    }
  });

  it("of the page's own origin needs no address", () => {
    const { shelf } = setUp();
    shelf.put(entry("a", { apiUrl: "" }));
    assert.equal(shelf.get("a")?.apiUrl, "");
  });

  for (const [age, isKept] of [
    [WEEK - 1, true],
    [WEEK, false],
    [-WEEK + 1, true],
    [-WEEK, false],
  ] as const) {
    it(`${isKept ? "is good" : "goes"} ${age} ms after it was written`, () => {
      const { storage, shelf } = setUp();
      shelf.put(entry("a", { at: NOW - age, decidedAt: NOW - age }));
      assert.equal(shelf.all().length, isKept ? 1 : 0);
      assert.equal(Object.keys(storage).length, isKept ? 1 : 0);
    });
  }
});

describe("what is not ours or not whole", () => {
  const whole = entry("a");
  for (const [title, text] of [
    ["no JSON", "{"],
    ["nothing", ""],
    ["null", "null"],
    ["a number", "7"],
    ["a list", "[]"],
    ["no events", JSON.stringify({ ...whole, events: [] })],
    ["a text for events", JSON.stringify({ ...whole, events: "abc" })],
    ["an object for events", JSON.stringify({ ...whole, events: { length: 1 } })],
    ["no token", JSON.stringify({ ...whole, token: undefined })],
    ["an address that is no text", JSON.stringify({ ...whole, apiUrl: {} })],
    ["no time", JSON.stringify({ ...whole, at: null })],
    ["a time that is none", JSON.stringify({ ...whole, decidedAt: "now" })],
    ["null for the time of the decision", JSON.stringify({ ...whole, decidedAt: null })],
    ["another run's", JSON.stringify({ ...whole, run: "b" })],
    ["depth", "[".repeat(50_000)],
  ] as const) {
    it(`${title}: is thrown away`, () => {
      const { storage, shelf } = setUp();
      storage.setItem("renumerate:a", text);
      assert.equal(shelf.get("a"), undefined);
      assert.deepEqual(Object.keys(storage), []);
      storage.setItem("renumerate:a", text);
      assert.deepEqual(shelf.all(), []);
      assert.deepEqual(Object.keys(storage), []);
    });
  }

  it("of the page is left alone", () => {
    const { storage, shelf } = setUp();
    storage.setItem("renumerate", "{");
    storage.setItem("cart", "{");
    shelf.put(entry("a"));
    assert.deepEqual(runs(shelf.all()), ["a"]);
    assert.deepEqual(Object.keys(storage).sort(), ["cart", "renumerate", "renumerate:a"]);
  });
});

describe("too large", () => {
  it("is refused, and what was there stays", () => {
    const { shelf } = setUp();
    assert.equal(shelf.put(sized("a", 100_000)), true);
    assert.equal(shelf.put(sized("a", 100_001)), false);
    assert.equal(JSON.stringify(shelf.get("a")).length, 100_000);
  });
});

describe("too many", () => {
  const fill = (decided: number, others: number) => {
    const set = setUp();
    for (let count = 0; count < decided + others; count++) {
      const more = count < decided ? { decidedAt: NOW } : {};
      assert.equal(set.shelf.put(entry(`r${count}`, { at: NOW + count, ...more })), true);
    }
    return set;
  };

  it("the oldest makes way", () => {
    const { shelf } = fill(0, 10);
    assert.equal(shelf.put(entry("r9", { at: NOW + 20 })), true);
    assert.equal(shelf.all().length, 10);
    assert.equal(shelf.put(entry("new", { at: NOW + 30 })), true);
    const left = runs(shelf.all());
    assert.deepEqual([left.length, left[0], left.at(-1)], [10, "r1", "new"]);
  });

  it("a confirmed cancellation does not, neither for events nor for another one", () => {
    const { shelf } = fill(9, 1);
    assert.equal(shelf.put(entry("new", { at: NOW + 30, decidedAt: NOW })), true);
    assert.equal(shelf.get("r9"), undefined);
    for (const more of [{}, { decidedAt: NOW }]) assert.equal(shelf.put(entry("more", more)), false);
    assert.equal(shelf.all().length, 10);
    assert.equal(shelf.put(entry("new", { at: NOW + 40, decidedAt: NOW })), true, "its own place it has");
  });

  it("what is too old or not legible goes first", () => {
    const { storage, shelf } = fill(0, 9);
    storage.setItem("renumerate:x", "{");
    assert.equal(shelf.put(entry("new", { at: NOW + 30 })), true);
    assert.equal(shelf.all().length, 10);
    assert.ok(shelf.get("r0"));
  });
});

describe("full storage", () => {
  it("refuses events, and what was there stays", () => {
    const { storage, shelf } = setUp(1000);
    assert.equal(shelf.put(entry("a")), true);
    assert.equal(shelf.put(sized("b", 900)), false);
    assert.equal(shelf.put(sized("a", 1000)), false);
    assert.deepEqual(shelf.all(), [entry("a")]);
    assert.deepEqual(Object.keys(storage), ["renumerate:a"]);
  });

  it("gives up events for a confirmed cancellation, the oldest first and no more than it takes", () => {
    const { storage, shelf } = setUp(1000);
    storage.setItem("cart", "x".repeat(100));
    for (const [run, at] of [
      ["b", NOW + 1],
      ["a", NOW],
      ["c", NOW + 2],
    ] as const)
      assert.equal(shelf.put(sized(run, 250, { at })), true);
    assert.equal(shelf.put(sized("d", 400, { decidedAt: NOW, at: NOW + 3 })), true);
    assert.deepEqual(runs(shelf.all()), ["c", "d"]);
    assert.equal(shelf.put(sized("e", 600, { decidedAt: NOW })), false);
    assert.deepEqual(runs(shelf.all()), ["d"]);
    assert.equal(storage.getItem("cart")?.length, 100);
  });

  it("keeps what a confirmed cancellation has said before, where the whole has no room", () => {
    const { shelf } = setUp(500);
    assert.equal(shelf.put(entry("a")), true);
    assert.equal(shelf.put(sized("a", 600, { decidedAt: NOW })), false);
    assert.deepEqual(shelf.get("a"), entry("a"));
  });
});

describe("no storage", () => {
  const isUseless = (shelf: ReturnType<typeof createShelf>) => {
    assert.equal(shelf.put(entry("a")), false);
    assert.equal(shelf.put(entry("a", { decidedAt: NOW })), false);
    assert.equal(shelf.get("a"), undefined);
    shelf.drop("a");
    assert.deepEqual(shelf.all(), []);
  };

  const siteStorage = (t: TestContext, get: () => Storage | undefined) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, "localStorage", before);
      else Reflect.deleteProperty(globalThis, "localStorage");
    });
  };

  it("at all: nothing is kept and nothing fails", (t) => {
    siteStorage(t, () => undefined);
    isUseless(createShelf());
  });

  it("allowed: the same", (t) => {
    siteStorage(t, () => {
      throw new DOMException("blocked", "SecurityError");
    });
    isUseless(createShelf());
  });

  it("any more, from one moment to the next: the same", () => {
    const no = () => {
      throw new DOMException("blocked", "SecurityError");
    };
    const storage = memoryStorage();
    storage.setItem("renumerate:a", JSON.stringify(entry("a")));
    isUseless(createShelf({ storage: new Proxy(storage, { get: no, ownKeys: no }) }));
    Object.assign(Object.getPrototypeOf(storage), { removeItem: no, setItem: no });
    const shelf = createShelf({ storage, now: () => NOW + WEEK });
    assert.deepEqual(shelf.all(), []);
    assert.equal(shelf.put(entry("b", { decidedAt: NOW })), false);
  });

  it("that says so: what cannot be read again is not kept", (t) => {
    const forgetful = memoryStorage();
    t.mock.method(Object.getPrototypeOf(forgetful), "setItem", () => {});
    assert.equal(createShelf({ storage: forgetful, now: () => NOW }).put(entry("a")), false);
  });

  it("is no matter of the methods that old libraries give to arrays", (t) => {
    const { shelf } = setUp();
    const kept = entry("a", { decidedAt: NOW });
    Object.defineProperty(Array.prototype, "toJSON", { configurable: true, value: () => "[]" });
    t.after(() => Reflect.deleteProperty(Array.prototype, "toJSON"));
    assert.equal(shelf.put(kept), true);
    assert.deepEqual(shelf.get("a"), kept);
  });

  it("but the site's own, which is what counts otherwise", (t) => {
    const storage = memoryStorage();
    siteStorage(t, () => storage);
    assert.equal(createShelf().put(entry("a", { at: Date.now() })), true);
    assert.deepEqual(Object.keys(storage), ["renumerate:a"]);
    assert.equal(createShelf().all().length, 1);
  });
});

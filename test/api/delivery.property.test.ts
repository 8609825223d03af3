/** Whatever customers, networks, tabs and clocks do: the server learns everything once, and a decision is carried out. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Outbox } from "../../src/api/outbox.ts";
import type { CustomerEvent } from "../../src/flow/machine.ts";
import { Browser, launch, type Mode, memoryStorage, settle, type Tab } from "./tabs.ts";

type Act =
  | { act: "say"; tab: number; event: CustomerEvent }
  | { act: "mode"; mode: Mode }
  | { act: "clock"; ms: number }
  | { act: "settle" }
  | { act: "newTab" }
  | {
      act: "confirm" | "keep" | "close" | "flush" | "crash" | "quit" | "cache" | "online" | "look";
      tab: number;
    };

const tab = fc.nat(2);
const ACTS = ["confirm", "keep", "close", "flush", "crash", "quit", "cache", "online", "look"] as const;

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant("say" as const),
      tab,
      event: fc.constantFrom<CustomerEvent>(
        { type: "next" },
        { type: "back" },
        { type: "write", text: "a" },
        { type: "write", text: "b" },
        { type: "write", text: "long".repeat(1200) },
        { type: "select", reason: "r" },
      ),
    }),
  },
  { weight: 6, arbitrary: fc.record({ act: fc.constantFrom(...ACTS), tab }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("mode" as const),
      mode: fc.constantFrom<Mode>("works", "offline", "down", "lost"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("clock" as const), ms: fc.nat(3_600_000) }) },
  { weight: 4, arbitrary: fc.constantFrom<Act>({ act: "settle" }, { act: "newTab" }) },
);

interface Visit {
  tab: Tab;
  outbox: Outbox | undefined;
  isAlive: boolean;
}

/** More would push each other out of the storage. */
const MOST_RUNS = 10;

it("every event arrives once and in order, every decision is carried out once, and nothing stays behind", async (t) => {
  const { server } = await launch(t);
  const run = async (acts: readonly Act[]) => {
    server.asked.length = 0;
    const browser = new Browser(server, memoryStorage());
    const { books } = browser;
    const visits: Visit[] = [];
    const runs: { outbox: Outbox; clicked?: number; isKept?: boolean }[] = [];

    const begin = (): Visit => {
      const visit: Visit = { tab: browser.tab(), outbox: undefined, isAlive: true };
      void visit.tab.courier.deliver();
      visits.push(visit);
      return visit;
    };
    const visitOf = (index: number): Visit => visits.filter(({ isAlive }) => isAlive)[index] ?? begin();
    const opened = (visit: Visit): Outbox | undefined => {
      if (visit.outbox || runs.length >= MOST_RUNS) return visit.outbox;
      visit.outbox = visit.tab.open();
      visit.outbox.add({ type: "open" });
      runs.push({ outbox: visit.outbox });
      return visit.outbox;
    };

    const perform = async (each: Act) => {
      if (each.act === "mode") books.mode = each.mode;
      else if (each.act === "clock") browser.clock += each.ms;
      else if (each.act === "settle") await settle(browser);
      else if (each.act === "newTab") begin();
      else {
        const visit = visitOf(each.tab);
        const outbox = opened(visit);
        const known = runs.find((one) => one.outbox === outbox);
        const isDeciding = known?.clicked !== undefined;
        if (each.act === "say" && !isDeciding) outbox?.add(each.event);
        if (each.act === "flush") void outbox?.flush();
        if (each.act === "online") visit.tab.moment("online");
        if (each.act === "look") visit.tab.moment("visibilitychange");
        if (each.act === "cache") {
          visit.tab.moment("pagehide");
          visit.tab.moment("pageshow");
        }
        if (each.act === "confirm" && outbox && known && !isDeciding) {
          known.clicked = browser.clock;
          visit.tab.confirm(outbox).catch(() => {});
        }
        if (each.act === "keep" && outbox && known && outbox.confirmedAt !== undefined) {
          known.isKept = true;
          outbox.withdraw();
          outbox.add({ type: "keep" });
        }
        if (each.act === "close" && outbox) {
          // A confirmed cancellation belongs to the page until it is answered.
          if (outbox.confirmedAt !== undefined) return;
          outbox.add({ type: "close" });
          outbox.dispose();
          visit.outbox = undefined;
        }
        if (each.act === "quit") visit.tab.moment("pagehide");
        if (each.act === "quit" || each.act === "crash") {
          visit.isAlive = false;
          visit.tab.die();
        }
      }
    };

    for (const each of acts) await perform(each);

    await settle(browser);
    books.mode = "works";
    for (const { tab, outbox, isAlive } of visits) {
      if (!isAlive) continue;
      tab.moment("online");
      await settle(browser);
      outbox?.dispose();
    }
    await settle(browser);
    await browser.tab().courier.deliver();
    await settle(browser);

    assert.deepEqual(browser.stored, []);
    assert.deepEqual(browser.locks.held, []);
    assert.deepEqual(books.changed, [], "what was shown to the server once never changes");
    for (const { outbox, clicked, isKept } of runs) {
      assert.deepEqual(books.run(outbox.run), outbox.all());
      const done = books.carriedOut.filter(({ session }) => session === `ses-${outbox.run}`);
      if (clicked === undefined) assert.equal(done.length, 0);
      else if (isKept) assert.ok(done.length <= 1);
      else assert.equal(done.length, 1);
      for (const { age } of done)
        assert.ok((age as number) >= 0 && (age as number) <= browser.clock - (clicked ?? 0));
    }
    browser.close();
  };

  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 40, size: "max" }), run), { numRuns: 40 });
});

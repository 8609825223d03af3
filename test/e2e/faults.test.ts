import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import type { FaultProxy } from "./fault-proxy.ts";
import {
  answer,
  closeBooks,
  confirm,
  leave,
  outcomes,
  recoveries,
  toTheOffer,
  WORDS,
} from "./faults/customer.ts";
import { answerLost, hang, page500, reset } from "./faults/faults.ts";
import { openShop, type Shop } from "./faults/shop.ts";
import { fallbacks, KEEP, LEAVE, type Sight, sights, verdicts } from "./faults/sights.ts";
import { code, decisions, type OpeningRow, opening, tags } from "./faults/table.ts";
import { LIMIT, OWN, openSite, type Placing, type Site, type Visit } from "./faults/visit.ts";
import { chapters, codeFaults, tablesOf } from "./faults/words.ts";
import { everyOffer } from "./flows.ts";

/** Milliseconds beyond its limit that a message may take. */
const GRACE = 1000;

/** Milliseconds that a request may take from a busy browser to the server. */
const LATE = 3000;

let shop: Shop;
let site: Site;
before(async () => {
  shop = await openShop(everyOffer);
  site = await openSite(shop);
});
after(async () => {
  await site.close();
  await shop.close();
});

const places = {
  flow: { of: (visit: Visit) => visit.api, kind: "flow" },
  session: { of: (visit: Visit) => visit.backend, kind: "session" },
  exchange: { of: (visit: Visit) => visit.api, kind: "exchange" },
} as const;

/** Which elements each place is tried with: each with and without an address, with and without content of its own. */
const placings: Record<keyof typeof places, readonly Placing[]> = {
  flow: [
    { element: "button", children: true },
    { element: "dialog", source: "session-id", email: false },
    { element: "inline" },
  ],
  session: [{ element: "button", children: true, email: false }],
  exchange: [{ element: "dialog", source: "getAuthToken" }],
};

/** Once is enough for what keeps the whole machine busy. */
const big: Placing = { element: "inline", source: "session-id" };

async function begin(proxy: FaultProxy, kind: string, fault: OpeningRow["fault"]): Promise<void> {
  if (fault === "refused") await proxy.down();
  else proxy.fail(kind, fault);
}

async function mend(proxy: FaultProxy, fault: OpeningRow["fault"]): Promise<void> {
  if (fault === "refused") await proxy.up();
  else proxy.mend();
}

/** From opening to the message, by the page's own clock. */
async function assertInTime(visit: Visit, limit: number, from = "renumerate-open"): Promise<void> {
  const fired = await visit.fired();
  const at = (wanted: string) => fired.findLast(({ name }) => name === wanted)?.timeStamp ?? Number.NaN;
  const took = at("renumerate-error") - at(from);
  assert.ok(took <= limit + GRACE, `it took ${took} ms until the message`);
}

/** By turns, so that every fault is left in each way that there is. */
async function goOn(visit: Visit, on: Sight["on"]): Promise<void> {
  const { element } = visit.placing;
  if (on === "here") return;
  if (on === "reload") {
    await visit.page.reload();
    if (element === "button") await visit.open();
  } else if (on === "again" || element === "dialog") {
    await visit.shut();
    await visit.open();
  } else await visit.press("Try again");
  await visit.shows(/Before you go/);
}

for (const place of ["flow", "session", "exchange"] as const) {
  describe(`opening, when ${place} fails`, { concurrency: 6 }, () => {
    for (const { what, fault, [place]: name } of opening) {
      if (!name) continue;
      for (const placing of name === "either" ? [big] : placings[place]) {
        it(`${what}: ${placing.element}: ${name}`, () =>
          site.visit(placing, async (visit) => {
            const sight: Sight = sights[name];
            const proxy = places[place].of(visit);
            await begin(proxy, places[place].kind, fault);
            await visit.arrive();
            if (placing.element === "button") await visit.open();
            await sight.check(visit);
            if (!["here", "reload"].includes(sight.on)) {
              await assertInTime(visit, LIMIT);
              assert.deepEqual(await visit.names(), ["open", "error"]);
            }
            if (sight.on === "here") assert.deepEqual(await visit.names(), ["open", "step"]);
            await mend(proxy, fault);
            await goOn(visit, sight.on);
            await leave(visit);
            await closeBooks(visit, outcomes.cancelled);
          }));
      }
    }
  });
}

describe("docs/faults.md", () => {
  const text = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");

  it("has the rows of the table, no more and no fewer", () => {
    // Scenarios of several faults have tests of their own.
    assert.deepEqual(tablesOf(text.split("\n## Under stress")[0] as string), chapters);
  });

  it("names everything that can be wrong with a file of code", () => {
    for (const what of codeFaults) assert.ok(text.includes(what), what);
  });
});

describe("accepting an offer", { concurrency: 6 }, () => {
  for (const [index, { what, fault, accept }] of decisions.entries()) {
    if (!accept) continue;
    const element = (["button", "dialog", "inline"] as const)[index % 3] ?? "button";
    it(`${what}: ${element}: ${accept}`, () =>
      site.visit({ element }, async (visit) => {
        await visit.arrive();
        if (element === "button") await visit.open();
        await toTheOffer(visit);
        await begin(visit.api, "decision", fault);
        await visit.press("Accept discount");
        await verdicts[accept].check(visit);
        await mend(visit.api, fault);
        if (accept === "refused" || accept === "lapsed") {
          await leave(visit);
          await visit.shut();
          return closeBooks(visit, outcomes.cancelled);
        }
        if (accept === "again") {
          await visit.shows("25% off your subscription");
          await visit.press("Try again");
          await visit.shows("Your discount is on");
        }
        await closeBooks(visit, outcomes.discounted, {
          runs: [["open", "select", "next", "accept"]],
        });
      }));
  }
});

describe("confirming the cancellation", { concurrency: 6 }, () => {
  const ways = Object.keys(recoveries) as (keyof typeof recoveries)[];
  /** Only where nothing works at all does the next visit have nothing else to show. */
  const common = ways.filter((way) => way !== "still");
  const whole: Record<string, typeof ways> = {
    "nobody listens (port closed)": ways,
    "it is carried out, and its answer is lost": common,
  };
  for (const [index, { what, fault, confirm: name }] of decisions.entries()) {
    if (!name) continue;
    const element = (["button", "dialog", "inline"] as const)[index % 3] ?? "button";
    const turns = whole[what] ?? [common[index % common.length] as (typeof ways)[0]];
    for (const way of name === "queued" ? turns : [undefined]) {
      it(`${what}: ${element}: ${name}${way ? `, ${recoveries[way].words}` : ""}`, () =>
        site.visit({ element }, async (visit) => {
          await visit.arrive();
          if (element === "button") await visit.open();
          await answer(visit);
          await visit.press("Continue");
          await begin(visit.api, "decision", fault);
          const clicked = await confirm(visit);
          await verdicts[name].check(visit);
          const repair = () => mend(visit.api, fault);
          if (way) await recoveries[way].act(visit, repair);
          else await repair();
          if (name === "refused" || name === "lapsed") {
            await visit.press(LEAVE);
            await visit.shows("Your subscription is cancelled");
          }
          // A flow that is open from the start asks for itself while the cancellation is on its way.
          const beside = element !== "button" && ["reload", "visit", "tab"].includes(way ?? "");
          await closeBooks(visit, outcomes.cancelled, { beside });
          const { ledger, runs } = await visit.books();
          assert.equal(ledger.find(({ outcome }) => outcome === "cancelled")?.reasonText, WORDS);
          assert.equal(runs.filter((run) => run.at(-1)?.type === "confirm").length, 1);
          if (name === "queued") assertAge(visit, clicked);
        }));
    }
  }

  /** What is sent late says how late it is. */
  function assertAge({ api }: Visit, clicked: number): void {
    const sent = api.calls.filter(({ kind, carriedOut }) => kind === "decision" && carriedOut);
    const [{ at, body }] = sent as [(typeof sent)[0]];
    const since = at - (JSON.parse(body).age ?? 0);
    assert.ok(Math.abs(since - clicked) < LATE, `it counts from ${since - clicked} ms after the click`);
  }
});

describe("the code does not come", { concurrency: 6 }, () => {
  for (const { what, fault } of code) {
    for (const { part, sight, words, ...placing } of tags) {
      // One port serves both parts: where it is closed from the start, the first is what is missing.
      if (fault === "refused" && part === "chunk" && placing.element !== "button") continue;
      it(`${words}: ${what}: ${sight}`, () =>
        site.visit(placing, async (visit) => {
          const waits = part === "chunk" && placing.element === "button";
          const closed = fault === "refused" && waits;
          if (!closed) await begin(visit.code, part, fault);
          // A script that never comes must not keep the test from looking at the page.
          await visit.arrive(part === "script" ? "commit" : "load");
          if (closed) await begin(visit.code, part, fault);
          if (waits) await visit.open();
          await fallbacks[sight].check(visit);
          await mend(visit.code, fault);
          if (!waits) await visit.page.reload();
          if (placing.element === "button") await visit.open();
          await visit.shows(/Before you go/);
          assert.equal(await visit.page.locator("a:visible", { hasText: /telephone|help@/ }).count(), 0);
          await leave(visit);
          await closeBooks(visit, outcomes.cancelled);
        }));
    }
  }
});

describe("the limit of ten seconds that nobody has changed", { concurrency: 6 }, () => {
  for (const element of ["button", "dialog", "inline"] as const) {
    it(`no answer comes: ${element}`, () =>
      site.visit({ element, timeout: 0 }, async (visit) => {
        visit.api.fail("flow", hang);
        await visit.arrive();
        visit.page.setDefaultTimeout(20_000);
        if (element === "button") await visit.open();
        await sights.retry.check(visit);
        await assertInTime(visit, 10_000);
      }));
  }

  it("no code comes: button", () =>
    site.visit({ element: "button", children: true, timeout: 0 }, async (visit) => {
      visit.code.fail("chunk", hang);
      await visit.arrive();
      visit.page.setDefaultTimeout(20_000);
      await visit.open();
      await fallbacks.own.check(visit);
      await assertInTime(visit, 10_000, "click");
    }));

  it("no answer comes to a confirmed cancellation", () =>
    site.visit({ element: "dialog", timeout: 0 }, async (visit) => {
      await visit.arrive();
      visit.api.fail("decision", hang);
      await visit.press(LEAVE);
      await confirm(visit);
      visit.page.setDefaultTimeout(20_000);
      await verdicts.queued.check(visit);
      await assertInTime(visit, 10_000, "click");
    }));
});

describe("at other moments", { concurrency: 6 }, () => {
  for (const [what, part] of [
    ["the code", "chunk"],
    ["the site's session endpoint", "session"],
    ["the flow", "flow"],
  ] as const) {
    for (const fault of [reset, page500, hang]) {
      it(`warming up says nothing: ${what} fails by ${fault.name || "error 500"}, and the click works`, () =>
        site.visit({ element: "button", children: true }, async (visit) => {
          const proxy = { chunk: visit.code, session: visit.backend, flow: visit.api }[part];
          proxy.fail(part, fault);
          await visit.arrive();
          const there = proxy.arrived(part);
          await visit.page.locator("renumerate-cancel-button").hover({ position: { x: 9, y: 9 } });
          await there;
          proxy.mend();
          assert.deepEqual(await visit.names(), []);
          assert.equal(await visit.page.getByText(OWN).isVisible(), false);
          await visit.open();
          // What hangs since before the click may take the rest of its time.
          const words = visit.heading(/Before you go/);
          const own = visit.page.locator("a:visible", { hasText: OWN });
          await words.or(visit.button("Try again")).or(own).first().waitFor();
          if (await own.count()) await visit.open();
          else if (!(await words.isVisible())) await visit.press("Try again");
          await words.waitFor();
        }));
    }
  }

  it("closing while nothing answers: the dialog goes at once, and the button works again", () =>
    site.visit({ element: "button" }, async (visit) => {
      visit.api.fail("flow", hang);
      await visit.arrive();
      await visit.open();
      await visit.shows("Loading…");
      await visit.shut();
      visit.api.mend();
      await visit.open();
      await visit.shows(/Before you go/);
    }));

  it("closing while billing is asked: the outcome is told all the same", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      await visit.arrive();
      await visit.press(LEAVE);
      visit.api.fail("decision", hang);
      await confirm(visit);
      await visit.shut();
      visit.api.mend();
      await visit.emptied();
      await visit.page.waitForFunction(() => (window as never as { fired: object[] }).fired.length >= 6);
      assert.deepEqual((await visit.names()).slice(-2), ["cancelled", "complete"]);
      await closeBooks(visit, outcomes.cancelled);
    }));

  for (const fault of [reset, page500, hang]) {
    it(`beginning again after an offer: the flow fails by ${fault.name || "error 500"}`, () =>
      site.visit({ element: "inline" }, async (visit) => {
        await visit.arrive();
        await toTheOffer(visit);
        await visit.press("Accept discount");
        await visit.shows("Your discount is on");
        visit.api.fail("flow", fault);
        await visit.press("I still want to cancel");
        await sights.retry.check(visit);
        visit.api.mend();
        await visit.press("Try again");
        await visit.shows(/Before you go/);
        await leave(visit);
        await closeBooks(visit, { billed: ["cancel", "discount"], ledger: ["cancelled", "retained"] });
      }));
  }

  it("asking to keep what is waiting to be sent: it is taken back", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      await visit.arrive();
      await visit.press(LEAVE);
      visit.api.fail("decision", reset);
      await confirm(visit);
      await verdicts.queued.check(visit);
      await visit.press(KEEP);
      await visit.shows("Your subscription continues");
      visit.api.mend();
      await closeBooks(visit, outcomes.kept);
    }));

  it("asking to keep what has arrived without an answer: it is told that it has ended", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      await visit.arrive();
      await visit.press(LEAVE);
      visit.api.fail("decision", answerLost);
      await confirm(visit);
      await verdicts.queued.check(visit);
      await visit.press(KEEP);
      await visit.shows("Your subscription is cancelled");
      await closeBooks(visit, outcomes.cancelled);
    }));
});

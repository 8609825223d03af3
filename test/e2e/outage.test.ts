import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { en } from "../../src/i18n/en.ts";
import type { Fault } from "./fault-proxy.ts";
import { olderDecision, olderFlow } from "./faults/answers.ts";
import { answer, closeBooks, confirm, leave, outcomes, toTheOffer, WORDS } from "./faults/customer.ts";
import * as faults from "./faults/faults.ts";
import { openShop, type Shop } from "./faults/shop.ts";
import { KEEP, LEAVE, verdicts } from "./faults/sights.ts";
import { openSite, type Site, type Visit } from "./faults/visit.ts";
import { everyOffer } from "./flows.ts";

const DAY = 86_400_000;
const CANCELLED = "Your subscription is cancelled";

let shop: Shop;
let site: Site;
before(async () => {
  shop = await openShop(everyOffer, { customers: 60, periodEnds: 3 });
  site = await openSite(shop);
});
after(async () => {
  await site.close();
  await shop.close();
});

const TOLD = ["open", "select", "write", "next", "confirm"];

/** What the customer says arrives, whatever becomes of the requests that it was first sent with. */
describe("answers that cannot be sent", { concurrency: 6 }, () => {
  const passing: readonly (readonly [what: string, fault: Fault])[] = [
    ["the connection is reset", faults.reset],
    ["no answer comes", faults.hang],
    ["they arrive, and the answer is lost", faults.answerLost],
    ["error 500", faults.error500],
    ["error 404 as a page", faults.page404],
    ["a page with status 200 (portal of a hotel)", faults.portal],
    ["half of the JSON", faults.truncated],
    ["JSON of another shape", faults.wrongShape],
  ];

  async function speak(visit: Visit, fault: Fault): Promise<void> {
    for (const kind of ["events", "beacon"]) visit.api.fail(kind, fault);
    await visit.arrive();
    const tried = visit.api.arrived("events");
    await answer(visit);
    await tried;
  }

  for (const [what, fault] of passing) {
    it(`${what}: the cancellation brings them`, () =>
      site.visit({ element: "dialog" }, async (visit) => {
        await speak(visit, fault);
        assert.match((await visit.kept()).join(), /Too loud/);
        assert.equal(await visit.flow.getByRole("textbox").inputValue(), WORDS);
        await visit.press("Continue");
        await confirm(visit);
        await visit.shows(CANCELLED);
        visit.api.mend();
        await closeBooks(visit, outcomes.cancelled, { runs: [TOLD] });
      }));

    it(`${what}: they follow when the customer has decided to stay`, () =>
      site.visit({ element: "inline" }, async (visit) => {
        await speak(visit, fault);
        await visit.press(KEEP);
        await visit.shows(en.kept);
        visit.api.mend();
        await visit.shut();
        await closeBooks(visit, outcomes.kept, { runs: [["open", "select", "write", "keep"]] });
      }));

    it(`${what}: they follow when the dialog is closed`, () =>
      site.visit({ element: "dialog" }, async (visit) => {
        await speak(visit, fault);
        await visit.shut();
        visit.api.mend();
        await closeBooks(visit, outcomes.abandoned, { runs: [["open", "select", "write", "close"]] });
      }));
  }

  it("they are refused for good: the cancellation brings them all the same", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      await speak(visit, faults.foreignOrigin);
      await visit.press("Continue");
      await confirm(visit);
      await visit.shows(CANCELLED);
      await closeBooks(visit, outcomes.cancelled, { runs: [TOLD] });
    }));
});

it("no journey is made before a request: the whole cancellation is asked without a preflight", () =>
  site.visit({ element: "dialog" }, async (visit) => {
    await visit.arrive();
    await answer(visit);
    await visit.press("Continue");
    await confirm(visit);
    await visit.shows(CANCELLED);
    await closeBooks(visit, outcomes.cancelled, { runs: [TOLD] });
    assert.deepEqual(visit.api.preflights, []);
  }));

describe("a connection that is lost for a while", { concurrency: 6 }, () => {
  it("before opening: it is called by its name, and trying again works", () =>
    site.visit({ element: "button" }, async (visit) => {
      await visit.arrive();
      await visit.page.locator("renumerate-cancel-button").hover({ position: { x: 9, y: 9 } });
      await visit.page.evaluate(() =>
        customElements.whenDefined("renumerate-retention-modal").then(() => {}),
      );
      await visit.context.setOffline(true);
      await visit.open();
      const first = visit.heading(/Before you go/);
      await visit.heading(en.offline).or(first).waitFor();
      await visit.context.setOffline(false);
      if (!(await first.isVisible())) await visit.press(en.retry);
      await leave(visit);
      await closeBooks(visit, outcomes.cancelled);
    }));

  it("in the middle: the confirmed cancellation is sent when it is back, without a click", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      await visit.arrive();
      await answer(visit);
      await visit.context.setOffline(true);
      await visit.press("Continue");
      await confirm(visit);
      await verdicts.queued.check(visit);
      await visit.context.setOffline(false);
      await visit.shows(CANCELLED);
      await closeBooks(visit, outcomes.cancelled, { runs: [TOLD] });
    }));
});

describe("tabs", { concurrency: 6 }, () => {
  for (const source of ["session-id", "session-url"] as const) {
    it(`two at once, with ${source}: both are told the same, and it is done once`, () =>
      site.visit({ element: "dialog", source }, async (visit) => {
        await visit.arrive();
        const one = visit.page;
        await visit.arrive();
        const other = visit.page;
        for (const page of [one, other]) {
          visit.page = page;
          await visit.press(LEAVE);
          await visit.shows(en.confirm);
        }
        await Promise.all(
          [one, other].map((page) =>
            page.locator("renumerate-retention-modal").getByRole("button", { name: LEAVE }).click(),
          ),
        );
        for (const page of [one, other]) {
          visit.page = page;
          await visit.shows(/^Your subscription is (already )?cancelled$/);
        }
        await visit.emptied();
        const { billed, ledger, runs } = await visit.books();
        // Two sessions cannot know of each other; asked again, billing changes nothing.
        assert.deepEqual(billed, source === "session-id" ? ["cancel"] : ["cancel", "cancel"]);
        assert.equal(ledger.filter(({ outcome }) => outcome === "cancelled").length, 1);
        assert.deepEqual(
          runs.map((run) => run.map(({ type }) => type)),
          [
            ["open", "leave", "confirm"],
            ["open", "leave", "confirm"],
          ],
        );
      }));
  }

  for (const [what, fault] of [
    ["with a last greeting", undefined],
    ["without a last greeting", faults.reset],
  ] as const) {
    it(`closed in the middle, ${what}: the next visit brings what is missing`, () =>
      site.visit({ element: "dialog" }, async (visit) => {
        if (fault) for (const kind of ["events", "beacon"]) visit.api.fail(kind, fault);
        await visit.arrive();
        await answer(visit);
        const sent = visit.api.arrived("beacon");
        await visit.page.goto("about:blank");
        await sent;
        visit.api.mend();
        await visit.arrive();
        await visit.shows(/Before you go/);
        await visit.shut();
        await closeBooks(
          visit,
          { billed: [], ledger: ["abandoned", "open"] },
          {
            runs: [
              ["open", "select", "write"],
              ["open", "close"],
            ],
          },
        );
      }));
  }

  it("reloaded in the middle: two openings, each complete", () =>
    site.visit({ element: "dialog", source: "session-id" }, async (visit) => {
      await visit.arrive();
      await answer(visit);
      await visit.page.reload();
      await toTheOffer(visit);
      await visit.press("Accept discount");
      await visit.shows("Your discount is on");
      await closeBooks(visit, outcomes.discounted, {
        runs: [
          ["open", "select", "write"],
          ["open", "select", "next", "accept"],
        ],
      });
    }));
});

describe("an older server", { concurrency: 6 }, () => {
  const older = ({ api }: Visit) => {
    api.fail("flow", olderFlow);
    api.fail("beacon", faults.page404);
    api.fail("decision", olderDecision);
  };

  it("a cancellation with words works", () =>
    site.visit({ element: "button" }, async (visit) => {
      older(visit);
      await visit.arrive();
      await visit.open();
      await answer(visit);
      await visit.press("Continue");
      await confirm(visit);
      await visit.shows(CANCELLED);
      await closeBooks(visit, outcomes.cancelled, { runs: [TOLD] });
    }));

  it("a cancellation that fails is not called waiting, and can be tried again", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      older(visit);
      await visit.arrive();
      await visit.press(LEAVE);
      visit.api.fail("decision", faults.reset);
      await confirm(visit);
      await verdicts.again.check(visit);
      visit.api.fail("decision", olderDecision);
      await visit.press(en.retry);
      await visit.shows(CANCELLED);
      await closeBooks(visit, outcomes.cancelled);
    }));
});

describe("five days without a server, and a renewal in between", () => {
  it("the cancellation counts from the click, and the renewal is taken back", () =>
    site.visit({ element: "dialog" }, async (visit) => {
      await visit.arrive();
      await visit.press(LEAVE);
      await visit.api.down();
      const clicked = await confirm(visit);
      await verdicts.queued.check(visit);
      // A page that goes tries once more, and that must not be what arrives five days later.
      await visit.page.goto("about:blank");
      await visit.page.close();
      const { subscription } = await visit.books();
      await shop.pass(5);
      await visit.context.clock.install({ time: clicked + 5 * DAY });
      await visit.api.up();
      await visit.arrive();
      await visit.shows(/^Your subscription is (already )?cancelled$/);
      await visit.emptied();
      const { billed, ledger, charges, subscription: ended } = await visit.books();
      assert.deepEqual(billed, ["cancel"]);
      assert.equal(ended.status, "cancelled");
      // The page may have asked for a flow of its own before what it brought had arrived: that visit has no outcome.
      const [left, ...more] = ledger.filter(({ outcome }) => outcome === "cancelled");
      assert.deepEqual(more, []);
      assert.ok(Math.abs((left?.occurredAt ?? 0) - clicked) < 60_000, "it is booked for the click");
      const since = charges.filter(({ at }) => at >= subscription.periodEnd);
      assert.ok(since.length > 1, "there was a renewal");
      assert.equal(
        since.reduce((sum, { amount }) => sum + amount, 0),
        0,
        "it was given back",
      );
    }));
});

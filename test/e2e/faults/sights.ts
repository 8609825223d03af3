/** What a customer can get to see, in words for docs/faults.md and as what a screen must hold. */
import assert from "node:assert/strict";
import { en } from "../../../src/i18n/en.ts";
import { ADDRESS, OWN, type Visit } from "./visit.ts";

export const { leave: LEAVE, keep: KEEP } = en;
const NOT_WORKING = en.unavailable;

export interface Sight {
  /** What the customer sees, and what happens afterwards: two columns of the table in docs/faults.md. */
  sees: string;
  after: string;
  /** Rejects unless it is on the screen. */
  check(visit: Visit): Promise<void>;
  /** How the customer goes on once the fault is gone: at the same place, by opening it again, or in a new page. */
  on: "here" | "retry" | "again" | "reload";
}

/** The last way out: whoever gets this mail finds the customer and the failure. */
export async function assertMail({ flow, placing, customer }: Visit): Promise<void> {
  const link = flow.getByRole("link", { name: ADDRESS });
  if (placing.email === false) return assert.equal(await link.count(), 0);
  const url = new URL((await link.getAttribute("href")) as string);
  assert.equal(decodeURIComponent(url.pathname), ADDRESS);
  assert.equal(url.searchParams.get("subject"), en.mailSubject);
  assert.match(url.searchParams.get("body") as string, new RegExp(customer.subscription));
}

const unavailable =
  (heading: string, retry: boolean, text: RegExp) =>
  async (visit: Visit): Promise<void> => {
    await visit.shows(heading);
    await visit.flow.getByText(text).waitFor();
    assert.equal(await visit.button("Try again").count(), retry ? 1 : 0, "Try again");
    if (visit.placing.element !== "inline") assert.equal(await visit.button("Close").count(), 1, "Close");
    await assertMail(visit);
  };

const UNCHANGED = /Your subscription has not changed\./;

const mailed = "and the address to write to";

export const sights = {
  works: {
    sees: "the flow, as always",
    after: "nothing is missing",
    check: (visit) => visit.shows(/Before you go/),
    on: "here",
  },
  shortened: {
    sees: "the last question, “Confirm your cancellation”, at once",
    after: "the cancellation works as always",
    check: (visit) => visit.shows("Confirm your cancellation"),
    on: "here",
  },
  marked: {
    sees: "the flow, with the HTML as text",
    after: "nothing of it is carried out",
    check: (visit) => visit.shows(/^<img src=x onerror=/),
    on: "here",
  },
  extra: {
    sees: "the flow, with an empty step that can be passed",
    after: "nothing is missing",
    check: (visit) => visit.shows("One more thing"),
    on: "here",
  },
  either: {
    sees: `the flow, or “${NOT_WORKING}” with “Try again”, ${mailed}, whichever comes first`,
    after: "“Try again” works as soon as the fault is gone",
    async check(visit) {
      await visit
        .heading(/Before you go/)
        .or(visit.heading(NOT_WORKING))
        .waitFor();
    },
    on: "reload",
  },
  undrawn: {
    sees: `“${NOT_WORKING}”, both buttons “${KEEP}” and “${LEAVE}”, ${mailed}`,
    after: "both buttons work",
    async check(visit) {
      await unavailable(NOT_WORKING, false, UNCHANGED)(visit);
      for (const name of [KEEP, LEAVE]) assert.equal(await visit.button(name).count(), 1, name);
    },
    on: "here",
  },
  retry: {
    sees: `“${NOT_WORKING}”, “Your subscription has not changed”, “Try again”, ${mailed}`,
    after: "“Try again” works as soon as the fault is gone",
    check: unavailable(NOT_WORKING, true, UNCHANGED),
    on: "retry",
  },
  later: {
    sees: `“${NOT_WORKING}”, “Please try again in 120 seconds”, “Try again”, ${mailed}`,
    after: "“Try again” works as soon as the server takes requests again",
    check: unavailable(NOT_WORKING, true, /Please try again in 120 seconds\./),
    on: "retry",
  },
  final: {
    sees: `“${NOT_WORKING}”, “Your subscription has not changed”, ${mailed}`,
    after: "the flow can be closed, and opened again when the site has been mended",
    check: unavailable(NOT_WORKING, false, UNCHANGED),
    on: "again",
  },
  expired: {
    sees: `“This page has been open for too long”, with the advice to reload it, ${mailed}`,
    after: "it works after a reload",
    check: unavailable("This page has been open for too long", false, UNCHANGED),
    on: "reload",
  },
} satisfies Record<string, Sight>;

/** Of a decision: the step it belongs to stays where it is. */
export const verdicts = {
  again: {
    sees: "the same step, “That did not go through. Trying again is safe: nothing is done twice”, “Try again”",
    after: "“Try again” works as soon as the fault is gone, with what was chosen; it is done once",
    async check(visit) {
      await visit.flow.getByText(en.faultRetry).waitFor();
      assert.equal(await visit.button(en.retry).count(), 1);
      await assertMail(visit);
    },
    on: "retry",
  },
  refused: {
    sees: `the same step, “That is not possible right now. You can still choose something else”, ${mailed}`,
    after: "every other way is open, the way out among them",
    async check(visit) {
      await visit.flow.getByText(en.faultFinal).waitFor();
      assert.equal(await visit.button(en.retry).count(), 0);
      for (const name of [KEEP, LEAVE]) assert.equal(await visit.button(name).count(), 1, name);
      await assertMail(visit);
    },
    on: "here",
  },
  lapsed: {
    sees: `the same step, “This page has been open for too long”, with the advice to reload it, ${mailed}`,
    after: "every other way is open, the way out among them",
    async check(visit) {
      await visit.flow.getByText(en.expired).waitFor();
      await visit.flow.getByText(en.expiredBody).waitFor();
      assert.equal(await visit.button(en.retry).count(), 0);
      for (const name of [KEEP, LEAVE]) assert.equal(await visit.button(name).count(), 1, name);
      await assertMail(visit);
    },
    on: "here",
  },
  queued: {
    sees: `“${en.queued}”, with the time of the click, “Try again”, “Done”, “${KEEP}”, ${mailed}; nothing says that it is done`,
    after:
      "it is sent once: by “Try again”, by itself, after a reload, on the next visit or from another tab, and counts from the click",
    async check(visit) {
      await visit.shows(en.queued);
      await visit.flow.getByText(/You confirmed it on .+, and that moment counts\./).waitFor();
      for (const name of [en.retry, en.done, KEEP]) assert.equal(await visit.button(name).count(), 1, name);
      await assertMail(visit);
    },
    on: "retry",
  },
  hidden: {
    sees: "how it ended, without the dates and amounts that cannot be shown",
    after: "nothing is missing in the books",
    check: async (visit) => {
      await visit.shows(/^(Your subscription is cancelled|Your subscription continues|Your discount is on)$/);
      assert.equal(await visit.flow.getByText(UNCHANGED).count(), 0, "it has changed");
    },
    on: "here",
  },
} satisfies Record<string, Sight>;

/** Before our code is there only the tag's own content can help, and once the button is there also its address. */
export const fallbacks = {
  own: {
    sees: "the tag's own content",
    after: "the flow works in the next page, or at the next click once the button is there",
    check: (visit) => visit.page.getByText(OWN).waitFor(),
    on: "again",
  },
  mail: {
    sees: "next to the button the address to write to",
    after: "the next click works as soon as the fault is gone",
    async check({ page, customer }) {
      const link = page.getByRole("link", { name: ADDRESS });
      await link.waitFor();
      const url = new URL((await link.getAttribute("href")) as string);
      assert.equal(decodeURIComponent(url.pathname), ADDRESS);
      assert.equal(url.searchParams.get("subject"), LEAVE);
      assert.match(url.searchParams.get("body") ?? "", new RegExp(customer.subscription));
    },
    on: "again",
  },
  bare: {
    sees: "nothing new: give the tag content of its own, or an address",
    after: "the next click works as soon as the fault is gone",
    check: ({ page }) =>
      page.waitForFunction(() =>
        (window as unknown as { fired: { name: string }[] }).fired.some(
          ({ name }) => name === "renumerate-error",
        ),
      ) as Promise<unknown> as Promise<void>,
    on: "again",
  },
} satisfies Record<string, Sight>;

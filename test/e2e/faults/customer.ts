/** What customers do, and what must be in the books afterwards. */
import assert from "node:assert/strict";
import type { FlowEvent } from "../../../src/api/wire.ts";
import { en } from "../../../src/i18n/en.ts";
import { KEEP, LEAVE } from "./sights.ts";
import type { Visit } from "./visit.ts";

export const WORDS = "Too loud, <b>too</b> bright";

/** From wherever in the flow to the end. */
export async function leave(visit: Visit, result = "Your subscription is cancelled"): Promise<void> {
  const last = visit.heading("Confirm your cancellation");
  if (!(await last.isVisible())) await visit.press(LEAVE);
  await visit.press(LEAVE);
  await visit.shows(result);
}

/** Answers the survey with words of their own, and stops before the last question is answered. */
export async function answer(visit: Visit): Promise<void> {
  await visit.flow.getByRole("radio", { name: "Something else" }).check();
  await visit.flow.getByRole("textbox", { name: "Tell us more" }).fill(WORDS);
}

export async function toTheOffer(visit: Visit): Promise<void> {
  await visit.flow.getByRole("radio", { name: "Too expensive" }).check();
  await visit.press("Continue");
  await visit.shows("25% off your subscription");
}

/** From the last question. @returns when, in milliseconds since 1970 */
export async function confirm(visit: Visit): Promise<number> {
  await visit.shows("Confirm your cancellation");
  await visit.press(LEAVE);
  return visit.clicked();
}

const DONE = "Your subscription is cancelled";

/** How a cancellation that is waiting in the browser gets to the server once the fault is gone. */
export const recoveries = {
  press: {
    words: "sent by “Try again”",
    async act(visit, mend) {
      await mend();
      await visit.press(en.retry);
      await visit.shows(DONE);
    },
  },
  alone: {
    words: "sent by itself",
    async act(visit, mend) {
      await mend();
      await visit.shows(DONE);
    },
  },
  closed: {
    words: "sent after the dialog is closed",
    async act(visit, mend) {
      if (visit.placing.element === "inline") await visit.shut();
      else await visit.press(en.done);
      await mend();
      await visit.emptied();
      assert.equal((await visit.names()).filter((name) => name === "cancelled").length, 1);
    },
  },
  reload: {
    words: "sent after a reload",
    async act(visit, mend) {
      await mend();
      await visit.page.reload();
      await visit.emptied();
    },
  },
  visit: {
    words: "sent on the next visit",
    async act(visit, mend) {
      await visit.page.close();
      await mend();
      await visit.arrive();
      await visit.emptied();
    },
  },
  tab: {
    words: "sent from another tab",
    async act(visit, mend) {
      const first = visit.page;
      await visit.arrive();
      await first.close();
      await mend();
      await visit.emptied();
    },
  },
  still: {
    words: "sent on the next visit but one",
    async act(visit, mend) {
      await visit.page.reload();
      if (visit.placing.element === "button") await visit.open();
      await visit.flow
        .getByText(/A cancellation that was confirmed in this browser on .+ is still waiting/)
        .waitFor();
      await mend();
      await visit.press(en.retry);
      await visit.shows(/^Your subscription is (already )?cancelled$/);
    },
  },
} satisfies Record<string, Recovery>;

interface Recovery {
  words: string;
  act(visit: Visit, mend: () => Promise<void>): Promise<void>;
}

export const keep = (visit: Visit): Promise<void> => visit.press(KEEP);

interface Outcome {
  billed: readonly string[];
  ledger: readonly string[];
}

export const outcomes = {
  cancelled: { billed: ["cancel"], ledger: ["cancelled"] },
  kept: { billed: [], ledger: ["retained"] },
  discounted: { billed: ["discount"], ledger: ["retained"] },
  abandoned: { billed: [], ledger: ["abandoned"] },
  none: { billed: [], ledger: [] },
} satisfies Record<string, Outcome>;

const REPLACEABLE = ["select", "write", "choose", "fill"];

/** Kinds of events; of several in a row that replace each other one. */
const kindsOf = (run: readonly FlowEvent[]): string[] =>
  run
    .map(({ type }) => type)
    .filter((type, index, all) => !(REPLACEABLE.includes(type) && all[index + 1] === type));

export interface Expected {
  /** Kinds of events of each opening. */
  runs?: readonly (readonly string[])[];
  /** A flow that opens by itself on another page is a visit of its own, which may have been reported by now. */
  beside?: boolean;
}

/** Everything has arrived once, and nothing of it is left in the browser. */
export async function closeBooks(
  visit: Visit,
  { billed, ledger }: Outcome,
  { runs, beside = false }: Expected = {},
): Promise<void> {
  await visit.emptied();
  const books = await visit.books();
  assert.deepEqual(books.billed.sort(), billed, "asked of billing");
  const told = books.ledger
    .map(({ outcome }) => outcome ?? "open")
    .filter((each) => !beside || each !== "open");
  assert.deepEqual(told.sort(), ledger, "in the ledger");
  const cancelled = ledger.includes("cancelled");
  assert.equal(books.subscription.cancelAt !== undefined, cancelled, "the subscription ends");
  if (cancelled) assert.equal(books.ledger.find(({ outcome }) => outcome === "cancelled")?.confirmed, true);
  for (const run of books.runs) {
    assert.deepEqual(
      run.map(({ seq }) => seq),
      run.map((_, index) => index),
      "every event is there once",
    );
    assert.deepEqual(new Set(run.map(({ id }) => id)).size, run.length);
  }
  if (runs) assert.deepEqual(books.runs.map(kindsOf), runs);
}

/** What nobody needs any more, a little at a time. */
import type { Deps } from "../deps.ts";

const DAY = 86_400_000;

/** After they were sent, failed or skipped: a year's reports can still be compared. */
const MAILS = 400 * DAY;
/** After they expired: until then it can be asked what became of one. */
const CANCEL_LINKS = 90 * DAY;
const ISSUE_WEEKS = 2 * 365 * DAY;
/** With what became of them at the business's endpoints: until then one can be sent again. */
const EVENTS = 90 * DAY;

/** So few at a time that nobody waits for it. */
const BATCH = 500;
/** Shorter than a schedule's lease, ms: what is left then is for the next part of the night. */
const PATIENCE = 20_000;

type Of = Pick<Deps, "store" | "clock">;

/** A part of the night's. */
export async function forgetOld({ store, clock }: Of): Promise<void> {
  const now = clock();
  await takeAway(clock, [
    (limit: number) => store.forgetMails(now - MAILS, limit),
    (limit: number) => store.forgetCancelLinks(now - CANCEL_LINKS, limit),
    (limit: number) => store.forgetIssueWeeks(now - ISSUE_WEEKS, limit),
    (limit: number) => store.forgetEvents(now - EVENTS, limit),
  ]);
}

/** What was sent to an endpoint may be far more than its deletion could wait for. */
export const forgetEndpoints = ({ store, clock }: Of): Promise<void> =>
  takeAway(clock, [(limit) => store.clearDeletedEndpoints(limit)]);

async function takeAway(
  clock: Of["clock"],
  kinds: readonly ((limit: number) => Promise<number>)[],
): Promise<void> {
  const begun = clock();
  for (const some of kinds) while ((await some(BATCH)) === BATCH && clock() - begun < PATIENCE);
}

/** Once a night: what nobody needs any more. */
import type { Deps } from "../deps.ts";

const DAY = 86_400_000;

/** After they were sent, failed or skipped: a year's reports can still be compared. */
const MAILS = 400 * DAY;
/** After they expired: until then it can be asked what became of one. */
const CANCEL_LINKS = 90 * DAY;
const ISSUE_WEEKS = 2 * 365 * DAY;
/** With what became of them at the business's endpoints: until then one can be sent again. */
const EVENTS = 90 * DAY;

/** So many at a time that nobody waits for it. */
const BATCH = 500;
/** Shorter than a schedule's lease, ms: what is left then is for the next night. */
const PATIENCE = 20_000;

export async function forgetOld({ store, clock }: Pick<Deps, "store" | "clock">): Promise<void> {
  const now = clock();
  const kinds = [
    (limit: number) => store.forgetMails(now - MAILS, limit),
    (limit: number) => store.forgetCancelLinks(now - CANCEL_LINKS, limit),
    (limit: number) => store.forgetIssueWeeks(now - ISSUE_WEEKS, limit),
    (limit: number) => store.forgetEvents(now - EVENTS, limit),
  ];
  for (const forget of kinds) while ((await forget(BATCH)) === BATCH && clock() - now < PATIENCE);
}

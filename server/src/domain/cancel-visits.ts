/** The sessions of a link, which are over once the business has been told how its flow ended. */
import type { Deps } from "../deps.ts";
import type { Queries, Transaction } from "../store/store.ts";
import { isLinkId } from "./link-ids.ts";
import { Problem } from "./problem.ts";
import type { SessionClaims } from "./session-token.ts";

/** To be locked before any session, and after its customer. A token that is of no link has nothing to wait for. */
export const linkLocks = (tokenId: string): string[] => (isLinkId(tokenId) ? [`cancel-link:${tokenId}`] : []);

export const lockLink = (tx: Transaction, tokenId: string): Promise<void> => tx.lock(...linkLocks(tokenId));

/** Whether a result has been given out, which nothing may contradict any more. */
export const isGivenOut = async (queries: Queries, tokenId: string): Promise<boolean> =>
  isLinkId(tokenId) && (await queries.cancelLink(tokenId))?.completedAt !== undefined;

/** Where the flow is shown that a link leads to. @throws Problem session_expired */
export async function enter(
  { store, clock }: Deps,
  { tokenId }: Pick<SessionClaims, "tokenId">,
): Promise<void> {
  const link = isLinkId(tokenId) ? await store.cancelLink(tokenId) : undefined;
  if (link?.completedAt !== undefined) throw new Problem("session_expired");
  // A page that was fetched before anybody wanted to see it counts from here.
  if (link && link.openedAt === undefined) await store.markCancelLink(tokenId, { openedAt: clock() });
}

/** Who calls the flow endpoints, and which sessions are theirs: a business's server with its key, or one customer's page. */

import { initial } from "../../../src/flow/machine.ts";
import type { Deps } from "../deps.ts";
import { isForgotten } from "../store/personal-data.ts";
import type { KeyRow, Queries, Scope, SessionRow, Transaction } from "../store/store.ts";
import { recordProgress } from "./ledger.ts";
import { isLinkId } from "./link-ids.ts";
import { Problem } from "./problem.ts";
import type { Replay } from "./replay.ts";
import { scopeOf } from "./scopes.ts";
import type { SessionClaims } from "./session-token.ts";

export type FlowCaller = { key: KeyRow } | { claims: SessionClaims };

export interface FlowScope {
  environment?: Scope["environment"] | undefined;
  workspace_id?: string | undefined;
}

const NOT_THEIRS = "session_not_found";

/** @throws Problem session_not_found, insufficient_scope */
export async function sessionFor(
  { store }: Pick<Deps, "store">,
  caller: FlowCaller,
  query: FlowScope,
  id: string,
): Promise<SessionRow> {
  const session = await store.session(id);
  if (!session || !isTheirs(caller, query, session)) throw new Problem(NOT_THEIRS);
  return session;
}

function isTheirs(caller: FlowCaller, query: FlowScope, session: SessionRow): boolean {
  // What is decided behind a link is decided on its page, and told to its business.
  if (isLinkId(session.tokenId)) return false;
  const { workspaceId, environment } = "key" in caller ? scopeOf(caller.key, query) : caller.claims;
  if (session.workspaceId !== workspaceId || session.environment !== environment) return false;
  if ("key" in caller) return true;
  const { tokenId, customerId, subscriptionId = session.subscriptionId } = caller.claims;
  return !isLinkId(tokenId) && session.customerId === customerId && session.subscriptionId === subscriptionId;
}

export type Progress = Partial<Pick<Replay, "reason" | "reasonText" | "offer" | "closed">>;

/** What is said of a visit that goes on. The first word counts as its start; what comes after a decision counts no more. */
export async function progress(
  deps: Deps,
  tx: Transaction,
  session: SessionRow,
  said: Progress,
  now: number,
): Promise<void> {
  if (await isOpen(tx, session))
    await recordProgress(deps, tx, session, { state: initial, kept: false, closed: false, ...said }, now);
}

/** While billing is being asked a session is as good as decided. */
async function isOpen(queries: Queries, { id, settlement }: SessionRow): Promise<boolean> {
  return !settlement && !(await queries.actions(id)).some(({ status }) => status === "pending");
}

/** Locked, and as it is now: its customer may have been forgotten since it was found. @throws Problem session_not_found */
export async function locked(tx: Transaction, id: string): Promise<SessionRow> {
  await tx.lock(`session:${id}`);
  const session = await tx.session(id);
  if (!session || isForgotten(session)) throw new Problem(NOT_THEIRS);
  return session;
}

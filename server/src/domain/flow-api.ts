/** Starting a flow, and telling what happens in it, for callers with screens of their own. */
import { createHash } from "node:crypto";
import type { FlowConfig, FlowEvent } from "../../../src/api/wire.ts";
import { nodeOf } from "../../../src/flow/machine.ts";
import type { FlowEventRequest, FlowStarted, FlowStartRequest } from "../contract/flow-api.ts";
import type { Deps } from "../deps.ts";
import { EVENTS_PER_SESSION } from "./decisions.ts";
import {
  type FlowCaller,
  type FlowScope,
  locked,
  type Progress,
  progress,
  sessionFor,
} from "./flow-api-sessions.ts";
import { stepsOf } from "./flow-api-steps.ts";
import { isLinkId } from "./link-ids.ts";
import { offersIn } from "./outcomes.ts";
import { Problem } from "./problem.ts";
import { offerWord } from "./retainly-words.ts";
import { scopeOf } from "./scopes.ts";
import type { SessionClaims } from "./session-token.ts";
import { findCustomer, openFlow } from "./sessions.ts";
import { isEnding } from "./undo.ts";

/**
 * The same subscription again, before the visit has fallen silent or was decided, is the same session.
 * @throws Problem customer_not_found, subscription_not_found, subscription_ending, session_mismatch, no_active_flow, …;
 * BillingError
 */
export async function startFlow(
  deps: Deps,
  caller: FlowCaller,
  query: FlowScope,
  request: FlowStartRequest,
): Promise<FlowStarted> {
  const claims = "key" in caller ? await claimsFor(deps, caller, query, request) : caller.claims;
  if (!("key" in caller)) checkNamed(claims, request);
  // Who somebody is, and what belongs to them, a page cannot say.
  const said: Said = "key" in caller ? request : {};
  const config = await openFlow(deps, claims, {
    subscriptionId: request.subscription_id,
    anewAfter: deps.limits.idle,
    email: said.email ?? undefined,
  });
  if (isEnding(config.subscription)) throw new Problem("subscription_ending");
  const { id } = config.session;
  await begin(deps, id, said);
  const { flow } = config;
  return {
    session_id: id,
    flow: { id: flow.id, version: flow.version, steps: stepsOf(flow, deps.cancelAtBilling) },
  };
}

/** As one token for each subscription: of two servers that start at once one finds the other's session. */
async function claimsFor(
  deps: Deps,
  { key }: Extract<FlowCaller, { key: unknown }>,
  query: FlowScope,
  { customer_id, subscription_id }: FlowStartRequest,
): Promise<SessionClaims> {
  const scope = scopeOf(key, query);
  const customer = await findCustomer(deps.billing(scope), { customer_id, subscription_id });
  const named = JSON.stringify([scope.workspaceId, scope.environment, subscription_id]);
  return {
    ...scope,
    tokenId: `api_${createHash("sha256").update(named).digest("base64url").slice(0, 22)}`,
    customerId: customer.id,
    subscriptionId: subscription_id,
    expiresAt: deps.clock() + deps.limits.sessionTtl,
  };
}

/** @throws Problem session_mismatch, session_not_found */
function checkNamed(claims: SessionClaims, request: FlowStartRequest): void {
  if (isLinkId(claims.tokenId)) throw new Problem("session_not_found");
  if (request.customer_id !== claims.customerId)
    throw new Problem("session_mismatch", { param: "customer_id" });
  if (request.subscription_id !== (claims.subscriptionId ?? request.subscription_id))
    throw new Problem("session_mismatch", { param: "subscription_id" });
}

type Said = Pick<FlowStartRequest, "email" | "metadata">;

/** It counts from here on. */
async function begin(deps: Deps, id: string, { email, metadata }: Said): Promise<void> {
  const found = await deps.store.session(id);
  // Decided behind a link, and not answered by billing yet: that is not told to anybody else.
  if (!found || isLinkId(found.tokenId)) throw new Problem("session_completed");
  const now = await deps.billing(found).now();
  await deps.store.transaction(async (tx) => {
    const session = await locked(tx, id);
    await progress(deps, tx, session, {}, now);
    const row = await tx.ledgerOfSession(id);
    if (!row || session.settlement) return;
    const address = row.email ?? email ?? undefined;
    await tx.putLedger({
      ...row,
      ...(address === undefined ? {} : { email: address }),
      ...(metadata && Object.keys(metadata).length ? { metadata } : {}),
    });
  });
}

/** The run that events of this API are kept as; those of a widget have longer names. */
const RUN = "api";

/** @throws Problem session_not_found, too_many_events */
export async function recordFlowEvent(
  deps: Deps,
  caller: FlowCaller,
  query: FlowScope,
  { session_id, event_type: type, data }: FlowEventRequest,
): Promise<void> {
  const found = await sessionFor(deps, caller, query, session_id);
  const { id } = found;
  const now = await deps.billing(found).now();
  await deps.store.transaction(async (tx) => {
    const session = await locked(tx, id);
    const seq = await tx.countSessionEvents(id);
    if (seq >= EVENTS_PER_SESSION) throw new Problem("too_many_events");
    const at = deps.clock();
    const event = { id: deps.newId("evt"), run: RUN, seq, at, type, ...(data ? { data } : {}) };
    // Kept beside those of widgets, and never run through the machine.
    await tx.insertSessionEvents(id, [event as unknown as FlowEvent], at);
    await progress(deps, tx, session, saidBy(session.config, type, data ?? {}), now);
  });
}

/** What an event means for the books; one that names what the flow does not have means nothing. */
function saidBy(config: FlowConfig, type: string, data: Record<string, unknown>): Progress {
  if (type === "flow_closed") return { closed: true };
  if (type === "survey_answered") return answered(config, data);
  if (type !== "offer_shown") return {};
  const node = typeof data.step_id === "string" ? nodeOf(config, data.step_id) : undefined;
  const named = ({ id, type: kind }: { id: string; type: string }) =>
    data.offer === id || data.offer === offerWord(kind);
  const shown = node?.offer ?? offersIn(config.flow).find(named);
  return shown ? { offer: { id: shown.id, type: shown.type } } : {};
}

function answered({ flow }: FlowConfig, { reason, reason_text: text }: Record<string, unknown>): Progress {
  const known = reasonsIn(flow).find((id) => id === reason);
  const words = typeof text === "string" ? fitting(text) : "";
  return { ...(known === undefined ? {} : { reason: known }), ...(words ? { reasonText: words } : {}) };
}

/** Code points of what a customer has written. */
const LONGEST_TEXT = 5000;

/** Nobody is kept from leaving by what they write: what cannot be stored is left out, and what is too long cut off. */
export const fitting = (words: string): string =>
  Array.from(words.toWellFormed().replaceAll("\0", "").trim()).slice(0, LONGEST_TEXT).join("");

/** Keys of all that the flow asks for. */
export const reasonsIn = ({ steps }: FlowConfig["flow"]): string[] =>
  steps.flatMap((step) => (step.type === "survey" ? step.reasons.map(({ id }) => id) : []));

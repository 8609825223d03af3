/** What a caller with screens of its own has been told: the customer takes an offer, or leaves. */

import { BillingError } from "../billing/provider.ts";
import type { FlowCancelRequest, FlowSaved, FlowSaveRequest } from "../contract/flow-api.ts";
import type { Deps } from "../deps.ts";
import type { SessionRow, WorkspaceRow } from "../store/store.ts";
import { decideOnce, type Wanted } from "./deciding.ts";
import { fitting, reasonsIn } from "./flow-api.ts";
import { namedOffer } from "./flow-api-offers.ts";
import {
  type FlowCaller,
  type FlowScope,
  locked,
  type Progress,
  progress,
  sessionFor,
} from "./flow-api-sessions.ts";
import { Problem } from "./problem.ts";
import { enabledReasons } from "./reasons.ts";

/**
 * Carries out an offer, once; the same again answers the same.
 * @throws Problem session_not_found, offer_unknown, session_completed, offer_changed, offer_not_available, billing_unavailable
 */
export async function saveFlow(
  deps: Deps,
  caller: FlowCaller,
  query: FlowScope,
  request: FlowSaveRequest,
): Promise<FlowSaved> {
  const session = await sessionFor(deps, caller, query, request.session_id);
  const now = await deps.billing(session).now();
  await deps.store.transaction(async (tx) => {
    const current = await locked(tx, session.id);
    const { id, type } = acceptedIn(current, request).offer;
    await progress(deps, tx, current, { offer: { id, type } }, now);
  });
  try {
    const { status } = await decideOnce(deps, {
      ...basics(deps, session, now),
      async decision(tx) {
        const current = await locked(tx, session.id);
        return { session: current, decision: acceptedIn(current, request) };
      },
    });
    return await savedAs(deps, session.id, status);
  } catch (error) {
    const refusal = refusalIn(error);
    if (!refusal) throw error;
    // Words of a provider can name what is nobody's business; its code says enough.
    const message = "Billing refused the offer. Nothing was changed.";
    return { success: false, stripe: { success: false, error: { code: refusal.code, message } } };
  }
}

const basics = (deps: Deps, session: SessionRow, now: number) =>
  ({ session, now, eventId: deps.newId("evt"), seenIn: "offer_value" }) satisfies Partial<Wanted>;

/** @throws Problem session_completed, offer_unknown */
function acceptedIn({ config, settlement }: SessionRow, request: FlowSaveRequest) {
  const accepted = namedOffer(config, request.offer_accepted, request.offer_value);
  if (!accepted) throw new Problem(settlement ? "session_completed" : "offer_unknown");
  return accepted;
}

const refusalIn = (error: unknown): BillingError | undefined => {
  const cause = error instanceof Problem ? error.cause : undefined;
  return cause instanceof BillingError && cause.kind === "rejected" ? cause : undefined;
};

async function savedAs({ store }: Deps, id: string, status: "requested" | "done"): Promise<FlowSaved> {
  const [row, actions] = await Promise.all([store.ledgerOfSession(id), store.actions(id)]);
  const isAtBilling = actions.some((each) => each.status !== "failed" && each.action);
  const isPending = status === "requested";
  return {
    success: true,
    stripe: {
      success: isAtBilling && !isPending,
      ...(isAtBilling ? {} : { skipped: true }),
      ...(isAtBilling && isPending ? { pending: true } : {}),
    },
    saved_mrr_cents: row?.savedMrr ?? 0,
  };
}

/**
 * Records that the customer leaves, and ends the subscription where the installation says so; the same again changes nothing.
 * @throws Problem session_not_found, session_completed, billing_rejected, billing_unavailable
 */
export async function cancelFlow(
  deps: Deps,
  caller: FlowCaller & { workspace: WorkspaceRow },
  query: FlowScope,
  { session_id, reason, reason_text }: FlowCancelRequest,
): Promise<void> {
  const session = await sessionFor(deps, caller, query, session_id);
  const now = await deps.billing(session).now();
  const known = [
    ...reasonsIn(session.config.flow),
    ...(await enabledReasons(deps, session, caller.workspace.settings)),
  ];
  const said = saidOf(known, fitting(reason ?? ""), fitting(reason_text ?? ""));
  await deps.store.transaction(async (tx) => progress(deps, tx, await locked(tx, session.id), said, now));
  await decideOnce(deps, {
    ...basics(deps, session, now),
    cancelling: deps.cancelAtBilling,
    decision: async (tx) => ({ session: await locked(tx, session.id), decision: { type: "cancel" } }),
  });
}

/** A reason that nobody knows is what the customer says. */
function saidOf(known: readonly string[], reason: string, text: string): Progress {
  const isKnown = known.includes(reason);
  const words = [isKnown ? "" : reason, text].filter(Boolean).join("\n");
  return { ...(isKnown ? { reason } : {}), ...(words ? { reasonText: words } : {}) };
}

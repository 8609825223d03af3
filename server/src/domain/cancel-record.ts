/** What the books say of the flow that a link has led to: the one source of its result and its diagnostics. */
import type { BillingAction } from "../billing/provider.ts";
import type {
  ActionRow,
  CancelLinkRow,
  GivenResult,
  LedgerRow,
  Outcome,
  Queries,
  ResultOffer,
  SessionRow,
} from "../store/store.ts";
import { isOwn } from "./link-ids.ts";
import type { ResultClaims } from "./result-token.ts";

export interface CancelRecord {
  /** The latest; undefined if the flow was never loaded. */
  session: SessionRow | undefined;
  outcome: Outcome | undefined;
  /** The one that the result is of: the latest, or an earlier one that was decided. */
  telling: SessionRow | undefined;
  /** The customer has stayed or cancelled: nothing else can come of it. */
  isDecided: boolean;
  /** Something was decided a moment ago, and billing is being asked. */
  isUnderWay: boolean;
  /** Of what was decided. */
  status: GivenResult["status"];
  reason: string | undefined;
  offer: ResultOffer;
}

/** In the words of RetentBase's API. */
export const WORDS: Readonly<Record<Outcome, ResultClaims["outcome"]>> = {
  cancelled: "churned",
  retained: "recovered",
  abandoned: "abandoned",
};

const NO_OFFER: ResultOffer = { type: "none", accepted: false };

/** What a link has come to: what was given out once, and before that what the books say. */
export async function resultOf(
  queries: Queries,
  link: CancelLinkRow,
): Promise<Partial<GivenResult> & Pick<GivenResult, "offer">> {
  if (link.result) return link.result;
  const { outcome, reason, offer } = await recordOf(queries, link);
  return { ...(outcome ? { outcome } : {}), ...(reason === undefined ? {} : { reason }), offer };
}

const isSettled = ({ settlement, undoneAt }: SessionRow): boolean => !!settlement && undoneAt === undefined;

export async function recordOf(queries: Queries, link: CancelLinkRow): Promise<CancelRecord> {
  const session = await queries.latestSession(link.id, link.subscriptionId);
  const blank = {
    session,
    telling: session,
    outcome: undefined,
    isDecided: false,
    isUnderWay: false,
    reason: undefined,
  };
  if (!session) return { ...blank, status: "done", offer: NO_OFFER };
  const isUnderWay =
    !isSettled(session) && (await queries.actions(session.id)).some(({ status }) => status === "pending");
  // Who has stayed, begins again and then closes the flow, has stayed.
  const before = isUnderWay || isSettled(session) ? undefined : await queries.decidedSession(session);
  const telling = before ?? session;
  const [actions, row] = await Promise.all([
    queries.actions(telling.id),
    queries.ledgerOfSession(telling.id),
  ]);
  const isDecided = isSettled(telling);
  return {
    session,
    telling,
    outcome: outcomeOf(telling),
    isDecided,
    isUnderWay,
    status: isOwn(link) ? "done" : (telling.settlement?.status ?? "done"),
    reason: row?.reason,
    offer: row ? offerOf(link, row, actions) : NO_OFFER,
  };
}

/** Who has taken their cancellation back has not decided anything since. */
function outcomeOf(session: SessionRow): Outcome | undefined {
  if (isSettled(session)) return session.settlement?.outcome;
  return session.undoneAt === undefined ? session.outcome : "abandoned";
}

function offerOf(
  link: CancelLinkRow,
  { offerId: id, offerType: type, offerLabel: label, offerAccepted: accepted }: LedgerRow,
  actions: readonly ActionRow[],
): ResultOffer {
  if (id === undefined || type === undefined) return NO_OFFER;
  const { action, decision } = actions.find(({ status }) => status !== "failed") ?? {};
  const months = decision?.type === "accept" ? decision.choice?.months : undefined;
  const terms =
    action && termsOf(action, { months, isDated: !isOwn(link) || link.context.periodEnd !== undefined });
  return {
    type,
    accepted,
    ...(label === undefined ? {} : { label }),
    id,
    ...(terms ? { terms } : {}),
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/**
 * What has to be done so that the customer has what they were promised.
 * @param chosen.isDated whether the customer was told until when a pause lasts: what is paid for is used up first
 */
function termsOf(
  action: BillingAction,
  { months: length, isDated }: { months: number | undefined; isDated: boolean },
): Record<string, string | number> | undefined {
  switch (action.type) {
    case "discount": {
      const { percentOff, amountOff, currency, duration, months } = action;
      return {
        ...(percentOff === undefined ? {} : { percent_off: percentOff }),
        ...(amountOff === undefined ? {} : { amount_off: amountOff, currency }),
        duration,
        ...(months === undefined ? {} : { months }),
      };
    }
    case "pause":
      return {
        ...(length === undefined ? {} : { months: length }),
        ...(isDated ? { resumes_at: iso(action.resumesAt) } : {}),
      };
    case "change_price":
      return { price_id: action.priceId, charge: action.charge };
    case "extend_trial":
      return { trial_end: iso(action.trialEnd) };
    default:
      return undefined;
  }
}

/** What the books say of the flow that a link has led to: the one source of its result and its diagnostics. */
import type { BillingAction } from "../billing/provider.ts";
import type { ActionRow, CancelLinkRow, LedgerRow, Outcome, Queries, SessionRow } from "../store/store.ts";
import type { ResultClaims, ResultOffer } from "./result-token.ts";

export interface CancelRecord {
  /** The latest; undefined if the flow was never loaded. */
  session: SessionRow | undefined;
  outcome: Outcome | undefined;
  /** The customer has stayed or cancelled: nothing else can come of it. */
  isDecided: boolean;
  /** Something was decided a moment ago, and billing is being asked. */
  isUnderWay: boolean;
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

const isSettled = ({ settlement, undoneAt }: SessionRow): boolean => !!settlement && undoneAt === undefined;

export async function recordOf(queries: Queries, link: CancelLinkRow): Promise<CancelRecord> {
  const session = await queries.latestSession(link.id, link.subscriptionId);
  const blank = { session, outcome: undefined, isDecided: false, isUnderWay: false, reason: undefined };
  if (!session) return { ...blank, offer: NO_OFFER };
  const telling = isSettled(session) ? session : ((await earlier(queries, link, session)) ?? session);
  const [actions, row] = await Promise.all([
    queries.actions(telling.id),
    queries.ledgerOfSession(telling.id),
  ]);
  const isDecided = isSettled(telling);
  return {
    session,
    outcome: isDecided ? telling.settlement?.outcome : telling.outcome,
    isDecided,
    isUnderWay: !isDecided && actions.some(({ status }) => status === "pending"),
    reason: row?.reason,
    offer: row ? offerOf(telling, row, actions) : NO_OFFER,
  };
}

/** Far more than one link can lead to. */
const MOST_ROWS = 100;

/** Who has stayed, begins again and then closes the flow, has stayed. */
async function earlier(
  queries: Queries,
  link: CancelLinkRow,
  { ordinal }: SessionRow,
): Promise<SessionRow | undefined> {
  if (ordinal === 0) return undefined;
  for (const { sessionId } of await queries.ledger(link, { customerId: link.customerId, limit: MOST_ROWS })) {
    const session = sessionId === undefined ? undefined : await queries.session(sessionId);
    if (session?.tokenId === link.id && session.ordinal < ordinal && isSettled(session)) return session;
  }
  return undefined;
}

function offerOf(
  { config }: SessionRow,
  { offerId: id, offerType: type, offerAccepted: accepted }: LedgerRow,
  actions: readonly ActionRow[],
): ResultOffer {
  if (id === undefined || type === undefined) return NO_OFFER;
  const label = config.flow.steps
    .flatMap((step) =>
      step.type === "survey"
        ? step.reasons.map(({ offer }) => offer)
        : step.type === "offer"
          ? [step.offer]
          : [],
    )
    .find((offer) => offer?.id === id)?.title;
  const { action } = actions.find(({ status }) => status !== "failed") ?? {};
  const terms = action && termsOf(action);
  return {
    type,
    accepted,
    ...(label === undefined ? {} : { label }),
    id,
    ...(terms ? { terms } : {}),
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/** What has to be done so that the customer has what they were promised. */
function termsOf(action: BillingAction): Record<string, string | number> | undefined {
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
      return { resumes_at: iso(action.resumesAt) };
    case "change_price":
      return { price_id: action.priceId, charge: action.charge };
    case "extend_trial":
      return { trial_end: iso(action.trialEnd) };
    default:
      return undefined;
  }
}

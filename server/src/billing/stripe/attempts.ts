/** One action, asked for until it is known what has come of it. */
import Stripe from "stripe";
import { type BillingAction, BillingError } from "../provider.ts";
import { billingError, isReplay } from "./errors.ts";
import { hashOf, isNewest, markOf } from "./marks.ts";
import type { Performer, Snapshot, Tools } from "./model.ts";
import { tidied } from "./performers/leftovers.ts";
import { isLeftAside } from "./performers/pause-schedules.ts";
import { isUnmarked } from "./room.ts";
import { checkState, refuse } from "./rules.ts";
import { readSnapshot } from "./snapshot.ts";
import { type Asked, foundOf, stepOf } from "./steps.ts";

/** Any kind of action's; whoever chooses it for an action sees to it that it is that kind's. */
export type AnyPerformer = Performer<BillingAction["type"]>;

/** How often failures that Stripe repeats are left behind for new keys. */
const ATTEMPTS = 5;
/** Keys that are remembered. */
const MOST = 1000;

interface Use {
  /** The attempts before it have come to an end without an effect. */
  attempt: number;
  /** What may have happened under this key. */
  hash?: string;
}

/** What this process knows of the keys that it has used. Stripe remembers them for a day, but not what for. */
export type Uses = Map<string, Use>;

function remember(uses: Uses, key: string, use: Use): void {
  uses.delete(key);
  uses.set(key, use);
  for (const oldest of uses.keys()) {
    if (uses.size <= MOST) return;
    uses.delete(oldest);
  }
}

export const hasHappened = (snapshot: Snapshot, asked: Asked, performer: AnyPerformer): boolean => {
  const found = foundOf(snapshot, asked);
  if (found === "done") return !isUnfinished(snapshot, asked);
  const isSeen = found === "begun" || isUnmarked(snapshot, asked.action.type);
  return isSeen && performer.holds?.(snapshot, asked.action) === true;
};

/** The effect is there, and what was put aside for it is not put back. What came later has put it aside again. */
const isUnfinished = (snapshot: Snapshot, { key }: Asked): boolean =>
  isLeftAside(snapshot) && isNewest(markOf(snapshot.subscription), key);

/** @throws BillingError rejected */
export async function readFor(action: BillingAction, { account }: Pick<Tools, "account">): Promise<Snapshot> {
  const found = await readSnapshot(account, action.subscriptionId);
  return found ?? refuse("resource_missing", `No subscription ${action.subscriptionId}`);
}

/**
 * Once per key. Nobody else in this process does anything to the subscription meanwhile.
 * @returns the subscription as it is afterwards
 * @throws BillingError
 */
export async function carryOut(
  asked: Asked,
  performer: AnyPerformer,
  tools: Tools,
  uses: Uses,
): Promise<Snapshot> {
  const { action, key } = asked;
  const hash = hashOf(action);
  let { attempt, hash: other } = uses.get(key) ?? { attempt: 0 };
  if (other !== undefined && other !== hash) mismatch();
  for (let isRepeated = false; ; ) {
    const found = await readFor(action, tools);
    if (hasHappened(found, asked, performer)) return found;
    const known = foundOf(found, asked);
    if (known === "mismatch") mismatch();
    if (known !== "done") checkState(found, action);
    remember(uses, key, { attempt, hash });
    try {
      // What has begun knows what it has put aside.
      const before = known === "begun" ? found : await tidied(found, action, tools);
      const step = stepOf(tools.account.stripe, before, asked, attempt);
      if (known !== "done") await performer.perform(before, action, step, tools);
      return await readFor(action, tools);
    } catch (error) {
      const failure = inWords(error);
      const after = await readSnapshot(tools.account, action.subscriptionId).catch(() => undefined);
      // Whatever was said about one request: what has become of the action is seen at the subscription.
      if (after && hasHappened(after, asked, performer)) return after;
      if (isFinal(failure) && after) {
        await tidied(after, action, tools);
        remember(uses, key, { attempt: attempt + 1 });
        throw failure;
      }
      if (isStored(failure) && attempt + 1 < ATTEMPTS) attempt++;
      // What Stripe has stored of a failure it says again, and then it is known that nothing is under way any more.
      else if (failure.code === "api_error" && !isRepeated) isRepeated = true;
      else throw uncertain(failure);
    }
  }
}

const mismatch = () => refuse("idempotency_mismatch", "This key belongs to another action");

/** Stripe has refused, and what it refused was what was asked for. */
const isFinal = ({ kind, code }: BillingError): boolean =>
  kind === "rejected" && code !== "idempotency_mismatch";

const isStored = (failure: BillingError): boolean => failure.code === "api_error" && isReplay(failure);

/**
 * An earlier request under the same key had other parameters: it may have been for this action, at another time, and be
 * under way.
 */
function uncertain(failure: BillingError): BillingError {
  if (failure.kind === "unknown") return failure;
  const code = failure.code === "idempotency_mismatch" ? "idempotency_conflict" : failure.code;
  return new BillingError("unknown", code, failure.message);
}

/** What was not thrown by Stripe is a defect here: its trace is kept. */
export function inWords(error: unknown): BillingError {
  if (error instanceof BillingError) return error;
  const failure = billingError(error);
  return error instanceof Stripe.errors.StripeError ? failure : Object.assign(failure, { cause: error });
}

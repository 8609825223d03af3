/**
 * What an action has put aside that came to nothing, or that did not live to see its end. What was planned is not lost
 * with it: it is put back by whoever comes next.
 */
import { type BillingAction, BillingError } from "../../provider.ts";
import { reading } from "../errors.ts";
import type { Snapshot, Tools } from "../model.ts";
import { ASIDE, takenOff } from "../plans.ts";
import { isCancelling } from "../rules.ts";
import { readSnapshot } from "../snapshot.ts";
import { finish, isLeftAside } from "./pause-schedules.ts";

/** For how long an action that has put something aside may be at it, ms. */
const UNDER_WAY = 5 * 60_000;

/** What ends has nothing to come: for who stays after all it is put back then. */
const isWanted = (found: Snapshot): boolean =>
  isLeftAside(found) && found.subscription.status !== "canceled" && !isCancelling(found);

/**
 * Before something else is done, or after what was to be done was refused. Who leaves is kept by nothing.
 * @returns the subscription as it is then
 */
export async function tidied(
  found: Snapshot,
  { type }: Pick<BillingAction, "type">,
  tools: Tools,
): Promise<Snapshot> {
  if (type === "cancel" || !isWanted(found)) return found;
  await finish(found, tools);
  return (await readSnapshot(tools.account, found.subscription.id)) ?? found;
}

/** For who only looks: nobody can be at it any more. What fails of that fails for the next one to look. */
export async function mended(found: Snapshot, tools: Tools): Promise<Snapshot> {
  try {
    if (!isWanted(found) || !(await isAbandoned(found, tools))) return found;
    await finish(found, tools);
    return (await readSnapshot(tools.account, found.subscription.id)) ?? found;
  } catch (error) {
    if (error instanceof BillingError) return found;
    throw error;
  }
}

async function isAbandoned(
  { subscription: { metadata } }: Snapshot,
  { account, now }: Tools,
): Promise<boolean> {
  const of = takenOff(metadata[ASIDE]);
  if (of === undefined) return false;
  const { released_at: at } = await reading(() => account.stripe.subscriptionSchedules.retrieve(of));
  return at !== null && at * 1000 + UNDER_WAY <= now;
}

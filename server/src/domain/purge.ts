/** Customers are forgotten by themselves once nothing has been heard of them for as long as the installation keeps them. */
import { BillingError } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { CustomerId } from "../store/personal-data.ts";
import type { Scope } from "../store/store.ts";
import { forget } from "./personal-data.ts";
import { Problem } from "./problem.ts";

type PurgeDeps = Pick<Deps, "store" | "newId" | "keys" | "billing" | "clock" | "log" | "retainMonths">;

/** Customers that one statement looks at. */
const BATCH = 200;
/** Shorter than a schedule's lease, ms. */
const PATIENCE = 20_000;
/** All have been looked at: once a night is enough, ms. */
const REST = 12 * 3_600_000;

/** Where each store's round is, or when it ended: a server that is started again begins anew. */
const rounds = new WeakMap<Deps["store"], { after?: CustomerId | undefined; endedAt?: number }>();

/** One part of the night's round; the next call goes on behind it. */
export async function purgeCustomers(deps: PurgeDeps): Promise<void> {
  const { retainMonths, clock, log, store } = deps;
  if (!retainMonths) return;
  const began = clock();
  let { after, endedAt } = rounds.get(store) ?? {};
  if (endedAt !== undefined && Math.abs(began - endedAt) < REST) return;
  const before = monthsBefore(began, retainMonths);
  const unheard = new Set<string>();
  let forgotten = 0;
  while (clock() - began <= PATIENCE) {
    const { silent, last } = await store.silentCustomers(before, { after, limit: BATCH });
    let isDone = true;
    for (const each of silent) {
      isDone = clock() - began <= PATIENCE;
      if (!isDone) break;
      after = each;
      if (await isGone(deps, each, unheard)) forgotten += Number(await forgetSilent(deps, each));
    }
    if (!isDone) break;
    after = last;
    if (after) continue;
    rounds.set(store, { endedAt: clock() });
    break;
  }
  if (after) rounds.set(store, { after });
  if (forgotten) log.info({ customers: forgotten }, "customers were forgotten of whom nothing was heard");
}

/**
 * Whether billing knows of no subscription of theirs that goes on, or has an end that lies ahead. Where nothing is billing,
 * what the books say of ends has to do.
 * @param unheard where billing does not answer: nobody waits for it again until another night
 */
async function isGone({ billing }: PurgeDeps, { customerId, ...scope }: CustomerId, unheard: Set<string>) {
  const where = `${scope.workspaceId} ${scope.environment}`;
  if (unheard.has(where)) return false;
  try {
    const all = await billing(scope).subscriptions(customerId);
    return all.every(({ status }) => status === "cancelled");
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    if (error.code === "not_configured") return true;
    if (error.kind === "unknown") unheard.add(where);
    return false;
  }
}

/**
 * Under this id alone: what the same person is known by beside it may be in use.
 *
 * @returns whether they are forgotten; who is busy has their turn another night
 */
async function forgetSilent(deps: PurgeDeps, { customerId, ...scope }: CustomerId): Promise<boolean> {
  try {
    const { found } = await deps.store.transaction(async (tx) => {
      const { emails } = await tx.personOf(scope satisfies Scope, { customerId });
      return forget(deps, tx, scope, { customerIds: [customerId], emails });
    });
    return found;
  } catch (error) {
    if (error instanceof Problem && error.code === "customer_busy") return false;
    throw error;
  }
}

/** The same day and time in an earlier month, or that month's last day. */
function monthsBefore(at: number, months: number): number {
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const longest = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, longest));
  return date.getTime();
}

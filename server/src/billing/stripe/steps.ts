/** How the requests of one action are made to have one effect. */
import type Stripe from "stripe";
import type { BillingAction } from "../provider.ts";
import { asking } from "./errors.ts";
import { find, MARK, markOf, plainKey, withBegun, withDone } from "./marks.ts";
import type { Snapshot, Step } from "./model.ts";
import { isUnmarked } from "./room.ts";

/** What the request is called that is the whole action; it may also have the action's name. */
export const EFFECT = "effect";

export interface Asked {
  action: BillingAction;
  key: string;
}

export const foundOf = ({ subscription }: Snapshot, { action, key }: Asked) =>
  find(markOf(subscription), key, action);

/**
 * @param attempt Stripe answers a request with what it has answered before under its key, failures as well: what is known
 * to have failed for good is asked for under the keys of another attempt
 */
export function stepOf(stripe: Stripe, before: Snapshot, asked: Asked, attempt: number): Step {
  const { action, key } = asked;
  const { subscription } = before;
  const mark = markOf(subscription);
  const begun = foundOf(before, asked) === "begun";
  let hasBegun = begun;
  // The first request of an action has a key that is the same for every action: Stripe then refuses one that was used
  // for another subscription, whose mark is not here.
  const first = { idempotencyKey: `${plainKey(key)}-${attempt}` };
  return {
    key: plainKey(key),
    begun,
    done: isUnmarked(before, action.type) ? {} : { [MARK]: withDone(mark, key, action) },
    once: (name) =>
      !hasBegun && (name === EFFECT || name === action.type)
        ? first
        : { idempotencyKey: `${plainKey(key)}-${name}-${attempt}` },
    shared: (name) => ({ idempotencyKey: `renumerate-${name}-${attempt}` }),
    async begin(more = {}) {
      if (hasBegun || isUnmarked(before, action.type)) return;
      const metadata = { ...more, [MARK]: withBegun(mark, key, action) };
      await asking(() => stripe.subscriptions.update(subscription.id, { metadata }, first));
      hasBegun = true;
    },
  };
}

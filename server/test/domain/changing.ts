/** A hub without a screen: a change is previewed and then asked for with what was seen. */
import assert from "node:assert/strict";
import type {
  Hub,
  HubChange,
  HubChangeRequest,
  HubPreview,
  HubResult,
  Subscription,
} from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { isoOf } from "../../src/domain/dates.ts";
import type { Reply, World } from "../harness.ts";

let made = 0;

/** Prices beyond those of the product that somebody has. */
export const PLANS = ["price_basic_monthly", "price_pro_monthly", "price_pro_annual", "price_team_monthly"];

/** Customers by the subscription that they are good for. */
export const owners = {
  [ids.monthly]: "cus_NffrFeUfNV2Hib",
  [ids.annual]: "cus_amara",
  [ids.trialing]: "cus_mateo",
  [ids.paused]: "cus_ingrid",
  [ids.pastDue]: "cus_sam",
  [ids.cancelling]: "cus_priya",
  [ids.first]: "cus_lucia",
  [ids.second]: "cus_lucia",
} as const;

export const mintFor = (world: World, subscription: keyof typeof owners): Promise<string> =>
  world.mint(owners[subscription], undefined, "subscription");

export const preview = (
  world: World,
  token: string,
  subscription: string,
  change: HubChange,
): Promise<Reply> => world.request("/v1/widget/hub/preview", { token, json: { subscription, change } });

export function previewed(reply: Reply): HubPreview {
  assert.equal(reply.status, 200, reply.text);
  return reply.body as unknown as HubPreview;
}

/** What a client would send once its customer has agreed to what was shown. */
export async function agree(
  world: World,
  token: string,
  subscription: string,
  change: HubChange,
): Promise<HubChangeRequest & { seen: HubPreview }> {
  const seen = previewed(await preview(world, token, subscription, change));
  return { id: `change_${String(++made).padStart(4, "0")}`, subscription, change, seen };
}

export const ask = (world: World, token: string, request: HubChangeRequest): Promise<Reply> =>
  world.request("/v1/widget/hub/change", { token, json: request });

export async function make(
  world: World,
  token: string,
  subscription: string,
  change: HubChange,
): Promise<Reply> {
  return ask(world, token, await agree(world, token, subscription, change));
}

/** The result in a reply that must be one. */
export function changed(reply: Reply, status: HubResult["status"] = "done"): Subscription {
  assert.equal(reply.status, 200, reply.text);
  const result = reply.body as unknown as HubResult;
  assert.equal(result.status, status);
  return result.subscription;
}

export async function readHub(world: World, token: string): Promise<Hub> {
  const reply = await world.request("/v1/widget/hub", { token });
  assert.equal(reply.status, 200, reply.text);
  return reply.body as unknown as Hub;
}

/** What integrators hear of a subscription before and after. */
export function told({ price, scheduledChange, pausedUntil, nextCharge }: Subscription): object {
  return {
    price_id: price.id,
    amount_cents: price.amount,
    interval: price.interval,
    interval_count: price.intervalCount,
    scheduled_price_id: scheduledChange?.price.id ?? null,
    paused_until: pausedUntil === undefined ? null : isoOf(pausedUntil),
    next_charge: nextCharge ? { amount_cents: nextCharge.amount, at: isoOf(nextCharge.at) } : null,
  };
}

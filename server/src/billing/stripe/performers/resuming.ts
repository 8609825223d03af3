/** The end of a pause by hand. What is paid for goes on; if nothing is, a new period begins and is charged. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { asking, reading } from "../errors.ts";
import type { Performer, Snapshot, Step, Tools } from "../model.ts";
import { expanded, idOf } from "../parts.ts";
import { refuse } from "../rules.ts";
import { mainItem, pauseEntryOf, periodEndOf, present, scheduledPriceOf } from "../view.ts";
import { chargedOutlook } from "./charging.ts";
import {
  changed,
  collecting,
  outlookOf,
  renewed,
  withItems,
  withoutSchedule,
  withPrice,
} from "./foreseen.ts";
import { checkCharged } from "./limits.ts";
import { insteadOfPlan, release, write } from "./pause-schedules.ts";

const FORGOTTEN = { renumerate_paused_since: "" };
const FROM_NOW = { billing_cycle_anchor: { type: "now" }, proration_behavior: "none" } as const;

/** `waiting`: the service goes on until what is paid for ends. `collection`: it does all the time. */
type Way = "waiting" | "stopped" | "collection" | "collection, unpaid";

/** @throws BillingError rejected */
function wayOf(before: Snapshot, { now, settings }: Tools): Way {
  const { subscription, schedule } = before;
  const { status } = present(before, undefined, now, settings);
  if (status !== "paused") refuse("subscription_not_paused", `${subscription.id} is ${status}`);
  const isPaid = periodEndOf(before, now) > now;
  if (subscription.status !== "paused" && !subscription.pause_collection && pauseEntryOf(schedule))
    return "waiting";
  if (subscription.status !== "paused" && isPaid) return "collection";
  checkCharged(before);
  return subscription.status === "paused" ? "stopped" : "collection, unpaid";
}

export const resume: Performer<"resume"> = {
  async foresee(before, _action, tools) {
    const way = wayOf(before, tools);
    const after = collecting(before);
    if (way === "collection") return outlookOf(after, tools);
    if (way === "waiting") return outlookOf(withoutSchedule(after), tools);
    if (way === "stopped") {
      const running = changed(withoutSchedule(after), { status: "active" });
      const details = { ...FROM_NOW, resume_at: "now" } as const;
      return chargedOutlook(before, renewed(running, tools.now), details, tools);
    }
    const items = plannedItems(before);
    const details = { ...FROM_NOW, ...(items ? { items } : {}) };
    return chargedOutlook(before, renewed(withPlanned(after), tools.now), details, tools);
  },

  async perform(before, action, step, tools) {
    const way = wayOf(before, tools);
    if (way === "waiting") return neverStop(before, step, tools);
    if (way === "stopped") return goOn(before, step, tools);
    const { stripe } = tools.account;
    const { id } = before.subscription;
    const collect = (change: Stripe.SubscriptionUpdateParams, metadata: Record<string, string>) =>
      asking(() =>
        stripe.subscriptions.update(
          id,
          { ...change, pause_collection: "", metadata: { ...metadata, ...FORGOTTEN } },
          step.once(action.type),
        ),
      );
    if (way === "collection") return void (await collect({}, step.done));
    const items = plannedItems(before);
    const charge = {
      ...FROM_NOW,
      payment_behavior: "error_if_incomplete",
      ...(items ? { items } : {}),
    } as const;
    await insteadOfPlan(before, step, tools, (metadata) => collect(charge, metadata));
  },

  holds({ subscription, schedule }) {
    return subscription.status === "active" && !subscription.pause_collection && !pauseEntryOf(schedule);
  },
};

/** A new period begins: what was planned for the next one is for this one. */
function plannedItems(before: Snapshot) {
  const planned = scheduledPriceOf(before);
  const { id } = mainItem(before.subscription);
  return planned && [{ id, price: planned.price.id, quantity: planned.quantity }];
}

function withPlanned(after: Snapshot): Snapshot {
  const planned = scheduledPriceOf(after);
  const product = expanded(planned?.price.product);
  if (!planned || !product || "deleted" in product) return withoutSchedule(after);
  const { id } = mainItem(after.subscription);
  const { price, quantity } = planned;
  return withoutSchedule(
    withItems(withPrice(after, { ...price, product }), (item) =>
      item.id === id ? { ...item, quantity } : item,
    ),
  );
}

async function neverStop(before: Snapshot, step: Step, tools: Tools): Promise<void> {
  await step.begin();
  await release(before, step, tools);
  await write(before.subscription.id, { ...step.done, ...FORGOTTEN }, step.once("done"), tools);
}

/** It stays paused until it is paid. What is declined now is not tried again behind the customer's back. */
async function goOn(before: Snapshot, step: Step, tools: Tools): Promise<void> {
  const { stripe } = tools.account;
  const { id } = before.subscription;
  const params = { ...FROM_NOW, payment_behavior: "resume_on_payment_success" } as const;
  await step.begin();
  try {
    const { status } = await asking(() => stripe.subscriptions.resume(id, params, step.once("resumed")));
    if (status === "paused") refuse("payment_declined", `The payment for ${id} was declined`);
  } catch (error) {
    if (error instanceof BillingError && error.code === "payment_declined") await forget(before, step, tools);
    throw error;
  }
  await release(before, step, tools);
  await write(id, { ...step.done, ...FORGOTTEN }, step.once("done"), tools);
}

async function forget(
  { subscription: { id, latest_invoice: old } }: Snapshot,
  step: Step,
  { account: { stripe } }: Tools,
): Promise<void> {
  const { latest_invoice: invoice } = await reading(() =>
    stripe.subscriptions.retrieve(id, { expand: ["latest_invoice"] }),
  );
  const found = expanded(invoice);
  if (found?.status !== "open" || (old && found.id === idOf(old))) return;
  await asking(() => stripe.invoices.voidInvoice(found.id, {}, step.once("declined")));
}

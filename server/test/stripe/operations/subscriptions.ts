/** https://docs.stripe.com/api/subscriptions */
import type Stripe from "stripe";
import { end, explain, type Feedback } from "../engine/cancellations.ts";
import { createSubscription } from "../engine/creation.ts";
import { idOf as idOfThing, nowOf, whole } from "../engine/memory.ts";
import { pause, resume } from "../engine/pauses.ts";
import { noticeSubscription } from "../engine/schedules.ts";
import { isOver, tracked } from "../engine/standing.ts";
import { updateSubscription } from "../engine/updates.ts";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal } from "../state.ts";
import { idOf, isCreated } from "./parts.ts";

type Subscription = Stripe.Subscription;

const find = ({ state, ids }: Pick<Call, "state" | "ids">): Subscription =>
  state.get("subscriptions", idOf({ ids }));

const create = ({ state, params }: Call<Stripe.SubscriptionCreateParams>): Subscription =>
  whole(state, () => createSubscription(state, params));

function update({ state, params, ids }: Call<Stripe.SubscriptionUpdateParams>): Subscription {
  return whole(state, () => {
    const subscription = find({ state, ids });
    updateSubscription(state, subscription, params);
    noticeSubscription(state, subscription);
    return subscription;
  });
}

function cancel({ state, params, ids }: Call<Stripe.SubscriptionCancelParams>): Subscription {
  return whole(state, () => {
    const subscription = find({ state, ids });
    if (isOver(subscription)) {
      throw new Refusal(404, `No such subscription: '${subscription.id}'`, {
        code: "resource_missing",
        param: "id",
      });
    }
    const at = nowOf(state, subscription);
    tracked(state, subscription, at, () => {
      const reason = "cancellation_requested";
      explain(subscription, params.cancellation_details as Feedback | undefined);
      subscription.cancellation_details = {
        comment: null,
        feedback: null,
        feedback_option: null,
        ...subscription.cancellation_details,
        reason,
      };
      end(state, subscription, at, {
        invoiceNow: params.invoice_now ?? false,
        prorate: params.prorate ?? false,
      });
    });
    return subscription;
  });
}

function pauseNow({ state, params, ids }: Call<Stripe.SubscriptionPauseParams>): Subscription {
  return whole(state, () => {
    const subscription = find({ state, ids });
    if (subscription.schedule) {
      const says = `Cannot pause subscriptions with attached schedules: \`${idOfThing(subscription.schedule)}\`.`;
      throw new Refusal(400, says);
    }
    const unusedFrom = params.bill_for?.unused_time_from?.type ?? "now";
    const invoicing = params.invoicing_behavior ?? "pending_invoice_item";
    pause(state, subscription, { unusedFrom, invoicing }, nowOf(state, subscription));
    return subscription;
  });
}

function resumeNow({ state, params, ids }: Call<Stripe.SubscriptionResumeParams>): Subscription {
  return whole(state, () => {
    const subscription = find({ state, ids });
    const terms = {
      anchor: params.billing_cycle_anchor?.type ?? "now",
      payment: params.payment_behavior ?? "resume_on_payment_attempt",
      proration: params.proration_behavior ?? "create_prorations",
    };
    resume(state, subscription, terms, nowOf(state, subscription));
    noticeSubscription(state, subscription);
    return subscription;
  });
}

/** Without a status all that have not been canceled; `ended` are those that will never charge again. */
function hasStatus({ status }: Subscription, wanted: string | undefined): boolean {
  if (wanted === "all") return true;
  if (wanted === undefined) return status !== "canceled";
  if (wanted === "ended") return status === "canceled" || status === "incomplete_expired";
  return status === wanted;
}

function list({ state, params }: Call<Stripe.SubscriptionListParams>): object {
  const within = isCreated(params.created);
  const found = state.all("subscriptions").filter((each) => {
    const items = each.items.data;
    return (
      hasStatus(each, params.status) &&
      (!params.customer || each.customer === params.customer) &&
      (!params.price || items.some(({ price }) => price.id === params.price)) &&
      // Without this filter those on test clocks are left out, unless a customer is named.
      (params.test_clock ? each.test_clock === params.test_clock : !!params.customer || !each.test_clock) &&
      (!params.collection_method || each.collection_method === params.collection_method) &&
      within(each)
    );
  });
  return page(found, params, "/v1/subscriptions");
}

function deleteDiscount({ state, ids }: Call): object {
  const subscription = find({ state, ids });
  const id = idOfThing(subscription.discounts.at(-1));
  const discount = state.find("discounts", id);
  if (!discount) {
    const says = `No active discount for subscription: ${subscription.id}`;
    throw new Refusal(404, says, { code: "resource_missing" });
  }
  tracked(state, subscription, nowOf(state, subscription), () => {
    subscription.discounts = [];
  });
  const { end: _end, deleted: _deleted, ...rest } = discount;
  return { ...rest, deleted: true };
}

export const subscriptionOperations: Operations = {
  "POST /v1/subscriptions": create,
  "GET /v1/subscriptions": list,
  "GET /v1/subscriptions/:id": find,
  "POST /v1/subscriptions/:id": update,
  "DELETE /v1/subscriptions/:id": cancel,
  "POST /v1/subscriptions/:id/pause": pauseNow,
  "POST /v1/subscriptions/:id/resume": resumeNow,
  "DELETE /v1/subscriptions/:id/discount": deleteDiscount,
};

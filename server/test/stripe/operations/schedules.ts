/** https://docs.stripe.com/api/subscription_schedules */
import type Stripe from "stripe";
import { nowOf, whole } from "../engine/memory.ts";
import { cancelSchedule, createSchedule, need, release, updateSchedule } from "../engine/schedules.ts";
import { page } from "../lists.ts";
import type { Call, Operations } from "../state.ts";
import { idOf, isCreated } from "./parts.ts";

type Schedule = Stripe.SubscriptionSchedule;

const find = ({ state, ids }: Pick<Call, "state" | "ids">): Schedule =>
  state.get("subscription_schedules", idOf({ ids }));

function list({ state, params }: Call<Stripe.SubscriptionScheduleListParams>): object {
  const within = isCreated(params.created);
  const found = state
    .all("subscription_schedules")
    .filter(
      (each) =>
        (!params.customer || each.customer === params.customer) &&
        (params.scheduled === undefined || (each.status === "not_started") === params.scheduled) &&
        within(each),
    );
  return page(found, params, "/v1/subscription_schedules");
}

export const scheduleOperations: Operations = {
  "POST /v1/subscription_schedules": ({ state, params }: Call<Stripe.SubscriptionScheduleCreateParams>) =>
    whole(state, () => createSchedule(state, params)),
  "GET /v1/subscription_schedules": list,
  "GET /v1/subscription_schedules/:id": find,
  "POST /v1/subscription_schedules/:id": ({
    state,
    params,
    ids,
  }: Call<Stripe.SubscriptionScheduleUpdateParams>) =>
    whole(state, () => {
      const schedule = find({ state, ids });
      updateSchedule(state, schedule, params);
      return schedule;
    }),
  "POST /v1/subscription_schedules/:id/release": ({
    state,
    params,
    ids,
  }: Call<Stripe.SubscriptionScheduleReleaseParams>) => {
    const schedule = find({ state, ids });
    need(schedule, "release");
    release(state, schedule, nowOf(state, schedule), params.preserve_cancel_date);
    return schedule;
  },
  "POST /v1/subscription_schedules/:id/cancel": ({
    state,
    params,
    ids,
  }: Call<Stripe.SubscriptionScheduleCancelParams>) =>
    whole(state, () => {
      const schedule = find({ state, ids });
      cancelSchedule(state, schedule, params);
      return schedule;
    }),
};

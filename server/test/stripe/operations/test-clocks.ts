/** https://docs.stripe.com/api/test_clocks */
import type Stripe from "stripe";
import { DAY, plus } from "../engine/calendar.ts";
import { advanceTo } from "../engine/clock.ts";
import { recurringOf } from "../engine/items.ts";
import { isOver } from "../engine/standing.ts";
import { type PageParams, page } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { idOf } from "./parts.ts";

const URL = "/v1/test_helpers/test_clocks";

type Clock = Stripe.TestHelpers.TestClock;

function create({ state, params }: Call<Stripe.TestHelpers.TestClockCreateParams>): Clock {
  return state.put("test_clocks", {
    id: state.newId("test_clocks"),
    object: "test_helpers.test_clock",
    created: state.data.now,
    deletes_after: state.data.now + 30 * DAY,
    frozen_time: params.frozen_time,
    livemode: false,
    name: params.name ?? null,
    status: "ready",
    status_details: {},
  });
}

/** Two intervals of the subscription with the shortest one, or two years if there is none. */
function limitOf(state: State, clock: Clock): number {
  const limits = state
    .all("subscriptions")
    .filter((subscription) => subscription.test_clock === clock.id && !isOver(subscription))
    .flatMap((subscription) => subscription.items.data)
    .map((item) => plus(clock.frozen_time, recurringOf(item), 2));
  return Math.min(plus(clock.frozen_time, { interval: "year", interval_count: 2 }), ...limits);
}

function advance({ state, params, ids }: Call<Stripe.TestHelpers.TestClockAdvanceParams>): Clock {
  const clock = state.get("test_clocks", idOf({ ids }));
  const refuse = (says: string) => new Refusal(400, says, { param: "frozen_time" });
  if (params.frozen_time <= clock.frozen_time)
    throw refuse("`frozen_time` must be after the test clock's current frozen time.");
  if (params.frozen_time > limitOf(state, clock))
    throw refuse(
      "Cannot be more than two intervals in the future from the shortest subscription in this test clock.",
    );
  advanceTo(state, clock.id, params.frozen_time);
  return clock;
}

/** Its customers go with it, and so do their subscriptions. */
function remove({ state, ids }: Call): object {
  const { id } = state.get("test_clocks", idOf({ ids }));
  const { objects } = state.data;
  for (const customer of state.all("customers"))
    if (customer.test_clock === id) delete objects.customers[customer.id];
  for (const subscription of state.all("subscriptions"))
    if (subscription.test_clock === id) delete objects.subscriptions[subscription.id];
  delete objects.test_clocks[id];
  return { id, object: "test_helpers.test_clock", deleted: true };
}

export const testClockOperations: Operations = {
  "POST /v1/test_helpers/test_clocks": create,
  "GET /v1/test_helpers/test_clocks": ({ state, params }: Call<PageParams>) =>
    page(state.all("test_clocks"), params, URL),
  "GET /v1/test_helpers/test_clocks/:id": ({ state, ids }: Call) => state.get("test_clocks", idOf({ ids })),
  "POST /v1/test_helpers/test_clocks/:id/advance": advance,
  "DELETE /v1/test_helpers/test_clocks/:id": remove,
};

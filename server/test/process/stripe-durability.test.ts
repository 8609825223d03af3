/**
 * `kill -9` at the worst moment there is: at a request to Stripe, before it arrives or after it has done its work. The
 * process that is started then has only the folder and what Stripe says, and brings about what was decided, once.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type Stripe from "stripe";
import type { Settlement } from "../../../src/api/wire.ts";
import { OUTCOME_WORDS } from "../../src/domain/retainly-words.ts";
import { asking, half } from "../flows/fixtures.ts";
import { eventsOf } from "../stripe/events.ts";
import { settled, type Visit } from "../visit.ts";
import { type Served, serve } from "./child.ts";
import {
  type Business,
  newcomer,
  openBusiness,
  type Person,
  told,
  until,
  visitOf,
} from "./stripe-business.ts";

let business: Business;
let server: Served;
before(async () => {
  business = await openBusiness();
  const { env, prices } = business;
  const plan = { type: "plan_change", id: "smaller", plans: [{ priceId: prices.basic }] };
  const flow = asking({ money: [half], much: [plan], long: [{ type: "annual_switch", id: "annual" }] });
  await told(["flow", "publish", "-", "--environment", "sandbox", "--json"], env, flow);
  server = await serve(env);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await business?.[Symbol.asyncDispose]();
});

interface Decision {
  outcome: "retained" | "cancelled";
  reason: string;
  decide(visit: Visit): Visit;
  /** What one would find at Stripe. */
  look(subscription: Stripe.Subscription): Promise<unknown>;
  /** That, if it was done once. */
  once: unknown;
}

async function paid({ customer }: Stripe.Subscription): Promise<number[]> {
  const { data } = await business.stripe.invoices.list({ customer: customer as string });
  return data.map(({ amount_paid }) => amount_paid).toReversed();
}

const cancellation: Decision = {
  outcome: "cancelled",
  reason: "money",
  decide: (visit) => visit.leave().act({ type: "confirm" }),
  look: async ({ status, cancel_at_period_end, cancellation_details }) => [
    status,
    cancel_at_period_end,
    cancellation_details?.feedback,
  ],
  once: ["active", true, "other"],
};

const discount: Decision = {
  outcome: "retained",
  reason: "money",
  decide: (visit) => visit.next().act({ type: "accept" }),
  async look({ discounts }) {
    const coupons = (await business.stripe.coupons.list()).data;
    const own = (discounts as Stripe.Discount[]).map(({ source }) => source.coupon);
    return [own.map((id) => coupons.findIndex((coupon) => coupon.id === id)), coupons[0]?.percent_off];
  },
  once: [[0], 50],
};

const changeAtRenewal: Decision = {
  outcome: "retained",
  reason: "much",
  decide: (visit) => visit.next().choose({ priceId: business.prices.basic }).act({ type: "accept" }),
  async look(subscription) {
    const customer = subscription.customer as string;
    const { data } = await business.stripe.subscriptionSchedules.list({ customer });
    const { monthly, basic } = business.prices;
    const names = { [monthly]: "Pro", [basic]: "Basic" };
    const plans = ({ phases }: Stripe.SubscriptionSchedule) =>
      phases.map(({ items: [item] }) => names[item?.price as string]);
    return [data.map((each) => [each.status, ...plans(each)]), await paid(subscription)];
  },
  once: [[["active", "Pro", "Basic"]], [4900]],
};

const changeToTheYear: Decision = {
  outcome: "retained",
  reason: "long",
  decide: (visit) => visit.next().act({ type: "accept" }),
  look: async (subscription) => [
    subscription.items.data.map(({ price }) => price.recurring?.interval),
    await paid(subscription),
  ],
  // On the very day that the month was paid for, all of the month is credited.
  once: [["year"], [4900, 46_800 - 4900]],
};

/** At a request of this name. */
interface Death {
  at: string;
  when: "before" | "after";
}

/** Nothing of the process is left when Stripe goes on with the request, or drops it. */
function killAt({ at, when }: Death): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let isOver = false;
  business.double.fault = async ({ name }) => {
    if (name !== at || isOver) return undefined;
    isOver = true;
    const ended = server.end("SIGKILL");
    resolve(ended);
    await ended;
    return { when, how: "reset" };
  };
  return promise;
}

/** Somebody starts it again so much later that everything is due and nobody holds a lease. */
async function startAgain(): Promise<void> {
  await business.db.updateTable("jobs").set({ due_at: 0, leased_until: null }).execute();
  server = await serve(business.env);
}

async function stillThere(): Promise<number> {
  return (await business.db.selectFrom("jobs").select("id").execute()).length;
}

async function settlementOf({ session }: Visit): Promise<Settlement | undefined> {
  const row = await business.store.session(session);
  return row?.settlement?.status === "done" && !(await stillThere()) ? row.settlement : undefined;
}

async function assertOnce(
  { subscription, customer }: Person,
  { session }: Visit,
  { outcome, reason, look, once }: Decision,
): Promise<void> {
  const { store, scope, stripe, double } = business;
  const found = await stripe.subscriptions.retrieve(subscription, { expand: ["discounts"] });
  assert.deepEqual(await look(found), once);
  const changes = eventsOf(double, ["customer.subscription.updated"]).filter(
    ({ data: { object, previous_attributes: previous } }) =>
      (object as Stripe.Subscription).id === subscription &&
      Object.keys(previous ?? {}).some((name) => name !== "metadata"),
  );
  assert.equal(changes.length, 1, "the subscription was changed once");

  const statuses = (await store.actions(session)).map(({ status }) => status);
  assert.deepEqual(statuses, ["succeeded"]);
  const rows = await store.ledger(scope, { customerId: customer, limit: 9 });
  assert.deepEqual(
    rows.map((row) => [row.sessionId, row.outcome, row.confirmed, row.reason]),
    [[session, outcome, true, reason]],
  );
  const facts = (await store.events(scope, { limit: 1000 })).filter(
    ({ type, sessionId }) => type === `cancel.${OUTCOME_WORDS[outcome]}` && sessionId === session,
  );
  assert.equal(facts.length, 1);
}

const UPDATE = "POST /v1/subscriptions/:id";
const SCHEDULES = "POST /v1/subscription_schedules";

const cases: [what: string, Decision, deaths: Death[]][] = [
  ["a cancellation, before Stripe has heard of it", cancellation, [{ at: UPDATE, when: "before" }]],
  ["a cancellation, after Stripe has done it", cancellation, [{ at: UPDATE, when: "after" }]],
  ["a discount whose coupon was just made", discount, [{ at: "POST /v1/coupons", when: "after" }]],
  ["a discount that the subscription has", discount, [{ at: UPDATE, when: "after" }]],
  ["a change of plan that has only been begun", changeAtRenewal, [{ at: UPDATE, when: "after" }]],
  ["a change of plan whose schedule plans nothing yet", changeAtRenewal, [{ at: SCHEDULES, when: "after" }]],
  ["a change of plan that was planned", changeAtRenewal, [{ at: `${SCHEDULES}/:id`, when: "after" }]],
  ["a year that was paid for", changeToTheYear, [{ at: UPDATE, when: "after" }]],
  [
    "a year, twice: before it was paid for, and after",
    changeToTheYear,
    [
      { at: UPDATE, when: "before" },
      { at: UPDATE, when: "after" },
    ],
  ],
];

describe("Killed at a request to Stripe", () => {
  for (const [index, [what, decision, [first, ...others]]] of cases.entries()) {
    it(what, async () => {
      const { double, key } = business;
      const person = await newcomer(business, `Person${index}`);
      const visit = await visitOf(() => server.url, key, person.customer);
      decision.decide(visit.select(decision.reason));
      const request = visit.decision();
      const killed = killAt(first as Death);
      const answer = await visit.decide(request).then(
        ({ text }) => text,
        () => undefined,
      );
      assert.equal(answer, undefined, "nobody has answered");
      await killed;
      for (const death of others) {
        const again = killAt(death);
        await startAgain();
        await again;
      }
      double.fault = undefined;
      await startAgain();
      // Every other customer cannot wait for the worker.
      if (index % 2) settled(await visit.decide(request));
      const settlement = await until("a settlement", () => settlementOf(visit));
      assert.equal(settlement.outcome, decision.outcome);
      await assertOnce(person, visit, decision);
      assert.deepEqual(settled(await visit.decide(request)), settlement);
      await assertOnce(person, visit, decision);
    });
  }
});

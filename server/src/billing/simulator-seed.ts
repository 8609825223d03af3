/** Fills an empty scope with the demo business. Its past is replayed by the engine, so that books and dates agree. */
import { perform } from "./simulator-actions.ts";
import { people, prices, products, type Story } from "./simulator-demo.ts";
import { settle, startPeriod } from "./simulator-engine.ts";
import type { Advanced, SimulatedPrice, SimulatedSubscription } from "./simulator-model.ts";
import type { SimulatorStorage } from "./simulator-storage.ts";

/**
 * @param at now, by the clock that the simulator will be given
 * @returns false if the scope holds a business already; then nothing is changed
 */
export function seedDemo(storage: SimulatorStorage, scope: string, at: number): Promise<boolean> {
  return storage.transaction(scope, async (rows) => {
    if ((await rows.list("product")).length) return false;
    await rows.put("product", products);
    await rows.put("price", prices);
    for (const { stories, metadata = {}, ...person } of people(at)) {
      const lives = stories.map((story) => live(story, person.id, at));
      await rows.put("customer", [
        { ...person, metadata, createdAt: Math.min(...stories.map((each) => each.startedAt)) },
      ]);
      await rows.put(
        "subscription",
        lives.map(({ subscription }) => subscription),
      );
      await rows.put(
        "invoice",
        lives.flatMap(({ invoices }) => invoices),
      );
    }
    return true;
  });
}

function live(story: Story, customerId: string, at: number): Advanced {
  let { subscription, invoices } = begin(story, customerId);
  const pass = (after: Advanced) => {
    subscription = after.subscription;
    invoices = [...invoices, ...after.invoices];
  };
  for (const event of story.events ?? []) {
    pass(settle(subscription, event.at));
    if (event.does === "payment_fails") subscription = { ...subscription, paymentFails: true };
    else pass(perform(subscription, { ...event.does, subscriptionId: story.id }, event.at, undefined));
  }
  pass(settle(subscription, at));
  return { subscription, invoices };
}

/** Starts with its trial, or else with its first invoice. */
export function begin(
  { id, priceId, quantity = 1, startedAt, trialEnd, metadata = {} }: Omit<Story, "events">,
  customerId: string,
  catalogue: readonly SimulatedPrice[] = prices,
): Advanced {
  const price = catalogue.find((each) => each.id === priceId);
  if (!price) throw new Error(`The catalogue has no ${priceId}`);
  const subscription: SimulatedSubscription = {
    id,
    customerId,
    status: "trialing",
    price,
    quantity,
    metadata,
    startedAt,
    anchor: trialEnd ?? startedAt,
    periodStart: startedAt,
    periodEnd: trialEnd ?? startedAt,
    periodValue: 0,
    credit: 0,
    invoices: 0,
  };
  return trialEnd === undefined
    ? startPeriod(subscription, startedAt)
    : { subscription: { ...subscription, trialEnd }, invoices: [] };
}

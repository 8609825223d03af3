/** Fills an empty scope with the demo business. Its past is replayed by the engine, so that books and dates agree. */
import { perform } from "./simulator-actions.ts";
import { VISA } from "./simulator-cards.ts";
import { people, prices, products, promoCodes, type Story } from "./simulator-demo.ts";
import { settle, startPeriod } from "./simulator-engine.ts";
import type {
  Advanced,
  SimulatedPaymentMethod,
  SimulatedPrice,
  SimulatedSubscription,
} from "./simulator-model.ts";
import type { SimulatorRows, SimulatorStorage } from "./simulator-storage.ts";

/**
 * @param at now, by the clock that the simulator will be given
 * @returns false if the scope holds a business already; then nothing is changed
 */
export function seedDemo(storage: SimulatorStorage, scope: string, at: number): Promise<boolean> {
  return storage.transaction(scope, async (rows) => {
    if ((await rows.list("product")).length) return false;
    await rows.put("product", products);
    await rows.put("price", prices);
    await rows.put("promo_code", promoCodes);
    for (const { stories, card = VISA, metadata = {}, ...person } of people(at)) {
      const lives = stories.map((story) => live(story, person.id, card, at));
      const createdAt = Math.min(at, ...stories.map((each) => each.startedAt));
      await rows.put("customer", [{ ...person, metadata, createdAt }]);
      await putLives(rows, lives);
    }
    return true;
  });
}

/** Subscriptions with all that they were charged. */
export async function putLives(rows: SimulatorRows, lives: readonly Advanced[]): Promise<void> {
  await rows.put(
    "subscription",
    lives.map(({ subscription }) => subscription),
  );
  await rows.put(
    "invoice",
    lives.flatMap(({ invoices }) => invoices),
  );
}

function live(story: Story, customerId: string, paymentMethod: SimulatedPaymentMethod, at: number): Advanced {
  let { subscription, invoices } = begin({ ...story, paymentMethod }, customerId);
  const pass = (after: Advanced) => {
    subscription = after.subscription;
    invoices = [...invoices, ...after.invoices];
  };
  for (const event of story.events ?? []) {
    pass(settle(subscription, event.at));
    if ("pays" in event) subscription = { ...subscription, paymentMethod: event.pays };
    else pass(perform(subscription, { ...event.does, subscriptionId: story.id }, event.at));
  }
  pass(settle(subscription, at));
  return { subscription, invoices };
}

/** Starts with its trial, or else with its first invoice. */
export function begin(
  {
    id,
    priceId,
    quantity = 1,
    startedAt,
    trialEnd,
    metadata = {},
    paymentMethod = VISA,
  }: Omit<Story, "events"> & { paymentMethod?: SimulatedPaymentMethod },
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
    paymentMethod,
    invoices: 0,
  };
  return trialEnd === undefined
    ? startPeriod(subscription, startedAt)
    : { subscription: { ...subscription, trialEnd }, invoices: [] };
}

/** Stripe as billing provider. */
import type { BilledSubscription, BillingAction, BillingProvider } from "../provider.ts";
import { type AnyPerformer, carryOut, hasHappened, inWords, readFor, type Uses } from "./attempts.ts";
import { readPrice, readPrices } from "./catalogue.ts";
import { nextCharge } from "./charges.ts";
import { findCustomers, updateCustomer } from "./customers.ts";
import { readDeclineCode } from "./declines.ts";
import { reading } from "./errors.ts";
import { readInvoices } from "./invoices.ts";
import type { Performer, Snapshot, StripeAccount, Tools } from "./model.ts";
import { retryPayment } from "./performers/collecting.ts";
import { discount, promoCode } from "./performers/discounts.ts";
import { cancel } from "./performers/leaving.ts";
import { pause, resume } from "./performers/pauses.ts";
import { changePrice } from "./performers/prices.ts";
import { extendTrial } from "./performers/trials.ts";
import { undoCancellation } from "./performers/undoing.ts";
import { paymentPage } from "./portal.ts";
import { createQueue } from "./queue.ts";
import { checkState } from "./rules.ts";
import { readSnapshot, readSnapshots } from "./snapshot.ts";
import { present } from "./view.ts";

const PERFORMERS: { [Type in BillingAction["type"]]: Performer<Type> } = {
  cancel,
  undo_cancellation: undoCancellation,
  retry_payment: retryPayment,
  discount,
  promo_code: promoCode,
  pause,
  resume,
  change_price: changePrice,
  extend_trial: extendTrial,
};

const performerOf = ({ type }: BillingAction): AnyPerformer => PERFORMERS[type] as AnyPerformer;

export function createStripeBilling(account: StripeAccount): BillingProvider {
  const queue = createQueue();
  const uses: Uses = new Map();

  async function toolsNow(): Promise<Tools> {
    const settings = await account.settings();
    const { testClock } = settings;
    if (testClock === undefined) return { account, settings, now: account.clock() };
    const clock = await reading(() => account.stripe.testHelpers.testClocks.retrieve(testClock));
    return { account, settings, now: clock.frozen_time * 1000 };
  }

  const shown = async (snapshot: Snapshot, { now, settings }: Tools): Promise<BilledSubscription> =>
    present(snapshot, await nextCharge(account, snapshot, now), now, settings);

  return {
    now: () => answering(async () => (await toolsNow()).now),

    findCustomers: (by) => answering(() => findCustomers(account, by)),

    subscriptions: (customerId) =>
      answering(async () => {
        const tools = await toolsNow();
        const found = await readSnapshots(account, customerId);
        return inOrder(await Promise.all(found.map((each) => shown(each, tools))));
      }),

    subscription: (id) =>
      answering(async () => {
        const tools = await toolsNow();
        const found = await readSnapshot(account, id);
        return found && shown(found, tools);
      }),

    price: (id) => answering(() => readPrice(account, id)),

    prices: (productId) => answering(() => readPrices(account, productId)),

    preview: (action) =>
      answering(async () => {
        const tools = await toolsNow();
        const before = await readFor(action, tools);
        checkState(before, action);
        return performerOf(action).foresee(before, action, tools);
      }),

    execute: (action, key) =>
      answering(() =>
        queue(action.subscriptionId, async () => {
          const tools = await toolsNow();
          const after = await carryOut({ action, key }, performerOf(action), tools, uses);
          // Of what is about to end nothing has to be asked any more: a cancellation does not fail for it.
          return shown(after, tools);
        }),
      ),

    readBack: (action, key) =>
      answering(async () => {
        const tools = await toolsNow();
        const found = await readSnapshot(account, action.subscriptionId);
        if (!found || !hasHappened(found, { action, key }, performerOf(action))) return undefined;
        return shown(found, tools);
      }),

    invoices: (of) => answering(() => readInvoices(account, of)),

    declineCode: (invoiceId) => answering(() => readDeclineCode(account, invoiceId)),

    updateCustomer: (customer) => answering(() => updateCustomer(account, customer)),

    paymentPage: (of) => answering(() => paymentPage(account, of)),
  };
}

/** Running ones first, oldest first within each. */
const inOrder = (subscriptions: BilledSubscription[]): BilledSubscription[] =>
  subscriptions
    .sort((one, other) => one.startedAt - other.startedAt)
    .sort((one, other) => Number(one.status === "cancelled") - Number(other.status === "cancelled"));

/** The domain knows one kind of error. */
async function answering<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw inWords(error);
  }
}

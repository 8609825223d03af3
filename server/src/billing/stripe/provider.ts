/** Stripe as billing provider. */
import type { BilledSubscription, BillingAction, BillingProvider } from "../provider.ts";
import { type AnyPerformer, carryOut, hasHappened, inWords, readFor, type Uses } from "./attempts.ts";
import { readPrice, readPrices } from "./catalogue.ts";
import { nextCharge } from "./charges.ts";
import { findCustomers, updateCustomer } from "./customers.ts";
import { readDeclineCode } from "./declines.ts";
import { isRefused, reading } from "./errors.ts";
import { readInvoices } from "./invoices.ts";
import type { Charge, Performer, Snapshot, StripeAccount, Tools } from "./model.ts";
import { wellFormed } from "./parts.ts";
import { retryPayment } from "./performers/collecting.ts";
import { discount, promoCode } from "./performers/discounts.ts";
import { cancel } from "./performers/leaving.ts";
import { mended } from "./performers/leftovers.ts";
import { asPlanned } from "./performers/pause-schedules.ts";
import { pause, resume } from "./performers/pauses.ts";
import { changePrice } from "./performers/prices.ts";
import { extendTrial } from "./performers/trials.ts";
import { undoCancellation } from "./performers/undoing.ts";
import { paymentPage } from "./portal.ts";
import { createQueue, several } from "./queue.ts";
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

/** What changes what is charged, or when. */
const CHARGING = ["discount", "promo_code", "pause", "change_price", "extend_trial"] as const;

/** Of one customer's subscriptions at a time: Stripe takes 25 requests a second of a kind, from everybody together. */
const PREVIEWS = 5;

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

  /** @param isDone it is the answer to something that is done, which nothing makes uncertain again */
  async function shown(found: Snapshot, tools: Tools, isDone = false): Promise<BilledSubscription> {
    const { now, settings } = tools;
    let snapshot = found;
    let charge: Charge | undefined;
    try {
      snapshot = await asPlanned(found, tools);
      charge = await nextCharge(account, snapshot, now);
    } catch (error) {
      if (!isDone && !isRefused(error)) throw error;
      const { code, message } = inWords(error);
      const { id } = snapshot.subscription;
      account.warn?.({ subscription: id, code, reason: message }, "Stripe does not say what comes next");
      return withoutOutlook(present(snapshot, undefined, now, settings));
    }
    return present(snapshot, charge, now, settings);
  }

  return {
    now: () => answering(async () => (await toolsNow()).now),

    findCustomers: (by) => answering(() => findCustomers(account, wellFormed(by))),

    subscriptions: (customerId) =>
      answering(async () => {
        const tools = await toolsNow();
        const found = await readSnapshots(account, customerId);
        return inOrder(
          await several(PREVIEWS, found, async (each) => shown(await mended(each, tools), tools)),
        );
      }),

    subscription: (id) =>
      answering(async () => {
        const tools = await toolsNow();
        const found = await readSnapshot(account, id);
        return found && shown(await mended(found, tools), tools);
      }),

    price: (id) => answering(() => readPrice(account, id)),

    prices: (productId) => answering(() => readPrices(account, productId)),

    preview: (asked) =>
      answering(async () => {
        const action = wellFormed(asked);
        const tools = await toolsNow();
        const before = await asPlanned(await readFor(action, tools), tools);
        checkState(before, action);
        return performerOf(action).foresee(before, action, tools);
      }),

    execute: (asked, key) =>
      answering(() =>
        queue(asked.subscriptionId, async () => {
          const action = wellFormed(asked);
          const tools = await toolsNow();
          const after = await carryOut({ action, key }, performerOf(action), tools, uses);
          // Of what is about to end nothing has to be asked any more: a cancellation does not fail for it.
          return shown(after, tools, true);
        }),
      ),

    readBack: (asked, key) =>
      answering(async () => {
        const action = wellFormed(asked);
        const tools = await toolsNow();
        const found = await readSnapshot(account, action.subscriptionId);
        if (!found || !hasHappened(found, { action, key }, performerOf(action))) return undefined;
        return shown(found, tools, true);
      }),

    invoices: (of) => answering(() => readInvoices(account, of)),

    declineCode: (invoiceId) => answering(() => readDeclineCode(account, invoiceId)),

    updateCustomer: (customer) => answering(() => updateCustomer(account, wellFormed(customer))),

    paymentPage: (of) => answering(() => paymentPage(account, of)),
  };
}

/** What a change would lead to nobody knows then; to leave, to stay and to pay what is owed needs no foresight. */
function withoutOutlook(subscription: BilledSubscription): BilledSubscription {
  return { ...subscription, refuses: [...new Set([...(subscription.refuses ?? []), ...CHARGING])] };
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

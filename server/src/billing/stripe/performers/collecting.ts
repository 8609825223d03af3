/** Another attempt to collect what is owed. */
import type Stripe from "stripe";
import { BillingError } from "../../provider.ts";
import { fromStripe } from "../amounts.ts";
import { asking, orMissing, reading } from "../errors.ts";
import type { Performer, Snapshot, Step, Tools } from "../model.ts";
import { refuse } from "../rules.ts";
import { present } from "../view.ts";
import { changed, outlookOf } from "./foreseen.ts";
import { checkPossible } from "./limits.ts";

export const retryPayment: Performer<"retry_payment"> = {
  async foresee(before, _action, tools) {
    checkDue(before, tools);
    const { currency } = before.subscription;
    const dueNow = before.open.reduce((sum, each) => sum + fromStripe(each.amount_remaining, currency), 0);
    const { subscription } = await outlookOf(paid(before), tools);
    return { dueNow, subscription };
  },

  async perform(before, _action, step, tools) {
    if (!step.begun) checkDue(before, tools);
    await step.begin();
    let collected = step.begun;
    for (const invoice of before.open) {
      try {
        await pay(invoice, step, tools);
        collected = true;
      } catch (error) {
        // What was paid before it stays paid: that is not nothing, and what is left is seen in what is still due.
        if (collected && error instanceof BillingError && error.kind === "rejected") break;
        throw error;
      }
    }
    const { subscription } = before;
    await asking(() =>
      tools.account.stripe.subscriptions.update(subscription.id, { metadata: step.done }, step.once("done")),
    );
  },

  holds: ({ open }) => !open.length,
};

function checkDue(before: Snapshot, tools: Tools): void {
  const { due } = present(before, undefined, tools.now, tools.settings);
  if (!due) refuse("nothing_due", `${before.subscription.id} owes nothing`);
  checkPossible(before, "retry_payment", tools);
}

/** @throws BillingError payment_declined also where Stripe has nothing to charge, or the bank wants to ask the customer */
async function pay({ id }: Stripe.Invoice, step: Step, { account: { stripe } }: Tools): Promise<void> {
  try {
    const { status } = await asking(() => stripe.invoices.pay(id, {}, step.once(`pay-${id}`)));
    // The bank takes its time: what has been asked for may still come.
    if (status !== "paid") throw new BillingError("unknown", "payment_processing", `${id} is ${status}`);
  } catch (error) {
    if (!(error instanceof BillingError) || error.kind !== "rejected") throw error;
    // Stripe's own attempt, or the customer's on its page, may have come first.
    const current = await orMissing(reading(() => stripe.invoices.retrieve(id)));
    if (current && current.status !== "open") return;
    if (error.code === "idempotency_mismatch") throw error;
    throw Object.assign(new BillingError("rejected", "payment_declined", error.message), { cause: error });
  }
}

function paid(before: Snapshot): Snapshot {
  const { status } = before.subscription;
  const isBehind = status === "past_due" || status === "unpaid";
  return { ...(isBehind ? changed(before, { status: "active" }) : before), open: [] };
}

/** Pages of Stripe's own. */
import { BillingError } from "../provider.ts";
import { expectCard } from "./cards.ts";
import { asking, orMissing } from "./errors.ts";
import type { StripeAccount, StripeSettings } from "./model.ts";
import { idOf, isElsewhere } from "./parts.ts";

/** @throws BillingError rejected, see BillingProvider.paymentPage */
export async function paymentPage(
  account: StripeAccount,
  of: { customerId: string; subscriptionId: string; returnUrl: string },
): Promise<string> {
  const { stripe } = account;
  const settings = await account.settings();
  const expand = ["customer"];
  const found = await orMissing(asking(() => stripe.subscriptions.retrieve(of.subscriptionId, { expand })));
  if (!found || idOf(found.customer) !== of.customerId || isElsewhere(found, settings))
    throw new BillingError("rejected", "resource_missing", `No subscription ${of.subscriptionId}`);
  const url = await openPage(account, of, settings);
  await expectCard(account, found);
  return url;
}

async function openPage(
  { stripe }: StripeAccount,
  of: { customerId: string; returnUrl: string },
  { portalConfiguration }: StripeSettings,
): Promise<string> {
  try {
    const session = await asking(() =>
      stripe.billingPortal.sessions.create({
        customer: of.customerId,
        return_url: of.returnUrl,
        ...(portalConfiguration === undefined ? {} : { configuration: portalConfiguration }),
        flow_data: {
          type: "payment_method_update",
          after_completion: { type: "redirect", redirect: { return_url: of.returnUrl } },
        },
      }),
    );
    return session.url;
  } catch (error) {
    // The customer is there: what is left is a portal that is not set up, or not for payment methods.
    if (!(error instanceof BillingError) || error.kind !== "rejected") throw error;
    throw new BillingError("rejected", "payment_page_unavailable", error.message);
  }
}

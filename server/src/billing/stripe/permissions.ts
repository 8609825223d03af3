/**
 * What a restricted key must be allowed to do: one table, from which the check asks, the link that makes a key is built, and
 * docs/stripe.md is held to. Names as Stripe's dashboard shows them, ids as its API permissions reference has them.
 */
import type Stripe from "stripe";

/** Made up, so that a request about it can have no effect: Stripe looks at the permission first, then for the object. */
const missing = (prefix: string): string => `${prefix}_renumerate_check`;

/** A field that would change nothing even if there were such an object. */
const nothing = { metadata: { renumerate_check: "" } };

export interface Permission {
  resource: string;
  level: "Read" | "Write";
  /** Without `_read` or `_write`. */
  id: string;
  why: string;
  /** Everything but the check goes without it. */
  optional?: true;
  /** Each must be allowed. What is refused for another reason is. */
  probes: readonly ((stripe: Stripe) => Promise<unknown>)[];
}

export const PERMISSIONS: readonly Permission[] = [
  {
    resource: "Customers",
    level: "Write",
    id: "customer",
    why: "finding who is signed in, billing details",
    probes: [(stripe) => stripe.customers.update(missing("cus"), nothing)],
  },
  {
    resource: "Subscriptions",
    level: "Write",
    id: "subscription",
    why: "everything: offers, pauses, changes of plan, cancellations, schedules",
    probes: [
      (stripe) => stripe.subscriptions.update(missing("sub"), nothing),
      (stripe) => stripe.subscriptionSchedules.update(missing("sub_sched"), nothing),
    ],
  },
  {
    resource: "Invoices",
    level: "Write",
    id: "invoice",
    why: "the next charge, invoices in the hub, paying and voiding what is open",
    probes: [
      (stripe) => stripe.invoices.update(missing("in"), nothing),
      (stripe) => stripe.invoices.createPreview({ subscription: missing("sub") }),
      (stripe) => stripe.invoicePayments.list({ limit: 1 }),
    ],
  },
  {
    resource: "Credit notes",
    level: "Write",
    id: "credit_note",
    why: "giving back what was charged after somebody had left",
    probes: [(stripe) => stripe.creditNotes.update(missing("cn"), nothing)],
  },
  {
    resource: "Charges and Refunds",
    level: "Write",
    id: "charge",
    why: "the refund that such a credit note makes, and what was refunded before",
    probes: [(stripe) => stripe.refunds.update(missing("re"), nothing)],
  },
  {
    resource: "PaymentMethods",
    level: "Read",
    id: "payment_method",
    why: "the card that the next charge is taken from",
    probes: [(stripe) => stripe.paymentMethods.retrieve(missing("pm"))],
  },
  {
    resource: "PaymentIntents",
    level: "Read",
    id: "payment_intent",
    why: "why a payment has failed",
    probes: [(stripe) => stripe.paymentIntents.retrieve(missing("pi"))],
  },
  {
    resource: "Coupons",
    level: "Write",
    id: "coupon",
    why: "discounts",
    probes: [(stripe) => stripe.coupons.update("renumerate_check", nothing)],
  },
  {
    resource: "Promotion Codes",
    level: "Read",
    id: "promotion_code",
    why: "codes that customers type",
    probes: [(stripe) => stripe.promotionCodes.list({ limit: 1 })],
  },
  {
    resource: "Products",
    level: "Read",
    id: "product",
    why: "names and features of plans",
    probes: [(stripe) => stripe.products.list({ limit: 1 })],
  },
  {
    resource: "Prices",
    level: "Read",
    id: "plan",
    why: "plans to change to",
    probes: [(stripe) => stripe.prices.list({ limit: 1 })],
  },
  {
    resource: "Customer portal",
    level: "Write",
    id: "customer_portal",
    why: "the page for another payment method",
    probes: [(stripe) => stripe.billingPortal.sessions.create({ customer: missing("cus") })],
  },
  {
    resource: "Test clocks",
    level: "Read",
    id: "billing_clock",
    why: "time that can be moved, in test mode",
    optional: true,
    probes: [(stripe) => stripe.testHelpers.testClocks.list({ limit: 1 })],
  },
  {
    resource: "Webhook Endpoints",
    level: "Read",
    id: "webhook",
    why: "`renumerate stripe check` sees whether events reach this server",
    optional: true,
    probes: [(stripe) => stripe.webhookEndpoints.list({ limit: 1 })],
  },
];

/** Which permission Stripe names with its refusal. */
export interface Named {
  /** As in the table. */
  id?: string;
  /** As Stripe's API has it: `rak_coupon_write`. */
  key?: string;
  /** As Stripe's form for keys has it, where it says so. */
  label?: string;
}

export function permissionIn({ message }: Error): Named {
  const [, id, level] = /'(?:rak_)?(\w+)_(read|write)'/.exec(message) ?? [];
  const [, label] = /Enabling "?([^"(]+?)"? \('\w+'\)/.exec(message) ?? [];
  return { ...(id && level ? { id, key: `rak_${id}_${level}` } : {}), ...(label ? { label } : {}) };
}

/** Stripe's form for a restricted key, filled in. */
export const KEY_LINK = `https://dashboard.stripe.com/apikeys/create?name=Renumerate&${PERMISSIONS.map(
  ({ id, level }, index) => `permissions[${index}]=rak_${id}_${level.toLowerCase()}`,
).join("&")}`;

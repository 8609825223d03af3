/**
 * Whether Stripe answers what is asked again and again, with all that is expanded: each thing that is shown with another
 * wants a permission of its own, and Stripe alone knows which.
 */
import Stripe from "stripe";
import { CUSTOMER_EXPAND } from "./customers.ts";
import { DECLINE_EXPAND } from "./declines.ts";
import { type Finding, lacks, note, ok, unanswered, wordsOf } from "./finding.ts";
import { permissionIn } from "./permissions.ts";
import { OF_SUBSCRIPTION } from "./snapshot.ts";

const { StripeInvalidRequestError, StripePermissionError } = Stripe.errors;

interface Read {
  about: string;
  /** The server goes on without it where an account does not have it. */
  optional?: true;
  ask: (stripe: Stripe) => Promise<unknown>;
}

/** Enough to be refused, and what there is of it is of no interest. */
const one = (...expand: string[]) => ({ limit: 1, expand: expand.map((path) => `data.${path}`) });

const READS: readonly Read[] = [
  {
    about: "reading subscriptions",
    ask: (stripe) => stripe.subscriptions.list({ status: "all", ...one(...OF_SUBSCRIPTION) }),
  },
  { about: "reading customers", ask: (stripe) => stripe.customers.list(one(...CUSTOMER_EXPAND)) },
  {
    about: "searching customers",
    optional: true,
    ask: (stripe) => stripe.customers.search({ query: 'email:"nobody@example.com"', limit: 1 }),
  },
  {
    about: "reading invoices",
    async ask(stripe) {
      const { data } = await stripe.invoices.list({ limit: 1 });
      // Of a list Stripe does not expand as deep as this.
      const [id] = data.map((invoice) => invoice.id);
      if (id) await stripe.invoices.retrieve(id, { expand: DECLINE_EXPAND });
    },
  },
  {
    about: "reading what was given back",
    async ask(stripe) {
      await stripe.creditNotes.list(one("invoice"));
      await stripe.refunds.list({ limit: 1 });
      await stripe.invoicePayments.list({ limit: 1 });
    },
  },
  {
    about: "reading prices",
    ask: (stripe) => stripe.prices.list(one("product", "currency_options", "tiers")),
  },
  {
    about: "reading coupons",
    async ask(stripe) {
      await stripe.coupons.list(one("applies_to", "currency_options"));
      await stripe.promotionCodes.list(
        one("promotion.coupon.applies_to", "promotion.coupon.currency_options"),
      );
    },
  },
];

/** @param lacking permissions that are known to be missing: nothing is said of them again */
export async function checkReads(stripe: Stripe, lacking: ReadonlySet<string>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const read of READS) {
    const found = await checkRead(stripe, read, lacking);
    if (found) findings.push(found);
  }
  return findings;
}

async function checkRead(
  stripe: Stripe,
  { about, optional, ask }: Read,
  lacking: ReadonlySet<string>,
): Promise<Finding | undefined> {
  try {
    await ask(stripe);
    return ok(about, "with all that is shown");
  } catch (error) {
    const says = `Stripe refuses: ${wordsOf(error)}`;
    if (error instanceof StripePermissionError) {
      const { id, key, label } = permissionIn(error);
      if (id !== undefined && lacking.has(id)) return undefined;
      const what = label ?? key ?? "what Stripe names";
      return lacks(about, says, `edit the key at https://dashboard.stripe.com/apikeys and allow ${what}`);
    }
    if (!(error instanceof StripeInvalidRequestError)) return unanswered(about, error);
    if (optional) return note(about, says, "name customers by their id, or by the address as Stripe has it");
    return lacks(about, says, "tell who makes this server: Stripe's API is not as it was built for");
  }
}

/** Who is billed. */
import type Stripe from "stripe";
import type { Address } from "../../../../src/api/wire.ts";
import { BillingError, type Customer } from "../provider.ts";
import { asking, isRefused, orMissing, reading } from "./errors.ts";
import type { StripeAccount } from "./model.ts";
import { isElsewhere, isId } from "./parts.ts";

export const CUSTOMER_EXPAND = [
  "invoice_settings.default_payment_method",
  "default_source",
  "discount.source.coupon",
];

const FIELDS = {
  line1: "line1",
  line2: "line2",
  city: "city",
  postalCode: "postal_code",
  state: "state",
  country: "country",
} as const satisfies Record<keyof Address, keyof Stripe.Address>;
const KEYS = Object.keys(FIELDS) as (keyof Address)[];

/** The oldest first; both given means both must fit. */
export async function findCustomers(
  account: StripeAccount,
  { id, email }: { id?: string; email?: string },
): Promise<Customer[]> {
  const found = await candidates(account, id, email);
  return found
    .filter((each) => email === undefined || sameAddress(each.email, email))
    .sort((one, other) => one.created - other.created)
    .map(shownCustomer);
}

async function candidates(
  account: StripeAccount,
  id: string | undefined,
  email: string | undefined,
): Promise<Stripe.Customer[]> {
  if (id !== undefined) {
    const one = await readCustomer(account, id);
    return one ? [one] : [];
  }
  return email ? byEmail(account, email) : [];
}

/**
 * Stripe's list compares e-mail addresses with their case. Its search does not, but finds what is new only after a
 * while, and what has changed by what it was: such findings are read again.
 */
async function byEmail(account: StripeAccount, email: string): Promise<Stripe.Customer[]> {
  const spellings = [...new Set([email, email.toLowerCase()])];
  const [searched, ...listed] = await Promise.all([
    search(account, email).catch(asAnswer),
    ...spellings.map((spelling) => list(account, spelling)),
  ]);
  const known = new Map(listed.flat().map((each) => [each.id, each]));
  if (searched instanceof BillingError) {
    // Nobody waits for a search that is silent, if they are known by the very address; that there is nobody it has to say.
    if (!known.size) throw searched;
    return [...known.values()];
  }
  const others = searched.filter((each) => !known.has(each.id));
  for (const each of await Promise.all(others.map(({ id }) => readCustomer(account, id))))
    if (each) known.set(each.id, each);
  const settings = await account.settings();
  return [...known.values()].filter((each) => !isElsewhere(each, settings));
}

function asAnswer(error: unknown): BillingError {
  if (error instanceof BillingError) return error;
  throw error;
}

async function list({ stripe, settings }: StripeAccount, email: string): Promise<Stripe.Customer[]> {
  const { testClock } = await settings();
  // Without its name, those on a test clock are not listed.
  const of = testClock === undefined ? {} : { test_clock: testClock };
  return reading(() =>
    stripe.customers.list({ email, limit: 100, ...of }).autoPagingToArray({ limit: 1000 }),
  );
}

async function search({ stripe }: StripeAccount, email: string): Promise<Stripe.Customer[]> {
  const query = `email:"${email.replaceAll(/["\\]/g, "\\$&")}"`;
  try {
    return (await reading(() => stripe.customers.search({ query, limit: 100 }))).data;
  } catch (error) {
    // There are countries whose accounts have no search, and addresses that it takes for no query.
    if (isRefused(error)) return [];
    throw error;
  }
}

const sameAddress = (one: string | null, other: string) => one?.toLowerCase() === other.toLowerCase();

/** With what charges are taken from. Undefined for one that is deleted or on another test clock than ours. */
export async function readCustomer(account: StripeAccount, id: string): Promise<Stripe.Customer | undefined> {
  if (!isId(id)) return undefined;
  const found = await orMissing(
    reading(() => account.stripe.customers.retrieve(id, { expand: CUSTOMER_EXPAND })),
  );
  if (!found || found.deleted || isElsewhere(found, await account.settings())) return undefined;
  return found;
}

/** @throws BillingError rejected if there is no such customer */
export async function updateCustomer(account: StripeAccount, customer: Customer): Promise<Customer> {
  const { id, name = "", email = "", address } = customer;
  if (!(await readCustomer(account, id)))
    throw new BillingError("rejected", "resource_missing", `No customer ${id}`);
  const params = { name, email, address: addressParams(address) };
  return shownCustomer(await asking(() => account.stripe.customers.update(id, params)));
}

/** Every field is given, since Stripe leaves what is not given as it is. */
function addressParams(address: Address | undefined): Stripe.CustomerUpdateParams["address"] {
  if (!address || KEYS.every((key) => !address[key])) return "";
  return Object.fromEntries(KEYS.map((key) => [FIELDS[key], address[key] ?? ""]));
}

export function shownCustomer({ id, name, email, address }: Stripe.Customer): Customer {
  const given = KEYS.flatMap((key) => {
    const value = address?.[FIELDS[key]];
    return value ? [[key, value] as const] : [];
  });
  return {
    id,
    ...(name ? { name } : {}),
    ...(email ? { email } : {}),
    ...(given.length ? { address: Object.fromEntries(given) } : {}),
  };
}

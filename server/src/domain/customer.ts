/** What a hub shows and changes of the customer as a whole: invoices, billing details, the way to the payment method. */
import type {
  BillingDetailsRequest,
  HubCustomer,
  HubInvoices,
  PaymentPage,
  PaymentPageRequest,
} from "../../../src/api/wire.ts";
import { BillingError, type BillingProvider, type Customer } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { HubSwitch, WorkspaceRow } from "../store/store.ts";
import { actionsOf, isOn } from "./availability.ts";
import { Problem, type ProblemCode } from "./problem.ts";
import type { SessionClaims } from "./session-token.ts";

type Settings = Pick<WorkspaceRow, "settings">;

/** Invoices on a page: a year of monthly ones. */
const PAGE = 12;

function checkOn({ settings }: Settings, name: HubSwitch): void {
  if (!isOn(settings.hub, name)) throw new Problem("change_not_available");
}

/** @throws Problem of this code where billing refuses */
async function orRefuse<Result>(asked: Promise<Result>, code: ProblemCode): Promise<Result> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof BillingError && cause.kind === "rejected") throw new Problem(code, { cause });
    throw cause;
  }
}

/** As the contract has it: what is absent or empty is left out. */
export function shownCustomer({ name, email, address = {} }: Omit<Customer, "id">): HubCustomer {
  const filled = Object.fromEntries(Object.entries(address).filter(([, line]) => line));
  return {
    ...(name ? { name } : {}),
    ...(email ? { email } : {}),
    ...(Object.keys(filled).length ? { address: filled } : {}),
  };
}

/**
 * @param after where the page before has ended
 * @throws Problem change_not_available; BillingError
 */
export async function readInvoices(
  deps: Deps,
  claims: SessionClaims,
  workspace: Settings,
  after: string | undefined,
): Promise<HubInvoices> {
  checkOn(workspace, "invoices");
  const { customerId, subscriptionId } = claims;
  const { invoices, more } = await deps.billing(claims).invoices({
    customerId,
    ...(subscriptionId === undefined ? {} : { subscriptionId }),
    limit: PAGE,
    ...(after === undefined ? {} : { after }),
  });
  const last = invoices.at(-1);
  return { invoices, ...(more && last ? { after: last.id } : {}) };
}

/**
 * @param origin of the page that asks; absent where no browser says it
 * @throws Problem parameter_invalid, subscription_not_found, change_not_available; BillingError
 */
export async function openPaymentPage(
  deps: Deps,
  claims: SessionClaims,
  { settings }: Settings,
  { subscription: id, returnUrl }: PaymentPageRequest,
  origin: string | undefined,
): Promise<PaymentPage> {
  const back = checkedReturn(returnUrl, origin ?? new URL(deps.publicUrl).origin);
  const { customerId, subscriptionId = id } = claims;
  const billing = deps.billing(claims);
  const subscription = subscriptionId === id ? await billing.subscription(id) : undefined;
  if (subscription?.customerId !== customerId) throw new Problem("subscription_not_found");
  // Prices have no part in it.
  const facts = { now: await billing.now(), settings: settings.hub, forSale: [] };
  if (!actionsOf(subscription, facts).payment_method) throw new Problem("change_not_available");
  const page = billing.paymentPage({ customerId, subscriptionId: id, returnUrl: back });
  return { url: await orRefuse(page, "change_not_available") };
}

/** Nobody is sent to a third place from here: only back to where they were. */
function checkedReturn(returnUrl: string, origin: string): string {
  const url = URL.canParse(returnUrl) ? new URL(returnUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== origin) {
    throw new Problem("parameter_invalid", {
      param: "returnUrl",
      message: "returnUrl must be a page of the origin that asks.",
    });
  }
  return url.href;
}

/** Sites may ask for sessions by e-mail address: nobody may take one that stands for somebody else. */
async function checkEmail(
  billing: BillingProvider,
  { customerId }: SessionClaims,
  workspace: Settings,
  email: string,
): Promise<void> {
  checkOn(workspace, "billing_email");
  const found = await billing.findCustomers({ email });
  if (found.some(({ id }) => id !== customerId)) {
    throw new Problem("parameter_invalid", {
      param: "email",
      message: "This e-mail address cannot be used here.",
    });
  }
}

const regions = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

/**
 * Takes the place of all that was there.
 * @throws Problem change_not_available, parameter_invalid, billing_rejected; BillingError
 */
export async function saveBillingDetails(
  deps: Deps,
  claims: SessionClaims,
  workspace: Settings,
  details: BillingDetailsRequest,
): Promise<HubCustomer> {
  const { address, email } = details;
  const { country } = address;
  if (country && !regions.of(country)) {
    throw new Problem("parameter_invalid", {
      param: "address/country",
      message: `There is no country "${country}".`,
    });
  }
  checkOn(workspace, "billing_details");
  const billing = deps.billing(claims);
  const [before] = await billing.findCustomers({ id: claims.customerId });
  if (email !== undefined && email !== before?.email) await checkEmail(billing, claims, workspace, email);
  const wanted = { id: claims.customerId, ...shownCustomer({ ...details, email: email ?? before?.email }) };
  return shownCustomer(await orRefuse(billing.updateCustomer(wanted), "billing_rejected"));
}

/** What a subscription hub asks its server for. All reject with what the calls of `Client` reject with. */
import type { Client } from "./client.ts";
import { dismissAck, hub, hubCustomer, hubInvoices, hubPreview, hubResult, paymentPage } from "./hub-wire.ts";
import type {
  BillingDetailsRequest,
  Hub,
  HubChange,
  HubChangeRequest,
  HubCustomer,
  HubInvoices,
  HubPreview,
  HubResult,
  PaymentPage,
} from "./wire.ts";

/**
 * The customer's subscriptions, with the business's own words in a language.
 * @param locale of the words, BCP 47
 */
export const readHub = (client: Client, locale: string, signal: AbortSignal): Promise<Hub> =>
  client.call("hub", hub, { locale }, { signal });

/** @param after where the page before has ended */
export const readInvoices = (
  client: Client,
  after: string | undefined,
  signal: AbortSignal,
): Promise<HubInvoices> => client.call("hub/invoices", hubInvoices, { after }, { signal });

/** What a change would lead to. */
export const previewChange = (
  client: Client,
  subscription: string,
  change: HubChange,
  signal: AbortSignal,
): Promise<HubPreview> => client.call("hub/preview", hubPreview, { subscription, change }, { signal });

/** Safe to repeat: the request has an id. */
export const makeChange = (client: Client, request: HubChangeRequest): Promise<HubResult> =>
  client.call("hub/change", hubResult, request);

/** @param returnUrl where the customer comes back to */
export const openPaymentPage = (
  client: Client,
  subscription: string,
  returnUrl: string,
): Promise<PaymentPage> => client.call("hub/payment-page", paymentPage, { subscription, returnUrl });

export const saveBillingDetails = (client: Client, details: BillingDetailsRequest): Promise<HubCustomer> =>
  client.call("hub/billing-details", hubCustomer, details);

export const dismissOffer = (client: Client, offer: string): Promise<{ dismissed: boolean }> =>
  client.call("hub/dismiss", dismissAck, { offer });

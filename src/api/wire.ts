// Written by `npm run generate` from contract.ts. Do not edit.
import type { Shape } from "./check.ts";

export interface Address {
  line1?: string;
  line2?: string;
  city?: string;
  postalCode?: string;
  /** State, province or region */
  state?: string;
  /** ISO 3166-1, two capital letters */
  country?: string;
}

export interface AnnualSwitchTerms {
  plan: PlanOption;
  /** Charged today, after the credit for the unused time */
  dueNow: number;
  /** Less than twelve months at today's price, per year */
  saving: number;
}

/** Takes the place of what was there */
export interface BillingDetailsRequest {
  name: string;
  /** Absent: stays as it is */
  email?: string;
  address: { line1?: string; line2?: string; city?: string; postalCode?: string; state?: string; country?: string; };
}

/** What the customer picked within an offer */
export interface Choice {
  /** Pause length */
  months?: number;
  /** Pause end, instead of a length */
  until?: number;
  /** Plan that was picked */
  priceId?: string;
}

export interface CustomTerms {
  name: string;
  data?: unknown;
}

export interface DecisionRequest {
  session: string;
  /** The whole run; its last event is the decision */
  events: FlowEvent[];
  /** Milliseconds since the customer decided, by the clock of the page; a cancellation that arrives late counts from then */
  age?: number;
  /** The offer exactly as it was shown; it must equal what the server will execute */
  seen?: { offer: string; terms: unknown; choice?: { /** Pause length */ months?: number; /** Pause end, instead of a length */ until?: number; /** Plan that was picked */ priceId?: string; }; };
}

/** A running discount; without endsAt it never ends */
export interface Discount {
  percentOff?: number;
  amountOff?: number;
  endsAt?: number;
}

export type DiscountDuration = "once" | "repeating" | "forever";

export interface DiscountTerms {
  percentOff?: number;
  amountOff?: number;
  duration: DiscountDuration;
  /** Present when duration is repeating */
  months?: number;
  /** What a period costs today */
  amount: number;
  /** What a discounted period costs */
  discounted: number;
  currency: string;
  /** First charge at the full price again; absent when forever, and where it is not known */
  fullPriceAt?: number;
}

export interface DismissAck {
  dismissed: boolean;
}

export interface DismissRequest {
  offer: string;
}

export interface ErrorBody {
  error: { type: string; code: string; message: string; param?: string; request_id?: string; };
}

export interface EventsAck {
  accepted: number;
}

export interface EventsRequest {
  session: string;
  events: FlowEvent[];
}

/** `payload.signature`, made by the site's own backend */
export interface ExchangeRequest {
  handshakeToken: string;
}

export interface ExchangeResponse {
  session: { sessionId: string; /** Seconds since 1970 */
  expiresAt: number; };
}

export interface Flow {
  id: string;
  version: number;
  steps: Step[];
}

/** Everything a widget needs to run one flow for one customer */
export interface FlowConfig {
  session: { id: string; environment: "prod" | "sandbox"; /** Bearer of this session's events and decisions for a week, whatever becomes of the session id; opens nothing */
  deliveryToken?: string; /** Present when this session has already been decided */ settlement?: Settlement; };
  flow: Flow;
  subscription: FlowSubscription;
  customer: { name?: string; email?: string; };
  attributes: Record<string, string | number | boolean>;
  fallbackEmail?: string;
  /** Words of the business in place of the widget's own, by key; a plural form as `key.one` */
  messages?: Record<string, string>;
  /** Billing's clock */
  now: number;
}

export type FlowEvent = { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "open"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "select"; reason: string; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "write"; text: string; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "choose"; choice: { /** Pause length */ months?: number; /** Pause end, instead of a length */ until?: number; /** Plan that was picked */ priceId?: string; }; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "fill"; value: unknown; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "next"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "back"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "accept"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "decline"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "leave"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "confirm"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "keep"; } | { /** Made by the client; a repeated id is the same event */ id: string; /** One opening of the flow */ run: string; /** Position within the run */ seq: number; at: number; type: "close"; };

export interface FlowSubscription {
  id: string;
  status: SubscriptionStatus;
  plan: { id: string; name: string; features: string[]; };
  price?: Price;
  startedAt: number;
  /** End of the period that is paid for */
  periodEnd?: number;
  trialEnd?: number;
  pausedUntil?: number;
  /** Set once a cancellation is confirmed: the last instant of access */
  cancelAt?: number;
  discount?: Discount;
  /** Another plan or price that takes this one's place at the next charge */
  scheduledChange?: { name: string; price: Price; at: number; };
  /** What billing will charge next, and when; absent if nothing more will be charged */
  nextCharge?: { amount: number; currency: string; at: number; };
}

/** What a subscription hub shows of one customer */
export interface Hub {
  environment: "prod" | "sandbox";
  /** The newest first; of the one that the session names, if it does */
  subscriptions: HubSubscription[];
  /** Ids of the subscriptions for which something was decided that billing has not confirmed yet */
  requested?: string[];
  /** What the business offers without being asked; at most one */
  offer?: { /** Its id */ subscription: string; offer: Offer; };
  customer: HubCustomer;
  /** What there is about the customer as a whole; with billing_email the e-mail address can be changed, too */
  sections: ("invoices" | "billing_details" | "billing_email")[];
  fallbackEmail?: string;
  /** Words of the business in place of the widget's own, by key; a plural form as `key.one` */
  messages?: Record<string, string>;
  /** Billing's clock */
  now: number;
}

/** What can be done with a subscription now, with what there is to choose; the rest is absent */
export interface HubActions {
  plan_change?: { plans: PlanOption[]; };
  annual_switch?: { plan: PlanOption; /** As in AnnualSwitchTerms */
  saving: number; };
  pause?: PauseTerms;
  /** Another end for the running pause; sooner is possible too */
  extend_pause?: PauseTerms;
  resume?: {  };
  undo_cancellation?: {  };
  promo_code?: {  };
  retry_payment?: {  };
  payment_method?: {  };
  cancel?: {  };
}

/** What a customer wants changed in a subscription */
export type HubChange = { type: "plan_change"; priceId: string; } | { type: "annual_switch"; } | { type: "pause"; choice: { /** Pause length */ months?: number; /** Pause end, instead of a length */ until?: number; /** Plan that was picked */ priceId?: string; }; } | { type: "extend_pause"; choice: { /** Pause length */ months?: number; /** Pause end, instead of a length */ until?: number; /** Plan that was picked */ priceId?: string; }; } | { type: "resume"; } | { type: "undo_cancellation"; } | { type: "promo_code"; code: string; } | { type: "retry_payment"; } | { type: "offer"; /** Id of the offer that the hub shows */ offer: string; };

export interface HubChangeRequest {
  /** Made by the client; a repeated id is the same change */
  id: string;
  subscription: string;
  change: HubChange;
  /** The HubPreview that was shown; what is carried out must equal it */
  seen: unknown;
}

export interface HubCustomer {
  name?: string;
  email?: string;
  address?: Address;
}

export interface HubInvoices {
  /** The newest first */
  invoices: Invoice[];
  /** Where the next page begins; absent on the last */
  after?: string;
}

/** What a change would lead to. Nothing is changed */
export interface HubPreview {
  /** Billing's clock when this was worked out; it holds for a quarter of an hour */
  at: number;
  /** Charged at once */
  dueNow: number;
  currency: string;
  /** As it would be afterwards */
  subscription: Subscription;
}

export interface HubPreviewRequest {
  subscription: string;
  change: HubChange;
}

/** What a change has led to */
export interface HubResult {
  /** requested: accepted and safe, but billing has not confirmed it yet */
  status: "done" | "requested";
  /** Read back from billing afterwards */
  subscription: Subscription;
}

export interface HubSubscription {
  id: string;
  status: SubscriptionStatus;
  plan: { id: string; name: string; features: string[]; };
  price: Price;
  startedAt: number;
  /** End of the period that is paid for */
  periodEnd: number;
  trialEnd?: number;
  pausedUntil?: number;
  /** Set once a cancellation is confirmed: the last instant of access */
  cancelAt?: number;
  discount?: Discount;
  /** Another plan or price that takes this one's place at the next charge */
  scheduledChange?: { name: string; price: Price; at: number; };
  /** What billing will charge next, and when; absent if nothing more will be charged */
  nextCharge?: { amount: number; currency: string; at: number; };
  actions: HubActions;
  paymentMethod?: PaymentMethod;
  /** What could not be collected, and since when */
  due?: { amount: number; currency: string; at: number; };
}

export type Interval = "day" | "week" | "month" | "year";

export interface Invoice {
  id: string;
  /** For people */
  number?: string;
  at: number;
  /** Negative for what was given back */
  amount: number;
  currency: string;
  status: "paid" | "open" | "void" | "uncollectible";
  /** Page or document of the provider */
  invoiceUrl?: string;
  receiptUrl?: string;
}

export interface LinkTerms {
  /** https:, or mailto: and tel: for contact */
  url: string;
}

/** An offer this session may take, with the terms that will be executed */
export type Offer = { type: "discount"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: DiscountTerms; } | { type: "pause"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: PauseTerms; } | { type: "plan_change"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: PlanChangeTerms; } | { type: "annual_switch"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: AnnualSwitchTerms; } | { type: "trial_extension"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: TrialExtensionTerms; } | { type: "contact"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: LinkTerms; } | { type: "redirect"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: LinkTerms; } | { type: "custom"; id: string; title?: string; body?: string; acceptLabel?: string; declineLabel?: string; terms: CustomTerms; };

export type Outcome = "retained" | "cancelled" | "abandoned";

export interface PauseTerms {
  /** Lengths to pick from */
  months: number[];
  /** Present when the customer may pick a date */
  dates?: { min: number; max: number; };
  startsAt: number;
}

export interface PaymentMethod {
  /** As the customer calls it: Visa, SEPA Direct Debit, PayPal, … */
  brand: string;
  last4?: string;
  /** 1 to 12; it is good until the end of that month */
  expMonth?: number;
  /** Four digits */
  expYear?: number;
}

export interface PaymentPage {
  /** The provider's own page, for this customer and for a short time */
  url: string;
}

export interface PaymentPageRequest {
  subscription: string;
  /** Where the customer comes back to; a page of the origin that asks */
  returnUrl: string;
}

export interface PlanChangeTerms {
  plans: PlanOption[];
  /** First charge at the new price */
  startsAt: number;
}

/** A plan the customer can pick */
export interface PlanOption {
  price: Price;
  name: string;
  description?: string;
  features?: string[];
}

export interface Price {
  id: string;
  /** Minor units for one interval, for the whole quantity, before discounts */
  amount: number;
  /** Lower-case ISO 4217 */
  currency: string;
  interval: Interval;
  /** 1 for monthly, 3 for quarterly, … */
  intervalCount: number;
}

export interface Reason {
  id: string;
  /** Absent: the widget's own words for this reason, in the customer's language */
  label?: string;
  offer?: Offer;
  followup?: { label?: string; required?: boolean; };
}

/** customer_id or customer_email is needed */
export interface SessionRequest {
  customer_id?: string;
  customer_email?: string;
  subscription_id?: string;
}

/** The same session id under both documented keys */
export interface SessionResponse {
  id: string;
  session: { id: string; };
}

/** What a decision has led to */
export interface Settlement {
  outcome: "retained" | "cancelled";
  /** requested: accepted and safe, but billing has not confirmed it yet */
  status: "done" | "requested";
  offer?: { id: string; type: string; };
  choice?: Choice;
  at: number;
  /** Read back from billing afterwards */
  subscription: FlowSubscription;
}

export type Step = { type: "survey"; id: string; title?: string; body?: string; reasons: Reason[]; required?: boolean; } | { type: "offer"; id: string; title?: string; body?: string; offer: Offer; } | { type: "feedback"; id: string; title?: string; body?: string; label?: string; required?: boolean; minLength?: number; } | { type: "losses"; id: string; title?: string; body?: string; items: string[]; } | { type: "confirm"; id: string; title?: string; body?: string; effective: "period_end" | "immediately"; confirmLabel?: string; keepLabel?: string; } | { type: "success"; id: string; title?: string; body?: string; retained?: { title?: string; body?: string; }; cancelled?: { title?: string; body?: string; }; } | { type: "custom"; id: string; title?: string; body?: string; name: string; data?: unknown; required?: boolean; };

export interface Subscription {
  id: string;
  status: SubscriptionStatus;
  plan: { id: string; name: string; features: string[]; };
  price: Price;
  startedAt: number;
  /** End of the period that is paid for */
  periodEnd: number;
  trialEnd?: number;
  pausedUntil?: number;
  /** Set once a cancellation is confirmed: the last instant of access */
  cancelAt?: number;
  discount?: Discount;
  /** Another plan or price that takes this one's place at the next charge */
  scheduledChange?: { name: string; price: Price; at: number; };
  /** What billing will charge next, and when; absent if nothing more will be charged */
  nextCharge?: { amount: number; currency: string; at: number; };
}

export type SubscriptionStatus = "trialing" | "active" | "past_due" | "paused" | "cancelled";

export interface TrialExtensionTerms {
  days: number;
  /** The new end */
  trialEnd: number;
}

// What `check()` reads, for everything that a browser receives; hub-wire.ts has what only hubs do.
export const choice: Shape = {"months?":"i","until?":"i","priceId?":"s"};
export const subscriptionStatus: Shape = "=trialing|active|past_due|paused|cancelled";
export const interval: Shape = "=day|week|month|year";
export const price: Shape = {id: "s",amount: "i",currency: "s",interval: interval,intervalCount: "i"};
export const discount: Shape = {"percentOff?":"n","amountOff?":"i","endsAt?":"i"};
export const flowSubscription: Shape = {id: "s",status: subscriptionStatus,plan: {id: "s",name: "s",features: ["s"]},"price?":price,startedAt: "i","periodEnd?":"i","trialEnd?":"i","pausedUntil?":"i","cancelAt?":"i","discount?":discount,"scheduledChange?":{name: "s",price: price,at: "i"},"nextCharge?":{amount: "i",currency: "s",at: "i"}};
export const settlement: Shape = {outcome: "=retained|cancelled",status: "=done|requested","offer?":{id: "s",type: "s"},"choice?":choice,at: "i",subscription: flowSubscription};
export const discountDuration: Shape = "=once|repeating|forever";
export const discountTerms: Shape = {"percentOff?":"n","amountOff?":"i",duration: discountDuration,"months?":"i",amount: "i",discounted: "i",currency: "s","fullPriceAt?":"i"};
export const pauseTerms: Shape = {months: ["i"],"dates?":{min: "i",max: "i"},startsAt: "i"};
export const planOption: Shape = {price: price,name: "s","description?":"s","features?":["s"]};
export const planChangeTerms: Shape = {plans: [planOption],startsAt: "i"};
export const annualSwitchTerms: Shape = {plan: planOption,dueNow: "i",saving: "i"};
export const trialExtensionTerms: Shape = {days: "i",trialEnd: "i"};
export const linkTerms: Shape = {url: "s"};
export const customTerms: Shape = {name: "s","data?":"u"};
export const offer: Shape = {id: "s","title?":"s","body?":"s","acceptLabel?":"s","declineLabel?":"s",type: {discount: {terms: discountTerms},pause: {terms: pauseTerms},plan_change: {terms: planChangeTerms},annual_switch: {terms: annualSwitchTerms},trial_extension: {terms: trialExtensionTerms},contact: {terms: linkTerms},redirect: {terms: linkTerms},custom: {terms: customTerms}}};
export const reason: Shape = {id: "s","label?":"s","offer?":offer,"followup?":{"label?":"s","required?":"b"}};
export const step: Shape = {id: "s","title?":"s","body?":"s",type: {survey: {reasons: [reason],"required?":"b"},offer: {offer: offer},feedback: {"label?":"s","required?":"b","minLength?":"i"},losses: {items: ["s"]},confirm: {effective: "=period_end|immediately","confirmLabel?":"s","keepLabel?":"s"},success: {"retained?":{"title?":"s","body?":"s"},"cancelled?":{"title?":"s","body?":"s"}},custom: {name: "s","data?":"u","required?":"b"}}};
export const flow: Shape = {id: "s",version: "i",steps: [step]};
export const flowConfig: Shape = {session: {id: "s",environment: "=prod|sandbox","deliveryToken?":"s","settlement?":settlement},flow: flow,subscription: flowSubscription,customer: {"name?":"s","email?":"s"},attributes: {"*":"snb"},"fallbackEmail?":"s","messages?":{"*":"s"},now: "i"};
export const eventsAck: Shape = {accepted: "i"};
export const errorBody: Shape = {error: {type: "s",code: "s",message: "s","param?":"s","request_id?":"s"}};

/**
 * The contract: everything that crosses the wire between a widget and its server, defined once.
 *
 * zod lives here and nowhere else in `src`. The browser gets `wire.ts`, which `npm run generate` writes from these
 * schemas: plain types and the table that `check.ts` reads. Conventions:
 * - money is an integer in minor units of a lower-case ISO 4217 currency (`3750`, `"usd"`; `2900`, `"jpy"`);
 * - an instant is an integer, milliseconds since 1970 UTC, and its name ends in `At`, `End`, `Until` or is `at`;
 * - what is absent is left out, never null;
 * - answers may grow: a reader ignores unknown fields and skips unknown kinds of steps and offers. Requests are strict.
 */
import { z } from "zod";

const text = z.string();
const instant = z.int();
const minor = z.int();
const count = z.int();

/** Text that a business wrote: plain, with `{{merge.fields|fallback}}` and the small rich-text subset. Never HTML. */
const copy = { title: text.optional(), body: text.optional() };

export const Interval = z.enum(["day", "week", "month", "year"]).meta({ id: "Interval" });

export const Price = z
  .object({
    id: text,
    amount: minor.describe("Minor units for one interval, for the whole quantity, before discounts"),
    currency: text.describe("Lower-case ISO 4217"),
    interval: Interval,
    intervalCount: count.describe("1 for monthly, 3 for quarterly, …"),
  })
  .meta({ id: "Price" });

export const PlanOption = z
  .object({ price: Price, name: text, description: text.optional(), features: z.array(text).optional() })
  .meta({ id: "PlanOption", description: "A plan the customer can pick" });

export const Discount = z
  .object({ percentOff: z.number().optional(), amountOff: minor.optional(), endsAt: instant.optional() })
  .meta({ id: "Discount", description: "A running discount; without endsAt it never ends" });

export const SubscriptionStatus = z
  .enum(["trialing", "active", "past_due", "paused", "cancelled"])
  .meta({ id: "SubscriptionStatus" });

export const Subscription = z
  .object({
    id: text,
    status: SubscriptionStatus,
    plan: z.object({ id: text, name: text, features: z.array(text) }),
    price: Price,
    startedAt: instant,
    periodEnd: instant.describe("End of the period that is paid for"),
    trialEnd: instant.optional(),
    pausedUntil: instant.optional(),
    cancelAt: instant.optional().describe("Set once a cancellation is confirmed: the last instant of access"),
    discount: Discount.optional(),
    scheduledChange: z
      .object({ name: text, price: Price, at: instant })
      .optional()
      .describe("Another plan or price that takes this one's place at the next charge"),
    nextCharge: z
      .object({ amount: minor, currency: text, at: instant })
      .optional()
      .describe("What billing will charge next, and when; absent if nothing more will be charged"),
  })
  .meta({ id: "Subscription" });

/** Where the business bills by itself, and has not said what it charges or until when, nobody here knows. */
export const FlowSubscription = Subscription.partial({ price: true, periodEnd: true }).meta({
  id: "FlowSubscription",
});

const offer = <Type extends string, Terms extends z.ZodType>(type: Type, terms: Terms) =>
  z.object({
    type: z.literal(type),
    id: text,
    ...copy,
    acceptLabel: text.optional(),
    declineLabel: text.optional(),
    terms,
  });

export const DiscountDuration = z.enum(["once", "repeating", "forever"]).meta({ id: "DiscountDuration" });

export const DiscountTerms = z
  .object({
    percentOff: z.number().optional(),
    amountOff: minor.optional(),
    duration: DiscountDuration,
    months: count.optional().describe("Present when duration is repeating"),
    amount: minor.describe("What a period costs today"),
    discounted: minor.describe("What a discounted period costs"),
    currency: text,
    fullPriceAt: instant
      .optional()
      .describe("First charge at the full price again; absent when forever, and where it is not known"),
  })
  .meta({ id: "DiscountTerms" });

export const PauseTerms = z
  .object({
    months: z.array(count).describe("Lengths to pick from"),
    dates: z
      .object({ min: instant, max: instant })
      .optional()
      .describe("Present when the customer may pick a date"),
    startsAt: instant,
  })
  .meta({ id: "PauseTerms" });

export const PlanChangeTerms = z
  .object({ plans: z.array(PlanOption), startsAt: instant.describe("First charge at the new price") })
  .meta({ id: "PlanChangeTerms" });

export const AnnualSwitchTerms = z
  .object({
    plan: PlanOption,
    dueNow: minor.describe("Charged today, after the credit for the unused time"),
    saving: minor.describe("Less than twelve months at today's price, per year"),
  })
  .meta({ id: "AnnualSwitchTerms" });

export const TrialExtensionTerms = z
  .object({ days: count, trialEnd: instant.describe("The new end") })
  .meta({ id: "TrialExtensionTerms" });

export const LinkTerms = z
  .object({ url: text.describe("https:, or mailto: and tel: for contact") })
  .meta({ id: "LinkTerms" });

export const CustomTerms = z.object({ name: text, data: z.unknown().optional() }).meta({ id: "CustomTerms" });

export const Offer = z
  .discriminatedUnion("type", [
    offer("discount", DiscountTerms),
    offer("pause", PauseTerms),
    offer("plan_change", PlanChangeTerms),
    offer("annual_switch", AnnualSwitchTerms),
    offer("trial_extension", TrialExtensionTerms),
    offer("contact", LinkTerms),
    offer("redirect", LinkTerms),
    offer("custom", CustomTerms),
  ])
  .meta({ id: "Offer", description: "An offer this session may take, with the terms that will be executed" });

export const Reason = z
  .object({
    id: text,
    label: text
      .optional()
      .describe("Absent: the widget's own words for this reason, in the customer's language"),
    offer: Offer.optional(),
    followup: z.object({ label: text.optional(), required: z.boolean().optional() }).optional(),
  })
  .meta({ id: "Reason" });

const step = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), id: text, ...copy, ...shape });

export const Step = z
  .discriminatedUnion("type", [
    step("survey", { reasons: z.array(Reason), required: z.boolean().optional() }),
    step("offer", { offer: Offer }),
    step("feedback", {
      label: text.optional(),
      required: z.boolean().optional(),
      minLength: count.optional(),
    }),
    step("losses", { items: z.array(text) }),
    step("confirm", {
      effective: z.enum(["period_end", "immediately"]),
      confirmLabel: text.optional(),
      keepLabel: text.optional(),
    }),
    step("success", {
      retained: z.object(copy).optional(),
      cancelled: z.object(copy).optional(),
    }),
    step("custom", { name: text, data: z.unknown().optional(), required: z.boolean().optional() }),
  ])
  .meta({ id: "Step" });

export const Flow = z.object({ id: text, version: count, steps: z.array(Step) }).meta({ id: "Flow" });

export const Choice = z
  .object({
    months: count.optional().describe("Pause length"),
    until: instant.optional().describe("Pause end, instead of a length"),
    priceId: text.optional().describe("Plan that was picked"),
  })
  .meta({ id: "Choice", description: "What the customer picked within an offer" });

const ChoiceInput = z.strictObject(Choice.shape);

export const Outcome = z.enum(["retained", "cancelled", "abandoned"]).meta({ id: "Outcome" });

export const Settlement = z
  .object({
    outcome: z.enum(["retained", "cancelled"]),
    status: z
      .enum(["done", "requested"])
      .describe("requested: accepted and safe, but billing has not confirmed it yet"),
    offer: z.object({ id: text, type: text }).optional(),
    choice: Choice.optional(),
    at: instant,
    subscription: FlowSubscription.describe("Read back from billing afterwards"),
  })
  .meta({ id: "Settlement", description: "What a decision has led to" });

export const FlowConfig = z
  .object({
    session: z.object({
      id: text,
      environment: z.enum(["prod", "sandbox"]),
      deliveryToken: text
        .optional()
        .describe(
          "Bearer of this session's events and decisions for a week, whatever becomes of the session id; opens nothing",
        ),
      settlement: Settlement.optional().describe("Present when this session has already been decided"),
    }),
    flow: Flow,
    subscription: FlowSubscription,
    customer: z.object({ name: text.optional(), email: text.optional() }),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    fallbackEmail: text.optional(),
    messages: z
      .record(z.string(), z.string())
      .optional()
      .describe("Words of the business in place of the widget's own, by key; a plural form as `key.one`"),
    now: instant.describe("Billing's clock"),
  })
  .meta({ id: "FlowConfig", description: "Everything a widget needs to run one flow for one customer" });

const TEXT_LIMIT = 5000;

/** Free JSON, but bounded: it is stored and replayed. Too deep to be written down counts as too long. */
const bounded = (limit: number) =>
  z.unknown().refine((value) => {
    try {
      return (JSON.stringify(value) ?? "").length <= limit;
    } catch {
      return false;
    }
  }, `at most ${limit} characters as JSON`);

export const PaymentMethod = z
  .object({
    brand: text.describe("As the customer calls it: Visa, SEPA Direct Debit, PayPal, …"),
    last4: text.optional(),
    expMonth: count.optional().describe("1 to 12; it is good until the end of that month"),
    expYear: count.optional().describe("Four digits"),
  })
  .meta({ id: "PaymentMethod" });

const nothingToChoose = z.object({}).optional();

export const HubActions = z
  .object({
    plan_change: z.object({ plans: z.array(PlanOption) }).optional(),
    annual_switch: z
      .object({ plan: PlanOption, saving: minor.describe("As in AnnualSwitchTerms") })
      .optional(),
    pause: PauseTerms.optional(),
    extend_pause: PauseTerms.optional().describe("Another end for the running pause; sooner is possible too"),
    resume: nothingToChoose,
    undo_cancellation: nothingToChoose,
    promo_code: nothingToChoose,
    retry_payment: nothingToChoose,
    payment_method: nothingToChoose,
    cancel: nothingToChoose,
  })
  .meta({
    id: "HubActions",
    description: "What can be done with a subscription now, with what there is to choose; the rest is absent",
  });

export const HubSubscription = z
  .object({
    ...Subscription.shape,
    actions: HubActions,
    paymentMethod: PaymentMethod.optional(),
    due: z
      .object({ amount: minor, currency: text, at: instant })
      .optional()
      .describe("What could not be collected, and since when"),
  })
  .meta({ id: "HubSubscription" });

export const Address = z
  .object({
    line1: text.optional(),
    line2: text.optional(),
    city: text.optional(),
    postalCode: text.optional(),
    state: text.optional().describe("State, province or region"),
    country: text.optional().describe("ISO 3166-1, two capital letters"),
  })
  .meta({ id: "Address" });

export const HubCustomer = z
  .object({ name: text.optional(), email: text.optional(), address: Address.optional() })
  .meta({ id: "HubCustomer" });

export const Hub = z
  .object({
    environment: z.enum(["prod", "sandbox"]),
    subscriptions: z
      .array(HubSubscription)
      .describe("The newest first; of the one that the session names, if it does"),
    requested: z
      .array(text)
      .optional()
      .describe(
        "Ids of the subscriptions for which something was decided that billing has not confirmed yet",
      ),
    offer: z
      .object({ subscription: text.describe("Its id"), offer: Offer })
      .optional()
      .describe("What the business offers without being asked; at most one"),
    customer: HubCustomer,
    sections: z
      .array(z.enum(["invoices", "billing_details", "billing_email"]))
      .describe(
        "What there is about the customer as a whole; with billing_email the e-mail address can be changed, too",
      ),
    fallbackEmail: text.optional(),
    messages: FlowConfig.shape.messages,
    now: instant.describe("Billing's clock"),
  })
  .meta({ id: "Hub", description: "What a subscription hub shows of one customer" });

const change = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });

const subscriptionId = z.string().min(1).max(255);

export const HubChange = z
  .discriminatedUnion("type", [
    change("plan_change", { priceId: z.string().min(1).max(255) }),
    change("annual_switch", {}),
    change("pause", { choice: ChoiceInput }),
    change("extend_pause", { choice: ChoiceInput }),
    change("resume", {}),
    change("undo_cancellation", {}),
    change("promo_code", { code: z.string().trim().min(1).max(100) }),
    change("retry_payment", {}),
    change("offer", { offer: z.string().min(1).max(64).describe("Id of the offer that the hub shows") }),
  ])
  .meta({ id: "HubChange", description: "What a customer wants changed in a subscription" });

export const HubPreviewRequest = z
  .strictObject({ subscription: subscriptionId, change: HubChange })
  .meta({ id: "HubPreviewRequest" });

export const HubPreview = z
  .object({
    at: instant.describe("Billing's clock when this was worked out; it holds for a quarter of an hour"),
    dueNow: minor.describe("Charged at once"),
    currency: text,
    subscription: Subscription.describe("As it would be afterwards"),
  })
  .meta({ id: "HubPreview", description: "What a change would lead to. Nothing is changed" });

export const HubChangeRequest = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{8,64}$/)
      .describe("Made by the client; a repeated id is the same change"),
    subscription: subscriptionId,
    change: HubChange,
    seen: bounded(50_000).describe("The HubPreview that was shown; what is carried out must equal it"),
  })
  .meta({ id: "HubChangeRequest" });

export const HubResult = z
  .object({
    status: Settlement.shape.status,
    subscription: Subscription.describe("Read back from billing afterwards"),
  })
  .meta({ id: "HubResult", description: "What a change has led to" });

export const Invoice = z
  .object({
    id: text,
    number: text.optional().describe("For people"),
    at: instant,
    amount: minor.describe("Negative for what was given back"),
    currency: text,
    status: z.enum(["paid", "open", "void", "uncollectible"]),
    invoiceUrl: text.optional().describe("Page or document of the provider"),
    receiptUrl: text.optional(),
  })
  .meta({ id: "Invoice" });

export const HubInvoices = z
  .object({
    invoices: z.array(Invoice).describe("The newest first"),
    after: text.optional().describe("Where the next page begins; absent on the last"),
  })
  .meta({ id: "HubInvoices" });

export const PaymentPageRequest = z
  .strictObject({
    subscription: subscriptionId,
    returnUrl: z
      .string()
      .max(2000)
      .describe("Where the customer comes back to; a page of the origin that asks"),
  })
  .meta({ id: "PaymentPageRequest" });

export const PaymentPage = z
  .object({ url: text.describe("The provider's own page, for this customer and for a short time") })
  .meta({ id: "PaymentPage" });

const line = (most: number) => z.string().trim().max(most);

export const BillingDetailsRequest = z
  .strictObject({
    name: line(200),
    email: z.email().max(320).optional().describe("Absent: stays as it is"),
    address: z.strictObject({
      line1: line(200).optional(),
      line2: line(200).optional(),
      city: line(100).optional(),
      postalCode: line(20).optional(),
      state: line(100).optional(),
      country: z
        .string()
        .regex(/^[A-Z]{2}$/)
        .optional(),
    }),
  })
  .meta({ id: "BillingDetailsRequest", description: "Takes the place of what was there" });

export const DismissRequest = z
  .strictObject({ offer: z.string().min(1).max(64) })
  .meta({ id: "DismissRequest" });

export const DismissAck = z.object({ dismissed: z.boolean() }).meta({ id: "DismissAck" });

/** Characters of JSON that a custom step may answer with. */
export const VALUE_LIMIT = 4000;

/** What a customer does, as the machine's own input: the server replays it with the same machine. */
const act = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9_-]{8,64}$/)
      .describe("Made by the client; a repeated id is the same event"),
    run: z
      .string()
      .regex(/^[A-Za-z0-9_-]{8,64}$/)
      .describe("One opening of the flow"),
    seq: z.int().min(0).max(10_000).describe("Position within the run"),
    at: z.int().min(0),
    type: z.literal(type),
    ...shape,
  });

export const FlowEvent = z
  .discriminatedUnion("type", [
    act("open", {}),
    act("select", { reason: z.string().max(64) }),
    act("write", { text: z.string().max(TEXT_LIMIT) }),
    act("choose", { choice: ChoiceInput }),
    act("fill", { value: bounded(VALUE_LIMIT) }),
    act("next", {}),
    act("back", {}),
    act("accept", {}),
    act("decline", {}),
    act("leave", {}),
    act("confirm", {}),
    act("keep", {}),
    act("close", {}),
  ])
  .meta({ id: "FlowEvent" });

export const EventsRequest = z
  .strictObject({ session: z.string().max(64), events: z.array(FlowEvent).min(1).max(500) })
  .meta({ id: "EventsRequest" });

export const EventsAck = z.object({ accepted: count }).meta({ id: "EventsAck" });

export const DecisionRequest = z
  .strictObject({
    session: z.string().max(64),
    events: z.array(FlowEvent).min(1).max(500).describe("The whole run; its last event is the decision"),
    age: z
      .int()
      .min(0)
      .optional()
      .describe(
        "Milliseconds since the customer decided, by the clock of the page; a cancellation that arrives late counts from then",
      ),
    seen: z
      .strictObject({ offer: z.string().max(64), terms: bounded(50_000), choice: ChoiceInput.optional() })
      .optional()
      .describe("The offer exactly as it was shown; it must equal what the server will execute"),
  })
  .meta({ id: "DecisionRequest" });

export const SessionRequest = z
  .object({
    customer_id: z.string().min(1).max(255).optional(),
    customer_email: z.string().min(3).max(320).optional(),
    subscription_id: z.string().min(1).max(255).optional(),
  })
  .meta({ id: "SessionRequest", description: "customer_id or customer_email is needed" });

export const SessionResponse = z
  .object({ id: text, session: z.object({ id: text }) })
  .meta({ id: "SessionResponse", description: "The same session id under both documented keys" });

export const ExchangeRequest = z
  .object({ handshakeToken: z.string().max(4000) })
  .meta({ id: "ExchangeRequest", description: "`payload.signature`, made by the site's own backend" });

export const ExchangeResponse = z
  .object({ session: z.object({ sessionId: text, expiresAt: count.describe("Seconds since 1970") }) })
  .meta({ id: "ExchangeResponse" });

export const ErrorBody = z
  .object({
    error: z.object({
      type: text,
      code: text,
      message: text,
      param: text.optional(),
      request_id: text.optional(),
    }),
  })
  .meta({ id: "ErrorBody" });

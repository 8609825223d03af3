/**
 * What a business writes and publishes: a flow with conditions and limits. The server resolves it for one customer
 * into the `Flow` of the wire contract, so a browser never sees another customer's offers. Strict: a misspelt field
 * is refused at publishing with its path.
 */
import { z } from "zod";
import { Interval, SubscriptionStatus } from "../../../src/api/contract.ts";
import type { en } from "../../../src/i18n/en.ts";
import { words } from "./prose.ts";
import { NO_ATTRIBUTES, namesAttribute, Translations, translationIssues } from "./translations.ts";

const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "lower-case letters, digits, _ and -, at most 63 characters");
/** Reasons that the widgets have words for, in every language. */
const KNOWN_REASONS = [
  "too_expensive",
  "not_using",
  "missing_features",
  "switching",
  "technical_issues",
  "other",
] as const satisfies (keyof typeof en extends infer Key
  ? Key extends `reason_${infer Id}`
    ? Id
    : never
  : never)[];

const title = words.title.optional();
const body = words.body.optional();
const { label } = words;
const unique = (values: readonly unknown[]) => new Set(values).size === values.length;
const months = z.int().min(1).max(36);

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export interface Condition {
  all?: Condition[] | undefined;
  any?: Condition[] | undefined;
  not?: Condition | undefined;
  field?: string | undefined;
  is?: string | number | boolean | undefined;
  in?: (string | number | boolean)[] | undefined;
  atLeast?: number | undefined;
  atMost?: number | undefined;
}

const TESTS = ["is", "in", "atLeast", "atMost"] as const;

/** Facts with few values: another one would never hold. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  status: SubscriptionStatus.options,
  "price.interval": Interval.options,
};

/** `{field, is|in|atLeast|atMost}`, `{all: […]}`, `{any: […]}`, `{not: …}`. */
export const Condition: z.ZodType<Condition> = z.lazy(() =>
  z
    .strictObject({
      all: z.array(Condition).min(1).max(20).optional(),
      any: z.array(Condition).min(1).max(20).optional(),
      not: Condition.optional(),
      field: z
        .string()
        .regex(
          /^(plan\.(id|name)|price\.(id|amount|currency|interval)|mrr|tenureDays|status|attributes\.[\w-]{1,40})$/,
          "one of plan.id, plan.name, price.id, price.amount, price.currency, price.interval, mrr, tenureDays, status, attributes.<key>",
        )
        .optional(),
      is: scalar.optional(),
      in: z.array(scalar).min(1).max(100).optional(),
      atLeast: z.number().optional(),
      atMost: z.number().optional(),
    })
    .superRefine((condition, context) => {
      const kinds = (["all", "any", "not", "field"] as const).filter((key) => condition[key] !== undefined);
      const tests = TESTS.filter((key) => condition[key] !== undefined);
      if (kinds.length !== 1) {
        context.addIssue({ code: "custom", message: "exactly one of all, any, not, field" });
      } else if ((kinds[0] === "field") !== tests.length > 0) {
        context.addIssue({
          code: "custom",
          message: "a field needs is, in, atLeast or atMost, and only a field",
        });
      }
      const known = VALUES[condition.field ?? ""];
      const named: [(string | number)[], unknown][] = (condition.in ?? []).map((each, at) => [
        ["in", at],
        each,
      ]);
      if (condition.is !== undefined) named.push([["is"], condition.is]);
      for (const [path, value] of known ? named : []) {
        if (!known?.includes(String(value)))
          context.addIssue({
            code: "custom",
            path,
            message: `${condition.field} is one of ${known?.join(", ")}`,
          });
      }
    }),
);

const offer = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({
    type: z.literal(type),
    id,
    title,
    body,
    acceptLabel: label.optional(),
    declineLabel: label.optional(),
    when: Condition.optional(),
    /** Default true: who has accepted it once is not offered it again. */
    oncePerCustomer: z.boolean().optional(),
    /** Days that must have passed since this customer last accepted any offer. */
    cooldownDays: z.int().min(1).max(3650).optional(),
    ...shape,
  });

const CURRENCIES = new Set(Intl.supportedValuesOf("currency").map((code) => code.toLowerCase()));

const url = (protocols: RegExp, words: string) =>
  z
    .string()
    .max(2000)
    .refine((value) => URL.canParse(value) && protocols.test(new URL(value).protocol), words);

export const OfferDefinition = z
  .discriminatedUnion("type", [
    offer("discount", {
      percentOff: z.number().min(1).max(100).optional(),
      amountOff: z.int().min(1).optional(),
      currency: z
        .string()
        .refine((code) => CURRENCIES.has(code), "lower-case ISO 4217")
        .optional(),
      duration: z.enum(["once", "repeating", "forever"]),
      months: months.optional(),
    }),
    offer("pause", {
      months: z.array(months).max(12).refine(unique, "each length once").default([]),
      untilDate: z.strictObject({ maxMonths: months }).optional(),
    }),
    offer("plan_change", {
      plans: z
        .array(
          z.strictObject({
            priceId: z.string().min(1).max(255),
            description: words.note.optional(),
          }),
        )
        .min(1)
        .max(6)
        .refine((plans) => unique(plans.map(({ priceId }) => priceId)), "each price once"),
    }),
    offer("annual_switch", { priceId: z.string().min(1).max(255).optional() }),
    offer("trial_extension", { days: z.int().min(1).max(365) }),
    offer("contact", { url: url(/^(https|mailto|tel):$/, "an https:, mailto: or tel: address") }),
    offer("redirect", { url: url(/^https:$/, "an https: address") }),
    offer("custom", { name: id, data: z.json().optional() }),
  ])
  .superRefine((definition, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (definition.type === "discount") {
      if ((definition.percentOff === undefined) === (definition.amountOff === undefined)) {
        issue("percentOff", "exactly one of percentOff and amountOff");
      }
      if ((definition.amountOff === undefined) !== (definition.currency === undefined)) {
        issue("currency", "needed with amountOff, and only there");
      }
      if ((definition.duration === "repeating") !== (definition.months !== undefined)) {
        issue("months", "needed when duration is repeating, and only then");
      }
    }
    if (definition.type === "pause" && !definition.months.length && !definition.untilDate) {
      issue("months", "at least one length, or untilDate");
    }
  });

/** The first that this customer may take is shown. */
const offers = z.array(OfferDefinition).min(1).max(10);

/** What a hub can carry out for a customer who has said nothing but yes. */
const PROACTIVE: readonly string[] = ["discount", "annual_switch", "trial_extension"];

const ProactiveOffer = OfferDefinition.superRefine(({ type, ...offer }, context) => {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  if (!PROACTIVE.includes(type)) issue("type", `a hub offers ${PROACTIVE.join(", ")}`);
  for (const field of ["title", "body", "acceptLabel", "declineLabel"] as const)
    if (namesAttribute(offer[field] ?? "")) issue(field, NO_ATTRIBUTES);
});

/** What a hub offers without being asked, one at a time. */
const Proactive = z.strictObject({
  offers: z.array(ProactiveOffer).min(1).max(10),
  /** Days without any after the customer has dismissed one. */
  quietDays: z.int().min(1).max(365).default(30),
});

const step = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), id, title, body, when: Condition.optional(), ...shape });

const ReasonDefinition = z
  .strictObject({
    id,
    label: label.optional(),
    followup: z.strictObject({ label: words.line.optional(), required: z.boolean().optional() }).optional(),
    offers: offers.optional(),
  })
  .superRefine((reason, context) => {
    if (reason.label !== undefined || (KNOWN_REASONS as readonly string[]).includes(reason.id)) return;
    const message = `needed: the widgets have words of their own only for ${KNOWN_REASONS.join(", ")}`;
    context.addIssue({ code: "custom", path: ["label"], message });
  });

const outcomeCopy = z.strictObject({ title, body }).optional();

export const StepDefinition = z.discriminatedUnion("type", [
  step("survey", { reasons: z.array(ReasonDefinition).min(1).max(12), required: z.boolean().optional() }),
  step("offer", { offers }),
  step("feedback", {
    label: words.line.optional(),
    required: z.boolean().optional(),
    minLength: z.int().min(1).max(500).optional(),
  }),
  step("losses", { items: z.array(words.line).min(1).max(10) }),
  step("confirm", {
    effective: z.enum(["period_end", "immediately"]),
    confirmLabel: label.optional(),
    keepLabel: label.optional(),
  }),
  step("success", { retained: outcomeCopy, cancelled: outcomeCopy }),
  step("custom", { name: id, data: z.json().optional(), required: z.boolean().optional() }),
]);

/** Every list of offers, and its path. */
function groupsOf({ steps, proactive }: { steps: StepDefinition[]; proactive?: Proactive | undefined }) {
  const groups: { offers: OfferDefinition[]; at: (string | number)[] }[] = steps.flatMap((step, index) => {
    const at = ["steps", index];
    if (step.type === "offer") return [{ offers: step.offers, at: [...at, "offers"] }];
    if (step.type !== "survey") return [];
    return step.reasons.map(({ offers: some = [] }, reason) => ({
      offers: some,
      at: [...at, "reasons", reason, "offers"],
    }));
  });
  return [...groups, ...(proactive ? [{ offers: proactive.offers, at: ["proactive", "offers"] }] : [])];
}

export const FlowDefinition = z
  .strictObject({
    name: z.string().trim().min(1).max(120),
    steps: z.array(StepDefinition).min(1).max(20),
    proactive: Proactive.optional(),
    /** By language tag, then by the path of a text: `{"de": {"why.title": "…", "why/other.label": "…"}}`. */
    translations: Translations.optional(),
  })
  .superRefine(({ steps, proactive, translations = {} }, context) => {
    const fault = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const { path, message } of translationIssues(steps, proactive?.offers, translations))
      fault(["translations", ...path], message);
    const issue = (path: (string | number)[], message: string) => fault(["steps", ...path], message);
    const distinct = (ids: string[], at: (index: number) => (string | number)[]) => {
      ids.forEach((each, index) => {
        if (ids.indexOf(each) < index) issue(at(index), `"${each}" is used twice`);
      });
    };
    distinct(
      steps.map((each) => each.id),
      (index) => [index, "id"],
    );
    for (const [index, each] of steps.entries()) {
      if (each.type === "survey") {
        distinct(
          each.reasons.map((reason) => reason.id),
          (reason) => [index, "reasons", reason, "id"],
        );
      }
      if (each.type === "confirm" && steps.slice(index + 1).some((later) => later.type !== "success")) {
        issue([index], "confirm comes last, before success: what follows it would never be shown");
      }
      if (each.type === "confirm" && each.when)
        issue([index, "when"], "the last question is asked of everyone");
      if (each.type === "success" && index < steps.length - 1) issue([index], "success is the last step");
    }
    if (!steps.some((each) => each.type === "confirm")) {
      issue([], "a confirm step is needed: leaving is a legal act that the customer must be able to check");
    }
    // One offer under several reasons is one offer: its terms must not depend on the way to it.
    const seen = new Map<string, string>();
    for (const { offers, at } of groupsOf({ steps, proactive })) {
      for (const [
        position,
        { when: _when, title: _t, body: _b, acceptLabel: _a, declineLabel: _d, ...terms },
      ] of offers.entries()) {
        const text = JSON.stringify(terms);
        if ((seen.get(terms.id) ?? text) !== text)
          fault([...at, position, "id"], `another offer is called "${terms.id}"`);
        seen.set(terms.id, text);
      }
    }
  });

export type FlowDefinition = z.output<typeof FlowDefinition>;
export type Proactive = z.output<typeof Proactive>;
export type OfferDefinition = z.output<typeof OfferDefinition>;
export type StepDefinition = z.output<typeof StepDefinition>;

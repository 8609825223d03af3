/**
 * The texts of a flow by path, `why/other.label`: one walk that finds every text, for definitions (are these paths
 * there?) and for flows that were resolved for a customer (put these words in).
 */
import { z } from "zod";
import type { Offer, Step } from "../../../src/api/wire.ts";
import type { OfferDefinition, StepDefinition } from "./flow-definition.ts";
import { canonicalLocale, Locale } from "./locale.ts";
import { type WordKind, words } from "./prose.ts";

/** By language tag and path. */
export const Translations = z
  .record(Locale, z.record(z.string(), z.string().trim()))
  .superRefine((translations, context) => {
    const tags = Object.keys(translations);
    const spelled = tags.map(canonicalLocale);
    tags.forEach((tag, index) => {
      if (spelled.indexOf(spelled[index]) < index)
        context.addIssue({
          code: "custom",
          path: [tag],
          message: "this language is there in another spelling",
        });
    });
  });

export type Translations = z.output<typeof Translations>;

/**
 * The words that a place is to have; undefined leaves it as it is.
 * @param owner a step and an offer may have one id
 */
export type Say = (path: string, kind: WordKind, owner: "step" | "offer") => string | undefined;

const OFFER = { title: "title", body: "body", acceptLabel: "label", declineLabel: "label" } as const;
const COPY = { title: "title", body: "body" } as const;

/** Its own fields beside these, by step type. */
const FIELDS: Partial<Record<StepDefinition["type"], Readonly<Record<string, WordKind>>>> = {
  feedback: { label: "line" },
  confirm: { confirmLabel: "label", keepLabel: "label" },
};

function said(
  fields: Readonly<Record<string, WordKind>>,
  say: (field: string, kind: WordKind) => string | undefined,
) {
  const found = Object.entries(fields).map(([field, kind]) => [field, say(field, kind)] as const);
  return Object.fromEntries(found.filter(([, text]) => text !== undefined));
}

function sayOffer<Each extends Offer | OfferDefinition>(offer: Each, say: Say): Each {
  const at = (path: string, kind: WordKind) => say(`${offer.id}.${path}`, kind, "offer");
  const plan = (priceId: string) =>
    said({ description: "note" }, (field, kind) => at(`plans.${priceId}.${field}`, kind));
  const own = said(OFFER, at);
  if (offer.type !== "plan_change") return { ...offer, ...own };
  if ("plans" in offer)
    return { ...offer, ...own, plans: offer.plans.map((each) => ({ ...each, ...plan(each.priceId) })) };
  const plans = offer.terms.plans.map((each) => ({ ...each, ...plan(each.price.id) }));
  return { ...offer, ...own, terms: { ...offer.terms, plans } };
}

/** The offer of a resolved step or reason, the offers of a defined one. */
function sayOffers<Holder extends { offer?: Offer; offers?: OfferDefinition[] | undefined }>(
  holder: Holder,
  say: Say,
): Holder {
  return {
    ...holder,
    ...(holder.offer ? { offer: sayOffer(holder.offer, say) } : {}),
    ...(holder.offers ? { offers: holder.offers.map((each) => sayOffer(each, say)) } : {}),
  };
}

/** @returns the step with the words that `say` has for it; plan names are billing's and stay */
export function sayStep<Each extends Step | StepDefinition>(given: Each, say: Say): Each {
  const step: Step | StepDefinition = given;
  const at = (path: string, kind: WordKind) => say(`${step.id}${path}`, kind, "step");
  const own = said({ ...COPY, ...FIELDS[step.type] }, (field, kind) => at(`.${field}`, kind));
  const more = (): object => {
    switch (step.type) {
      case "survey":
        return {
          reasons: step.reasons.map((reason) => {
            const path = `/${reason.id}`;
            const { followup } = reason;
            const label = at(`${path}.label`, "label");
            const asked = followup && at(`${path}.followup`, "line");
            return {
              ...sayOffers(reason, say),
              ...(label === undefined ? {} : { label }),
              ...(asked === undefined ? {} : { followup: { ...followup, label: asked } }),
            };
          }),
        };
      case "offer":
        return sayOffers(step, say);
      case "losses":
        return { items: step.items.map((item, index) => at(`.items.${index}`, "line") ?? item) };
      case "success": {
        const copies = (["retained", "cancelled"] as const).map((outcome) => {
          const copy = said(COPY, (field, kind) => at(`.${outcome}.${field}`, kind));
          return [outcome, Object.keys(copy).length ? { ...step[outcome], ...copy } : step[outcome]];
        });
        return Object.fromEntries(copies.filter(([, copy]) => copy));
      }
      default:
        return {};
    }
  };
  return { ...given, ...more(), ...own };
}

export const NO_ATTRIBUTES = "a hub knows no attributes";
export const namesAttribute = (text: string): boolean => /\{\{\s*attributes\./.test(text);

/**
 * What is wrong with translations of these steps and of what a hub offers: `path` is language and path. An offer of
 * both is one, with one set of words.
 */
export function translationIssues(
  steps: readonly StepDefinition[],
  proactive: readonly OfferDefinition[] = [],
  translations: Translations = {},
): { path: string[]; message: string }[] {
  const places = new Map<string, { kind: WordKind; owner: string }>();
  const ambiguous = new Set<string>();
  const note: Say = (path, kind, owner) => {
    if ((places.get(path)?.owner ?? owner) !== owner) ambiguous.add(path);
    places.set(path, { kind, owner });
    return undefined;
  };
  for (const step of steps) sayStep(step, note);
  const inHub = new Set<string>();
  for (const offer of proactive)
    sayOffer(offer, (path, kind, owner) => {
      inHub.add(path);
      return note(path, kind, owner);
    });
  return Object.entries(translations).flatMap(([locale, texts]) =>
    Object.entries(texts).flatMap(([path, text]) => {
      const issue = (message: string) => ({ path: [locale, path], message });
      const place = places.get(path);
      if (!place) return [issue("the flow has no text there")];
      if (ambiguous.has(path)) return [issue("a step and an offer have this id: give one of them another")];
      if (inHub.has(path) && namesAttribute(text)) return [issue(NO_ATTRIBUTES)];
      const { error } = words[place.kind].safeParse(text);
      return (error?.issues ?? []).map(({ message }) => issue(message));
    }),
  );
}

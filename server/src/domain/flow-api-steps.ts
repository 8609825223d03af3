/** A customer's flow as Retainly's API shows it: every step and every offer in its words. */
import type { Choice, Flow, Offer, Reason, Step } from "../../../src/api/wire.ts";
import type { FlowStep } from "../contract/flow-api.ts";
import type { Deps } from "../deps.ts";
import { isoOf } from "./dates.ts";
import { offerValue, offerWord } from "./retainly-words.ts";

type Kind<Type extends Step["type"]> = Extract<Step, { type: Type }>;
type Shown<Type extends FlowStep["type"]> = Extract<FlowStep, { type: Type }>;

const copyOf = ({ title, body }: { title?: string; body?: string }) => ({
  title: title ?? null,
  body: body ?? null,
});

/**
 * An offer that hangs on a reason is a step of its own, behind its question, and called as the widgets call it.
 * @param cancelling what a cancellation does at billing; where it is left to the business, the flow says what customers read
 */
export const stepsOf = ({ steps }: Pick<Flow, "steps">, cancelling: Deps["cancelAtBilling"]): FlowStep[] =>
  steps.flatMap((step) => stepOf(step, cancelling));

function stepOf(step: Step, cancelling: Deps["cancelAtBilling"]): FlowStep[] {
  const head = { id: step.id, ...copyOf(step) };
  switch (step.type) {
    case "survey":
      return [surveyStep(step), ...step.reasons.flatMap((reason) => offerOfReason(step, reason))];
    case "offer":
      return [{ ...offerStep(step.id, step.offer), ...wordsOf(step, step.offer) }];
    case "confirm":
      return [
        {
          ...head,
          type: "confirm",
          effective: cancelling === "record" ? step.effective : cancelling,
          confirm_label: step.confirmLabel ?? null,
          keep_label: step.keepLabel ?? null,
        },
      ];
    case "feedback": {
      const { label = null, required = false, minLength = null } = step;
      return [{ ...head, type: "feedback", label, required, min_length: minLength }];
    }
    case "losses":
      return [{ ...head, type: "losses", items: step.items }];
    case "success": {
      const { retained, cancelled } = step;
      const saved = retained ? copyOf(retained) : null;
      return [{ ...head, type: "success", saved, canceled: cancelled ? copyOf(cancelled) : null }];
    }
    case "custom": {
      const { name, data = null, required = false } = step;
      return [{ ...head, type: "custom", name, data, required }];
    }
  }
}

/** Words of the step come first, as in the widgets. */
const wordsOf = (step: Kind<"offer">, offer: Offer) =>
  copyOf({ ...copyWithout(offer), ...copyWithout(step) });

/** What is not said takes no one's place. */
const copyWithout = ({ title, body }: { title?: string; body?: string }) => ({
  ...(title === undefined ? {} : { title }),
  ...(body === undefined ? {} : { body }),
});

function surveyStep({ reasons, required, ...step }: Kind<"survey">): Shown<"survey"> {
  return {
    id: step.id,
    type: "survey",
    ...copyOf(step),
    required: required !== false && reasons.length > 0,
    reasons: reasons.map(({ id, label, offer, followup }) => ({
      key: id,
      label: label ?? null,
      ...(offer ? { offer_step: `${step.id}/${id}` } : {}),
      free_text: followup ? (followup.required ? "required" : "optional") : "none",
      free_text_label: followup?.label ?? null,
    })),
  };
}

const offerOfReason = ({ id: survey }: Kind<"survey">, { id, offer }: Reason): FlowStep[] =>
  offer ? [{ ...offerStep(`${survey}/${id}`, offer), show_if: { reason_in: [id] } }] : [];

const offerStep = (id: string, offer: Offer): Shown<"offer"> => ({
  id,
  type: "offer",
  ...copyOf(offer),
  offer: { type: offerWord(offer.type), value: offerValue(offer), ...choosing(offer) },
  accept_label: offer.acceptLabel ?? null,
  decline_label: offer.declineLabel ?? null,
});

/** What there is to pick, where it is more than one thing. */
function choosing(offer: Offer): Pick<Shown<"offer">["offer"], "choices" | "until"> {
  if (offerValue(offer)) return {};
  const choices = choicesOf(offer).flatMap(({ label, choice }) => {
    const value = offerValue(offer, choice);
    return value ? [{ label, value }] : [];
  });
  const dates = offer.type === "pause" ? offer.terms.dates : undefined;
  return { choices, ...(dates ? { until: { min: isoOf(dates.min), max: isoOf(dates.max) } } : {}) };
}

/** All that can be counted; where there is nothing to pick, that. */
export function choicesOf(offer: Offer): { label: string | null; choice: Choice }[] {
  if (offer.type === "pause")
    return offer.terms.months.map((months) => ({ label: null, choice: { months } }));
  if (offer.type === "plan_change")
    return offer.terms.plans.map(({ name, price }) => ({ label: name, choice: { priceId: price.id } }));
  return [{ label: null, choice: {} }];
}

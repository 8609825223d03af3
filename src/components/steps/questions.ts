/** The steps that ask: survey, feedback and the page's own. */
import { html, nothing } from "lit";
import type { Reason, Step } from "../../api/wire.ts";
import { options, type StepView, textField, type View } from "./parts.ts";

type Of<Type extends Step["type"]> = Extract<Step, { type: Type }>;

/** The business's own name for a reason, or ours: a flow in our words speaks every language. */
function labelOf({ id, label }: Reason, { format }: View): string {
  const key = `reason_${id}`;
  return label ?? (format.knows(key) ? format.t(key) : id);
}

/** A choice of reason reveals its follow-up; it never moves on by itself. */
export function survey({ id: step, reasons }: Of<"survey">, view: View): StepView {
  const { t } = view.format;
  const picked = view.state.answers.reasons[step];
  const followup = reasons.find(({ id }) => id === picked)?.followup;
  const question = followup?.label ?? t("followup");
  return {
    content: [
      options(
        view,
        "reason",
        t("reasons"),
        reasons.map((reason) => ({ value: reason.id, label: labelOf(reason, view) })),
        picked,
        (reason) => view.send({ type: "select", reason }),
      ),
      followup ? textField(view, followup.required ? question : t("optional", { label: question })) : nothing,
    ],
  };
}

export function feedback(step: Of<"feedback">, view: View): StepView {
  const { t } = view.format;
  const label = step.label ?? t("feedbackLabel");
  const least = step.minLength ?? 0;
  return {
    content: textField(
      view,
      step.required ? label : t("optional", { label }),
      least > 1 ? t("atLeast", { count: least }) : undefined,
    ),
  };
}

/**
 * The page fills the slot, and answers with a bubbling event `renumerate-fill` whose detail is `{value}`, or by calling
 * the element's `fill(value)`.
 */
export const custom = ({ name }: { name: string }, { send }: View): StepView => ({
  content: html`<slot
    name="custom:${name}"
    @renumerate-fill=${(event: CustomEvent<{ value: unknown } | null>) => {
      event.stopPropagation();
      send({ type: "fill", value: event.detail?.value });
    }}
  ></slot>`,
});

/** The steps that ask: survey, feedback and the page's own. */
import { html, nothing } from "lit";
import type { Step } from "../../api/wire.ts";
import { button, options, type StepView, textField, type View } from "./parts.ts";

type Of<Type extends Step["type"]> = Extract<Step, { type: Type }>;

/** A choice of reason reveals its follow-up; it never moves on by itself. */
export function survey(step: Of<"survey">, view: View): StepView {
  const { t } = view.format;
  const picked = view.state.answers.reasons[step.id];
  const followup = step.reasons.find(({ id }) => id === picked)?.followup;
  return {
    title: step.title ?? t("survey"),
    body: step.body,
    content: [
      options(
        view,
        "reason",
        t("reasons"),
        step.reasons.map(({ id, label }) => ({ value: id, label })),
        picked,
        (reason) => view.send({ type: "select", reason }),
      ),
      followup
        ? textField(view, followup.required ? followup.label : t("optional", { label: followup.label }))
        : nothing,
    ],
    actions: button(view, t("next"), { type: "next" }, "primary"),
  };
}

export function feedback(step: Of<"feedback">, view: View): StepView {
  const { t } = view.format;
  const label = step.label ?? t("feedbackLabel");
  return {
    title: step.title ?? t("feedback"),
    body: step.body,
    content: textField(
      view,
      step.required ? label : t("optional", { label }),
      (step.minLength ?? 0) > 1 ? t("atLeast", { count: step.minLength }) : undefined,
    ),
    actions: button(view, t("next"), { type: "next" }, "primary"),
  };
}

/**
 * The page fills the slot, and answers with a bubbling event `renumerate-fill` whose detail is `{value}`, or by calling
 * the element's `fill(value)`.
 */
export function custom(step: Of<"custom">, view: View): StepView {
  const { t } = view.format;
  return {
    title: step.title ?? t("custom"),
    body: step.body,
    content: slot(step.name, view),
    actions: button(view, t("next"), { type: "next" }, "primary"),
  };
}

export const slot = (name: string, { send }: View) =>
  html`<slot
    name="custom:${name}"
    @renumerate-fill=${(event: CustomEvent<{ value: unknown } | null>) => {
      event.stopPropagation();
      send({ type: "fill", value: event.detail?.value });
    }}
  ></slot>`;

/** From the state of the flow to the step to draw. */
import { html, nothing } from "lit";
import type { Step } from "../../api/wire.ts";
import type { Fault } from "../../flow/machine.ts";
import type { Format } from "../../i18n/format.ts";
import { mailto } from "../../lazy.ts";
import { confirm, losses, notice, success } from "./endings.ts";
import { offerStep } from "./offer.ts";
import { button, type StepView, type View } from "./parts.ts";
import { custom, feedback, survey } from "./questions.ts";

type Asking = Exclude<Step, { type: "offer" | "success" }>;

/** One entry for each kind of step: a new kind does not compile until it is here. */
const steps: { readonly [Type in Asking["type"]]: (step: Extract<Step, { type: Type }>, view: View) => StepView } = {
  survey,
  feedback,
  losses,
  confirm,
  custom,
};

export function stepView(view: View): StepView {
  const { state, node } = view;
  if (state.phase === "done") return state.settlement ? success(state.settlement, view) : notice(view);
  if (node.offer) return offerStep(node.offer, view);
  return (steps[(node.step as Asking).type] as (step: Step, view: View) => StepView)(node.step, view);
}

export function help(email: string | undefined, { t }: Format) {
  return email
    ? html`<p part="help">${t("mailBody")} <a part="link" href=${mailto(email, t("leave"))}>${email}</a></p>`
    : nothing;
}

export function unavailable(
  { retryable }: Fault,
  email: string | undefined,
  view: Pick<View, "send" | "busy" | "values" | "format">,
): StepView {
  const { t } = view.format;
  return {
    title: t("unavailable"),
    body: t("unavailableBody"),
    content: help(email, view.format),
    actions: retryable ? button(view, t("retry"), { type: "retry" }, "primary") : undefined,
  };
}

export const loading = ({ t }: Format): StepView => ({
  title: t("loading"),
  content: html`<div class="skeleton" part="skeleton"><i></i><i></i><i></i><i></i></div>`,
});

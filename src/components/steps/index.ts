/** From the state of the flow to the step to draw. */
import { html, nothing } from "lit";
import type { Step } from "../../api/wire.ts";
import { mailto } from "../../lazy.ts";
import { confirm, losses, notice, success } from "./endings.ts";
import { offerStep } from "./offer.ts";
import { type Base, button, problem, type StepView, type View } from "./parts.ts";
import { custom, feedback, survey } from "./questions.ts";

type Drawn = Exclude<Step, { type: "offer" | "success" }>;

/** One entry for each kind of step: a new kind does not compile until it is here. */
const steps: {
  readonly [Type in Drawn["type"]]: (step: Extract<Step, { type: Type }>, view: View) => StepView;
} = {
  survey,
  feedback,
  losses,
  confirm,
  custom,
};

export function stepView(view: View): StepView {
  const { state, node, format } = view;
  if (state.phase === "done") return state.settlement ? success(state.settlement, view) : notice(view);
  if (node.offer) return offerStep(node.offer, view);
  const step = node.step as Drawn;
  return {
    title: step.title ?? format.t(step.type),
    body: step.body,
    actions: button(view, format.t("next"), { type: "next" }, "primary"),
    ...(steps[step.type] as (step: Step, view: View) => StepView)(step, view),
  };
}

export const loading = ({ format }: Base): StepView => ({
  title: format.t("loading"),
  content: html`<div class="skeleton" part="skeleton"><i></i><i></i><i></i><i></i></div>`,
});

const help = ({ email, format: { t } }: Base) =>
  email
    ? html`<p part="help">${t("mailBody")} <a part="link" href=${mailto(email, t("leave"))}>${email}</a></p>`
    : nothing;

const retry = (base: Base) => button(base, base.format.t("retry"), { type: "retry" }, "primary");

export const unavailable = (retryable: boolean, base: Base): StepView => ({
  title: base.format.t("unavailable"),
  body: base.format.t("unavailableBody"),
  content: help(base),
  actions: retryable ? retry(base) : nothing,
});

/** A decision that did not go through: nothing that was typed is lost, and the same request can go again. */
export const failure = (retryable: boolean, base: Base) =>
  html`<div class="failure" part="failure">
    ${problem(base.format.t(retryable ? "faultRetry" : "faultFinal"))}${help(base)}${retryable ? retry(base) : nothing}
  </div>`;

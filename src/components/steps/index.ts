/** From the state of the flow to the step to draw. */
import { html, nothing } from "lit";
import type { Settlement, Step } from "../../api/wire.ts";
import type { Fault } from "../../flow/machine.ts";
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

/** Filled in as far as it can be: whoever reads the mail should find the customer and the failure. */
function help({ email, reference, format: { t } }: Base) {
  if (!email) return nothing;
  const found = reference.length ? `\n\n${t("reference", { reference: reference.join(", ") })}` : "";
  const body = t("mailText") + found;
  return html`<p part="help">${t("mailBody")} <a part="link" href=${mailto(email, t("mailSubject"), body)}>${email}</a></p>`;
}

const retry = (base: Base) => button(base, base.format.t("retry"), { type: "retry" }, "primary");

/** The customer's part of it: what they can do about it themselves. */
const causes: Readonly<Record<string, "offline" | "expired">> = {
  session_expired: "expired",
  session_invalid: "expired",
};

/** Nothing can be shown. */
export function unavailable(
  { code, retryable, retryAfter }: Fault,
  base: Base,
  { waiting, late }: { waiting?: number; late?: boolean } = {},
): StepView {
  const { format, offline } = base;
  const { t, time } = format;
  const cause = causes[code] ?? (offline && retryable ? "offline" : "unavailable");
  return {
    title: t(cause),
    // What a decision without an answer has led to is not known here, so nothing is said of it.
    body: late || waiting !== undefined ? undefined : t(`${cause}Body`),
    content: [
      waiting === undefined ? nothing : html`<p>${t("waiting", { time: time(waiting) })}</p>`,
      retryAfter ? html`<p>${t("retryAfter", { count: Math.ceil(retryAfter / 1000) })}</p>` : nothing,
      help(base),
    ],
    actions: retryable ? retry(base) : nothing,
  };
}

/** How it ended, where its dates and amounts cannot be drawn: that it ended must not be lost with them. */
export function ended(settlement: Settlement | undefined, base: Base): StepView {
  const { t } = base.format;
  const isRequested = settlement?.status === "requested";
  const outcome = settlement?.outcome === "retained" ? "kept" : settlement ? "cancelled" : "alreadyCancelled";
  return {
    title: t(isRequested ? "requested" : outcome),
    body: isRequested ? t("requestedBody") : undefined,
    content: help(base),
    actions: button(base, t("done"), { type: "close" }, "primary"),
  };
}

/** A decision that did not go through: nothing that was typed is lost, and the same request can go again. */
export function failure({ code, retryable }: Fault, base: Base) {
  const { t } = base.format;
  if (code === "offer_changed") return problem(t("offerChanged"));
  const cause = causes[code];
  return html`<div class="failure" part="failure">
    ${problem(t(cause ?? (retryable ? "faultRetry" : "faultFinal")))}
    ${cause ? html`<p>${t(`${cause}Body`)}</p>` : nothing}${help(base)}${retryable ? retry(base) : nothing}
  </div>`;
}

/** Confirmed, and on its way: it counts from then, but nobody may call it done. */
export const queued = (since: number, base: Base): StepView => ({
  title: base.format.t("queued"),
  body: base.format.t("queuedBody", { time: base.format.time(since) }),
  content: help(base),
  actions: [
    retry(base),
    button(base, base.format.t("done"), { type: "close" }),
    button(base, base.format.t("keep"), { type: "keep" }, "quiet"),
  ],
});

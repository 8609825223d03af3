/** The steps that state facts: what ends, what will happen, what has happened. */
import { html } from "lit";
import type { Settlement, Step, Subscription } from "../../api/wire.ts";
import { successStep } from "../../flow/machine.ts";
import type { MessageKey } from "../../i18n/messages.ts";
import { plain } from "../rich-text.ts";
import { button, facts, type StepView, type View } from "./parts.ts";

type Of<Type extends Step["type"]> = Extract<Step, { type: Type }>;

export function losses(step: Of<"losses">, view: View): StepView {
  const { t } = view.format;
  return {
    title: step.title ?? t("losses"),
    body: step.body,
    content: html`<ul class="losses" part="losses">
      ${step.items.map((item) => html`<li>${plain(item, view.values)}</li>`)}
    </ul>`,
    actions: button(view, t("next"), { type: "next" }, "primary"),
  };
}

/** The footer is the step: its two buttons decide. */
export function confirm(step: Of<"confirm">, view: View): StepView {
  const { t, date } = view.format;
  const { status, plan, periodEnd, trialEnd } = view.config.subscription;
  const trial = status === "trialing" && trialEnd !== undefined;
  const now = step.effective === "immediately";
  const end = date(trial ? trialEnd : periodEnd);
  return {
    title: step.title ?? t("confirm"),
    body: step.body ?? t(now ? "confirmNow" : trial ? "confirmTrial" : "confirmEnd", { date: end }),
    content: facts([
      [t("plan"), plan.name],
      [t("accessUntil"), now ? t("today") : end],
      [t("charges"), t(status === "past_due" ? "openInvoice" : "none")],
    ]),
    keep: step.keepLabel,
    leave: step.confirmLabel,
  };
}

const kept: Record<string, MessageKey> = {
  discount: "keptDiscount",
  pause: "keptPause",
  plan_change: "keptPlan",
  annual_switch: "keptAnnual",
  trial_extension: "keptTrial",
};

/** What holds now, read back from billing; never what was merely asked for. */
function outcomeFacts(subscription: Subscription, { format: { t, date, money, per } }: View, ended: boolean) {
  const { plan, price, status, nextCharge, discount, pausedUntil, trialEnd, cancelAt, periodEnd } = subscription;
  const charge = nextCharge && t("amountOn", { price: money(nextCharge.amount, nextCharge.currency), date: date(nextCharge.at) });
  if (ended) {
    return facts([
      [t("accessUntil"), date(cancelAt ?? periodEnd)],
      [t("charges"), charge ?? t(status === "past_due" ? "openInvoice" : "none")],
    ]);
  }
  return facts([
    [t("plan"), `${plan.name}, ${per(price, price.amount)}`],
    [t("discountUntil"), discount?.endsAt !== undefined && date(discount.endsAt)],
    [t("pausedUntil"), pausedUntil !== undefined && date(pausedUntil)],
    [t("trialEnds"), status === "trialing" && trialEnd !== undefined && date(trialEnd)],
    [t("nextCharge"), charge],
  ]);
}

export function success(settlement: Settlement, view: View): StepView {
  const { t } = view.format;
  const { outcome, status, offer, subscription } = settlement;
  const step = successStep(view.config);
  const own = step?.[outcome];
  const cancelled = outcome === "cancelled";
  const requested = status === "requested";
  // Until billing has confirmed it, no text of anybody may call it done.
  return {
    title: requested
      ? t("requested")
      : (own?.title ?? step?.title ?? t(cancelled ? "cancelled" : (kept[offer?.type ?? ""] ?? "kept"))),
    body: requested ? t("requestedBody") : (own?.body ?? step?.body),
    content: requested ? undefined : outcomeFacts(subscription, view, cancelled),
    actions: [
      button(view, t("done"), { type: "close" }, "primary"),
      cancelled ? "" : button(view, t("restart"), { type: "restart" }, "quiet"),
    ],
  };
}

/** The subscription was already ending before this flow began. */
export function notice(view: View): StepView {
  const { t } = view.format;
  return {
    title: t("alreadyCancelled"),
    content: outcomeFacts(view.config.subscription, view, true),
    actions: button(view, t("done"), { type: "close" }, "primary"),
  };
}

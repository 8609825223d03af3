/** The steps that state facts: what ends, what will happen, what has happened. */
import { html, nothing } from "lit";
import type { FlowSubscription, Settlement, Step } from "../../api/wire.ts";
import { successStep } from "../../flow/machine.ts";
import { accessUntil } from "../../flow/offers.ts";
import { plain } from "../rich-text.ts";
import { button, facts, type StepView, type View } from "./parts.ts";

type Of<Type extends Step["type"]> = Extract<Step, { type: Type }>;

export const losses = ({ items }: Of<"losses">, { values }: View): StepView => ({
  content: html`<ul part="losses">
    ${items.map((item) => html`<li>${plain(item, values)}</li>`)}
  </ul>`,
});

/** The footer is the step: its two buttons decide. */
export function confirm(step: Of<"confirm">, { format: { t, date, isolate, per }, config }: View): StepView {
  const { status, plan, price } = config.subscription;
  const until = accessUntil(config.subscription, step.effective, config.now);
  const now = until === config.now;
  const end = until === undefined ? until : date(until);
  // Where no day can be named, what is known says at least what it is about.
  const said = [plan.name && isolate(plan.name), price && per(price, price.amount)].filter(Boolean);
  return {
    body:
      step.body ??
      (end && t(now ? "confirmNow" : status === "trialing" ? "confirmTrial" : "confirmEnd", { date: end })),
    content: facts([
      [t("plan"), end ? plan.name : said.join(" · ")],
      [t("accessUntil"), now ? t("today") : end],
      [t("charges"), end && t(status === "past_due" ? "openInvoice" : "none")],
    ]),
    actions: nothing,
    keep: step.keepLabel,
    leave: step.confirmLabel,
  };
}

/** The offers that leave something behind; after the others the subscription simply continues. */
const lasting = ["discount", "pause", "plan_change", "annual_switch", "trial_extension"] as const;

/** What holds now, read back from billing; never what was merely asked for. */
function outcomeFacts(
  subscription: FlowSubscription,
  { format: { t, date, isolate, money, per } }: View,
  ended: boolean,
) {
  const { plan, price, status, nextCharge, discount, pausedUntil, trialEnd, cancelAt, periodEnd } =
    subscription;
  const { scheduledChange: next } = subscription;
  const lastDay = cancelAt ?? periodEnd;
  const charge =
    nextCharge &&
    t("amountOn", { price: money(nextCharge.amount, nextCharge.currency), date: date(nextCharge.at) });
  if (ended) {
    return facts([
      [t("accessUntil"), lastDay !== undefined && date(lastDay)],
      [t("charges"), charge ?? t(status === "past_due" ? "openInvoice" : "none")],
    ]);
  }
  return facts([
    [t("plan"), price ? `${isolate(plan.name)} · ${per(price, price.amount)}` : plan.name],
    [
      t("changesOn", { date: next && date(next.at) }),
      next && `${isolate(next.name)} · ${per(next.price, next.price.amount)}`,
    ],
    [t("discountUntil"), discount?.endsAt !== undefined && date(discount.endsAt)],
    [t("pausedUntil"), pausedUntil !== undefined && date(pausedUntil)],
    [t("trialEnds"), status === "trialing" && trialEnd !== undefined && date(trialEnd)],
    [t("nextCharge"), charge],
  ]);
}

export function success({ outcome, status, offer, subscription }: Settlement, view: View): StepView {
  const { t } = view.format;
  const step = successStep(view.config);
  const cancelled = outcome === "cancelled";
  // Until billing has confirmed it, no text of anybody may call it done.
  const requested = status === "requested";
  const own = requested ? undefined : { ...step, ...step?.[outcome] };
  const type = lasting.find((each) => each === offer?.type);
  return {
    title:
      own?.title ?? t(requested ? "requested" : cancelled ? "cancelled" : type ? `kept_${type}` : "kept"),
    body: requested ? t("requestedBody") : own?.body,
    content: requested ? nothing : outcomeFacts(subscription, view, cancelled),
    actions: [
      button(view, t("done"), { type: "close" }, "primary"),
      cancelled ? nothing : button(view, t("restart"), { type: "restart" }, "quiet"),
    ],
  };
}

/** The subscription was already ending before this flow began. */
export const notice = (view: View): StepView => ({
  title: view.format.t("alreadyCancelled"),
  content: outcomeFacts(view.config.subscription, view, true),
  actions: button(view, view.format.t("done"), { type: "close" }, "primary"),
});

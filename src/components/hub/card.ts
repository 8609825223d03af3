/** One subscription: what it is, what it costs, and what can be done with it. */
import { html, nothing, type TemplateResult } from "lit";
import type { HubSubscription, Subscription } from "../../api/wire.ts";
import { facts, icon } from "../steps/parts.ts";
import { methodTrouble, reducedPrice, rowsOf, standing } from "./facts.ts";
import { refusal, retryOf, trouble } from "./help.ts";
import { actionLabel } from "./labels.ts";
import type { Action } from "./panel-controller.ts";
import type { View } from "./view.ts";

/** In this order: on with it, change it, leave it. */
const order = [
  "resume",
  "undo_cancellation",
  "plan_change",
  "annual_switch",
  "pause",
  "extend_pause",
  "promo_code",
] as const satisfies readonly Action[];

/** @param index of the card, for ids */
export function card(subscription: HubSubscription, index: number, view: View): TemplateResult {
  const { id, plan, status } = subscription;
  const { format, now, manager } = view;
  const [kind, words] = standing(subscription, now, format);
  const trouble = methodTrouble(subscription, now);
  const panel = manager?.panels.panel;
  const open = panel?.about === id ? panel : undefined;
  return html`<article
    part="card ${kind}"
    class=${kind}
    tabindex="-1"
    data-id=${id}
    aria-labelledby="plan-${index}"
    aria-describedby="state-${index}"
  >
    <header part="card-header">
      <h3 id="plan-${index}" part="plan">${plan.name}</h3>
      <p id="state-${index}" class="state" part="state ${kind}">${words}</p>
    </header>
    ${kind === "ended" ? nothing : price(subscription, view)}
    ${banner(subscription, index, view, !open)}
    ${trouble ? html`<p class="error" part="error">${format.t(trouble)}</p>` : nothing}
    ${news(id, view)}
    <div class="about">
      ${facts(rowsOf(subscription, format))}
      ${status === "cancelled" ? nothing : features(plan.features, view)}
    </div>
    ${open ? manager?.panel(open, subscription, index, view) : actions(subscription, index, view)}
  </article>`;
}

/** Whether the failed payment is dealt with above the facts. */
const isDue = ({ status, due }: Subscription & Pick<HubSubscription, "due">) =>
  status === "past_due" || !!due;

/** A payment that has failed, and what can be done about it. */
function banner(subscription: HubSubscription, index: number, view: View, hasActions: boolean) {
  const { due, actions } = subscription;
  const { t, money } = view.format;
  if (!isDue(subscription)) return nothing;
  const canPay = actions.retry_payment || actions.payment_method;
  return html`<div class="due" part="due">
    <p class="error" part="error">
      ${t("hub_pastDueBody")} ${due && canPay ? t("hub_due", { price: money(due.amount, due.currency) }) : nothing}
    </p>
    ${
      hasActions && canPay
        ? html`<div class="actions" part="actions">
            ${actions.retry_payment ? opener("retry_payment", subscription, index, view, true) : nothing}
            ${actions.payment_method ? method(subscription, index, view) : nothing}
          </div>`
        : nothing
    }
  </div>`;
}

function actions(subscription: HubSubscription, index: number, view: View) {
  const { id, actions } = subscription;
  const { format, cancel } = view;
  const { t } = format;
  // Lit draws an empty list as nothing, and a group without buttons is none.
  const buttons = [
    ...order
      .filter((action) => actions[action])
      .map((action) =>
        opener(action, subscription, index, view, action === "resume" || action === "undo_cancellation"),
      ),
    ...(actions.payment_method && !isDue(subscription) ? [method(subscription, index, view)] : []),
    ...(actions.cancel
      ? [button("cancel", t("leave"), "button cancel", index, view, () => cancel(id), { opensDialog: true })]
      : []),
  ];
  return buttons.length
    ? html`<div class="actions" part="actions" role="group" aria-label=${t("hub_actions")}>${buttons}</div>`
    : nothing;
}

const opener = (
  action: Action,
  subscription: HubSubscription,
  index: number,
  view: View,
  isPrimary: boolean,
) =>
  button(
    action,
    actionLabel(action, subscription, view),
    isPrimary ? "button primary" : "button",
    index,
    view,
    () =>
      view.manage(({ panels }) => panels.open(subscription, action), {
        about: subscription.id,
        name: action,
      }),
    { isPrimary, isBusy: isPressed(view, subscription.id, action) },
  );

const METHOD = "payment_method";

const method = ({ id }: HubSubscription, index: number, view: View) =>
  button(
    METHOD,
    view.format.t("hub_updateMethod"),
    "button",
    index,
    view,
    () => view.manage(({ panels }) => void panels.update(id), { about: id, name: METHOD }),
    { isBusy: view.manager?.panels.leaving?.about === id || isPressed(view, id, METHOD) },
  );

const isPressed = ({ pressed }: View, id: string, name: string): boolean =>
  pressed?.about === id && pressed.name === name;

/** Called like the subscription as well, where there are several. */
function button(
  name: string,
  label: string,
  part: string,
  index: number,
  { several }: View,
  press: () => void,
  { isPrimary = false, opensDialog = false, isBusy = false },
) {
  return html`<button
    type="button"
    id="${name}-${index}"
    class=${isPrimary ? "primary" : nothing}
    part=${part}
    data-action=${name}
    aria-haspopup=${opensDialog ? "dialog" : nothing}
    aria-disabled=${isBusy || nothing}
    aria-labelledby=${several ? `${name}-${index} plan-${index}` : nothing}
    @click=${press}
  >${label}</button>`;
}

/** What the last action has led to, and what billing has not confirmed yet. */
function news(id: string, view: View) {
  const { manager, requested, format } = view;
  const { t, date } = format;
  const { note } = manager?.panels ?? {};
  const { key, fault, again } = note?.about === id ? note : {};
  const isRequested = requested.includes(id) || key === "requested";
  return [
    trouble(id, view),
    fault
      ? html`<div class="news" part="note" tabindex="-1">${refusal(
          fault,
          id,
          view,
          again ? retryOf(again, format) : nothing,
        )}</div>`
      : nothing,
    key && key !== "requested"
      ? html`<p class="said news" part="note" tabindex="-1"><strong>${t(key, { date: note?.date && date(note.date) })}</strong></p>`
      : nothing,
    isRequested
      ? html`<p class="said news" part="note" tabindex="-1"><strong>${t("requested")}</strong> ${t("requestedBody")}</p>`
      : nothing,
  ];
}

function price(subscription: Subscription, { format: { t, money, per } }: View) {
  const { price } = subscription;
  const reduced = reducedPrice(subscription);
  return html`<p class="price" part="price">
    <strong>${per(price, reduced ?? price.amount)}</strong>
    ${
      reduced === undefined
        ? nothing
        : html`<span>${t("insteadOf", { price: money(price.amount, price.currency) })}</span>`
    }
  </p>`;
}

function features(names: readonly string[], { format: { t } }: View) {
  // Safari takes a list without markers for none.
  return names.length
    ? html`<div part="features">
        <h4>${t("hub_features")}</h4>
        <ul role="list">
          ${names.map((name) => html`<li>${icon("m4 9.5 3.5 3.5L14 5.5")}<span>${name}</span></li>`)}
        </ul>
      </div>`
    : nothing;
}

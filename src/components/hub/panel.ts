/** What stands in place of a card's actions while one of them is under way: choices, where they lead, and confirming. */
import { html, nothing, type TemplateResult } from "lit";
import type { HubSubscription } from "../../api/wire.ts";
import { fill } from "../../i18n/format.ts";
import { plain } from "../rich-text.ts";
import { facts } from "../steps/parts.ts";
import { choices, codeFault } from "./choices.ts";
import { refusal } from "./help.ts";
import { actionLabel } from "./labels.ts";
import { offerTitle, offerValues } from "./offer.ts";
import { type Panel, panelsOf } from "./panel-controller.ts";
import { previewRows } from "./preview.ts";
import type { View } from "./view.ts";

/** The shortcuts of the page see only the hub as their target, not the field. */
const stop = (event: Event) => event.stopPropagation();

export function panel(
  panel: Panel,
  subscription: HubSubscription,
  index: number,
  view: View,
): TemplateResult {
  const { action, offer, busy, preview, fault } = panel;
  const { format } = view;
  const panels = panelsOf(view);
  const { t } = format;
  const values = offer ? offerValues(subscription, view) : {};
  const shown = fault && !codeFault(panel);
  const isChanged = fault?.code === "terms_changed";
  const isBusy = busy === "change";
  const failed = shown
    ? refusal(
        fault,
        subscription.id,
        view,
        fault.code === "payment_declined" && subscription.actions.payment_method
          ? html`<button type="button" part="button" @click=${() => panels.update(subscription.id)}>${t("hub_updateMethod")}</button>`
          : nothing,
      )
    : nothing;
  const keydown = (event: KeyboardEvent) => {
    const { key, repeat, isComposing } = event;
    const isEscape = key === "Escape" && !isComposing;
    // A key that is held down would confirm what has only just come.
    if (isEscape || (repeat && key === "Enter")) event.preventDefault();
    if (isEscape) panels.close();
    stop(event);
  };
  return html`<form
    part="panel"
    novalidate
    aria-labelledby="change plan-${index}"
    @keydown=${keydown}
    @keypress=${stop}
    @keyup=${stop}
    @submit=${(event: Event) => {
      event.preventDefault();
      void panels.submit();
    }}
  >
    <h4 id="change" part="panel-heading" tabindex="-1">
      ${offer ? plain(offerTitle(offer, format), values) : actionLabel(action, subscription, view)}
    </h4>
    ${choices(panel, subscription, view)}
    ${isChanged ? failed : nothing}
    <div class="preview" part="preview" role="status" aria-busy=${busy === "preview"}>
      ${busy === "preview" ? html`<div class="skeleton" part="skeleton"><i></i><i></i></div>` : nothing}
      ${
        preview
          ? html`<h4>${t("hub_afterwards")}</h4>
            ${facts(previewRows(preview, subscription, format, saving(panel, subscription)))}
            ${sentence(panel, subscription, view)}`
          : nothing
      }
    </div>
    ${isChanged ? nothing : failed}
    <div class="actions" part="actions">
      <button
        type="submit"
        class="primary"
        part="button primary"
        aria-disabled=${isBusy || nothing}
        @click=${(event: MouseEvent) => {
          // The second half of a double click would confirm what has only just come.
          if (event.detail > 1) event.preventDefault();
        }}
      >${fill(confirmLabel(panel, subscription, view), values)}</button>
      <button type="button" part="button" aria-disabled=${isBusy || nothing} @click=${() => panels.close()}>${t("back")}</button>
    </div>
  </form>`;
}

function saving({ action, offer }: Panel, { actions }: HubSubscription): number {
  if (offer?.type === "annual_switch") return offer.terms.saving;
  return (action === "annual_switch" && actions.annual_switch?.saving) || 0;
}

function confirmLabel(panel: Panel, subscription: HubSubscription, view: View): string {
  const { action, offer, preview, fault } = panel;
  const { t } = view.format;
  if (fault?.retryable) return t("retry");
  if (offer) return offer.acceptLabel ?? t(`accept_${offer.type}`);
  if (action === "promo_code") return t(preview ? "hub_applyCode" : "hub_checkCode");
  return action === "plan_change" ? t("accept_plan_change") : actionLabel(action, subscription, view);
}

/** What rows of facts cannot say. */
function sentence({ action, offer }: Panel, { status }: HubSubscription, { format: { t } }: View) {
  const key =
    action === "annual_switch" || offer?.type === "annual_switch"
      ? "hub_yearAhead"
      : action === "retry_payment"
        ? "hub_paysOff"
        : action === "resume" && status === "paused"
          ? "hub_resumesNow"
          : action === "resume" || action === "undo_cancellation"
            ? "hub_continues"
            : undefined;
  return key ? html`<p>${t(key)}</p>` : nothing;
}

/** The one thing that a business offers without being asked. */
import { html, nothing } from "lit";
import type { FlowConfig, Offer, Subscription } from "../../api/wire.ts";
import { fill, type Values } from "../../i18n/format.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";
import { plain, rich } from "../rich-text.ts";
import { mergeValues } from "../values.ts";
import type { View } from "./view.ts";

/** Merge fields of the business's words. */
export const offerValues = (subscription: Subscription, { hub, format }: View): Values =>
  mergeValues({ customer: hub?.customer, subscription, attributes: {} } as FlowConfig, format);

export function offerTitle({ type, title, terms }: Offer, { t, money, percent }: HubFormat): string {
  if (title) return title;
  if (type === "trial_extension") return t("offer_trial_extension", { count: terms.days });
  if (type !== "discount") return t(`offer_${type}`);
  const { percentOff, amountOff, amount, discounted, currency } = terms;
  const off =
    percentOff === undefined ? money(amountOff ?? amount - discounted, currency) : percent(percentOff);
  return t("offer_discount", { off });
}

export function offerBanner(view: View) {
  const { hub, subscriptions, manager, manage, format } = view;
  const offer = hub?.offer?.offer;
  const subscription = subscriptions.find(({ id }) => id === hub?.offer?.subscription);
  if (!offer || !subscription || manager?.panels.dismissed.has(offer.id)) return nothing;
  const { t } = format;
  const values = offerValues(subscription, view);
  return html`<div class="box" part="offer" role="group" aria-labelledby="offer">
    <h3 id="offer" part="offer-heading">${plain(offerTitle(offer, format), values)}</h3>
    ${offer.body ? html`<div class="body" part="body">${rich(offer.body, values)}</div>` : nothing}
    <div class="actions" part="actions">
      <button
        type="button"
        class="primary"
        part="button primary"
        data-action="offer"
        @click=${() => manage(({ panels }) => panels.open(subscription, "offer", offer))}
      >${fill(offer.acceptLabel ?? t(`accept_${offer.type}`), values)}</button>
      <button type="button" part="button" @click=${() => manage(({ panels }) => panels.dismiss(offer))}>
        ${fill(offer.declineLabel ?? t("decline"), values)}
      </button>
    </div>
  </div>`;
}

/** The one thing that a business offers without being asked. */
import { html, nothing } from "lit";
import type { DiscountTerms, FlowConfig, Offer, Subscription } from "../../api/wire.ts";
import { fill, type Values } from "../../i18n/format.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";
import { plain, rich } from "../rich-text.ts";
import { facts } from "../steps/parts.ts";
import { mergeValues } from "../values.ts";
import { trouble } from "./help.ts";
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

const lengthOf = ({ duration, months = 0 }: DiscountTerms, { t }: HubFormat): string =>
  duration === "repeating" ? t("repeating", { count: months }) : t(duration);

export function offerBanner(view: View) {
  const { hub, subscriptions, manager, manage, several, pressed, format } = view;
  const offer = hub?.offer?.offer;
  const subscription = subscriptions.find(({ id }) => id === hub?.offer?.subscription);
  if (!offer || !subscription || manager?.panels.dismissed.has(offer.id)) return nothing;
  const { t } = format;
  const values = offerValues(subscription, view);
  const press = { about: "offer", name: "offer" };
  return html`<div class="box" part="offer" role="group" aria-labelledby="offer">
    <h3 id="offer" part="offer-heading">
      ${plain(offerTitle(offer, format), values)}${several ? html` · <bdi>${subscription.plan.name}</bdi>` : nothing}
    </h3>
    ${offer.body ? html`<div class="body" part="body">${rich(offer.body, values)}</div>` : nothing}
    ${offer.type === "discount" ? facts([[t("lasts"), lengthOf(offer.terms, format)]]) : nothing}
    ${trouble("offer", view)}
    <div class="actions" part="actions">
      <button
        type="button"
        class="primary"
        part="button primary"
        data-action="offer"
        aria-disabled=${pressed?.about === "offer" || nothing}
        @click=${() => manage(({ panels }) => panels.open(subscription, "offer", offer), press)}
      >${fill(offer.acceptLabel ?? t(`accept_${offer.type}`), values)}</button>
      <button type="button" part="button" @click=${() => manage(({ panels }) => panels.dismiss(offer), press)}>
        ${fill(offer.declineLabel ?? t("decline"), values)}
      </button>
    </div>
  </div>`;
}

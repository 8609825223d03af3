/** What a change leads to, in rows of facts. */
import type { HubPreview, Subscription } from "../../api/wire.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";
import { coming, priceOf, type Row, reducedPrice } from "./facts.ts";

/**
 * The first of them is what it costs at once.
 * @param saving minor units per year
 */
export function previewRows(
  { dueNow, currency, subscription }: HubPreview,
  before: Subscription,
  format: HubFormat,
  saving: number,
): Row[] {
  const { t, date, money, per } = format;
  const { plan, price, pausedUntil, periodEnd, nextCharge } = subscription;
  const reduced = reducedPrice(subscription);
  return [
    [t("dueNow"), money(dueNow, currency)],
    [t("hub_newPlan"), plan.name !== before.plan.name && plan.name],
    [t("hub_fromNow"), price.id !== before.price.id && per(price, price.amount)],
    [t("hub_priceThen"), reduced !== undefined && priceOf(subscription, reduced, format)],
    [t("pausedUntil"), pausedUntil !== undefined && date(pausedUntil)],
    // What is paid for runs on in a pause, and out.
    [t("accessUntil"), pausedUntil !== undefined && periodEnd < pausedUntil && date(periodEnd)],
    [t("saving"), saving > 0 && money(saving, currency)],
    ...coming(subscription, format, "hub_discountThen"),
    [
      t("fullPrice"),
      reduced === undefined && reducedPrice(before) !== undefined && nextCharge && date(nextCharge.at),
    ],
  ];
}

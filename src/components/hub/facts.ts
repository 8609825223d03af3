/** What a subscription is at the moment, in words. Nothing here claims more than billing has said. */
import type { HubSubscription, Subscription } from "../../api/wire.ts";
import { discounted } from "../../flow/offers.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";

const DAY = 86_400_000;

/** A word for styling, and the words that a customer reads. */
export type Standing = readonly [
  kind: "active" | "trialing" | "past-due" | "paused" | "ending" | "ended",
  text: string,
];

/** @param now by billing's clock */
export function standing(
  { status, cancelAt, trialEnd, pausedUntil }: Subscription,
  now: number,
  { t, date }: HubFormat,
): Standing {
  if (status === "cancelled")
    return ["ended", cancelAt === undefined ? t("hub_ended") : t("hub_endedOn", { date: date(cancelAt) })];
  if (cancelAt !== undefined) return ["ending", t("hub_ending", { date: date(cancelAt) })];
  if (status === "past_due") return ["past-due", t("hub_pastDue")];
  if (status === "paused")
    return [
      "paused",
      pausedUntil === undefined ? t("hub_paused") : t("hub_pausedUntil", { date: date(pausedUntil) }),
    ];
  if (status !== "trialing") return ["active", t("hub_active")];
  const count = trialEnd === undefined ? 0 : Math.ceil((trialEnd - now) / DAY);
  return ["trialing", count > 0 ? t("hub_trialLeft", { count }) : t("hub_trial")];
}

export const isCancellable = ({ status, cancelAt }: Subscription): boolean =>
  status !== "cancelled" && cancelAt === undefined;

/** What a period costs while the discount runs; undefined where no charge to come will be lower for it. */
export function reducedPrice({ price, discount, nextCharge }: Subscription): number | undefined {
  if (!discount || !nextCharge || (discount.endsAt ?? Number.POSITIVE_INFINITY) <= nextCharge.at)
    return undefined;
  const amount = discounted(price.amount, discount);
  return amount < price.amount ? amount : undefined;
}

export type Row = readonly [label: string, value: string | false | undefined];

/** What a period costs, and what it cost before the discount. */
export function priceOf({ price }: Subscription, reduced: number, { t, money, per }: HubFormat): string {
  return `${per(price, reduced)} ${t("insteadOf", { price: money(price.amount, price.currency) })}`;
}

/** What is to come. */
export function coming(
  subscription: Subscription,
  { t, date, money, per, percent, isolate }: HubFormat,
  discountLabel: "hub_discount" | "hub_discountThen",
): Row[] {
  const { status, price, discount, nextCharge, scheduledChange, trialEnd, cancelAt } = subscription;
  const off =
    discount?.percentOff === undefined
      ? money(discount?.amountOff ?? 0, price.currency)
      : percent(discount.percentOff);
  return [
    [
      nextCharge ? t("nextCharge") : t("charges"),
      nextCharge
        ? t("amountOn", { price: money(nextCharge.amount, nextCharge.currency), date: date(nextCharge.at) })
        : !isCancellable(subscription) && t(status === "past_due" ? "openInvoice" : "none"),
    ],
    [
      t(discountLabel),
      discount &&
        reducedPrice(subscription) !== undefined &&
        (discount.endsAt === undefined
          ? t("hub_discountForever", { off })
          : t("hub_discountUntil", { off, date: date(discount.endsAt) })),
    ],
    [
      t("changesOn", { date: scheduledChange && date(scheduledChange.at) }),
      scheduledChange &&
        `${isolate(scheduledChange.name)} · ${per(scheduledChange.price, scheduledChange.price.amount)}`,
    ],
    [t("trialEnds"), status === "trialing" && trialEnd !== undefined && date(trialEnd)],
    [t("accessUntil"), status !== "cancelled" && cancelAt !== undefined && date(cancelAt)],
  ];
}

export function rowsOf(subscription: HubSubscription, format: HubFormat): Row[] {
  const { status, startedAt, pausedUntil, due, actions } = subscription;
  const { t, date } = format;
  return [
    ...coming(subscription, format, "hub_discount"),
    [t("pausedUntil"), status !== "paused" && pausedUntil !== undefined && date(pausedUntil)],
    [t("hub_dueSince"), due && date(due.at)],
    [t("hub_paymentMethod"), methodOf(subscription, format) ?? (actions.payment_method && t("hub_noMethod"))],
    [t("hub_since"), date(startedAt)],
  ];
}

/** "Visa ending in 4242, valid until May 2027" */
function methodOf({ paymentMethod }: HubSubscription, { locale, t }: HubFormat): string | undefined {
  if (!paymentMethod) return undefined;
  const { brand, last4, expMonth, expYear } = paymentMethod;
  const method = last4 ? t("hub_card", { brand, digits: last4 }) : brand;
  if (!expMonth || !expYear) return method;
  const month = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" });
  return t("hub_cardUntil", { method, date: month.format(Date.UTC(expYear, expMonth - 1)) });
}

/** What is wrong with the card, if the next charge would fail for it. */
export function methodTrouble({ paymentMethod, nextCharge, due }: HubSubscription, now: number) {
  const { expMonth, expYear } = paymentMethod ?? {};
  if (!expMonth || !expYear || !(nextCharge || due)) return undefined;
  // It is good until the end of its month.
  const end = Date.UTC(expYear, expMonth);
  return end <= now ? "hub_cardExpired" : nextCharge && end <= nextCharge.at ? "hub_cardExpiring" : undefined;
}

/** What a subscription is at the moment, in words. Nothing here claims more than billing has said. */
import type { Subscription } from "../../api/wire.ts";
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

type Row = readonly [label: string, value: string | false | undefined];

export function rowsOf(
  subscription: Subscription,
  { t, date, money, per, percent, isolate }: HubFormat,
): Row[] {
  const { status, price, discount, nextCharge, scheduledChange, startedAt } = subscription;
  const { trialEnd, pausedUntil, cancelAt } = subscription;
  const isEnded = status === "cancelled";
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
      t("hub_discount"),
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
    [t("pausedUntil"), status !== "paused" && pausedUntil !== undefined && date(pausedUntil)],
    [t("accessUntil"), !isEnded && cancelAt !== undefined && date(cancelAt)],
    [t("hub_since"), date(startedAt)],
  ];
}

/** What the actions of a subscription are called. */
import type { HubSubscription } from "../../api/wire.ts";
import type { Action } from "./panel-controller.ts";
import type { View } from "./view.ts";

/** What the button is called that opens it. */
export function actionLabel(
  action: Action,
  { status, due, periodEnd }: HubSubscription,
  { format, now }: View,
): string {
  const { t, money } = format;
  if (action === "retry_payment")
    return due ? t("hub_pay", { price: money(due.amount, due.currency) }) : t("retry");
  // While what is paid for still runs, nothing has been missed yet.
  if (action === "resume")
    return t(status === "paused" && periodEnd <= now ? "hub_resume" : "hub_cancelPause");
  return t(labels[action as keyof typeof labels]);
}

const labels = {
  plan_change: "hub_changePlan",
  annual_switch: "accept_annual_switch",
  pause: "accept_pause",
  extend_pause: "hub_changePause",
  undo_cancellation: "hub_undo",
  promo_code: "hub_enterCode",
} as const;

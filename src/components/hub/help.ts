/** What is said of a failure, and whom the customer can write to. */
import { html, nothing } from "lit";
import type { Fault } from "../../flow/machine.ts";
import { mailto } from "../../lazy.ts";
import type { View } from "./view.ts";

/** Filled in as far as it can be: whoever reads the mail should find the customer and the failure. */
export function help(
  { email, subscriptionId, format: { t } }: View,
  words: string,
  fault?: Fault,
  about = subscriptionId,
) {
  if (!email) return nothing;
  const reference = [about, fault?.requestId].filter(Boolean).join(", ");
  const body = t("hub_mailText") + (reference ? `\n\n${t("reference", { reference })}` : "");
  return html`<p part="help">${words} <a part="link" href=${mailto(email, t("hub_mailSubject"), body)}>${email}</a></p>`;
}

/** When the server wants to be left alone. */
export const patience = ({ retryAfter }: Fault, { format: { t } }: View) =>
  retryAfter ? html`<p>${t("retryAfter", { count: Math.ceil(retryAfter / 1000) })}</p>` : nothing;

/** What was pressed in vain, where it was pressed. */
export function trouble(about: string, view: View) {
  const { trouble, subscriptionId, format } = view;
  if (trouble?.about !== about) return nothing;
  return html`<div class="news trouble" part="note" tabindex="-1">
    ${refusal(trouble.fault, subscriptionId, view, retryOf(trouble.again, format))}
  </div>`;
}

export const retryOf = (again: () => void, { t }: View["format"]) =>
  html`<button type="button" part="button retry" @click=${again}>${t("retry")}</button>`;

/** What keeps a change from being made; whom to write to only where customers cannot mend it by themselves. */
export function refusal(fault: Fault, subscriptionId: string, view: View, more: unknown = nothing) {
  const { t } = view.format;
  const { code, retryable } = fault;
  const isOurs = code !== "terms_changed" && code !== "payment_declined";
  const words =
    code === "terms_changed"
      ? t("hub_termsChanged")
      : code === "payment_declined"
        ? t("hub_declined")
        : t(retryable ? "faultRetry" : "hub_refused");
  return html`<div class="failure" part="failure" role="alert">
    <p class="error" part="error">${words}</p>
    ${patience(fault, view)}
    ${isOurs ? help(view, t("mailBody"), fault, subscriptionId) : nothing}
    ${more}
  </div>`;
}

/** The whole hub, in each of its states. */
import { html, nothing, type TemplateResult } from "lit";
import type { Subscription } from "../../api/wire.ts";
import type { Fault } from "../../flow/machine.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";
import { mailto } from "../../lazy.ts";
import { card } from "./card.ts";
import { type HubState, isEnded } from "./hub-controller.ts";

/** All that the templates see. */
export interface View {
  format: HubFormat;
  state: HubState;
  /** Those that this hub shows. */
  subscriptions: readonly Subscription[];
  /** By billing's clock. */
  now: number;
  several: boolean;
  /** Ids of the subscriptions for which something was decided that billing has not confirmed yet. */
  requested: readonly string[];
  /** Whom the customer can write to. */
  email: string;
  /** The page's own word for which subscription. */
  subscriptionId: string;
  /** The browser says that there is no connection. */
  offline: boolean;
  isBusy: boolean;
  isNew: boolean;
  /** Somebody can be asked again who is signed in. */
  isRenewable: boolean;
  retry(): void;
  cancel(subscriptionId: string): void;
}

/** The customer's part of it: what they can do about it themselves. */
const causeOf = (fault: Fault, offline: boolean) =>
  isEnded(fault) ? "expired" : offline && fault.retryable ? "offline" : undefined;

export function view(view: View): TemplateResult {
  const { format, state, subscriptions, isBusy, isNew } = view;
  const { t } = format;
  const fault = state.phase === "loading" ? undefined : state.fault;
  const { phase } = state;
  return html`<section part="hub" aria-labelledby="title" aria-busy=${phase === "loading"}>
    <h2 id="title" part="heading" tabindex="-1" class=${phase}>${titleOf(view)}</h2>
    ${phase === "loading" ? skeleton : nothing}
    ${phase === "failed" ? failure(state.fault, view) : nothing}
    ${phase === "ready" && state.fault ? note(state.fault, view) : nothing}
    ${phase === "ready" && !subscriptions.length ? help(view, t("hub_missing")) : nothing}
    ${
      phase === "ready"
        ? html`<div class="cards">${subscriptions.map((each, index) => card(each, index, view))}</div>`
        : nothing
    }
  </section>
  <p class="sr" role="status">${
    // What has failed again is said again.
    isBusy
      ? fault
        ? t("loading")
        : nothing
      : phase === "ready" && fault
        ? noteText(fault, view)
        : isNew
          ? t("hub_updated")
          : nothing
  }</p>`;
}

function titleOf({ format: { t }, state, subscriptions, offline }: View): string {
  if (state.phase === "loading") return t("loading");
  if (state.phase === "failed") return t(causeOf(state.fault, offline) ?? "hub_unavailable");
  return subscriptions.length ? t("hub_title", { count: subscriptions.length }) : t("hub_empty");
}

const skeleton = html`<div class="skeleton box" part="skeleton"><i></i><i></i><i></i><i></i></div>`;

function failure(fault: Fault, view: View) {
  const { format, offline, isRenewable } = view;
  const { t } = format;
  const cause = causeOf(fault, offline);
  return html`<div class="box" part="failure">
    <div role="alert">
      <p part="error">${t(cause ? `${cause}Body` : "hub_unavailableBody")}</p>
      ${fault.retryAfter ? html`<p>${t("retryAfter", { count: Math.ceil(fault.retryAfter / 1000) })}</p>` : nothing}
    </div>
    ${view.email ? help(view, t("mailBody"), fault) : cause ? nothing : html`<p part="help">${t("hub_support")}</p>`}
    <slot></slot>
    ${fault.retryable || (cause === "expired" && isRenewable) ? retry(view) : nothing}
  </div>`;
}

const noteText = ({ code }: Fault, { format: { t, time }, now }: View): string =>
  code === "load_failed" ? t("unavailable") : t("hub_stale", { time: time(now) });

/** What is shown may be old, or could not be acted on. */
const note = (fault: Fault, view: View) =>
  html`<div class="box" part="note">
    <p class="error" part="error">${noteText(fault, view)}</p>
    ${help(view, view.format.t("mailBody"), fault)}
    ${retry(view)}
  </div>`;

const retry = ({ format, isBusy, retry }: View) =>
  html`<div class="actions" part="actions">
    <button type="button" part="button retry" aria-disabled=${isBusy || nothing} @click=${retry}>${format.t("retry")}</button>
  </div>`;

/** Filled in as far as it can be: whoever reads the mail should find the customer and the failure. */
function help({ email, subscriptionId, format: { t } }: View, words: string, fault?: Fault) {
  if (!email) return nothing;
  const reference = [subscriptionId, fault?.requestId].filter(Boolean).join(", ");
  const body = t("hub_mailText") + (reference ? `\n\n${t("reference", { reference })}` : "");
  return html`<p part="help">${words} <a part="link" href=${mailto(email, t("hub_mailSubject"), body)}>${email}</a></p>`;
}

/** The whole hub, in each of its states. */
import { html, nothing, type TemplateResult } from "lit";
import type { Hub, HubSubscription } from "../../api/wire.ts";
import type { Fault } from "../../flow/machine.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";
import { card } from "./card.ts";
import { help, patience } from "./help.ts";
import { type HubState, isEnded } from "./hub-controller.ts";
import type { Manager } from "./manage.ts";
import { offerBanner } from "./offer.ts";
import { section } from "./sections.ts";

/** A button, by its name, and what it is about: the id of a subscription, the kind of a section, or the offer. */
export interface Press {
  readonly about: string;
  readonly name: string;
}

export interface Trouble extends Press {
  readonly fault: Fault;
  again(): void;
}

/** All that the templates see. */
export interface View {
  format: HubFormat;
  state: HubState;
  hub: Hub | undefined;
  /** As soon as its code is there. */
  manager: Manager | undefined;
  /** What somebody has pressed and waits for until the code is there. */
  pressed: Press | undefined;
  /** What was pressed in vain, because the code did not come. */
  trouble: Trouble | undefined;
  /** Those that this hub shows. */
  subscriptions: readonly HubSubscription[];
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
  /** Does it as soon as the code is there. */
  manage(work: (manager: Manager) => void, press: Press): void;
  /** Somebody may be about to: the code may come. */
  prepare(): void;
  cancel(subscriptionId: string): void;
}

/** The customer's part of it: what they can do about it themselves. */
const causeOf = (fault: Fault, offline: boolean) =>
  isEnded(fault) ? "expired" : offline && fault.retryable ? "offline" : undefined;

export function view(view: View): TemplateResult {
  const { format, state, subscriptions } = view;
  const { t } = format;
  const { phase } = state;
  const prepare = ({ target }: Event) => (target as Element).closest("button") && view.prepare();
  return html`<section
    part="hub"
    aria-labelledby="title"
    aria-busy=${phase === "loading"}
    @pointerover=${prepare}
    @focusin=${prepare}
  >
    <h2 id="title" part="heading" tabindex="-1" class=${phase}>${titleOf(view)}</h2>
    ${phase === "loading" ? skeleton : nothing}
    ${phase === "failed" ? failure(state.fault, view) : nothing}
    ${phase === "ready" && state.fault ? note(state.fault, view) : nothing}
    ${phase === "ready" && !subscriptions.length ? help(view, t("hub_missing")) : nothing}
    ${
      phase === "ready"
        ? html`${offerBanner(view)}
          <div class="cards">${subscriptions.map((each, index) => card(each, index, view))}</div>
          ${state.hub.sections.map((kind) => section(kind, view))}`
        : nothing
    }
  </section>
  <p class="sr" role="status">${newsOf(view)}</p>`;
}

function newsOf(view: View): unknown {
  const { format, state, manager, pressed, isBusy, isNew } = view;
  const { t, date } = format;
  const { panel, note, leaving } = manager?.panels ?? {};
  const fault = state.phase === "loading" ? undefined : state.fault;
  if (panel?.busy === "change") return t("busy");
  // What has failed again is said again.
  if (panel?.busy || leaving || pressed || (isBusy && fault)) return t("loading");
  if (note?.key && note.isLoud) return t(note.key, { date: note.date && date(note.date) });
  if (isBusy) return nothing;
  if (state.phase === "ready" && fault) return noteText(fault, view);
  return isNew && !note ? t("hub_updated") : nothing;
}

function titleOf({ format: { t }, state, subscriptions, offline }: View): string {
  if (state.phase === "loading") return t("loading");
  if (state.phase === "failed") return t(causeOf(state.fault, offline) ?? "hub_unavailable");
  return subscriptions.length ? t("hub_title", { count: subscriptions.length }) : t("hub_empty");
}

const skeleton = html`<div class="skeleton box" part="skeleton"><i></i><i></i><i></i><i></i></div>`;

/** A flow can say that nothing has changed. Here something may have been changed a moment before. */
const unclaimed = (text: string, { format: { t } }: View) => text.replace(t("unavailableBody"), "").trim();

function failure(fault: Fault, view: View) {
  const { format, offline, isRenewable } = view;
  const { t } = format;
  const cause = causeOf(fault, offline);
  return html`<div class="box" part="failure">
    <div role="alert">
      <p part="error">${cause ? unclaimed(t(`${cause}Body`), view) : t(fault.retryable ? "faultRetry" : "hub_support")}</p>
      ${patience(fault, view)}
    </div>
    ${view.email ? help(view, t("mailBody"), fault) : cause || !fault.retryable ? nothing : html`<p part="help">${t("hub_support")}</p>`}
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

/** What a customer is about to change, from the press to the answer. Nothing is claimed that the server has not said. */
import { ApiError, faultOf } from "../../api/errors.ts";
import { dismissOffer, makeChange, openPaymentPage, previewChange } from "../../api/hub.ts";
import type { Hub, HubChange, HubPreview, HubResult, Offer, Subscription } from "../../api/wire.ts";
import { type ChangeDetail, emit } from "../../events.ts";
import type { Fault } from "../../flow/machine.ts";
import type { HubKey } from "../../i18n/hub/languages.ts";
import type { MessageKey } from "../../i18n/messages.ts";
import { type HubState, isEnded } from "./hub-controller.ts";
import type { HubParts } from "./parts.ts";
import type { View } from "./view.ts";

export type Action = ChangeDetail["change"];

export interface Panel {
  readonly action: Action;
  /** Id of the subscription. */
  readonly about: string;
  readonly offer: Offer | undefined;
  /** The subscription when it was opened. */
  readonly before: Subscription;
  /** What stands in its field: a code, or a date as `YYYY-MM-DD`. */
  text: string;
  /** Undefined while something is still to be chosen. */
  change: HubChange | undefined;
  /** Where `change` leads to; undefined as soon as that is another one. */
  preview: HubPreview | undefined;
  busy: "preview" | "change" | undefined;
  /** The customer wanted to go on without a choice, or has left a date that is not possible. */
  isMissing: boolean;
  fault: Fault | undefined;
}

/** What is said in the card of a subscription until the next action. */
export interface Note {
  readonly about: string;
  /** What has happened; or the fault for which it has not. */
  readonly key?: MessageKey | HubKey;
  /** Milliseconds since 1970. */
  readonly date?: number | undefined;
  readonly fault?: Fault;
  again?(): void;
  /** It does not get the focus, so it has to be said aloud. */
  readonly isLoud?: boolean;
}

export interface PanelHost extends HubParts, EventTarget {
  /** The focus is in a panel, or nowhere. */
  readonly isHeld: boolean;
  /** Moves the focus once what is new is drawn; without an id, outside of the cards. */
  aim(subscriptionId: string | undefined, selector: string): void;
  /** Nobody is signed in any more. */
  fail(fault: Fault): void;
  /** To be called at the press itself. @returns what goes to another page or, without one, stays */
  depart(): (url?: string) => void;
}

/** With these there is something to choose first. */
const choosing: readonly string[] = ["plan_change", "pause", "extend_pause", "promo_code"];

const FIELD = "[aria-invalid] input, input[aria-invalid]";

/** 160 random bits. crypto.randomUUID exists on https pages only. */
const randomId = (): string => crypto.getRandomValues(new Uint32Array(5)).join("-");

export class PanelController {
  panel: Panel | undefined;
  note: Note | undefined;
  /** The subscription for which a page of the payment provider is asked for. */
  leaving: { readonly about: string } | undefined;
  /** Ids of offers that the customer does not want to see. */
  readonly dismissed = new Set<string>();
  readonly #host: PanelHost;
  #asking: AbortController | undefined;
  /** The change and what was seen of it, and the id that it was sent with; empty once there is an answer. */
  #sent = ["", ""];

  constructor(host: PanelHost) {
    this.#host = host;
  }

  /** Drops all that is known of a customer. */
  forget(): void {
    this.#asking?.abort();
    this.#sent = ["", ""];
    this.panel = this.note = this.leaving = undefined;
    this.dismissed.clear();
  }

  /** Something else is begun: what was said of the last thing goes. */
  begin(): void {
    this.note = undefined;
    this.#host.requestUpdate();
  }

  open(before: Subscription, action: Action, offer?: Offer): void {
    if (this.panel?.busy === "change") return;
    this.#drop();
    const { id: about } = before;
    const change = offer ? { type: action, offer: offer.id } : { type: action };
    this.panel = {
      action,
      about,
      offer,
      before,
      text: "",
      change: undefined,
      preview: undefined,
      busy: undefined,
      isMissing: false,
      fault: undefined,
    };
    this.begin();
    this.#host.aim(about, "#change");
    if (!choosing.includes(action)) this.choose(change as HubChange);
  }

  /** Back to the button that opened it. */
  close(): void {
    const { panel } = this;
    if (!panel || panel.busy === "change") return;
    this.#drop();
    const { action, about, offer } = panel;
    this.#host.aim(offer ? undefined : about, `[data-action=${action}]`);
  }

  /** @param text that stands in the field, where there is one */
  choose(change: HubChange | undefined, text = ""): void {
    const { panel } = this;
    if (!panel || panel.busy === "change") return;
    this.#asking?.abort();
    const news = { change, text, preview: undefined, busy: undefined, isMissing: false, fault: undefined };
    Object.assign(panel, news);
    this.#host.requestUpdate();
    // A code is looked up when it is complete, which only the customer knows.
    if (change && change.type !== "promo_code") void this.#preview(panel);
  }

  /** The customer has left the field. */
  complain(): void {
    const { panel } = this;
    if (panel?.text && !panel.change) {
      panel.isMissing = true;
      this.#host.requestUpdate();
    }
  }

  async submit(): Promise<void> {
    const { panel } = this;
    if (!panel || panel.busy) return;
    panel.fault = undefined;
    if (!panel.change) {
      panel.isMissing = true;
      this.#host.aim(panel.about, FIELD);
    } else if (panel.preview) await this.#make(panel, panel.change, panel.preview);
    else await this.#preview(panel);
  }

  /** To the payment provider's own page, from which the customer comes back to this one. */
  async update(about: string): Promise<void> {
    const { client } = this.#host;
    if (!client || this.leaving || this.panel?.busy === "change") return;
    this.leaving = { about };
    const { leaving } = this;
    const go = this.#host.depart();
    this.begin();
    try {
      const { url } = await openPaymentPage(client, about, location.href.replace(/#.*/, ""));
      if (!/^https?:/.test(url)) throw new ApiError("invalid_answer");
      go(this.leaving === leaving ? url : undefined);
    } catch (error) {
      go();
      const fault = this.leaving === leaving && this.#faultOf(error);
      if (fault)
        this.note = { about, fault, ...(fault.retryable && { again: () => void this.update(about) }) };
      // It may stand far above the button.
      if (fault) this.#host.aim(about, ".news");
    }
    if (this.leaving === leaving) this.leaving = undefined;
    this.#host.requestUpdate();
  }

  dismiss({ id }: Offer): void {
    const { client } = this.#host;
    if (this.panel?.offer?.id === id) this.close();
    this.dismissed.add(id);
    this.begin();
    this.#host.aim(undefined, "h2");
    // It is gone for the customer all the same.
    if (client) dismissOffer(client, id).catch(() => {});
  }

  /** Takes up what has been loaded, before it is drawn. */
  settle(state: HubState): void {
    if (state.phase !== "ready") {
      this.#asking?.abort();
      this.#sent = ["", ""];
      this.panel = this.note = undefined;
      return;
    }
    const { hub, fault } = state;
    const { panel, note } = this;
    if (note?.key === "requested" && !fault && !hub.requested?.includes(note.about)) this.note = undefined;
    // What was sent may be why that is not possible any more: only asking again tells.
    if (!panel || this.#sent[0]) return;
    const { about, change } = panel;
    if (!isPossible(panel, hub)) {
      this.#drop();
      this.#report({ about, fault: panel.fault ?? { code: "change_not_available", retryable: false } });
    } else if (change?.type === "plan_change") {
      const { plans = [] } = actionsIn(hub, about)?.plan_change ?? {};
      if (plans.some(({ price }) => price.id === change.priceId)) return;
      // Why it was refused is still to be read.
      const { fault } = panel;
      this.choose(undefined);
      panel.fault = fault;
    }
  }

  #drop(): void {
    this.#asking?.abort();
    this.panel = undefined;
    // What has become of it is not known: what holds is read.
    if (this.#sent[0]) void this.#host.refresh();
    this.#sent = ["", ""];
  }

  async #preview(panel: Panel): Promise<void> {
    const { client } = this.#host;
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    if (!client) return;
    panel.preview = undefined;
    panel.busy = "preview";
    this.#host.requestUpdate();
    try {
      const preview = await previewChange(client, panel.about, panel.change as HubChange, signal);
      if (signal.aborted) return;
      panel.preview = preview;
      panel.busy = undefined;
      this.#host.requestUpdate();
    } catch (error) {
      if (!signal.aborted) this.#refuse(panel, error);
    }
  }

  async #make(panel: Panel, change: HubChange, seen: HubPreview): Promise<void> {
    const { client } = this.#host;
    if (!client) return;
    const { about, action } = panel;
    panel.busy = "change";
    this.begin();
    const content = JSON.stringify([about, change, seen]);
    if (this.#sent[0] !== content) this.#sent = [content, randomId()];
    try {
      const id = this.#sent[1] as string;
      const result = await makeChange(client, { id, subscription: about, change, seen });
      emit(this.#host, "renumerate-change", { subscriptionId: about, change: action, status: result.status });
      await this.#host.refresh();
      this.#sent = ["", ""];
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.#report({ about, ...noteOf(panel, result) });
    } catch (error) {
      if (this.panel === panel) this.#refuse(panel, error);
    }
  }

  #report(note: Note): void {
    const { isHeld } = this.#host;
    this.note = { ...note, isLoud: !isHeld };
    if (isHeld) this.#host.aim(note.about, ".news");
    this.#host.requestUpdate();
  }

  #refuse(panel: Panel, error: unknown): void {
    const fault = this.#faultOf(error);
    if (!fault) return;
    const { code, retryable } = fault;
    const isCode = code.startsWith("promo");
    panel.fault = fault;
    panel.busy = undefined;
    if (isCode) panel.preview = undefined;
    // What was refused is over: the next attempt is another one.
    if (!retryable) this.#sent = ["", ""];
    if (this.#host.isHeld) this.#host.aim(panel.about, isCode ? FIELD : "[type=submit]");
    this.#host.requestUpdate();
    if (code === "terms_changed") void this.#preview(panel);
    if (code === "change_not_available") void this.#host.refresh();
  }

  /** @returns nothing if it ends all that is shown */
  #faultOf(error: unknown): Fault | undefined {
    const fault = faultOf(error);
    if (isEnded(fault) || fault.code === "session_missing") {
      this.#host.fail(fault);
      return undefined;
    }
    const { code, retryable } = fault;
    emit(this.#host, "renumerate-error", { code, retryable });
    return fault;
  }
}

/** Of a view in which something is under way. */
export const panelsOf = ({ manager }: View): PanelController =>
  (manager as NonNullable<typeof manager>).panels;

const actionsIn = ({ subscriptions }: Hub, id: string) =>
  subscriptions.find((each) => each.id === id)?.actions;

const isPossible = ({ action, about, offer }: Panel, hub: Hub): boolean =>
  action === "offer"
    ? hub.offer?.offer.id === offer?.id && hub.offer?.subscription === about
    : !!actionsIn(hub, about)?.[action];

const done = {
  plan_change: "kept_plan_change",
  annual_switch: "kept_annual_switch",
  pause: "kept_pause",
  extend_pause: "hub_pauseChanged",
  resume: "hub_resumed",
  undo_cancellation: "hub_undone",
  promo_code: "kept_discount",
  retry_payment: "hub_paid",
} as const;

function noteOf({ action, change, before, offer }: Panel, { status, subscription }: HubResult) {
  if (status === "requested") return { key: "requested" } as const;
  if (action === "offer") return { key: `kept_${offer?.type}` as "kept" };
  const isKept =
    // A pause that had not begun, or a planned change of plan, is taken back.
    (action === "resume" && before.status !== "paused") ||
    (change?.type === "plan_change" && change.priceId === before.price.id);
  const planned =
    change?.type === "plan_change" && change.priceId !== subscription.price.id
      ? subscription.scheduledChange
      : undefined;
  if (planned) return { key: "hub_planPlanned", date: planned.at } as const;
  return { key: isKept ? "kept" : done[action] } as const;
}

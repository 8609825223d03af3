import { LitElement, type PropertyValues, type TemplateResult } from "lit";
import { LONGEST_WAIT } from "../api/ask.ts";
import type { Client } from "../api/client.ts";
import { define } from "../define.ts";
import { type CancelRequestDetail, emit } from "../events.ts";
import type { FlowSettings } from "../flow/flow-controller.ts";
import type { Fault } from "../flow/machine.ts";
import { createHubFormat, type HubFormat, loadHubLanguage, spokenInHub } from "../i18n/hub/languages.ts";
import { defaults, deliverLeftovers } from "../lazy.ts";
import { HubController, type HubHost } from "./hub/hub-controller.ts";
import { manage, prepareManage } from "./hub/later.ts";
import { LiveController } from "./hub/live.ts";
import type { Manager } from "./hub/manage.ts";
import type { PanelHost } from "./hub/panel-controller.ts";
import { sectionStyles } from "./hub/section-styles.ts";
import { hubStyles } from "./hub/styles.ts";
import { type Press, type Trouble, view } from "./hub/view.ts";
import type { RetentionModal } from "./retention-modal.ts";
// Also keeps what both share in the modal's chunk.
import "./retention-modal.ts";
import { dress, dressedRoot } from "./shadow.ts";
import { styles } from "./styles.ts";

const CANCEL = "[data-action=cancel]";

const twinOf = ({ dataset, part }: HTMLElement): string =>
  dataset.action ? `[data-action=${dataset.action}]` : `${part}` ? `[part="${part}"]` : "input:checked";

const css = styles.cssText + hubStyles.cssText + sectionStyles.cssText;

/** The subscription that something is about. */
const homeOf = (element: Element): string | undefined => element.closest<HTMLElement>("article")?.dataset.id;

const isFramed = (): boolean => window.top !== window;

/**
 * The subscriptions of one customer, and what can be done with them: each change says what it costs and when before it
 * is made, and what the server has answered after. It loads by itself, and again after each flow that
 * was opened from it.
 *
 * The dialog of a flow is appended to the body, as that of the cancel button; its events are dispatched on this element.
 *
 * @attr {string} session-id - token of the session, made by the server of the page
 * @attr {string} session-url - endpoint of the page's own server that answers with a session id
 * @attr {string} subscription-id - shows this subscription alone
 * @attr {string} api-url - origin of the Renumerate server; by default the one that served the script
 * @attr {string} fallback-email - whom customers can write to when nothing else works
 * @attr {string} locale - language of texts, numbers and dates, such as `en-GB`; `lang` says which one it is
 * @attr {"light" | "dark" | "auto"} color-scheme - `light`, `dark` or `auto` (as the customer's system); without it, as the page
 * @attr {number} timeout - milliseconds until a failure is shown; 10000 by default
 * @attr {boolean} debug - logs every state to the console
 *
 * @slot - fallback: shown before the script has loaded, and when the subscriptions cannot be loaded
 *
 * @fires {CustomEvent<CancelRequestDetail>} renumerate-cancel-request - somebody wants to cancel; cancelable: who calls
 *   `preventDefault()` opens the flow in its place
 * @fires renumerate-change
 * @fires renumerate-open
 * @fires renumerate-step
 * @fires renumerate-retained
 * @fires renumerate-cancelled
 * @fires renumerate-complete
 * @fires renumerate-close
 * @fires renumerate-error
 *
 * @csspart hub - all of it
 * @csspart heading - its title
 * @csspart card - one subscription; also `active`, `trialing`, `past-due`, `paused`, `ending` or `ended`, as is its state
 * @csspart card-header - row of the plan and the state
 * @csspart plan - name of the plan
 * @csspart state - the state in words
 * @csspart price - price, and the one before a discount
 * @csspart facts - rows of facts: dates and amounts
 * @csspart features - what the plan includes
 * @csspart note - what an action has led to, a request that billing has not confirmed yet, or data that could not be
 *   brought up to date
 * @csspart due - a payment that has failed
 * @csspart offer - what the business offers without being asked
 * @csspart offer-heading - its title
 * @csspart body - its text
 * @csspart panel - form of an action that is under way, in place of the card's actions
 * @csspart panel-heading - its title
 * @csspart options - group of radio buttons, with one of:
 * @csspart chips - lengths of a pause
 * @csspart plans - plans to change to
 * @csspart option - one option
 * @csspart option-label - its name
 * @csspart option-price - price of a plan
 * @csspart field - label and field
 * @csspart date - field for a date
 * @csspart code - field for a promo code
 * @csspart preview - what the change would lead to
 * @csspart history - invoices
 * @csspart disclosure - button that opens them
 * @csspart invoice - one of them
 * @csspart invoice-state - whether it is paid
 * @csspart more - button that shows more of them
 * @csspart details - whom invoices are addressed to
 * @csspart input - field of the billing details
 * @csspart edit - button that opens their form
 * @csspart back - button that leaves it
 * @csspart failure - in place of the cards when they cannot be shown, or of a change that could not be made
 * @csspart error - what has failed
 * @csspart help - line with the mail link
 * @csspart link - link in a text
 * @csspart skeleton - shown while loading
 * @csspart actions - row of buttons
 * @csspart button - every button
 * @csspart primary - main action
 * @csspart cancel - button that opens the flow
 * @csspart retry - button that tries again
 *
 * @cssprop [--renumerate-background] - of a card
 * @cssprop [--renumerate-text] - color of texts
 * @cssprop [--renumerate-muted] - color of lesser texts
 * @cssprop [--renumerate-surface] - background of facts and states
 * @cssprop [--renumerate-border] - color of lines
 * @cssprop [--renumerate-control-border] - color of the edges of buttons and fields
 * @cssprop [--renumerate-accent] - background of the main action, and chosen options
 * @cssprop [--renumerate-accent-text] - text of the main action
 * @cssprop [--renumerate-danger] - color of errors
 * @cssprop [--renumerate-focus] - color of the focus ring; the text color by default
 * @cssprop [--renumerate-radius=16px] - corners of cards
 * @cssprop [--renumerate-control-radius=10px] - corners of buttons and facts
 * @cssprop [--renumerate-spacing=16px] - unit of all distances
 * @cssprop [--renumerate-font=inherit] - font family
 * @cssprop [--renumerate-heading-font=inherit] - font family of headings
 * @cssprop [--renumerate-font-size=medium] - size of the text, and with it of nearly everything
 *
 * @cssstate loading - waiting for an answer
 * @cssstate error - the last load has failed
 */
export class SubscriptionHub extends LitElement implements HubHost, PanelHost {
  static override properties = {
    sessionId: { attribute: "session-id" },
    sessionUrl: { attribute: "session-url" },
    subscriptionId: { attribute: "subscription-id" },
    apiUrl: { attribute: "api-url" },
    fallbackEmail: { attribute: "fallback-email" },
    locale: {},
    colorScheme: { attribute: "color-scheme", reflect: true },
    timeout: { type: Number },
    getAuthToken: { attribute: false },
    getSession: { attribute: false },
    debug: { type: Boolean },
  };

  declare sessionId: string;
  declare sessionUrl: string;
  declare subscriptionId: string;
  declare apiUrl: string;
  declare fallbackEmail: string;
  declare locale: string;
  declare colorScheme: "light" | "dark" | "auto" | "";
  declare timeout: number | null;
  /**
   * Resolves to a handshake token that the site's own backend has signed. Another function is used from the next load
   * on: call `refresh()` when another customer has signed in.
   */
  declare getAuthToken: (() => string | Promise<string>) | undefined;
  /** @internal Of the class Renumerate, which keeps one session for all that it shows. */
  declare getSession: ((fresh: boolean) => Promise<string>) | undefined;
  declare debug: boolean;

  readonly #hub = new HubController(this);
  readonly #internals = this.attachInternals();
  readonly #modals = new Map<string, RetentionModal>();
  #manager: Manager | undefined;
  /** What somebody has pressed before its code is there. */
  #work: (Press & { work(manager: Manager): void }) | undefined;
  #trouble: Trouble | undefined;
  #format: HubFormat | undefined;
  /** What the format was made for. */
  #speech: string | undefined;
  /** Whose data these are. */
  #source: string | undefined;
  /** The subscription whose flow was opened last. */
  #pressed: string | undefined;
  /** What has the focus, and the subscription that it is about. */
  #held: Element | null | undefined;
  #home: string | undefined;
  /** Finds the same in another card. */
  #twin: string | undefined;
  /** Where the focus is to go: a subscription, and a selector within it. */
  #aim: readonly [id: string | undefined, selector: string] | undefined;

  constructor() {
    super();
    new LiveController(this, () => {
      const { state, isBusy } = this.#hub;
      return { isBusy, isRequested: state.phase === "ready" && !!state.hub.requested?.length };
    });
    for (const news of ["retained", "cancelled", "close"] as const)
      this.addEventListener(`renumerate-${news}`, () => this.refresh());
  }

  /** Loads anew. Resolves when what came, or that it failed, is shown; never rejects. */
  refresh(): Promise<void> {
    return this.#hub.load();
  }

  /** Goes back to the button that opened a flow, or to what stands in its place. */
  override focus(options?: FocusOptions): void {
    this.#land(this.#pressed, CANCEL, options);
  }

  /** @internal */
  get settings(): FlowSettings & { locale: string } {
    const { sessionId, sessionUrl, getAuthToken, getSession, apiUrl, timeout } = this;
    return {
      sessionId,
      sessionUrl,
      getAuthToken,
      getSession,
      apiUrl: apiUrl || defaults.apiUrl,
      timeout: timeout || undefined,
      locale: spokenInHub(this.#language),
    };
  }

  /** @internal */
  get client(): Client | undefined {
    return this.#hub.client();
  }

  /** @internal */
  get format(): HubFormat {
    return this.#format as HubFormat;
  }

  /** @internal */
  get isHeld(): boolean {
    const held = this.shadowRoot?.activeElement;
    return held
      ? !!held.closest("[part=panel]")
      : (this.ownerDocument.activeElement ?? document.body).localName === "body";
  }

  /** @internal */
  aim(subscriptionId: string | undefined, selector: string): void {
    this.#aim = [subscriptionId, selector];
    this.requestUpdate();
  }

  /** @internal */
  fail(fault: Fault): void {
    this.#hub.fail(fault);
  }

  /** @internal */
  depart(): (url?: string) => void {
    // Payment pages are not shown in frames. Later than at the press no browser would open a tab.
    const tab = isFramed() ? window.open("", "_blank") : null;
    if (tab) tab.opener = null;
    return (url) => {
      if (!url) tab?.close();
      else if (tab) tab.location.replace(url);
      else this.leave(url);
    };
  }

  /** @internal */
  leave(url: string): void {
    location.assign(url);
  }

  /** @internal Words in the customer's language, or, where they do not come in time, in English. */
  get texts(): Promise<void> {
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.timeout || LONGEST_WAIT);
    });
    return Promise.race([late, loadHubLanguage(this.#language)]).then(() => {
      clearTimeout(timer);
      this.#speech = undefined;
      // What is still on its way is waited for in the customer's language.
      this.requestUpdate();
    });
  }

  /** As the page says, or as it is written in; not this element's own `lang`, which follows. */
  get #language(): string {
    const around = this.parentElement?.closest<HTMLElement>("[lang]");
    return this.locale || (around ?? this.ownerDocument.documentElement).lang;
  }

  protected override createRenderRoot(): ShadowRoot {
    return dressedRoot(this, css);
  }

  /** Moved into another document, such as that of a frame. */
  adoptedCallback(): void {
    if (this.shadowRoot) dress(this.shadowRoot, css);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    deliverLeftovers();
    this.requestUpdate();
    // As in the dialog: the subscriptions are on their way.
    setTimeout(Intl.NumberFormat);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // Moving an element in the document disconnects it for a moment only. When it comes back, it may be to another customer.
    queueMicrotask(() => {
      if (!this.isConnected) this.#forget();
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { sessionId, sessionUrl, apiUrl, getAuthToken, getSession } = this;
    const source = JSON.stringify([sessionId, sessionUrl, apiUrl, !getAuthToken, !getSession]);
    if (this.isConnected && source !== this.#source) {
      this.#forget();
      this.#source = source;
      void this.refresh();
    } else if (changed.has("locale")) {
      void this.refresh();
    }
    const { state } = this.#hub;
    this.#manager?.settle(state);
    const words = state.phase === "ready" ? state.hub.messages : undefined;
    const speech = JSON.stringify([this.#language, words]);
    if (speech !== this.#speech) {
      this.#speech = speech;
      this.#format = createHubFormat(this.#language, words);
      // The language that is spoken, which need not be the one that was asked for.
      this.lang = this.#format.locale;
      this.dir = this.#format.t("dir");
    }
    this.#held = this.shadowRoot?.activeElement;
    this.#home = this.#held ? homeOf(this.#held) : undefined;
    this.#twin = this.#held ? twinOf(this.#held as HTMLElement) : undefined;
  }

  protected override render(): TemplateResult {
    const hub = this.#hub;
    const { state, isBusy, isNew } = hub;
    const { subscriptionId, sessionUrl, getAuthToken, getSession } = this;
    const known = state.phase === "ready" ? state.hub : undefined;
    const all = known?.subscriptions ?? [];
    const subscriptions = subscriptionId ? all.filter(({ id }) => id === subscriptionId) : all;
    return view({
      format: this.#format as HubFormat,
      state,
      hub: known,
      manager: this.#manager,
      pressed: this.#work,
      trouble: this.#trouble,
      subscriptions,
      now: known?.now ?? 0,
      several: subscriptions.length > 1,
      requested: known?.requested ?? [],
      email: this.fallbackEmail || (known?.fallbackEmail ?? ""),
      subscriptionId: subscriptionId ?? "",
      offline: !navigator.onLine,
      isBusy,
      isNew,
      isRenewable: !!(sessionUrl || getAuthToken || getSession),
      retry: () => this.refresh(),
      manage: this.#manage,
      prepare: () => void prepareManage().catch(() => {}),
      cancel: (id) => this.#cancel(id),
    });
  }

  protected override updated(): void {
    const { state, isBusy } = this.#hub;
    // What had the focus is gone, or is about another subscription now: go on where it was.
    const held = this.#held;
    const aim = this.#aim;
    this.#aim = undefined;
    if (aim) this.#land(...aim);
    else if (held && !(held.isConnected && homeOf(held) === this.#home))
      this.#land(this.#home, this.#home && this.#twin, { preventScroll: true });
    this.#mark("loading", isBusy);
    this.#mark("error", "fault" in state);
  }

  /** @param selector of what is looked for first: in the card of that subscription or, without an id, anywhere */
  #land(id: string | undefined, selector?: string, options?: FocusOptions): void {
    const root = this.shadowRoot;
    const cards = [...(root?.querySelectorAll("article") ?? [])];
    const card = cards.find(({ dataset }) => dataset.id === id);
    const scope = id === undefined ? root : card;
    const found = selector && scope?.querySelector<HTMLElement>(selector);
    const target = found || card?.querySelector("button") || card || root?.querySelector("h2");
    target?.focus(options);
  }

  /** Of several things that are pressed meanwhile the last one counts. */
  readonly #manage = (work: (manager: Manager) => void, press: Press): void => {
    if (manage) this.#manager ??= new manage.Manager(this);
    this.#trouble = undefined;
    if (this.#manager) {
      work(this.#manager);
      return;
    }
    const isFetching = !!this.#work;
    this.#work = { ...press, work };
    this.requestUpdate();
    if (isFetching) return;
    void prepareManage(this.timeout || undefined).then(
      () => this.#goOn(),
      () => this.#giveUp(),
    );
  };

  #goOn(): void {
    const pressed = this.#work;
    this.#work = undefined;
    if (pressed) this.#manage(pressed.work, pressed);
    this.requestUpdate();
  }

  /** Said where it was pressed: the top of the hub may be out of sight. */
  #giveUp(): void {
    const pressed = this.#work;
    this.#work = undefined;
    if (!pressed) return;
    const fault = { code: "load_failed", retryable: true };
    this.#trouble = { ...pressed, fault, again: () => this.#manage(pressed.work, pressed) };
    emit(this, "renumerate-error", { ...fault });
    this.aim(undefined, ".trouble");
  }

  #cancel(subscriptionId: string): void {
    const detail: CancelRequestDetail = { subscriptionId };
    this.#pressed = subscriptionId;
    this.#manager?.panels.begin();
    const request = { bubbles: true, composed: true, cancelable: true, detail };
    if (!this.dispatchEvent(new CustomEvent("renumerate-cancel-request", request))) return;
    try {
      this.#open(subscriptionId);
    } catch {
      // Somebody else's element has the name of ours.
      this.#hub.fail({ code: "load_failed", retryable: true });
    }
  }

  #open(subscriptionId: string): void {
    const document = this.ownerDocument;
    const modal = this.#modals.get(subscriptionId) ?? document.createElement("renumerate-retention-modal");
    const { state } = this.#hub;
    const known = state.phase === "ready" ? state.hub.fallbackEmail : undefined;
    const { sessionId, sessionUrl, getAuthToken, getSession, apiUrl, colorScheme, timeout, debug } = this;
    Object.assign(modal, {
      sessionId,
      sessionUrl,
      getAuthToken,
      getSession,
      subscriptionId,
      apiUrl,
      colorScheme,
      timeout,
      debug,
      locale: this.#language,
      fallbackEmail: this.fallbackEmail || known,
      // Not the button, which goes when there is nothing left to cancel, while events of the flow may still come.
      opener: this,
    });
    document.body.append(modal);
    modal.show();
    this.#modals.set(subscriptionId, modal);
  }

  /** Drops all that is known of a customer. An open dialog outlives its hub, as it does its button. */
  #forget(): void {
    this.#source = this.#pressed = undefined;
    this.#modals.clear();
    this.#work = this.#trouble = undefined;
    this.#manager?.forget();
    this.#hub.forget();
  }

  #mark(name: string, on: boolean): void {
    // Engines without custom states have no set, or throw on a name without dashes.
    try {
      this.#internals.states[on ? "add" : "delete"](name);
    } catch {}
  }
}

define("renumerate-subscription-hub", SubscriptionHub);

declare global {
  interface HTMLElementTagNameMap {
    "renumerate-subscription-hub": SubscriptionHub;
  }
}

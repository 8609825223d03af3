import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { LONGEST_WAIT } from "../api/ask.ts";
import type { FlowConfig } from "../api/wire.ts";
import { define } from "../define.ts";
import { FlowController, type FlowHost, type FlowSettings, pause } from "../flow/flow-controller.ts";
import { type Fault, isShown, type MachineEvent } from "../flow/machine.ts";
import { createFormat, type Format } from "../i18n/format.ts";
import { loadLanguage, spoken } from "../i18n/languages.ts";
import { defaults, deliverLeftovers as resume } from "../lazy.ts";
import { fitViewport } from "./fit-viewport.ts";
import { frame, stepKey } from "./frame.ts";
import { lockScroll } from "./scroll-lock.ts";
import { dress, dressedRoot } from "./shadow.ts";
import { styles } from "./styles.ts";

// This chunk is all that is loaded later: what others need of it, they take from here.
export { exchange } from "../api/credentials.ts";
export { deliverLeftovers } from "../flow/deliveries.ts";
export { fitViewport, lockScroll };

/** The server takes no longer answers of custom steps. */
const LONGEST_VALUE = 4000;

function isSmallJson(value: unknown): boolean {
  try {
    return JSON.stringify(value).length <= LONGEST_VALUE;
  } catch {
    return false;
  }
}

const stop = (event: Event) => event.stopPropagation();

/**
 * The cancel flow in a modal dialog, or, with `inline`, as a part of the page.
 *
 * @attr {string} session-id - token of the session, made by the server of the page
 * @attr {string} session-url - endpoint of the page's own server that answers with a session id
 * @attr {string} subscription-id - which subscription, for customers with several
 * @attr {string} api-url - origin of the Renumerate server; by default the one that served the script
 * @attr {string} fallback-email - whom customers can write to when nothing else works
 * @attr {string} locale - language of texts, numbers and dates, such as `en-GB`; `lang` says which one it is
 * @attr {number} timeout - milliseconds until a failure is shown; 10000 by default
 * @attr {"light" | "dark" | "auto"} color-scheme - `light`, `dark` or `auto` (as the customer's system); without it, as the page
 * @attr {boolean} open - shows the flow
 * @attr {boolean} inline - in the page instead of in a dialog
 * @attr {boolean} debug - logs every step to the console
 *
 * @slot custom:<name> - content of the custom step or custom offer of that name. A step's content answers with a
 *   bubbling event `renumerate-fill` whose detail is `{value}`, or the page calls `fill(value)`
 *
 * @fires renumerate-open
 * @fires renumerate-step
 * @fires renumerate-retained
 * @fires renumerate-cancelled
 * @fires renumerate-complete
 * @fires renumerate-close
 * @fires renumerate-error
 *
 * @csspart dialog - the dialog, or the region of an inline flow
 * @csspart panel - all that is in it
 * @csspart header - row of the back and close buttons
 * @csspart icon - back and close button
 * @csspart back - back button
 * @csspart close - close button
 * @csspart content - the step; scrolls
 * @csspart heading - title of the step
 * @csspart body - text of the step
 * @csspart link - link in a text
 * @csspart options - group of radio buttons, with one of:
 * @csspart reason - reasons of a survey
 * @csspart chips - lengths of a pause
 * @csspart plans - plans to switch to
 * @csspart option - one option
 * @csspart option-label - its name
 * @csspart option-price - price of a plan
 * @csspart field - label and field
 * @csspart textarea - field for text
 * @csspart date - field for a date
 * @csspart hint - text below a field
 * @csspart price - price of a discount
 * @csspart facts - rows of facts: dates and amounts
 * @csspart losses - list of what ends
 * @csspart error - what is missing or has failed
 * @csspart failure - a decision that has failed: text and ways on
 * @csspart help - line with the mail link
 * @csspart mark - sign above what has been decided
 * @csspart skeleton - shown while loading
 * @csspart actions - row of the step's own buttons
 * @csspart button - every button with a text
 * @csspart primary - main action
 * @csspart secondary - other actions, and both buttons of the footer
 * @csspart quiet - way back out of an offer that was taken
 * @csspart footer - row of "keep" and "cancel", the same on every step
 *
 * @cssprop [--renumerate-background] - of the dialog
 * @cssprop [--renumerate-text] - color of texts
 * @cssprop [--renumerate-muted] - color of lesser texts
 * @cssprop [--renumerate-surface] - background of footer, facts and chosen options
 * @cssprop [--renumerate-border] - color of lines
 * @cssprop [--renumerate-control-border] - color of the edges of buttons and fields
 * @cssprop [--renumerate-accent] - background of the main action, and chosen options
 * @cssprop [--renumerate-accent-text] - text of the main action
 * @cssprop [--renumerate-danger] - color of errors
 * @cssprop [--renumerate-focus] - color of the focus ring; the text color by default
 * @cssprop [--renumerate-backdrop] - what covers the page
 * @cssprop [--renumerate-shadow] - of the dialog
 * @cssprop [--renumerate-radius=16px] - corners of the dialog
 * @cssprop [--renumerate-control-radius=10px] - corners of buttons, fields and cards
 * @cssprop [--renumerate-spacing=16px] - unit of all distances
 * @cssprop [--renumerate-width=480px] - of the dialog
 * @cssprop [--renumerate-font=inherit] - font family
 * @cssprop [--renumerate-heading-font=inherit] - font family of headings
 * @cssprop [--renumerate-font-size=medium] - size of the text, and with it of nearly everything
 * @cssprop [--renumerate-duration=0.24s] - of animations
 *
 * @cssstate loading - waiting for the flow, or for a decision
 * @cssstate error - the flow could not be loaded, or a decision has failed
 */
export class RetentionModal extends LitElement implements FlowHost {
  static override styles = styles;

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
    open: { type: Boolean, reflect: true, noAccessor: true },
    inline: { type: Boolean, reflect: true },
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
  declare getAuthToken: (() => string | Promise<string>) | undefined;
  declare inline: boolean;
  declare debug: boolean;

  /** @internal Of the class Renumerate, which keeps one session for all that it shows. */
  getSession: ((fresh: boolean) => Promise<string>) | undefined;

  /** The element that opened the flow: gets the focus back, and is where events are dispatched. */
  opener: HTMLElement | undefined;

  #flow = new FlowController(this);
  readonly #internals = this.attachInternals();
  #format: Format | undefined;
  /** What the format was made for. */
  #speech: string | undefined;
  #texts: Promise<void> | undefined;
  #words: FlowConfig["messages"];
  #key: string | undefined;
  #fault: Fault | undefined;
  #turn = false;
  /** `open` as the page set it; taken up when all attributes are there. */
  #wanted: boolean | undefined;
  #unlock: (() => void) | undefined;
  #pressed: EventTarget | null = null;

  get open(): boolean {
    return this.#wanted ?? this.#shown;
  }

  set open(open: boolean) {
    this.#wanted = open;
    this.requestUpdate();
  }

  /** Opens the flow, unless it is open. */
  show(): void {
    this.#wanted = undefined;
    const { phase } = this.#flow.state;
    if (phase !== "closed" && !this.#shown && !this.sessionId) {
      // It goes on by itself. Who opens the flow now may be another customer, who must not see it.
      this.removeController(this.#flow);
      this.#flow = new FlowController(this);
    }
    this.#send({ type: "open" });
  }

  /** Closes the flow. A decision that is under way goes on, and its events follow. */
  close(): void {
    this.#wanted = undefined;
    this.#send({ type: "close" });
  }

  /** Fetches the flow ahead of `show()`. */
  preload(): void {
    void this.texts;
    this.#flow.preload();
    // For its first number an engine reads its tables, which takes longer than to draw a step: now nothing else is to do.
    setTimeout(Intl.NumberFormat);
  }

  /** @internal Words in the customer's language, or, where they do not come in time, in English. */
  get texts(): Promise<void> {
    const wanted = this.#language;
    if (this.#speech !== wanted) {
      this.#speech = wanted;
      let timer: ReturnType<typeof setTimeout>;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, this.timeout || LONGEST_WAIT);
      });
      this.#texts = Promise.race([late, loadLanguage(wanted)]).then(() => {
        clearTimeout(timer);
        this.#format = undefined;
        this.requestUpdate();
      });
    }
    return this.#texts as Promise<void>;
  }

  /** As the page says, or as it is written in; not this element's own `lang`, which follows. */
  get #language(): string {
    const around = (this.opener ?? this.parentElement)?.closest<HTMLElement>("[lang]");
    // A shadow root hides what is around it.
    return this.locale || (around ?? this.ownerDocument.documentElement).lang;
  }

  /** Answers the custom step that is shown. */
  fill(value: unknown): void {
    this.#send({ type: "fill", value });
  }

  /** @internal */
  get settings(): FlowSettings {
    const { sessionId, sessionUrl, getAuthToken, getSession, subscriptionId, apiUrl, timeout } = this;
    return {
      sessionId,
      sessionUrl,
      getAuthToken,
      getSession,
      subscriptionId,
      apiUrl: apiUrl || defaults.apiUrl,
      timeout: timeout || undefined,
      locale: spoken(this.#language),
    };
  }

  /** @internal */
  get stage(): EventTarget {
    return this.opener?.isConnected ? this.opener : this;
  }

  /** @internal Before the page hears of it, so that a listener can move the focus on. */
  hide(): void {
    this.#dialog?.close();
    this.#unlock?.();
    this.#unlock = undefined;
    // Safari does not focus a button that is clicked, so the dialog alone would not know where to go back to.
    this.opener?.focus();
  }

  protected override createRenderRoot(): ShadowRoot {
    return dressedRoot(this, styles.cssText);
  }

  /** Moved into another document, such as that of a frame. */
  adoptedCallback(): void {
    if (this.shadowRoot) dress(this.shadowRoot, styles.cssText);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    resume();
    // A dialog that was moved has left the top layer.
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unlock?.();
    this.#unlock = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted) this.show();
    else if (wanted === false) this.close();
    if (stepKey(this.#flow.state) !== this.#key) this.#turn = !this.#turn;
    // The attribute follows what is shown.
    this.requestUpdate("open", !this.#shown);
    if (this.#shown) void this.texts;
    const { state } = this.#flow;
    const words = "config" in state ? state.config.messages : undefined;
    if (changed.has("locale") || !this.#format || words !== this.#words) {
      this.#format = createFormat(this.#language, words);
      this.#words = words;
      // The language that is spoken, which need not be the one that was asked for.
      this.lang = this.#format.locale;
      this.dir = this.#format.t("dir");
    }
  }

  /** The first time in a task of its own: on a slow phone the code that has just come keeps the page busy long enough. */
  protected override async scheduleUpdate(): Promise<void> {
    if (!this.hasUpdated) await pause(0);
    await super.scheduleUpdate();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.#flow;
    const format = this.#format as Format;
    const content = () =>
      frame({
        state,
        format,
        email: this.fallbackEmail ?? "",
        subscriptionId: this.subscriptionId ?? "",
        offline: !navigator.onLine,
        inline: this.inline,
        turn: this.#turn,
        send: this.#send,
      });
    if (this.inline) {
      return this.#shown
        ? html`<section part="dialog" aria-labelledby="title">${content()}</section>`
        : nothing;
    }
    // Keys belong to the dialog: the shortcuts of the page see only this element as their target, not the field.
    return html`<dialog
      part="dialog"
      aria-labelledby="title"
      @cancel=${this.#cancel}
      @close=${this.#closed}
      @pointerdown=${this.#press}
      @click=${this.#release}
      @keydown=${stop}
      @keypress=${stop}
      @keyup=${stop}
    >${this.#shown ? content() : nothing}</dialog>`;
  }

  protected override updated(): void {
    const { state } = this.#flow;
    const shown = this.#shown;
    const dialog = this.#dialog;
    if (shown && dialog && !dialog.matches(":modal")) {
      dialog.open = false;
      dialog.showModal();
      this.#key = undefined;
      if (!this.#unlock) {
        const ends = [lockScroll(this.ownerDocument), fitViewport(dialog)];
        this.#unlock = () => {
          for (const end of ends) end();
        };
      }
    }
    const key = shown ? stepKey(state) : undefined;
    const { missing, fault } = state as { missing?: string; fault?: Fault };
    if (key !== this.#key) this.renderRoot.querySelector("h2")?.focus();
    else if (missing) this.#invalid?.focus();
    // It is said aloud by itself; who looks has to see it as well.
    if (missing || fault !== this.#fault)
      this.renderRoot.querySelector(".failure, .error")?.scrollIntoView({ block: "nearest" });
    this.#key = key;
    this.#fault = fault;
    this.#mark("loading", ["loading", "deciding"].includes(state.phase));
    this.#mark("error", state.phase === "unavailable" || "fault" in state);
    // The button that made this element makes it part of the page again when it is needed.
    if (!shown && this.opener) this.remove();
  }

  /** What cannot be drawn at all, frame and all, leaves the page as it was, with the fallback of the button. */
  protected override performUpdate(): void {
    try {
      super.performUpdate();
    } catch (error) {
      (this.opener as { showFallback?: () => void } | undefined)?.showFallback?.();
      this.hide();
      throw error;
    }
  }

  get #shown(): boolean {
    return isShown(this.#flow.state);
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot?.querySelector("dialog") ?? null;
  }

  get #invalid(): HTMLElement | null {
    return this.renderRoot.querySelector("[aria-invalid] input, textarea[aria-invalid]");
  }

  readonly #send = (event: MachineEvent): void => {
    if (event.type === "fill" && !isSmallJson(event.value)) {
      console.error(`renumerate: a custom step answers with JSON of at most ${LONGEST_VALUE} characters`);
      return;
    }
    this.#flow.dispatch(event);
    // Asking again for what is still missing changes no state, but leads to the field again.
    this.requestUpdate();
  };

  #cancel(event: Event): void {
    // Fields in a slot have a cancel event too.
    if (event.target !== event.currentTarget) return;
    event.preventDefault();
    this.close();
  }

  /** Browsers may close a dialog on their own, and say so later, when it may be open again. */
  #closed(): void {
    if (this.#shown && !this.#dialog?.open) this.close();
  }

  #press(event: Event): void {
    this.#pressed = event.target;
  }

  /** A click beside the dialog closes it, unless text would be lost or the press began on a field. */
  #release({ target, currentTarget }: Event): void {
    const { state } = this.#flow;
    const typed = "answers" in state && Object.values(state.answers.texts).some(Boolean);
    if (target === currentTarget && target === this.#pressed && !typed && state.phase !== "deciding")
      this.close();
  }

  #mark(name: string, on: boolean): void {
    // Engines without custom states have no set, or throw on a name without dashes.
    try {
      this.#internals.states[on ? "add" : "delete"](name);
    } catch {}
  }
}

define("renumerate-retention-modal", RetentionModal);

declare global {
  interface HTMLElementTagNameMap {
    "renumerate-retention-modal": RetentionModal;
  }
}

import { define } from "../define.ts";
import { emit } from "../events.ts";
import { defaults, deliverLeftovers, loadLabels, loadRetentionModal, mailto } from "../lazy.ts";
import type { RetentionModal } from "./retention-modal.ts";

/** All but the label are for the dialog, which takes no notice of that. */
const PROPERTIES = [
  "label",
  "sessionId",
  "sessionUrl",
  "subscriptionId",
  "apiUrl",
  "fallbackEmail",
  "locale",
  "colorScheme",
  "timeout",
  "debug",
] as const;

const DIALOG = "renumerate-retention-modal";

const CSS = `:host{display:inline-block}:host([hidden]),[hidden]{display:none}
button{font:inherit;font-family:var(--renumerate-font,inherit);letter-spacing:inherit;cursor:pointer;
min-height:2.75em;padding:.5em 1.15em;color:var(--renumerate-button-text,inherit);
background:var(--renumerate-button-background,transparent);
border:1px solid var(--renumerate-button-border,currentcolor);border-radius:var(--renumerate-button-radius,.6em)}
button:hover{background:var(--renumerate-button-hover,color-mix(in srgb,currentcolor 8%,transparent))}
button:focus-visible{outline:2px solid var(--renumerate-focus,currentcolor);outline-offset:2px}
[aria-busy]{cursor:progress}a{color:inherit;margin-inline-start:.75em}`;

/** Importing this file must work where there is no DOM. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * The button that opens the cancel flow. It is all that a page loads until somebody shows interest: pointing at it,
 * focusing or touching it loads the dialog and the flow ahead of the click.
 *
 * The dialog is appended to the body, so that neither a menu that closes around the button nor a frame of the page can
 * hide it; its events are dispatched on this button.
 *
 * @attr {string} session-id - token of the session, made by the server of the page
 * @attr {string} session-url - endpoint of the page's own server that answers with a session id
 * @attr {string} subscription-id - which subscription, for customers with several
 * @attr {string} api-url - origin of the Renumerate server; by default the one that served the script
 * @attr {string} fallback-email - whom customers can write to when nothing else works
 * @attr {string} label - text of the button; "Cancel subscription" by default
 * @attr {string} locale - language of texts, numbers and dates, such as `en-GB`
 * @attr {"light" | "dark" | "auto"} color-scheme - `light`, `dark` or `auto` (as the customer's system); without it, as the page
 * @attr {number} timeout - milliseconds after which the fallback is shown instead of waiting for the dialog's code; 10000
 *   by default
 * @attr {boolean} debug - logs every step to the console
 *
 * @slot - fallback: shown before the script has loaded, and whenever the flow cannot be loaded
 * @slot label - replaces the text of the button
 *
 * @fires renumerate-open
 * @fires renumerate-step
 * @fires renumerate-retained
 * @fires renumerate-cancelled
 * @fires renumerate-complete
 * @fires renumerate-close
 * @fires renumerate-error
 *
 * @csspart button - the button
 * @csspart fallback-link - mail link, shown when the flow cannot be loaded and there is no fallback content
 *
 * @cssprop [--renumerate-font=inherit] - font family
 * @cssprop [--renumerate-button-background=transparent]
 * @cssprop [--renumerate-button-hover] - background under the pointer
 * @cssprop [--renumerate-button-text=inherit]
 * @cssprop [--renumerate-button-border=currentcolor]
 * @cssprop [--renumerate-button-radius=0.6em]
 * @cssprop [--renumerate-focus=currentcolor] - color of the focus ring
 *
 * @cssstate loading - clicked, and the dialog is still on its way
 * @cssstate error - the dialog could not be loaded; a click tries again
 */
export class CancelButton extends Base {
  static observedAttributes = ["label", "fallback-email", "locale"];

  declare sessionId: string;
  declare sessionUrl: string;
  declare subscriptionId: string;
  declare apiUrl: string;
  declare fallbackEmail: string;
  declare label: string;
  declare locale: string;
  declare colorScheme: "light" | "dark" | "auto" | "";
  declare timeout: number | undefined;
  declare debug: boolean;
  #getAuthToken: (() => string | Promise<string>) | undefined;
  readonly #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  readonly #button = document.createElement("button");
  readonly #label = document.createElement("slot");
  readonly #fallback = document.createElement("slot");
  readonly #link = document.createElement("a");
  readonly #internals = this.attachInternals?.();
  #modal: RetentionModal | undefined;
  #opening: Promise<void> | undefined;

  constructor() {
    super();
    this.adoptedCallback();
    const button = this.#button;
    button.type = "button";
    button.part = "button";
    button.ariaHasPopup = "dialog";
    button.append(this.#label);
    this.#label.name = "label";
    this.#link.part = "fallback-link";
    // In one live region: that it appears is the message.
    const help = document.createElement("span");
    help.role = "alert";
    help.append(this.#fallback, this.#link);
    this.#root.append(button, help);
    this.#fallback.hidden = true;
    button.onclick = () => this.open();
    // A dialog that is still there has just given the focus back: that is no intent.
    // A finger that touches enters, too.
    button.onpointerenter = button.onfocus = () => {
      // Nobody has asked for anything yet: if it fails, the click will tell.
      if (!this.#modal?.isConnected) this.#prepare().catch(() => {});
    };
  }

  /** Resolves to a handshake token that the site's own backend has signed. */
  get getAuthToken(): (() => string | Promise<string>) | undefined {
    return this.#getAuthToken;
  }

  // Frameworks set as a property only what has a setter.
  set getAuthToken(getAuthToken: (() => string | Promise<string>) | undefined) {
    this.#getAuthToken = getAuthToken;
  }

  connectedCallback(): void {
    // Properties that were set before this class was known hide the accessors until they are set again; others do not
    // mind.
    for (const name of Object.keys(this) as "label"[]) {
      const value = this[name];
      delete (this as Partial<CancelButton>)[name];
      this[name] = value;
    }
    this.attributeChangedCallback();
    deliverLeftovers();
  }

  disconnectedCallback(): void {
    // An open dialog outlives its button: pages redraw themselves when they hear how the flow ended.
    if (!this.#modal?.open) this.#modal?.remove();
  }

  adoptedCallback(): void {
    // A document takes only sheets that its own window has made.
    const view = this.ownerDocument.defaultView;
    if (view) {
      const sheet = new view.CSSStyleSheet();
      sheet.replaceSync(CSS);
      this.#root.adoptedStyleSheets = [sheet];
    }
  }

  attributeChangedCallback(): void {
    const label = this.#label;
    const locale = this.locale || (this.closest<HTMLElement>("[lang]") ?? document.documentElement).lang;
    label.textContent = this.label || "Cancel subscription";
    label.removeAttribute("lang");
    if (locale && !this.label && !/^en\b/i.test(locale)) {
      loadLabels().then(
        ({ labelFor }) => this.label || Object.assign(label, labelFor(locale)),
        () => {},
      );
    }
    this.#help(!this.#fallback.hidden);
  }

  /** @internal What was to be sent for the customer has been refused. */
  showFallback(): void {
    this.#help(true);
  }

  /** Opens the flow. Resolves when the dialog is there, or when the fallback is shown in its place. */
  open(): Promise<void> {
    // biome-ignore lint/suspicious/noAssignInExpressions: each byte of this file is loaded before anybody clicks
    return (this.#opening ??= this.#open());
  }

  async #open(): Promise<void> {
    this.#state("loading", true);
    this.#button.ariaBusy = "true";
    try {
      const modal = await this.#prepare();
      this.#help(false);
      // The page may have moved on in the meantime.
      if (!this.isConnected) return;
      this.ownerDocument.body.append(modal);
      modal.show();
    } catch {
      this.#help(true);
      emit(this, "renumerate-error", { code: "load_failed", retryable: true });
    } finally {
      this.#state("loading", false);
      this.#button.ariaBusy = null;
      this.#opening = undefined;
    }
  }

  async #prepare(): Promise<RetentionModal> {
    // It may have come after all, or from another copy.
    if (!customElements.get(DIALOG)) await loadRetentionModal(this.timeout);
    this.#modal ??= document.createElement(DIALOG);
    const modal = this.#modal;
    if (!modal.open) {
      for (const name of PROPERTIES as readonly "locale"[]) modal[name] = this[name];
      modal.apiUrl ||= defaults.apiUrl;
      modal.getAuthToken = this.getAuthToken;
      modal.opener = this;
    }
    // Also fails, before it reaches the page, for somebody else's element of that name.
    modal.preload();
    return modal;
  }

  #help(needed: boolean): void {
    this.#state("error", needed);
    const email = this.fallbackEmail;
    const own = this.#fallback.assignedNodes().some((node) => node.textContent?.trim());
    this.#fallback.hidden = !needed;
    const link = this.#link;
    link.hidden = !needed || own || !email;
    link.textContent = email;
    const body = `${new Date().toISOString()}\n${this.subscriptionId}`;
    link.href = mailto(email, this.#label.textContent, body);
  }

  #state(name: string, on: boolean): void {
    // Engines without custom states throw on a name without dashes, or have no set at all.
    try {
      this.#internals.states[on ? "add" : "delete"](name);
    } catch {}
  }
}

for (const name of PROPERTIES) {
  const attribute = name.replace(/[A-Z]/, "-$&").toLowerCase();
  Object.defineProperty(CancelButton.prototype, name, {
    enumerable: true,
    get(this: CancelButton) {
      const value = this.getAttribute(attribute);
      return name === "debug"
        ? value !== null
        : name === "timeout"
          ? +(value as string) || undefined
          : (value ?? "");
    },
    set(this: CancelButton, value: unknown) {
      if (value === false || value == null) this.removeAttribute(attribute);
      else this.setAttribute(attribute, value === true ? "" : (value as string));
    },
  });
}

define("renumerate-cancel-button", CancelButton);

declare global {
  interface HTMLElementTagNameMap {
    "renumerate-cancel-button": CancelButton;
  }
}

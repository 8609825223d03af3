import type { RetentionModal } from "../components/retention-modal.ts";
import type { SettledDetail } from "../events.ts";
import { defaults, deliverLeftovers, loadRetentionModal } from "../lazy.ts";
import { elementWith, expectSession, given, own } from "./arguments.ts";
import { flowFor, type Opening, openDialog, type Whose } from "./dialog.ts";
import { listenToFrames } from "./frames.ts";
import { type AttachedHub, attachHub } from "./hub.ts";
import { writeLabel } from "./language.ts";
import { dress, undress } from "./look.ts";
import { Sessions } from "./sessions.ts";
import type {
  CallbackOptions,
  CancelButtonOptions,
  Known,
  RenumerateConfig,
  SdkSession,
  TokenConfig,
} from "./types.ts";

declare global {
  interface Window {
    /** The object that `Renumerate.getInstance()` returns. */
    RENUMERATE_INSTANCE?: Renumerate | undefined;
    /** True: the server is at https://localhost:4321, whatever the configuration says. */
    RENUMERATE_LOCAL?: boolean;
  }
}

const LOCAL = "https://localhost:4321";

/** An instance whose sessions are made by exchange. Only this much: what more there was would hide it from overloads. */
interface ByToken {
  readonly config: Pick<TokenConfig, "getAuthToken">;
}

const hasWindow = () => typeof window !== "undefined";

/**
 * The widgets by method, as the Renumerate client has them: a shell over the elements, which do the work.
 *
 * Sessions come in two ways. With session ids (`ret_…`, `sub_…`) that the site's backend has made, methods take them as
 * arguments and answer at once. With `getAuthToken` in the configuration, methods take no session ids and answer with a
 * promise.
 */
export class Renumerate<Config extends RenumerateConfig = RenumerateConfig> {
  #config: Config;
  #callbacks: CallbackOptions = {};
  #opening: (Opening & { key: string; callbacks: CallbackOptions }) | undefined;
  /** With those that are closed and wait for billing. */
  readonly #openings = new Set<Opening>();
  #warm: { key: string; modal: RetentionModal } | undefined;
  #unlisten: (() => void) | undefined;
  readonly #hubs = new Set<AttachedHub>();
  readonly #sessions: Sessions;

  /** In a browser it is ready at once; on a server it does nothing. */
  constructor(config: Known<Config>) {
    this.#config = own(config);
    this.#sessions = new Sessions(
      () => this.#config,
      () => this.#apiUrl,
    );
    if (hasWindow()) {
      this.initialize();
      deliverLeftovers();
    }
  }

  /** The page's one instance. A further call updates its configuration; on a server each call makes another one. */
  static getInstance<Config extends RenumerateConfig>(config: Known<Config>): Renumerate<Config> {
    if (!hasWindow()) return new Renumerate(config);
    const known = window.RENUMERATE_INSTANCE;
    // An element of the page may have the name.
    if (typeof known?.updateConfig === "function") known.updateConfig(config);
    else window.RENUMERATE_INSTANCE = new Renumerate(config);
    return window.RENUMERATE_INSTANCE as Renumerate<Config>;
  }

  get config(): Readonly<Config> {
    return this.#config;
  }

  /** What is given replaces what was there; what is open goes by it as far as it can, what opens next altogether. */
  updateConfig(config: Partial<RenumerateConfig>): void {
    this.#config = own({ ...this.#config, ...config });
    for (const { update } of this.#hubs) update();
    this.#log("Config updated");
  }

  /** Callbacks of everything that brings none of its own, before those of the configuration. */
  setCallbacks(callbacks?: CallbackOptions): void {
    this.#callbacks = given(callbacks);
  }

  /** Injects the style and listens to frames; only needed after `cleanup()`. */
  initialize(): void {
    if (!hasWindow() || this.#unlisten) return;
    dress(this);
    this.#unlisten = listenToFrames({
      origin: () => new URL(this.#apiUrl || "/", location.href).origin,
      open: (sessionId, subscriptionId, done) => {
        this.#open({ sessionId, subscriptionId }, {}, done);
      },
      log: (message) => this.#log(message),
    });
    this.#log("Initialized");
  }

  /** Takes dialog, hubs, style and listeners away, and calls nobody back. Buttons stay. */
  cleanup(): void {
    for (const opening of this.#openings) opening.discard();
    this.#openings.clear();
    this.#opening = undefined;
    for (const { hub, detach } of this.#hubs) {
      detach();
      hub.remove();
    }
    this.#hubs.clear();
    this.#warm = undefined;
    this.#unlisten?.();
    this.#unlisten = undefined;
    if (hasWindow()) undress(this);
  }

  /**
   * Appends a button that opens the retention flow.
   * @param sessionId `ret_…`; left out with `getAuthToken`
   * @param options classes of the button, or an object with callbacks too
   * @throws Error when the session id is none, or there is no such element
   */
  mountCancelButton(elementId: string, sessionId: string, options?: string | CancelButtonOptions): void;
  mountCancelButton(elementId: string, options?: string | CancelButtonOptions): void;
  mountCancelButton(
    elementId: string,
    first?: string | CancelButtonOptions,
    second?: string | CancelButtonOptions,
  ): void {
    const isToken = this.#isToken;
    if (!isToken) expectSession(first as string, "retention");
    const element = elementWith(elementId);
    const rest = (isToken ? first : second) ?? {};
    const options: CancelButtonOptions = typeof rest === "string" ? { classes: rest } : rest;
    const { classes, subscriptionId, ...callbacks } = options;
    const whose = this.#whose(isToken ? undefined : (first as string), subscriptionId);
    const button = document.createElement("button");
    button.type = "button";
    button.className = classes || "renumerate-cancel-btn";
    button.ariaHasPopup = "dialog";
    writeLabel(button, this.#config.locale ?? "");
    for (const intent of ["pointerenter", "focusin"])
      button.addEventListener(intent, () => void this.#prepare(whose));
    button.onclick = () => {
      // Safari does not do so by itself, and the dialog gives the focus back to where it was.
      button.focus();
      this.#open(whose, callbacks);
    };
    element.append(button);
  }

  /**
   * Opens the retention flow in a dialog.
   * @param sessionId `ret_…` or `sub_…`
   * @returns the dialog, which is open already
   * @throws Error when the session id is none
   */
  showRetentionView(this: ByToken, subscriptionId?: string, callbacks?: CallbackOptions): Promise<void>;
  showRetentionView(none?: undefined, callbacks?: CallbackOptions): Promise<void>;
  showRetentionView(sessionId: string, callbacks?: CallbackOptions): HTMLDialogElement;
  showRetentionView(id?: string, callbacks: CallbackOptions = {}): HTMLDialogElement | Promise<void> {
    if (this.#isToken) {
      this.#open(this.#whose(undefined, id), callbacks);
      return Promise.resolve();
    }
    expectSession(id as string, "retention or subscription");
    return this.#open(this.#whose(id), callbacks).dialog;
  }

  /**
   * Appends a subscription hub.
   * @param sessionId `sub_…`; left out with `getAuthToken`
   * @param wrapperClasses in place of `renumerate-subscription-hub`
   * @param iframeClasses of the hub itself, in place of `renumerate-subscription-hub-iframe`
   * @returns what surrounds the hub
   * @throws Error when the session id is none, or there is no such element
   */
  mountSubscriptionHub(
    this: ByToken,
    elementId: string,
    wrapperClasses?: string,
    iframeClasses?: string,
    callbacks?: CallbackOptions,
  ): Promise<HTMLElement>;
  mountSubscriptionHub(elementId: string): Promise<HTMLElement>;
  mountSubscriptionHub(
    elementId: string,
    sessionId: string,
    wrapperClasses?: string,
    iframeClasses?: string,
    callbacks?: CallbackOptions,
  ): HTMLElement;
  mountSubscriptionHub(elementId: string, ...rest: unknown[]): HTMLElement | Promise<HTMLElement> {
    type Rest = [wrapper?: string, inner?: string, callbacks?: CallbackOptions];
    if (this.#isToken) return (async () => this.#mountHub(elementId, undefined, ...(rest as Rest)))();
    const [sessionId, ...others] = rest as [string, ...Rest];
    expectSession(sessionId, "subscription");
    return this.#mountHub(elementId, sessionId, ...others);
  }

  /**
   * Address of the hosted hub. It holds the session id: for a frame or a link of this customer alone.
   * @throws Error when the session id is none
   */
  getSubscriptionHubUrl(): Promise<string>;
  getSubscriptionHubUrl(sessionId: string): string;
  getSubscriptionHubUrl(sessionId?: string): string | Promise<string> {
    const urlFor = (id: string) => `${this.#apiUrl}/subs?session_id=${encodeURIComponent(id)}`;
    // Whoever has the address is let in, so it is made for whoever is signed in now.
    if (this.#isToken) return this.#sessions.forElement(false).then(urlFor);
    expectSession(sessionId as string, "subscription");
    return urlFor(sessionId as string);
  }

  /**
   * The session of whoever is signed in: the one at hand while it is good, or a new one. After a sign-out call
   * `clearSession()`; what the customer opens asks again who is signed in anyway.
   * @throws Error with the server's words, or what `getAuthToken` rejects with
   */
  getSession(): Promise<SdkSession> {
    return this.#sessions.get();
  }

  /** A new session, whatever is at hand. */
  refreshSession(): Promise<SdkSession> {
    return this.#sessions.refresh();
  }

  /** The last session, even if it has expired; asks nobody. */
  getCurrentSession(): SdkSession | null {
    return this.#sessions.current;
  }

  clearSession(): void {
    this.#sessions.clear();
  }

  get #isToken(): boolean {
    return typeof this.#config.getAuthToken === "function";
  }

  get #apiUrl(): string {
    if (hasWindow() && window.RENUMERATE_LOCAL === true) return LOCAL;
    return (this.#config.apiUrl || defaults.apiUrl).replace(/\/+$/, "");
  }

  #whose(sessionId?: string, subscriptionId?: string): Whose {
    return {
      subscriptionId,
      ...(sessionId === undefined ? { getSession: this.#sessions.forElement } : { sessionId }),
    };
  }

  #mountHub(
    elementId: string,
    sessionId: string | undefined,
    wrapperClasses?: string,
    iframeClasses?: string,
    callbacks: CallbackOptions = {},
  ): HTMLElement {
    const element = elementWith(elementId);
    const wrapper = document.createElement("div");
    wrapper.className = wrapperClasses || "renumerate-subscription-hub";
    const hub = document.createElement("renumerate-subscription-hub");
    hub.className = iframeClasses || "renumerate-subscription-hub-iframe";
    wrapper.append(hub);
    element.append(wrapper);
    // Those that the page has taken away since.
    for (const each of this.#hubs) {
      if (each.hub.isConnected) continue;
      each.detach();
      this.#hubs.delete(each);
    }
    this.#hubs.add(this.#attach(hub, sessionId, callbacks));
    return wrapper;
  }

  /**
   * @internal Of the React components, which draw the tag themselves.
   * @returns what ends it
   */
  attachHub(hub: HTMLElement, sessionId: string | undefined, callbacks: CallbackOptions): () => void {
    if (sessionId !== undefined) expectSession(sessionId, "subscription");
    return this.#attach(hub, sessionId, callbacks).detach;
  }

  #attach(hub: HTMLElement, sessionId: string | undefined, callbacks: CallbackOptions): AttachedHub {
    const whose = this.#whose(sessionId);
    return attachHub(hub, {
      whose,
      config: () => this.#config,
      apiUrl: () => this.#apiUrl,
      onCancel: (subscriptionId, done) => void this.#open({ ...whose, subscriptionId }, callbacks, done),
    });
  }

  /** Fetched ahead of the click, where that asks nobody who is signed in. */
  async #prepare(whose: Whose): Promise<void> {
    // A dialog that is still there has just given the focus back: that is no intent.
    if (this.#opening) return;
    try {
      await loadRetentionModal(this.#config.timeout);
      if (!whose.sessionId || this.#opening) return;
      const key = this.#keyOf(whose);
      if (this.#warm?.key !== key) {
        this.#warm = { key, modal: flowFor(whose, this.#config, this.#apiUrl) };
      }
      this.#warm.modal.preload();
    } catch {
      // Nobody has asked for anything yet: if it fails, the click will tell.
    }
  }

  #keyOf({ sessionId, subscriptionId }: Whose): string {
    const { callbacks: _, getAuthToken: __, ...config } = this.#config;
    return JSON.stringify([sessionId, subscriptionId, this.#apiUrl, config]);
  }

  /** One dialog at a time: the same again is the one that is open, another one takes its place. */
  #open(whose: Whose, callbacks: CallbackOptions, done?: () => void): Opening {
    const key = this.#keyOf(whose);
    const last = this.#opening;
    if (last?.dialog.isConnected && last.dialog.open && last.key === key) {
      last.callbacks = callbacks;
      return last;
    }
    last?.close();
    // What a callback has opened in between.
    this.#opening?.discard();
    const call = <Name extends keyof CallbackOptions>(
      name: Name,
      detail: Parameters<NonNullable<CallbackOptions[Name]>>[0],
    ) => {
      const own = given(opening.callbacks);
      const callback = { ...given(this.#config.callbacks), ...this.#callbacks, ...own }[name];
      this.#log(name);
      // What a page does with it is not the flow's business.
      try {
        (callback as ((detail: unknown) => void) | undefined)?.(detail);
      } catch (error) {
        reportError(error);
      }
    };
    const warm = this.#warm?.key === key ? this.#warm.modal : undefined;
    this.#warm = undefined;
    const opened = openDialog(
      {
        whose,
        config: () => this.#config,
        apiUrl: this.#apiUrl,
        onSettled: (name: "retained" | "cancelled", detail: SettledDetail) =>
          call(name === "retained" ? "onRetained" : "onCancelled", detail),
        onClosed: () => {
          if (this.#opening === opening) this.#opening = undefined;
        },
        onComplete: (detail) => {
          this.#openings.delete(opening);
          call("onComplete", detail);
          done?.();
        },
      },
      warm,
    );
    const opening = Object.assign(opened, { key, callbacks });
    this.#opening = opening;
    this.#openings.add(opening);
    return opening;
  }

  /** Never a session id, nor what a customer wrote. */
  #log(message: string): void {
    if (this.#config.debug) console.info(`renumerate: ${message}`);
  }
}

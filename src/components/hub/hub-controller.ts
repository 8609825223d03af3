/** Loads what a hub shows, and keeps it through failures for as long as it is this customer's. */
import type { ReactiveControllerHost } from "lit";
import { type Client, createClient } from "../../api/client.ts";
import { createCredentials } from "../../api/credentials.ts";
import { faultOf } from "../../api/errors.ts";
import { readHub } from "../../api/hub.ts";
import type { Hub } from "../../api/wire.ts";
import { emit } from "../../events.ts";
import type { FlowSettings } from "../../flow/flow-controller.ts";
import type { Fault } from "../../flow/machine.ts";

export type HubState =
  | { phase: "loading" }
  /** With a fault if it could not be brought up to date. */
  | { phase: "ready"; hub: Hub; fault?: Fault }
  | { phase: "failed"; fault: Fault };

export interface HubHost extends ReactiveControllerHost, EventTarget {
  /** Read anew for every load. */
  readonly settings: FlowSettings & { locale: string };
  readonly debug: boolean;
  /** Resolves when the texts are there; never rejects. */
  readonly texts: Promise<void>;
}

/** Nobody is signed in any more: what was shown is not for whoever looks now. */
export const isEnded = ({ code }: Fault): boolean => code === "session_expired" || code === "session_invalid";

export class HubController {
  state: HubState = { phase: "loading" };
  isBusy = false;
  /** What is shown has just changed, by a load that was not the first. */
  isNew = false;
  readonly #host: HubHost;
  #loading: AbortController | undefined;
  #latest: Promise<void> | undefined;
  /** The session that what is shown was loaded with. */
  #session: string | undefined;
  #client: Client | undefined;
  /** What the last load has led to, to tell whether the next one brings anything. */
  #shown: string | undefined;

  constructor(host: HubHost) {
    this.#host = host;
  }

  /** Of the session that what is shown was loaded with; undefined while nothing is. */
  client(): Client | undefined {
    return this.state.phase === "ready" ? this.#client : undefined;
  }

  /** Drops all that is known: the next load may be another customer's. */
  forget(): void {
    this.#loading?.abort();
    this.#shown = undefined;
    this.isBusy = this.isNew = false;
    this.#enter({ phase: "loading" });
  }

  /** Asks anew for who is signed in, and for what they have. Resolves when the answer, or the failure, is drawn. */
  async load(): Promise<void> {
    const run = this.#run();
    this.#latest = run;
    await run;
    // A later call has taken its place.
    if (this.#latest !== run) await this.#latest;
    await this.#host.updateComplete;
  }

  /**
   * Says so, beside what is shown.
   * @param session of whoever is signed in now, as far as that is known: what was shown to somebody else is not kept
   */
  fail(fault: Fault, session = this.#session): void {
    const { state } = this;
    const isOwn = session === this.#session && !isEnded(fault) && fault.code !== "session_missing";
    const isKept = state.phase === "ready" && isOwn;
    this.#enter(isKept ? { ...state, fault } : { phase: "failed", fault });
    const { code, retryable } = fault;
    emit(this.#host, "renumerate-error", { code, retryable });
  }

  async #run(): Promise<void> {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const { settings, texts } = this.#host;
    this.isBusy = true;
    this.isNew = false;
    this.#enter(this.state.phase === "failed" ? { phase: "loading" } : this.state);
    let session: string | undefined;
    try {
      const { token } = createCredentials(settings);
      const client = createClient({
        ...settings,
        async token(fresh) {
          session = await token(fresh);
          return session;
        },
      });
      const [hub] = await Promise.all([readHub(client, settings.locale, signal), texts]);
      if (signal.aborted) return;
      this.isBusy = false;
      this.#session = session;
      this.#client = client;
      const { state } = this;
      const { now, ...rest } = hub;
      const shown = JSON.stringify(rest);
      this.isNew = this.#shown !== undefined && (shown !== this.#shown || "fault" in state);
      this.#shown = shown;
      this.#enter({ phase: "ready", hub });
    } catch (error) {
      if (signal.aborted) return;
      this.isBusy = false;
      this.#shown ??= "";
      this.fail(faultOf(error), session);
    }
  }

  #enter(state: HubState): void {
    this.state = state;
    const host = this.#host;
    if (host.debug) console.debug("renumerate hub", state);
    host.requestUpdate();
  }
}

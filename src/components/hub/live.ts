/**
 * Keeps a hub up to date while somebody looks at it: when they come back to the page, when something was changed
 * elsewhere, and while billing has not confirmed a request.
 */
import type { ReactiveController } from "lit";
import { listen } from "./news.ts";
import type { HubParts } from "./parts.ts";

/** Milliseconds between the end of a load and the next one; while something is requested they grow to the second. */
const PAUSE = 5000;
const LONGEST_PAUSE = 60_000;

export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** @returns what calls it off */
  after(ms: number, run: () => void): () => void;
}

const clock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** What the hub is at. Its host updates whenever this changes. */
export interface LiveState {
  /** A load is under way, whoever has begun it. */
  isBusy: boolean;
  /** Billing has not confirmed something yet. */
  isRequested: boolean;
}

export class LiveController implements ReactiveController {
  readonly #host: HubParts;
  readonly #state: () => LiveState;
  readonly #clock: Clock;
  #ears: AbortController | undefined;
  #callOff: (() => void) | undefined;
  /** What is shown may have changed since its load began. */
  #isOld = false;
  #wasBusy = false;
  #endedAt = Number.NEGATIVE_INFINITY;
  #pause = PAUSE;

  constructor(host: HubParts, state: () => LiveState, time = clock) {
    this.#host = host;
    this.#state = state;
    this.#clock = time;
    host.addController(this);
  }

  hostConnected(): void {
    this.#ears = new AbortController();
    const { signal } = this.#ears;
    signal.addEventListener("abort", listen(this.#host, this.#hear));
    addEventListener("online", this.#hear, { signal });
    // On the way back to a page that the browser has kept these come in either order.
    for (const name of ["pagehide", "pageshow"] as const) addEventListener(name, this.#turn, { signal });
    document.addEventListener("visibilitychange", this.#turn, { signal });
  }

  hostDisconnected(): void {
    this.#ears?.abort();
    this.#ears = undefined;
    this.#callOff?.();
  }

  hostUpdated(): void {
    this.#plan();
  }

  readonly #hear = (): void => {
    // A load that has begun before this may not have seen it.
    this.#notice();
    this.#isOld = true;
    this.#plan();
  };

  readonly #turn = ({ type }: Event): void => {
    const isLeaving = type === "pagehide";
    if (isLeaving || document.hidden) this.#isOld = true;
    if (!isLeaving) this.#plan();
  };

  #notice(): LiveState {
    const state = this.#state();
    if (state.isBusy && !this.#wasBusy) this.#isOld = false;
    if (!state.isBusy && this.#wasBusy) this.#endedAt = this.#clock.now();
    this.#wasBusy = state.isBusy;
    return state;
  }

  readonly #plan = (): void => {
    this.#callOff?.();
    const { isBusy, isRequested } = this.#notice();
    if (!isRequested) this.#pause = PAUSE;
    if (isBusy || document.hidden || !this.#ears || !(this.#isOld || isRequested)) return;
    const wait = this.#endedAt + (this.#isOld ? PAUSE : this.#pause) - this.#clock.now();
    if (wait > 0) {
      this.#callOff = this.#clock.after(wait, this.#plan);
      return;
    }
    if (!this.#isOld) this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
    void this.#host.refresh();
    this.#notice();
  };
}

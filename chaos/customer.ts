/** A customer who knows what they want, and goes on with whatever they see. */
import { setTimeout as pause } from "node:timers/promises";
import type { FlowSettings } from "../src/flow/flow-controller.ts";
import { currentNode, type FlowState, type MachineEvent } from "../src/flow/machine.ts";
import { type Ending, isReached, type Story } from "./invariants.ts";
import { Page, type Witness } from "./page.ts";
import type { CustomerPlan, TabPlan, Wish } from "./plan.ts";
import { Profile } from "./profile.ts";

/** How long anything may take until the customer sees something else, ms. */
export const PATIENCE = 1_500;
/** What is loaded after something else was sent waits for both, and each may be tried for as long as the limit. */
const STUCK = 4 * PATIENCE + 2_000;

/** Until what works again is noticed, ms, on a machine that has much else to do. */
const RECOVERY = 40_000;

export interface Person {
  readonly id: string;
  readonly subscription: string;
}

/** How a page gets to a session, through all that can fail. */
export type Sessions = (person: Person, fresh: boolean) => Promise<string>;

const isBusy = ({ phase }: FlowState): boolean => phase === "loading" || phase === "deciding";

/** Trying again does not help, and nothing else can be chosen: this page has to be loaded anew. */
const isRefused = (state: FlowState): boolean =>
  (state.phase === "unavailable" && !state.fault.retryable) ||
  (state.phase === "step" && state.decision?.type === "cancel" && state.fault?.retryable === false);

function placeOf(state: FlowState): Ending["at"] {
  if (isRefused(state)) return "refused";
  if (state.phase !== "done") return state.phase;
  const { settlement } = state;
  if (settlement?.outcome !== "retained") return "cancelled";
  return settlement.offer ? "discount" : "retained";
}

interface Tab {
  readonly page: Page;
  wish: Wish;
  words: number;
  /** How often something was tried again. */
  tries: number;
  done: number;
}

interface Walk {
  readonly pace: number;
  /** How often what has failed is tried again; without it everything works again, and it is tried until it has worked. */
  readonly tries?: number;
  /** So many things are done. */
  readonly until: number;
  readonly thinks?: TabPlan["thinks"];
}

export class Customer implements Witness, Story {
  readonly person: Person;
  readonly profile = new Profile();
  readonly acknowledged: Witness["acknowledged"] = new Map();
  readonly shown: Witness["shown"] = [];
  readonly tooLate: Witness["tooLate"] = new Set();
  readonly diary: string[] = [];
  readonly violations: string[] = [];
  readonly endings: Ending[] = [];
  /** What this customer did to the servers' surprise. */
  readonly happened: string[] = [];
  readonly tabs: Tab[] = [];
  /** Whether a cancellation was confirmed and never taken back. */
  hasConfirmed = false;
  readonly isAlone: boolean;
  readonly #plan: CustomerPlan;
  readonly #sessions: Sessions;
  #settings: FlowSettings;

  constructor(person: Person, plan: CustomerPlan, apiUrl: string, token: string, sessions: Sessions) {
    this.person = person;
    this.#plan = plan;
    this.#sessions = sessions;
    this.isAlone = plan.tabs.length === 1;
    const { subscription: subscriptionId } = person;
    const base = { apiUrl, subscriptionId, timeout: PATIENCE };
    let kept: string | undefined;
    this.#settings =
      plan.source === "session-id"
        ? { ...base, sessionId: token }
        : {
            ...base,
            async getSession(fresh) {
              if (fresh || kept === undefined) kept = await sessions(person, fresh);
              return kept;
            },
          };
  }

  /** All tabs at once, until each has come to rest or has gone. */
  async visit(): Promise<void> {
    await Promise.all(this.#plan.tabs.map((plan) => this.#tab(plan)));
  }

  async #open(wish: Wish, words = 0): Promise<Tab> {
    const page = new Page(this.profile, this);
    const tab: Tab = { page, wish, words, tries: 0, done: 0 };
    this.tabs.push(tab);
    await page.load(this.#settings);
    return tab;
  }

  async #tab({ wish, words, pace, startsAfter, thinks, leaves }: TabPlan): Promise<void> {
    await pause(startsAfter);
    const tab = await this.#open(wish, words);
    const until = leaves?.after ?? Number.POSITIVE_INFINITY;
    await this.#walk(tab, { pace, tries: 2, until, ...(thinks ? { thinks } : {}) });
    if (this.tabs.length > 1 && !this.happened.includes("two tabs")) this.happened.push("two tabs");
    if (!leaves) return;
    this.happened.push("closed tab");
    await tab.page.close(leaves.abruptly);
  }

  /** Everything works again. */
  async goOn(): Promise<void> {
    const open = this.tabs.filter(({ page }) => !page.isGone);
    await Promise.all(
      open.map(async (tab) => {
        tab.page.happens("online");
        await this.#finish(tab);
      }),
    );
  }

  async #finish(tab: Tab): Promise<void> {
    const walk = { pace: 0, until: Number.POSITIVE_INFINITY };
    let last = tab;
    await this.#walk(last, walk);
    if (isRefused(last.page.state)) {
      await last.page.close();
      last = await this.#openAnew(tab);
      await this.#walk(last, walk);
    }
    this.endings.push({ wish: last.wish, at: placeOf(last.page.state) });
  }

  /** As the page advises who has had it open for too long. */
  async #openAnew({ wish, words }: Tab): Promise<Tab> {
    const { sessionId, ...settings } = this.#settings;
    if (sessionId !== undefined)
      this.#settings = { ...settings, sessionId: await this.#sessions(this.person, true) };
    return this.#open(wish, words);
  }

  /** The next day: the customer looks in again, and whatever was kept in the browser goes. */
  async comeBack(): Promise<void> {
    await Promise.all(this.tabs.map(({ page }) => page.close()));
    // Who was not let through is not let through again, and each wait takes its time.
    if (!this.endings.every((ending) => isReached(ending, this.isAlone))) return;
    const { page } = await this.#open("look");
    page.dispatch({ type: "open" });
    await page.until((state) => !isBusy(state), STUCK);
    if (isBusy(page.state)) this.#stuck(page);
    for (const end = Date.now() + RECOVERY; page.state.phase === "unavailable" && Date.now() < end; ) {
      await pause(300);
      page.dispatch({ type: "retry" });
      await page.until((state) => !isBusy(state), STUCK);
    }
    await page.until(({ phase }) => phase !== "queued", STUCK);
    this.endings.push({ wish: "look", at: placeOf(page.state) });
    page.dispatch({ type: "close" });
    for (const end = Date.now() + RECOVERY; this.profile.kept.size && Date.now() < end; ) {
      page.happens("online");
      await page.until(() => this.profile.kept.size === 0, 500);
    }
    if (this.profile.kept.size)
      this.violations.push(
        `still kept in the browser: ${[...this.profile.kept.values()].join().slice(0, 400)}`,
      );
    await page.close();
  }

  #stuck(page: Page): void {
    this.violations.push(`the page is stuck in "${page.state.phase}"`);
  }

  async #walk(tab: Tab, to: Walk): Promise<void> {
    const { page } = tab;
    const end = to.tries === undefined ? performance.now() + RECOVERY : Number.POSITIVE_INFINITY;
    while (performance.now() < end) {
      if (page.isGone || tab.done >= to.until) return;
      if (isBusy(page.state) && !(await page.until((state) => !isBusy(state), STUCK))) {
        if (!page.isGone) this.#stuck(page);
        return;
      }
      const seen = page.state;
      const next = this.#next(tab, to.tries);
      if (!next) return;
      if (to.thinks?.after === tab.done) await Promise.race([pause(to.thinks.for), page.gone]);
      if (next.type === "retry") await pause(to.pace + (to.tries === undefined ? 300 : 100));
      else if (to.pace) await pause(to.pace);
      // What waits may go by itself meanwhile: there is nothing to try again any more.
      if (next.type === "retry" && page.state !== seen) continue;
      const before = page.state;
      page.dispatch(next);
      tab.done++;
      if (next.type === "confirm") this.hasConfirmed = true;
      if (next.type === "keep") this.hasConfirmed = false;
      if (page.state === before && !isBusy(before)) {
        this.violations.push(`"${next.type}" means nothing in "${before.phase}"`);
        return;
      }
    }
  }

  /** Undefined where there is nothing to do but wait, or nothing at all. */
  #next(tab: Tab, most = Number.POSITIVE_INFINITY): MachineEvent | undefined {
    const { state } = tab.page;
    const again = (): MachineEvent | undefined => (tab.tries++ < most ? { type: "retry" } : undefined);
    // It goes by itself; who sees that everything works again does not wait for that.
    if (state.phase === "queued" && most === Number.POSITIVE_INFINITY) return again();
    if (state.phase === "closed") return tab.done ? undefined : { type: "open" };
    if (state.phase === "unavailable") return state.fault.retryable ? again() : undefined;
    if (state.phase !== "step") return undefined;
    if (state.fault && state.decision && state.fault.retryable) return again();
    // What was offered is refused for good: there is still the way out.
    if (state.fault && state.decision?.type === "accept") tab.wish = "cancel";
    else if (state.fault && state.decision?.type === "cancel") return undefined;
    return this.#step(tab, state);
  }

  #step(tab: Tab, state: Extract<FlowState, { phase: "step" }>): MachineEvent | undefined {
    const node = currentNode(state);
    if (!node) return undefined;
    const { step, offer, id } = node;
    if (step.type === "survey" && !offer && !state.answers.reasons[id])
      return { type: "select", reason: "money" };
    if (step.type === "survey" && !offer && tab.words > 0)
      return { type: "write", text: `word ${tab.words--}` };
    if (tab.wish === "keep") return { type: "keep" };
    if (tab.wish === "close") return { type: "close" };
    if (tab.wish === "look") return undefined;
    if (step.type === "confirm") return { type: "confirm" };
    if (tab.wish === "cancel") return { type: "leave" };
    return offer ? { type: "accept" } : { type: "next" };
  }
}

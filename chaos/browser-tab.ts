/** A customer in one tab, who goes on with what is on the screen; and whether there is always something to go on with. */
import { setTimeout as pause } from "node:timers/promises";
import { en } from "../src/i18n/en.ts";
import { ADDRESS, type Fired, OWN, type Visit } from "../test/e2e/faults/visit.ts";
import { type Ending, isReached } from "./invariants.ts";
import type { TabPlan } from "./plan.ts";

/** Until a page shows something to go on with, ms: an answer's limit, as often as one thing can wait for another. */
const WAY_OUT = 20_000;
const CLICK = { timeout: 3_000 };
/** Until who wants something has got it when everything works again, ms, on a machine that has much else to do. */
const RECOVERY = 60_000;
/** The code comes within so many milliseconds, or the next page has it. */
const CODE = 10_000;

const ends: Readonly<Record<string, Ending["at"]>> = {
  [en.kept]: "retained",
  [en.kept_discount]: "discount",
  [en.cancelled]: "cancelled",
  [en.alreadyCancelled]: "cancelled",
  [en.requested]: "requested",
};
const ENDED = new RegExp(`^(${Object.keys(ends).join("|")})$`);

/** What is to be known of what happens here. */
export interface Passage {
  tell(words: string): void;
  violated(words: string): void;
  confirmed(isConfirmed: boolean): void;
  heard(fired: readonly Fired[]): void;
  ended(ending: Ending): void;
}

interface Act {
  readonly name: string;
  /** Of something that has failed. */
  readonly again?: boolean;
  /** Nothing more is to be done here. */
  readonly last?: boolean;
  readonly work: () => Promise<unknown>;
}

export class BrowserTab {
  readonly #visit: Visit;
  readonly #plan: Pick<TabPlan, "pace" | "thinks" | "wish">;
  readonly #passage: Passage;
  readonly #isAlone: boolean;
  #done = 0;
  #isOver = false;
  /** The button was pressed, and nothing has come of it yet. */
  #isPressed = false;

  constructor(
    visit: Visit,
    plan: Pick<TabPlan, "pace" | "thinks" | "wish">,
    passage: Passage,
    isAlone: boolean,
  ) {
    this.#visit = visit;
    this.#plan = plan;
    this.#passage = passage;
    this.#isAlone = isAlone;
  }

  get #page() {
    return this.#visit.page;
  }

  #sees(name: string | RegExp): Promise<boolean> {
    return this.#visit.flow.getByRole("heading", { name, exact: typeof name === "string" }).isVisible();
  }

  #has(name: string): Promise<boolean> {
    return this.#visit.flow.getByRole("button", { name, exact: true }).isVisible();
  }

  /** In the flow where one is open, or else anywhere on the page; a button that leads nowhere is none. */
  async #hasWayOut(): Promise<boolean> {
    const { flow } = this.#visit;
    const inFlow = async () =>
      (await this.#has(en.leave)) ||
      (await flow.getByRole("link", { name: ADDRESS }).first().isVisible()) ||
      (await this.#sees(ENDED));
    if (await inFlow()) {
      this.#isPressed = false;
      return true;
    }
    if (await flow.getByRole("dialog").isVisible()) return false;
    if (await this.#hasOwn()) return true;
    return this.#hasButton && !this.#isPressed && this.#opener.isVisible();
  }

  get #hasButton(): boolean {
    return this.#visit.placing.element === "button";
  }

  get #opener() {
    return this.#page.locator("renumerate-cancel-button");
  }

  /** Waits until the page shows what the customer can go on with. */
  async #settles(): Promise<boolean> {
    const end = Date.now() + WAY_OUT;
    while (!this.#page.isClosed()) {
      if (await this.#hasWayOut().catch(() => this.#page.isClosed())) return !this.#page.isClosed();
      if (Date.now() > end) {
        const text = await this.#page
          .locator("body")
          .innerText()
          .catch(() => "");
        const why = this.#isPressed ? "the button leads nowhere" : "no way out is on the screen";
        this.#passage.violated(`${why}: ${JSON.stringify(text.slice(0, 300))}`);
        return false;
      }
      await pause(100);
    }
    return false;
  }

  /** @param tries again what has failed, so often @param until so many things are done */
  async walk(tries: number, until: number): Promise<void> {
    let left = tries;
    while (!this.#isOver && this.#done < until && (await this.#settles())) {
      const act = await this.#next();
      if (!act || (act.again && left-- <= 0)) return;
      const { thinks } = this.#plan;
      if (thinks?.after === this.#done) await pause(thinks.for);
      await this.#do(act);
    }
  }

  async #do(act: Act): Promise<void> {
    await pause(this.#plan.pace + (act.again ? 200 : 0));
    this.#passage.tell(`> ${act.name}`);
    // What was on the screen may have gone meanwhile: the next look says what to do then.
    const isDone = await act.work().then(
      () => true,
      (error: Error) => {
        this.#passage.tell(error.message.split("\n")[0] ?? "");
        return false;
      },
    );
    this.#done++;
    this.#isOver = isDone && act.last === true;
  }

  #press(name: string, more: Partial<Act> = {}): Act {
    const button = this.#visit.flow.getByRole("button", { name, exact: true });
    return { name, work: () => button.click(CLICK), ...more };
  }

  #open(): Act {
    return {
      name: "open",
      again: this.#done > 0,
      work: async () => {
        await this.#opener.click({ position: { x: 9, y: 9 }, ...CLICK });
        this.#isPressed = true;
      },
    };
  }

  /** @param isMended what has failed works again */
  async #next(isMended = false): Promise<Act | undefined> {
    const { wish } = this.#plan;
    const { flow } = this.#visit;
    if (await this.#sees(ENDED)) return undefined;
    // It goes by itself; who sees that everything works again does not wait for that.
    if (!isMended && (await this.#sees(en.queued))) return undefined;
    if (await this.#has(en.retry)) return this.#press(en.retry, { again: true });
    const isOpen = (await flow.count()) > 0 && (await this.#sees(/./));
    if (!isOpen && this.#hasButton && (isMended || !(await this.#hasOwn()))) return this.#open();
    if (wish === "look") return undefined;
    if (await this.#sees(en.confirm)) return wish === "keep" ? this.#keep() : this.#confirm();
    if (await this.#has("Accept discount"))
      return this.#press(wish === "discount" ? "Accept discount" : en.leave);
    const reason = flow.getByRole("radio", { name: "money", exact: true });
    if (!(await reason.isVisible())) return undefined;
    if (!(await reason.isChecked())) return { name: "money", work: () => reason.check(CLICK) };
    if (wish === "discount") return this.#press("Continue");
    if (wish === "keep") return this.#keep();
    if (wish === "close") return this.#press("Close", { last: true });
    return this.#press(en.leave);
  }

  #keep(): Act {
    const act = this.#press(en.keep);
    return {
      ...act,
      work: async () => {
        await act.work();
        this.#passage.confirmed(false);
      },
    };
  }

  #confirm(): Act {
    const act = this.#press(en.leave);
    return {
      ...act,
      name: "confirm",
      work: async () => {
        await act.work();
        this.#passage.confirmed(true);
      },
    };
  }

  async happens(moment: "online"): Promise<void> {
    if (this.#page.isClosed()) return;
    await this.#page.evaluate((name) => dispatchEvent(new Event(name)) && undefined, moment);
  }

  /** Everything works again. */
  async goOn(): Promise<void> {
    if (this.#page.isClosed() || this.#isOver) return;
    await this.happens("online");
    const { wish } = this.#plan;
    const end = Date.now() + RECOVERY;
    let codeUntil = Date.now() + (this.#hasButton ? CODE : 0);
    let at = await this.#place();
    while (!isReached({ wish, at }, this.#isAlone) && Date.now() < end && (await this.#settles())) {
      // Without the code there is the business's own way, and the next page; who has had this one open for too long is
      // told to load it anew.
      if ((await this.#hasOwn()) ? Date.now() > codeUntil : at === "refused") {
        await this.#reload();
        codeUntil = Date.now() + CODE;
      }
      const act = await this.#next(true);
      await (act ? this.#do(act) : pause(200));
      at = await this.#place();
    }
    this.#passage.ended({ wish, at });
  }

  #hasOwn(): Promise<boolean> {
    return this.#page.getByText(OWN).isVisible();
  }

  async #reload(): Promise<void> {
    this.#passage.tell("> load the page anew");
    await this.#page.reload();
    this.#isPressed = false;
  }

  /** Where in their visit the customer is. */
  async #place(): Promise<Ending["at"]> {
    if (this.#isOver) return "closed";
    for (const [heading, at] of Object.entries(ends)) if (await this.#sees(heading)) return at;
    if (await this.#sees(en.queued)) return "queued";
    if (await this.#sees(en.expired)) return "refused";
    if (await this.#has(en.retry)) return "unavailable";
    return (await this.#has(en.leave)) ? "step" : "nothing";
  }

  async leave(abruptly: boolean): Promise<void> {
    if (this.#page.isClosed()) return;
    const fired = await this.#visit.fired().catch(() => []);
    this.#passage.heard(fired);
    this.#passage.tell(`heard ${fired.map(({ name }) => name.replace("renumerate-", "")).join(" ")}`);
    if (!abruptly) await this.#page.goto("about:blank").catch(() => {});
    await this.#page.close();
  }
}

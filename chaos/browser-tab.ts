/** A customer in one tab, who goes on with what is on the screen; and whether there is always something to go on with. */
import { setTimeout as pause } from "node:timers/promises";
import { en } from "../src/i18n/en.ts";
import { ADDRESS, type Fired, OWN, type Visit } from "../test/e2e/faults/visit.ts";
import type { TabPlan } from "./plan.ts";

/** Until a page shows something to go on with, ms: an answer's limit, as often as one thing can wait for another. */
const WAY_OUT = 20_000;
const CLICK = { timeout: 3_000 };

const ended = [en.kept, en.kept_discount, en.cancelled, en.alreadyCancelled, en.requested];
const ENDED = new RegExp(`^(${ended.join("|")})$`);

/** What is to be known of what happens here. */
export interface Passage {
  tell(words: string): void;
  violated(words: string): void;
  confirmed(isConfirmed: boolean): void;
  heard(fired: readonly Fired[]): void;
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
  readonly #plan: Pick<TabPlan, "pace" | "thinks"> & { readonly wish: TabPlan["wish"] | "look" };
  readonly #passage: Passage;
  #done = 0;
  #isOver = false;

  constructor(visit: Visit, plan: BrowserTab["plan"], passage: Passage) {
    this.#visit = visit;
    this.#plan = plan;
    this.#passage = passage;
  }

  get plan(): Pick<TabPlan, "pace" | "thinks"> & { readonly wish: TabPlan["wish"] | "look" } {
    return this.#plan;
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

  /** In the flow where one is open, or else anywhere on the page. */
  async #hasWayOut(): Promise<boolean> {
    const { flow } = this.#visit;
    const inFlow = async () =>
      (await this.#has(en.leave)) ||
      (await flow.getByRole("link", { name: ADDRESS }).first().isVisible()) ||
      (await this.#sees(ENDED));
    if (await inFlow()) return true;
    if (await flow.getByRole("dialog").isVisible()) return false;
    if (await this.#page.getByText(OWN).isVisible()) return true;
    return (
      this.#visit.placing.element === "button" && this.#page.locator("renumerate-cancel-button").isVisible()
    );
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
        this.#passage.violated(`no way out is on the screen: ${JSON.stringify(text.slice(0, 300))}`);
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
      const { thinks, pace } = this.#plan;
      if (thinks?.after === this.#done) await pause(thinks.for);
      await pause(pace + (act.again ? 200 : 0));
      this.#passage.tell(`> ${act.name}`);
      // What was on the screen may have gone meanwhile: the next look says what to do then.
      await act.work().catch((error: Error) => this.#passage.tell(error.message.split("\n")[0] ?? ""));
      this.#done++;
      this.#isOver = act.last === true;
    }
  }

  #press(name: string, more: Partial<Act> = {}): Act {
    const button = this.#visit.flow.getByRole("button", { name, exact: true });
    return { name, work: () => button.click(CLICK), ...more };
  }

  async #next(): Promise<Act | undefined> {
    const { wish } = this.#plan;
    const { flow, placing } = this.#visit;
    if (await this.#sees(ENDED)) return undefined;
    if (await this.#sees(en.queued)) return undefined;
    if (await this.#has(en.retry)) return this.#press(en.retry, { again: true });
    const opener = this.#page.locator("renumerate-cancel-button");
    const isOpen = (await flow.count()) > 0 && (await this.#sees(/./));
    if (!isOpen && placing.element === "button" && !(await this.#page.getByText(OWN).isVisible()))
      return {
        name: "open",
        again: this.#done > 0,
        work: () => opener.click({ position: { x: 9, y: 9 }, ...CLICK }),
      };
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
    // Without the code there is the business's own way, and the next page.
    if (await this.#page.getByText(OWN).isVisible()) await this.#page.reload();
    await this.walk(6, Number.POSITIVE_INFINITY);
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

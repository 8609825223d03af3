/** A page in the manner of Playwright over the few things that every driver can do. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Path, type Step, type Wanted, withFinder } from "../../../scripts/finder.ts";
import type { AnyLocator, AnyPage } from "./page.ts";

export interface Port {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Runs the body of a function in the page, with `arguments`. What it returns is JSON. */
  run(body: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Input as from the user's own devices. */
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  click(x: number, y: number): Promise<void>;
}

/** Playwright's. */
const LIMIT_MS = 30_000;

const wanted = (text: string | RegExp, exact = false): Wanted =>
  typeof text === "string" ? { text, exact } : { source: text.source, flags: text.flags };

/** Tries until there is an answer; the reason for there being none yet is told when the time is up. */
async function eventually<Answer>(what: string, attempt: () => Promise<Answer | Reason>): Promise<Answer> {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const answer = await attempt();
    if (!isReason(answer)) return answer;
    if (Date.now() > end) throw new Error(`${what}: ${answer.reason} after ${LIMIT_MS / 1000} s`);
    await sleep(20);
  }
}

interface Reason {
  reason: string;
}
const isReason = (answer: unknown): answer is Reason =>
  typeof answer === "object" && answer !== null && "reason" in answer;

/** Finds the one element, or says that it is not there; two are a mistake of the test. */
const ONE = `
  const [path, value] = arguments;
  const found = finder.find(path);
  if (found.length > 1) return { many: found.map((each) => each.outerHTML.slice(0, 80)) };
  if (!found.length) return { reason: "nothing is found" };
  const [element] = found;`;

/** Where to click, once the element is there for a user: in view, at rest, and with nothing over it. */
const POINT = `${ONE}
  if (!finder.isVisible(element)) return { reason: "it is not visible" };
  if (element.matches(":disabled")) return { reason: "it is disabled" };
  element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  const { x, y, width, height } = element.getBoundingClientRect();
  const at = [x + width / 2, y + height / 2];
  const rest = window.renumerateRest;
  window.renumerateRest = [element, ...at];
  if (!rest || rest.some((each, index) => each !== window.renumerateRest[index])) return { reason: "it moves" };
  if (!finder.reaches(finder.hitAt(...at), element)) return { reason: "something lies over it" };
  return { at };`;

/** What the page has noted down of its own faults since the last time: neither driver is told of all of them. */
const FAULTS = "return (window.faults ?? []).splice(0)";

export function pageOver(bare: Port, faults: string[]): AnyPage {
  const port: Port = {
    ...bare,
    async run(body, ...values) {
      const result = await bare.run(body, ...values);
      faults.push(...((await bare.run(FAULTS)) as string[]));
      return result;
    },
  };
  return {
    goto: (url) => port.goto(url),
    reload: () => port.reload(),
    evaluate: <Result>(script: () => Result) => port.run(`return (${script})()`) as Promise<Awaited<Result>>,
    waitForFunction: (script) =>
      eventually(String(script), async () =>
        (await port.run(`return Boolean((${script})())`)) ? true : { reason: "it does not hold" },
      ),
    keyboard: { press: (key) => port.press(key), type: (text) => port.type(text) },
    ...scope(port, []),
  };
}

function scope(port: Port, path: Path) {
  const within = (step: Step) => locator(port, [...path, step]);
  return {
    getByRole: (role: string, { name, exact }: { name?: string | RegExp; exact?: boolean } = {}) =>
      within({ by: "role", role, ...(name === undefined ? {} : { name: wanted(name, exact) }) }),
    getByText: (text: string | RegExp, options?: { exact?: boolean }) =>
      within({ by: "text", text: wanted(text, options?.exact) }),
    getByLabel: (text: string | RegExp, options?: { exact?: boolean }) =>
      within({ by: "label", text: wanted(text, options?.exact) }),
    locator: (selector: string) => within({ by: "css", selector }),
  };
}

const paths = new WeakMap<AnyLocator, Path>();

function locator(port: Port, path: Path): AnyLocator {
  const what = JSON.stringify(path);
  const attempt = async (body: string, value?: unknown) => {
    const answer = await port.run(withFinder(body), path, value);
    if (typeof answer === "object" && answer && "many" in answer) {
      throw new Error(`${what} finds more than one element: ${answer.many}`);
    }
    return answer;
  };
  /** Waits for the one element, and runs the rest of the body with it. */
  const one = async <Result>(body: string, value?: unknown): Promise<Result> => {
    const answer = await eventually(what, () =>
      attempt(`${ONE}\nreturn { result: (() => { ${body} })() ?? null }`, value),
    );
    return (answer as { result: Result }).result;
  };
  const click = async () => {
    const { at } = (await eventually(what, () => attempt(POINT))) as { at: [number, number] };
    await port.click(...at);
  };

  const self: AnyLocator = {
    ...scope(port, path),
    or: (other) => locator(port, [{ by: "any", of: [path, paths.get(other) ?? []] }]),
    first: () => locator(port, [...path, { by: "first" }]),
    click,
    async check() {
      if (await one("return element.checked")) return;
      await click();
      if (!(await one("return element.checked"))) throw new Error(`${what} was clicked and is not checked`);
    },
    async fill(text) {
      const typed = await one<boolean>(
        `element.focus();
        if (element.type !== "date") return element.select(), true;
        // Each browser has its own way to enter a date; they agree on what comes of it.
        element.value = value;
        for (const type of ["input", "change"]) element.dispatchEvent(new Event(type, { bubbles: true }));
        return false;`,
        text,
      );
      if (typed) await (text ? port.type(text) : port.press("Delete"));
    },
    async press(key) {
      await one("element.focus()");
      await port.press(key);
    },
    async waitFor({ state = "visible" } = {}) {
      await eventually(`${what} ${state}`, () =>
        attempt(
          `const found = finder.find(arguments[0]);
          const state = arguments[1];
          const shown = found.filter(finder.isVisible);
          const holds = { attached: found.length, detached: !found.length, visible: shown.length, hidden: !shown.length };
          if (found.length > 1) return { many: found.map((each) => each.outerHTML.slice(0, 80)) };
          return holds[state] ? { holds } : { reason: "it is not so" };`,
          state,
        ),
      );
    },
    count: async () => (await attempt("return finder.find(arguments[0]).length")) as number,
    isVisible: async () =>
      (await attempt("return finder.find(arguments[0]).some(finder.isVisible)")) as boolean,
    isChecked: () => one("return element.checked"),
    textContent: () => one("return element.textContent"),
    innerText: () => one("return element.innerText"),
    getAttribute: (name) => one("return element.getAttribute(value)", name),
    evaluate: (script) => one(`return (${script})(element)`),
  };
  paths.set(self, path);
  return self;
}

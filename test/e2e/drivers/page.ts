/**
 * What a journey can do with a page in every engine: a part of Playwright's own interface, whose pages are such pages.
 * Playwright drives no Firefox and no WebKit of a Linux distribution; the drivers beside this file do.
 */

export type Role =
  | "button"
  | "checkbox"
  | "dialog"
  | "group"
  | "heading"
  | "link"
  | "navigation"
  | "radio"
  | "textbox";

interface Named {
  /** Contained in the name whatever the case, or equal if `exact`. */
  name?: string | RegExp;
  exact?: boolean;
}

interface Scope {
  getByRole(role: Role, options?: Named): AnyLocator;
  /** The innermost elements with this text. */
  getByText(text: string | RegExp, options?: { exact?: boolean }): AnyLocator;
  getByLabel(text: string | RegExp, options?: { exact?: boolean }): AnyLocator;
  locator(selector: string): AnyLocator;
}

/** Elements that are looked for each time that something is done. What is done to one wants exactly one. */
export interface AnyLocator extends Scope {
  first(): AnyLocator;
  or(other: AnyLocator): AnyLocator;
  click(): Promise<void>;
  check(): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  waitFor(options?: { state?: "attached" | "detached" | "visible" | "hidden" }): Promise<void>;
  count(): Promise<number>;
  isVisible(): Promise<boolean>;
  isChecked(): Promise<boolean>;
  textContent(): Promise<string | null>;
  innerText(): Promise<string>;
  getAttribute(name: string): Promise<string | null>;
  evaluate<Result>(script: (element: HTMLElement) => Result): Promise<Result>;
}

export interface AnyPage extends Scope {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  evaluate<Result>(script: () => Result): Promise<Result>;
  waitForFunction(script: () => unknown): Promise<unknown>;
  keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
}

/** What the user prefers, as a browser is started with it. */
export interface Preferences {
  colorScheme?: "light" | "dark";
  reducedMotion?: "reduce" | "no-preference";
  /** Language and region: `de-DE`. Not in WebKit, which knows the languages of the operating system alone. */
  locale?: string;
}

/** A page with storage of its own. */
export interface Opened<Page extends AnyPage = AnyPage> {
  page: Page;
  /** Exceptions, and violations of the page's policy, so far. */
  faults: string[];
  close(): Promise<void>;
}

/** A browser for the length of some tests. */
export interface Driver<Page extends AnyPage = AnyPage, Options = Preferences> {
  open(options: Options): Promise<Opened<Page>>;
  close(): Promise<void>;
}

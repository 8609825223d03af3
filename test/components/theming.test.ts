import { expect } from "@open-wc/testing";
import { emulateMedia, resetMouse, sendKeys, sendMouse } from "@web/test-runner-commands";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { styles } from "../../src/components/styles.ts";
import { describeInChromium } from "../fixtures/engine.ts";
import { configOf, offering, offers, steps, usual } from "../fixtures/flows.ts";
import { click, closeAll, open, place, root } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

/** Each documented property: a value, and where it must show. */
const properties: Record<string, [value: string, part: string, style: string, result: string]> = {
  background: ["rgb(1, 2, 3)", "dialog", "backgroundColor", "rgb(1, 2, 3)"],
  text: ["rgb(1, 2, 3)", "heading", "color", "rgb(1, 2, 3)"],
  muted: ["rgb(1, 2, 3)", "body", "color", "rgb(1, 2, 3)"],
  surface: ["rgb(1, 2, 3)", "footer", "backgroundColor", "rgb(1, 2, 3)"],
  border: ["rgb(1, 2, 3)", "footer", "borderTopColor", "rgb(1, 2, 3)"],
  "control-border": ["rgb(1, 2, 3)", "secondary", "borderTopColor", "rgb(1, 2, 3)"],
  accent: ["rgb(1, 2, 3)", "primary", "backgroundColor", "rgb(1, 2, 3)"],
  "accent-text": ["rgb(1, 2, 3)", "primary", "color", "rgb(1, 2, 3)"],
  danger: ["rgb(1, 2, 3)", "error", "color", "rgb(1, 2, 3)"],
  focus: ["rgb(1, 2, 3)", "close", "outlineColor", "rgb(1, 2, 3)"],
  backdrop: ["rgb(1, 2, 3)", "dialog::backdrop", "backgroundColor", "rgb(1, 2, 3)"],
  shadow: ["rgb(1, 2, 3) 1px 2px 3px 4px", "dialog", "boxShadow", "rgb(1, 2, 3) 1px 2px 3px 4px"],
  radius: ["7px", "dialog", "borderTopLeftRadius", "7px"],
  "control-radius": ["7px", "primary", "borderTopLeftRadius", "7px"],
  spacing: ["8px", "content", "gap", "8px"],
  width: ["333px", "dialog", "width", "333px"],
  font: ["fantasy", "body", "fontFamily", "fantasy"],
  "heading-font": ["fantasy", "heading", "fontFamily", "fantasy"],
  "font-size": ["20px", "body", "fontSize", "20px"],
  duration: ["7s", "dialog", "animationDuration", "7s"],
};

const buttonProperties: Record<string, [value: string, style: string, result: string]> = {
  "button-background": ["rgb(1, 2, 3)", "backgroundColor", "rgb(1, 2, 3)"],
  "button-text": ["rgb(1, 2, 3)", "color", "rgb(1, 2, 3)"],
  "button-border": ["rgb(1, 2, 3)", "borderTopColor", "rgb(1, 2, 3)"],
  "button-radius": ["7px", "borderTopLeftRadius", "7px"],
  font: ["fantasy", "fontFamily", "fantasy"],
};

const names = (css: string) => new Set([...css.matchAll(/--renumerate-([\w-]+)/g)].map(([, name]) => name));

describe("theming", () => {
  afterEach(closeAll);

  for (const [name, [value, part, style, result]] of Object.entries(properties)) {
    it(`--renumerate-${name}`, async () => {
      const { modal } = await open(usual);
      await click(modal, "Continue");
      root(modal).querySelector<HTMLElement>("[part~=close]")?.focus();
      const [selector, pseudo] = part.split("::") as [string, string?];
      const read = () =>
        getComputedStyle(
          root(modal).querySelector(`[part~=${selector}]`) as Element,
          pseudo && `::${pseudo}`,
        )[style as "color"];
      expect(read()).to.not.equal(result);
      modal.style.setProperty(`--renumerate-${name}`, value);
      expect(read()).to.equal(result);
    });
  }

  it("knows no property of the dialog beyond the documented", async () => {
    expect([...names(styles.cssText)].sort()).to.deep.equal(Object.keys(properties).sort());
    const source = await (await fetch("/src/components/retention-modal.ts")).text();
    for (const name of Object.keys(properties)) expect(source).to.contain(`--renumerate-${name}`);
  });

  for (const [name, [value, style, result]] of Object.entries(buttonProperties)) {
    it(`button: --renumerate-${name}`, () => {
      const button = place("renumerate-cancel-button");
      const read = () => getComputedStyle(root(button).querySelector("button") as Element)[style as "color"];
      expect(read()).to.not.equal(result);
      button.style.setProperty(`--renumerate-${name}`, value);
      expect(read()).to.equal(result);
    });
  }

  it("button: --renumerate-button-hover and --renumerate-focus, when pointed at and focused", async () => {
    const button = place("renumerate-cancel-button");
    button.style.setProperty("--renumerate-button-hover", "rgb(1, 2, 3)");
    button.style.setProperty("--renumerate-focus", "rgb(4, 5, 6)");
    const inner = root(button).querySelector("button") as HTMLButtonElement;
    const { x, y } = inner.getBoundingClientRect();
    expect(getComputedStyle(inner).backgroundColor).not.to.equal("rgb(1, 2, 3)");
    await sendMouse({ type: "move", position: [Math.ceil(x) + 5, Math.ceil(y) + 5] });
    expect(getComputedStyle(inner).backgroundColor).to.equal("rgb(1, 2, 3)");
    await resetMouse();
    await sendKeys({ press: "Tab" });
    expect(getComputedStyle(inner).outlineColor).to.equal("rgb(4, 5, 6)");
  });

  it("every property of the button is documented, and the other way round", async () => {
    const source = await (await fetch("/src/components/cancel-button.ts")).text();
    const documented = [...source.matchAll(/@cssprop \[--renumerate-([\w-]+)/g)].map(
      ([, name]) => name as string,
    );
    const used = [...source.matchAll(/var\(--renumerate-([\w-]+)/g)].map(([, name]) => name as string);
    expect([...new Set(used)].sort()).to.deep.equal(documented.sort());
    expect([...Object.keys(buttonProperties), "button-hover", "focus"].sort()).to.deep.equal(
      documented.sort(),
    );
  });

  it("every part that is documented exists", async () => {
    const source = await (await fetch("/src/components/retention-modal.ts")).text();
    const documented = [...source.matchAll(/@csspart ([\w-]+)/g)].map(([, name]) => name as string);
    expect(documented.length).to.be.above(20);
    const seen = new Set<string>();
    // A link that is followed opens a tab, and a browser lets the tab behind it wait.
    const stay = (event: Event) => event.preventDefault();
    document.addEventListener("click", stay);
    const look = (shadow: ShadowRoot) => {
      for (const element of shadow.querySelectorAll("[part]"))
        for (const name of element.part) seen.add(name);
    };
    const screens = [
      ...Object.values(offers).map((offer) => offering(offer)),
      ...Object.values(steps).map((step) =>
        configOf([{ ...step, body: "[x](https://example.com)" }, steps.confirm]),
      ),
      new Promise<never>(() => {}),
    ];
    for (const config of screens) {
      const opened = open(config, { status: 400, code: "x" });
      // The one that never comes shows what is seen while loading.
      const first = config instanceof Promise ? await settle() : await opened;
      const modal = document.querySelector("renumerate-retention-modal");
      if (!modal) continue;
      look(root(modal));
      if (first) {
        root(modal).querySelector<HTMLElement>("[part~=primary]")?.click();
        await modal.updateComplete;
        look(root(modal));
        root(modal).querySelector<HTMLElement>("[part=footer] button:last-child")?.click();
        await settle();
        look(root(modal));
        root(modal).querySelector<HTMLElement>("[part=footer] button")?.click();
        await modal.updateComplete;
        look(root(modal));
      }
      closeAll();
    }
    document.removeEventListener("click", stay);
    expect(documented.filter((name) => !seen.has(name))).to.deep.equal([]);
    expect([...seen].filter((name) => !documented.includes(name))).to.deep.equal([]);
  });

  it("follows the page or the attribute", async () => {
    const background = (scheme: RetentionModal["colorScheme"]) => {
      modal.colorScheme = scheme;
      modal.setAttribute("color-scheme", scheme);
      return getComputedStyle(root(modal).querySelector("dialog") as Element).backgroundColor;
    };
    const { modal } = await open(usual);
    const light = background("light");
    const dark = background("dark");
    expect(light).to.equal("rgb(255, 255, 255)");
    expect(dark).to.not.equal(light);
    expect(background("")).to.equal(light);
    document.documentElement.style.colorScheme = "dark";
    expect(background("")).to.equal(dark);
    expect(background("light")).to.equal(light);
    document.documentElement.style.colorScheme = "";
    expect(background("")).to.equal(light);
  });

  describeInChromium("what the system prefers", () => {
    it("is followed where the attribute says so", async () => {
      const { modal } = await open(usual);
      const background = (scheme: RetentionModal["colorScheme"]) => {
        modal.setAttribute("color-scheme", scheme);
        return getComputedStyle(root(modal).querySelector("dialog") as Element).backgroundColor;
      };
      const [light, dark] = [background("light"), background("dark")];
      await emulateMedia({ colorScheme: "dark" });
      expect(background("auto")).to.equal(dark);
      expect(background("")).to.equal(light);
      await emulateMedia({ colorScheme: "light" });
      expect(background("auto")).to.equal(light);
    });

    it("moves nothing for those who asked for that", async () => {
      await emulateMedia({ reducedMotion: "reduce" });
      const { modal } = await open(usual);
      for (const part of ["dialog", ".content"]) {
        expect(getComputedStyle(root(modal).querySelector(part) as Element).animationName).to.equal("none");
      }
      await emulateMedia({ reducedMotion: "no-preference" });
    });
  });

  it("hidden hides", async () => {
    const button = place("renumerate-cancel-button");
    button.hidden = true;
    expect(getComputedStyle(button).display).to.equal("none");
    const { modal } = await open(usual, undefined, { inline: true });
    modal.hidden = true;
    expect(getComputedStyle(modal).display).to.equal("none");
  });

  it("page styles for slotted content keep the page's own variables", async () => {
    const { modal } = await open(configOf([steps.custom]));
    const own = document.createElement("p");
    own.slot = "custom:rating";
    modal.append(own);
    document.documentElement.style.setProperty("--accent", "rgb(9, 9, 9)");
    own.style.color = "var(--accent)";
    expect(getComputedStyle(own).color).to.equal("rgb(9, 9, 9)");
  });
});

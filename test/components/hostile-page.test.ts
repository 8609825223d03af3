import { expect } from "@open-wc/testing";
import { usual } from "../fixtures/flows.ts";
import { buttonIn, cancel, dialogs, inside, isOnTop, opened } from "../fixtures/hostile.ts";
import { closeAll, open, place, serve } from "../fixtures/open.ts";

const sheets: HTMLStyleElement[] = [];

function rules(css: string): void {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  sheets.push(style);
}

const MOST = 2147483647;

/** Every computed property of an element, but those that only say where the layout has put it. */
function computed(element: Element): Record<string, string> {
  const style = getComputedStyle(element);
  return Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]));
}

function differences(before: Record<string, string>[], after: Record<string, string>[]): string[] {
  return before.flatMap((style, index) =>
    Object.keys(style)
      .filter((name) => style[name] !== after[index]?.[name])
      .map((name) => `${index} ${name}: ${style[name]} became ${after[index]?.[name]}`),
  );
}

describe("on a hostile page", () => {
  beforeEach(() => document.documentElement.style.setProperty("--renumerate-duration", "0s"));
  afterEach(() => {
    closeAll();
    for (const each of document.querySelectorAll("dialog, [popover]")) each.remove();
    for (const sheet of sheets.splice(0)) sheet.remove();
    document.body.inert = false;
  });

  for (const [title, css] of Object.entries({
    "everything unset": "* { all: unset !important }",
    "everything static and transparent":
      "* { position: static !important; opacity: .1 !important; float: left }",
    "everything transformed":
      "body * { transform: rotate(20deg) !important; filter: blur(2px); contain: strict }",
    "everything above": `* { z-index: ${MOST} !important; position: relative !important }`,
    "our element hidden by its name": "body > * { display: none !important }",
  })) {
    it(`${title}: the dialog is on top, and cancels`, async () => {
      rules(css);
      serve(usual);
      await buttonIn().open();
      const modal = await opened();
      expect(isOnTop(modal)).to.equal(true);
      await cancel(modal);
    });
  }

  const box = (style: string) => {
    const parent = document.createElement("div");
    parent.setAttribute("style", style);
    document.body.append(parent);
    return parent;
  };
  const parents: Record<string, () => HTMLElement> = {
    transformed: () => box("transform: scale(.1) rotate(9deg); width: 40px"),
    filtered: () => box("filter: blur(3px) opacity(.2)"),
    "with contained paint": () => box("contain: paint; width: 1px; height: 1px"),
    "with hidden overflow": () => box("overflow: hidden; width: 1px; height: 1px; position: relative"),
    "not displayed": () => box("display: none"),
    "not visible": () => box("visibility: hidden; pointer-events: none"),
    inert: () => Object.assign(box(""), { inert: true }),
    "in an open modal dialog of the page": () => {
      const dialog = document.createElement("dialog");
      document.body.append(dialog);
      dialog.showModal();
      return dialog;
    },
    "in an open popover": () => {
      const popover = box("");
      popover.popover = "auto";
      popover.showPopover();
      return popover;
    },
    "in a popover that does not close by itself": () => {
      const popover = box("inset: 0; width: 100vw; height: 100vh");
      popover.popover = "manual";
      popover.showPopover();
      return popover;
    },
    "in an inert body": () => Object.assign(document.body, { inert: true }),
    "under a curtain": () => {
      box(`position: fixed; inset: 0; z-index: ${MOST}; background: red`);
      return document.body;
    },
  };
  for (const [title, make] of Object.entries(parents)) {
    it(`a button ${title}: the dialog is on top, and cancels`, async () => {
      serve(usual);
      const button = buttonIn(make());
      await button.open();
      const modal = await opened();
      expect(isOnTop(modal)).to.equal(true);
      await cancel(modal);
      expect(dialogs().length).to.equal(1);
    });
  }

  it("rules of the page for our tags' insides do not reach them", async () => {
    const { modal } = await open(usual, undefined, { locale: "en" });
    const button = place("renumerate-cancel-button");
    const ours = () => [...inside(modal, "*"), ...(button.shadowRoot as ShadowRoot).querySelectorAll("*")];
    // Where the pointer happens to be must not count, nor the caret.
    const before = ours().map(computed);
    rules(`button, h2, p, dialog, dialog::backdrop, div, label, span, input, ul, a, fieldset, legend, svg, path, slot {
      all: unset !important; display: none !important; color: red !important; font-size: 99px !important }
      #title, .panel, .content, .footer { margin: 77px !important }
      [part], [part~="button"] { background: lime !important }`);
    expect(before.length).to.be.greaterThan(20);
    expect(differences(before, ours().map(computed))).to.deep.equal([]);
  });

  it("what the page passes down to everything stops at the dialog", async () => {
    const { modal } = await open(usual, undefined, { locale: "en" });
    const before = inside(modal, "h2, p, label, button").map(computed);
    rules(`body { cursor: none; text-shadow: 0 0 9px red; writing-mode: vertical-rl; -webkit-text-fill-color: transparent;
      user-select: none; font-variant: small-caps; text-transform: uppercase; text-indent: 5em; letter-spacing: 1em;
      word-spacing: 1em; line-height: 9; white-space: nowrap; visibility: hidden; pointer-events: none; font-size: 2px }`);
    expect(differences(before, inside(modal, "h2, p, label, button").map(computed))).to.deep.equal([]);
  });

  it("changes no style of the page but the root's overflow, and that only while it is open", async () => {
    const probe = document.createElement("div");
    probe.innerHTML =
      "<h2>Title</h2><p>Text <a href='#'>link</a></p><button>B</button><dialog open>D</dialog><ul><li>1</li></ul>";
    const page = [document.documentElement, document.body, probe, ...probe.querySelectorAll("*")];
    document.body.append(probe);
    const before = page.map(computed);
    const { modal } = await open(usual);
    const allowed = /^0 (overflow|scrollbar-gutter)/;
    const during = differences(before, page.map(computed));
    expect(during.filter((line) => !allowed.test(line))).to.deep.equal([]);
    expect(getComputedStyle(document.documentElement).overflowY).to.equal("hidden");
    modal.close();
    await modal.updateComplete;
    expect(differences(before, page.map(computed))).to.deep.equal([]);
  });
});

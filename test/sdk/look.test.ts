import { expect, waitUntil } from "@open-wc/testing";
import { emulateMedia, sendKeys, setViewport } from "@web/test-runner-commands";
import { backgroundOf, contrast } from "../fixtures/contrast.ts";
import { describeInChromium } from "../fixtures/engine.ts";
import { offering, offers, settlements, usual } from "../fixtures/flows.ts";
import { misfits } from "../fixtures/inspect.ts";
import { focused, heading, names, serve } from "../fixtures/open.ts";
import {
  begun,
  boxes,
  buttonIn,
  container,
  cornerOf,
  create,
  dialogOf,
  down,
  gone,
  leave,
  recorder,
} from "./page.ts";

type Show = (config?: object) => Promise<HTMLDialogElement>;

const email = "a.very.long.address.of.the.support@subscriptions.example-company.com";

/** The three things that the dialog can show. */
const states: Record<string, Show> = {
  loading: async (config) => {
    serve(new Promise<never>(() => {}));
    const dialog = create(config).showRetentionView("ret_x");
    await waitUntil(() =>
      dialog.querySelector("renumerate-retention-modal")?.shadowRoot?.querySelector("h2"),
    );
    return dialog as HTMLDialogElement;
  },
  flow: async (config) => {
    serve(offering(offers.discount), settlements.discount);
    const dialog = create(config).showRetentionView("ret_x");
    await begun();
    return dialog as HTMLDialogElement;
  },
  failure: async (config) => {
    serve(down);
    const dialog = create({ fallbackEmail: email, ...config }).showRetentionView("ret_x");
    // In English a box, in another language the flow.
    const panel = () =>
      dialog.querySelector("renumerate-retention-modal")?.shadowRoot?.querySelector("[part=panel]");
    await waitUntil(() => boxes().length || panel()?.ariaBusy === "false", "no failure", { timeout: 8000 });
    return dialog as HTMLDialogElement;
  },
};

const box = (element: Element) => element.getBoundingClientRect();

function isInside(inner: Element, outer: DOMRect): boolean {
  const { left, right, top, bottom } = box(inner);
  return (
    left >= outer.left - 1 && right <= outer.right + 1 && top >= outer.top - 1 && bottom <= outer.bottom + 1
  );
}

/** Nothing is cut off, on top of each other or out of the window; an empty list is what one hopes for. */
function faults(dialog: HTMLDialogElement): string[] {
  const found: string[] = [];
  const room = new DOMRect(0, 0, innerWidth, innerHeight);
  const content = dialog.querySelector(".renumerate-dialog-content") as HTMLElement;
  if (!isInside(dialog, room)) found.push("the dialog is larger than the window");
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
  if (content.scrollWidth > content.clientWidth) found.push("the content scrolls sideways");
  if (!isInside(cornerOf(dialog), box(content))) found.push("✕ is not in the dialog");
  const corner = box(cornerOf(dialog));
  if (Math.min(corner.width, corner.height) < 24) found.push("✕ is too small");
  const modal = dialog.querySelector("renumerate-retention-modal");
  const texts = [
    ...dialog.querySelectorAll(".renumerate-error-content > *"),
    ...(modal?.shadowRoot?.querySelectorAll("h2, .icon") ?? []),
  ].filter((each) => !each.matches(".loading"));
  for (const each of texts) {
    const range = document.createRange();
    range.selectNodeContents(each);
    for (const line of each.matches("button") ? [box(each)] : range.getClientRects()) {
      const name = each.textContent?.trim() || each.className;
      if (line.left < box(content).left || line.right > box(content).right) found.push(`cut: ${name}`);
      const isApart =
        line.right <= corner.left ||
        line.left >= corner.right ||
        line.bottom <= corner.top ||
        line.top >= corner.bottom;
      if (!isApart) found.push(`under ✕: ${name}`);
    }
  }
  // Low windows scroll as a whole.
  const ways = innerHeight > 500 ? (modal?.shadowRoot?.querySelectorAll("[part=footer] button") ?? []) : [];
  for (const each of ways) if (!isInside(each, room)) found.push(`out of sight: ${each.textContent?.trim()}`);
  return modal ? [...found, ...misfits(modal)] : found;
}

describe("the look", () => {
  afterEach(async () => {
    await leave();
    await setViewport({ width: 800, height: 600 });
  });

  it("the button is as people know it", () => {
    const element = container("a");
    document.body.style.font = "20px/2 serif";
    create().mountCancelButton("a", "ret_x");
    const style = getComputedStyle(buttonIn(element));
    expect([style.display, style.fontSize, style.fontWeight]).to.deep.equal(["inline-flex", "14px", "500"]);
    expect([style.paddingInline, style.paddingBlock, style.borderRadius]).to.deep.equal([
      "16px",
      "8px",
      "6px",
    ]);
    expect([style.color, style.backgroundColor, style.borderColor]).to.deep.equal([
      "rgb(24, 24, 27)",
      "rgb(244, 244, 245)",
      "rgb(228, 228, 231)",
    ]);
    expect(style.fontFamily).to.equal("serif");
    document.body.removeAttribute("style");
  });

  for (const [width, height] of [
    [320, 568],
    [360, 640],
    [480, 800],
    [520, 800],
    [600, 800],
    [800, 600],
    [320, 256],
  ] as const) {
    for (const [name, show] of Object.entries(states)) {
      it(`65: ${name} fits ${width} × ${height}`, async () => {
        await setViewport({ width, height });
        expect(faults(await show())).to.deep.equal([]);
      });
    }
  }

  for (const [name, show] of Object.entries(states)) {
    it(`${name}, right to left, on a page of either direction`, async () => {
      await setViewport({ width: 400, height: 640 });
      for (const dir of ["rtl", "ltr"]) {
        document.documentElement.dir = dir;
        expect(faults(await show({ locale: "ar" })), dir).to.deep.equal([]);
        cornerOf().click();
        await gone();
      }
      document.documentElement.dir = "rtl";
      expect(faults(await show({ locale: "en" }))).to.deep.equal([]);
    });

    it(`${name}, with text of twice the size`, async () => {
      await setViewport({ width: 640, height: 800 });
      document.documentElement.style.fontSize = "200%";
      document.documentElement.style.setProperty("--renumerate-font-size", "32px");
      expect(faults(await show())).to.deep.equal([]);
    });

    it(`${name}, on pages with resets and rules for every tag`, async () => {
      for (const css of [
        "* { box-sizing: content-box }",
        "*, ::before, ::after { box-sizing: border-box; margin: 0; padding: 0 } button { border: 0; background: none; font: inherit } a { color: inherit }",
        "div, span, p, h2 { line-height: 2; letter-spacing: .12em; word-spacing: .16em } p { margin: 2em 0 }",
        "dialog { display: block; margin: 0; max-width: 50px; padding: 3em; inset: 0 } button { width: 100% }",
      ]) {
        const sheet = document.createElement("style");
        sheet.textContent = css;
        document.head.append(sheet);
        try {
          expect(faults(await show()), css).to.deep.equal([]);
        } finally {
          sheet.remove();
        }
        cornerOf().click();
        await gone();
      }
    });

    it(`${name} is accessible, with names`, async () => {
      const dialog = await show();
      await expect(dialog).to.be.accessible();
      expect(await names("dialog")).to.deep.equal(["Cancel Subscription"]);
      expect(await names("button")).to.include("Close");
    });
  }

  it("what can be done about a failure has names", async () => {
    await states.failure?.();
    expect(await names("button")).to.deep.equal(["Close", "Try again"]);
    expect(await names("link")).to.deep.equal([email]);
    expect(await names("heading")).to.deep.equal(["We're sorry!"]);
  });

  it("follows the theme of the page, in all that it shows", async () => {
    document.documentElement.style.cssText =
      "--renumerate-background: rgb(10, 20, 30); --renumerate-text: rgb(250, 240, 230); --renumerate-radius: 3px";
    for (const show of Object.values(states)) {
      const content = (await show()).querySelector(".renumerate-dialog-content") as HTMLElement;
      const style = getComputedStyle(content);
      expect([style.backgroundColor, style.color, style.borderRadius]).to.deep.equal([
        "rgb(10, 20, 30)",
        "rgb(250, 240, 230)",
        "3px",
      ]);
      cornerOf().click();
      await gone();
    }
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`${colorScheme}: texts and controls can be read`, async () => {
      for (const [name, show] of Object.entries(states)) {
        const dialog = await show({ colorScheme });
        const all = dialog.querySelectorAll<HTMLElement>("button, h2, p, a, .renumerate-retry");
        for (const each of all) {
          const ratio = contrast(getComputedStyle(each).color, backgroundOf(each));
          expect(ratio, `${name}: ${each.textContent}`).to.be.above(4.5);
        }
        expect(backgroundOf(dialog.querySelector(".renumerate-dialog-content") as Element)).to.equal(
          colorScheme === "dark" ? "rgb(28 29 33)" : "rgb(255 255 255)",
        );
        cornerOf().click();
        await gone();
      }
    });
  }

  it("the page behind does not scroll, and scrolls again afterwards", async () => {
    document.body.innerHTML = `<div style="height: 4000px"></div>`;
    const dialog = await states.flow?.();
    await sendKeys({ press: "End" });
    await sendKeys({ press: "PageDown" });
    expect(scrollY).to.equal(0);
    dialog?.close();
    await gone();
    expect(getComputedStyle(document.documentElement).overflowY).to.equal("visible");
  });

  it("a whole journey by keyboard: opened, cancelled, closed, back at the button", async () => {
    serve(usual);
    const { calls, callbacks } = recorder();
    const element = container("a");
    create({ callbacks }).mountCancelButton("a", "ret_x");
    buttonIn(element).focus();
    await sendKeys({ press: "Enter" });
    const modal = await begun();
    const press = async (name: string) => {
      for (let count = 0; count < 30 && focused()?.textContent?.trim() !== name; count++) {
        await sendKeys({ press: "Tab" });
        expect(
          document.activeElement === document.body || dialogOf().contains(document.activeElement),
        ).to.equal(true);
      }
      expect(focused()?.textContent?.trim()).to.equal(name);
      await sendKeys({ press: "Enter" });
    };
    await press("Cancel subscription");
    await waitUntil(() => heading(modal) === "Confirm your cancellation", "no question");
    await press("Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled", "not cancelled");
    await press("Done");
    await gone();
    expect(calls).to.deep.equal(["cancelled", "complete:cancelled"]);
    expect(focused() === buttonIn(element)).to.equal(true);
  });

  it("a failure by keyboard: the mail link, trying again, closing", async () => {
    const dialog = (await states.failure?.()) as HTMLDialogElement;
    const seen = async (key: string) => {
      await sendKeys({ press: key });
      return focused()?.textContent;
    };
    expect(focused()?.textContent).to.equal("We're sorry!");
    expect([await seen("Tab"), await seen("Tab")]).to.deep.equal([email, "Try again"]);
    expect(cornerOf().tabIndex).to.equal(0);
    await sendKeys({ press: "Escape" });
    await gone();
    expect([dialog.isConnected, boxes().length]).to.deep.equal([false, 0]);
  });
});

describeInChromium("what the customer's system asks for", () => {
  afterEach(async () => {
    await emulateMedia({ colorScheme: "light" });
    await leave();
  });

  it("auto follows the system, and a page without a scheme stays light", async () => {
    await emulateMedia({ colorScheme: "dark" });
    const background = async (config?: object) => {
      const dialog = (await states.failure?.(config)) as HTMLElement;
      const color = backgroundOf(dialog.querySelector(".renumerate-dialog-content") as Element);
      cornerOf().click();
      await gone();
      return color;
    };
    expect(await background()).to.equal("rgb(255 255 255)");
    expect(await background({ colorScheme: "auto" })).to.equal("rgb(28 29 33)");
  });
});

import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys, setViewport } from "@web/test-runner-commands";
import type { FlowConfig } from "../../src/api/wire.ts";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import type { FakeServer } from "../fixtures/fake-server.ts";
import { configOf, offering, offers, settlements, steps, subscription, usual } from "../fixtures/flows.ts";
import {
  click,
  closeAll,
  control,
  focused,
  heading,
  names,
  open,
  place,
  root,
  serve,
} from "../fixtures/open.ts";

const ended = (settlement: FlowConfig["session"]["settlement"]): FlowConfig =>
  configOf([steps.confirm], { session: { id: "ses_1", environment: "sandbox", settlement } });

interface Screen {
  config: FakeServer["config"];
  decision?: FakeServer["decision"];
  clicks?: string[];
}

const screens: Record<string, Screen> = {
  ...Object.fromEntries(
    Object.values(steps).map((step) => [step.type, { config: configOf([step, steps.confirm]) }]),
  ),
  ...Object.fromEntries(Object.values(offers).map((offer) => [offer.type, { config: offering(offer) }])),
  ...Object.fromEntries(
    Object.entries(settlements).map(([name, each]) => [`after ${name}`, { config: ended(each) }]),
  ),
  "a missing reason": { config: usual, clicks: ["Continue"] },
  "a follow-up that is missing": { config: usual, clicks: ["Something else", "Continue"] },
  "a plan that is picked": { config: offering(offers.plan_change), clicks: ["Solo"] },
  "a decision under way": {
    config: configOf([steps.confirm]),
    decision: new Promise(() => {}),
    clicks: ["Cancel subscription"],
  },
  "a decision that failed": {
    config: offering(offers.discount),
    decision: { status: 400, code: "x" },
    clicks: ["Accept discount"],
  },
  "already ending": {
    config: configOf([steps.confirm], { subscription: { ...subscription, status: "cancelled" } }),
  },
  unavailable: { config: { status: 400, code: "x" } },
};

/** Nothing in the dialog is wider than its place. */
function expectToFit(modal: RetentionModal): void {
  for (const part of root(modal).querySelectorAll("dialog, .panel, .content, .footer, button")) {
    expect(part.scrollWidth, `${part.className} at ${innerWidth} px`).to.be.at.most(part.clientWidth + 1);
  }
}

describe("accessibility", () => {
  before(() => setViewport({ width: 320, height: 640 }));
  after(() => setViewport({ width: 800, height: 600 }));
  // Axe would measure the contrast of a dialog that is still fading in.
  beforeEach(() => document.documentElement.style.setProperty("--renumerate-duration", "0s"));
  afterEach(closeAll);

  for (const [name, { config, decision, clicks = [] }] of Object.entries(screens)) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`${name}, ${colorScheme}, 320 px`, async () => {
        const { modal } = await open(config, decision, { colorScheme, fallbackEmail: "help@example.com" });
        await click(modal, ...clicks);
        if (name.endsWith("failed")) await waitUntil(() => root(modal).querySelector(".failure"));
        await expect(modal).to.be.accessible();
        expectToFit(modal);
      });
    }
  }

  it("loading", async () => {
    serve(new Promise(() => {}));
    const modal = place("renumerate-retention-modal");
    modal.show();
    await modal.updateComplete;
    expect(heading(modal)).to.equal("Loading…");
    await expect(modal).to.be.accessible();
  });

  it("inline", async () => {
    const { modal } = await open(usual, undefined, { inline: true });
    await expect(modal).to.be.accessible();
    expect(await names("heading")).to.deep.equal(["Why would you like to cancel, Ada?"]);
  });

  it("dialog, group and fields have their names in the accessibility tree", async () => {
    const { modal } = await open(usual);
    await click(modal, "Something else");
    expect(await names("dialog")).to.deep.equal(["Why would you like to cancel, Ada?"]);
    expect(await names("radio")).to.include("It is too expensive");
    expect(await names("textbox")).to.deep.equal(["Please tell us more"]);
    expect(await names("button")).to.deep.equal([
      "Close",
      "Continue",
      "Keep subscription",
      "Cancel subscription",
    ]);
  });

  it("a whole cancellation by keyboard, with nothing chosen", async () => {
    const { modal } = await open(usual);
    const tabTo = async (name: string) => {
      for (let count = 0; focused() !== control(modal, name); count++) {
        if (count > 20) throw new Error(`Tab does not reach ${name}`);
        await sendKeys({ press: "Tab" });
      }
    };
    await tabTo("Cancel subscription");
    await sendKeys({ press: "Enter" });
    await waitUntil(() => heading(modal) === "Confirm your cancellation");
    await tabTo("Cancel subscription");
    await sendKeys({ press: " " });
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    await tabTo("Done");
    await sendKeys({ press: "Enter" });
    expect(modal.open).to.equal(false);
  });

  it("a reason by keyboard: one tab stop, arrows choose, nothing moves on by itself", async () => {
    const { modal } = await open(usual);
    const radios = [...root(modal).querySelectorAll("input")];
    while (!radios.includes(focused() as HTMLInputElement)) await sendKeys({ press: "Tab" });
    await sendKeys({ press: "ArrowDown" });
    expect((focused() as HTMLInputElement).checked).to.equal(true);
    expect(heading(modal)).to.contain("Ada");
    await sendKeys({ press: "Tab" });
    expect(radios.includes(focused() as HTMLInputElement)).to.equal(false);
  });

  it("nothing lies on top of anything else when there is little room", async () => {
    await setViewport({ width: 320, height: 568 });
    for (const config of [offering(offers.pause), usual]) {
      const { modal } = await open(config);
      await click(modal, ...(config === usual ? ["Something else"] : ["2 months"]));
      const parts = [...root(modal).querySelectorAll(".content > *")].map((each) =>
        each.getBoundingClientRect(),
      );
      for (const [index, { top }] of parts.entries()) {
        if (index) expect(top).to.be.at.least(parts[index - 1]?.bottom as number);
      }
      closeAll();
    }
    await setViewport({ width: 320, height: 640 });
  });

  it("text keeps its own direction on a page of the other", async () => {
    // As wide as two of them beside each other need in every font.
    await setViewport({ width: 640, height: 640 });
    for (const [page, locale] of [
      ["rtl", "en"],
      ["ltr", "he"],
    ] as const) {
      document.dir = page;
      const { modal } = await open(offering(offers.pause), undefined, { locale });
      const [first, second] = [...root(modal).querySelectorAll("input[type=radio]")];
      const { direction } = getComputedStyle(first as Element);
      expect(direction, `${locale} in a page of ${page}`).to.equal(page === "rtl" ? "ltr" : "rtl");
      const [x, next] = [first, second].map((radio) => radio?.getBoundingClientRect().x as number);
      expect((x as number) < (next as number)).to.equal(direction === "ltr");
      const label = root(modal).querySelector("[part=option-label]") as Element;
      expect(getComputedStyle(label).unicodeBidi).to.equal("plaintext");
      modal.remove();
    }
    document.dir = "";
    await setViewport({ width: 320, height: 640 });
  });

  it("at 320 × 256 the way out can be scrolled to", async () => {
    await setViewport({ width: 320, height: 256 });
    const { modal } = await open(usual);
    const exit = control(modal, "Cancel subscription");
    exit.focus();
    const { top, bottom } = exit.getBoundingClientRect();
    expect(top).to.be.at.least(0);
    expect(bottom).to.be.at.most(256);
    expectToFit(modal);
    await setViewport({ width: 320, height: 640 });
  });

  it("at 320 × 568 the way out is there without scrolling, and never covers the focus", async () => {
    await setViewport({ width: 320, height: 568 });
    const { modal } = await open(usual);
    const { bottom } = control(modal, "Cancel subscription").getBoundingClientRect();
    expect(bottom).to.be.at.most(568);
    for (const field of root(modal).querySelectorAll("input")) {
      field.focus();
      const box = field.getBoundingClientRect();
      const hit = root(modal).elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      expect(hit).to.equal(field);
    }
    await setViewport({ width: 320, height: 640 });
  });

  it("targets are at least 44 pixels high, or 24 for the quiet one", async () => {
    const { modal } = await open(configOf([steps.survey, steps.confirm]));
    for (const target of root(modal).querySelectorAll<HTMLElement>("button, fieldset label")) {
      expect(target.offsetHeight, target.textContent ?? "").to.be.at.least(44);
    }
  });

  it("twice the text fits", async () => {
    const { modal } = await open(usual);
    modal.style.setProperty("--renumerate-font-size", "200%");
    expectToFit(modal);
  });
});

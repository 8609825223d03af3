/**
 * The two ways out are equal: in kind, size, contrast, place and words, in every language. Nothing is chosen for the
 * customer, nothing hurries, nothing shames.
 */
import { expect } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { createHubFormat, type HubKey, loadHubLanguage } from "../../src/i18n/hub/languages.ts";
import { languages } from "../../src/i18n/languages.ts";
import { type MessageKey, messagesFor } from "../../src/i18n/messages.ts";
import { wordsOf } from "../fixtures/catalogue.ts";
import { backgroundOf, contrast } from "../fixtures/contrast.ts";
import { closeShownHubs, showHub } from "../fixtures/hub-show.ts";
import { all, isCovered, isInView, nameOf } from "../fixtures/inspect.ts";
import { focused, root } from "../fixtures/open.ts";
import { shaming } from "../fixtures/shaming.ts";
import { closeShown, show, undecided } from "../fixtures/show.ts";

/** Nothing may be smaller than that share of its counterpart. */
const SHARE = 0.66;
const LONGER = 1.7;
const DECLINE = 1.5;

const hubActions: readonly (MessageKey | HubKey)[] = [
  "hub_changePlan",
  "accept_annual_switch",
  "accept_pause",
  "hub_changePause",
  "hub_resume",
  "hub_undo",
  "hub_enterCode",
  "hub_updateMethod",
];

const ratio = (a: number, b: number) => Math.min(a, b) / Math.max(a, b);

function unequal(keep: HTMLElement, leave: HTMLElement): string[] {
  const [a, b] = [keep, leave].map((each) => ({
    style: getComputedStyle(each),
    box: each.getBoundingClientRect(),
  }));
  if (!a || !b) return ["there are no two"];
  const same = [
    "color",
    "backgroundColor",
    "borderTopColor",
    "borderTopWidth",
    "fontWeight",
    "textDecorationLine",
    "opacity",
    "cursor",
  ] as const;
  return [
    ...(keep.localName === leave.localName && keep.className === leave.className ? [] : ["another kind"]),
    ...(`${keep.part}` === `${leave.part}` ? [] : ["other parts"]),
    ...same.filter((name) => a.style[name] !== b.style[name]),
    ...(ratio(a.box.width * a.box.height, b.box.width * b.box.height) >= SHARE ? [] : ["area"]),
    ...(ratio(Number.parseFloat(a.style.fontSize), Number.parseFloat(b.style.fontSize)) >= SHARE
      ? []
      : ["font size"]),
  ];
}

/** A decision under way switches both off. */
const isOff = (element: Element) => element.ariaDisabled === "true";

/** Parts name an action for who styles it: that is no difference. */
function plain(button: HTMLElement): HTMLElement {
  button.part.remove("cancel");
  return button;
}

function unfair(modal: RetentionModal): string[] {
  const ways = all(modal, ".footer button");
  const [keep, leave] = ways;
  if (!keep || !leave || ways.length > 2) return ["there are no two ways out"];
  const stops = all(modal, "button, a, textarea, input");
  const faults = unequal(keep, leave);
  for (const way of ways) {
    if (!isInView(way) || isCovered(way)) faults.push(`not in view: ${nameOf(way)}`);
    if (!isOff(way) && contrast(getComputedStyle(way).color, backgroundOf(way)) < 4.5) faults.push("faint");
    if (way === focused() || way.autofocus) faults.push(`has the focus: ${nameOf(way)}`);
  }
  if (isOff(keep) !== isOff(leave)) faults.push("only one can be used");
  if (stops.indexOf(leave) - stops.indexOf(keep) !== 1) faults.push("apart for those who use the Tab key");
  for (const each of all(modal, "*")) {
    const moves = getComputedStyle(each).animationIterationCount === "infinite";
    if (moves || each.role === "timer") faults.push(`moves: ${nameOf(each)}`);
  }
  return faults;
}

describe("the two ways out are equal", () => {
  before(() => setViewport({ width: 320, height: 568 }));
  after(() => setViewport({ width: 800, height: 600 }));
  afterEach(closeShown);

  for (const locale of ["en", "de", "fi", "hu", "ar", "ja"]) {
    // Two labels of 80 letters each do not fit on a phone; that they can be reached is tested with the other layouts.
    for (const name of undecided.filter((each) => !/^long-.*confirm/.test(each))) {
      it(`${name}, ${locale}`, async () => {
        const modal = await show(name, { locale });
        expect(modal.lang).to.equal(locale);
        expect(unfair(modal)).to.deep.equal([]);
      });
    }
  }

  it("side by side where there is room", async () => {
    await setViewport({ width: 800, height: 600 });
    const modal = await show("survey");
    const [keep, leave] = all(modal, ".footer button").map((each) => each.getBoundingClientRect());
    expect(keep?.top).to.equal(leave?.top);
    expect(unfair(modal)).to.deep.equal([]);
    await setViewport({ width: 320, height: 568 });
  });

  it("taking an offer and declining it are one kind of control of one size", async () => {
    for (const name of undecided.filter((each) =>
      /^offer-(discount|plain|yen|pause|plan|annual|trial|custom)/.test(each),
    )) {
      const modal = await show(name);
      const [accept, decline] = all(modal, ".actions button");
      const [a, b] = [accept, decline].map((each) => each?.getBoundingClientRect() as DOMRect);
      expect(accept?.localName, name).to.equal(decline?.localName);
      expect(a?.width, name).to.equal(b?.width);
      expect(ratio(a?.height as number, b?.height as number), name).to.be.at.least(SHARE);
      closeShown();
    }
  });

  it("nothing is chosen for the customer, and nothing but the heading has the focus", async () => {
    for (const name of undecided.filter((each) =>
      /^(survey|survey-plain|feedback|custom|losses|confirm|offer-[a-z_]+)$/.test(each),
    )) {
      const modal = await show(name);
      const chosen = all(modal, "input, textarea").filter((each) => {
        const field = each as HTMLInputElement;
        return field.type === "radio" ? field.checked : field.value;
      });
      expect(chosen.map(nameOf), name).to.deep.equal([]);
      expect(focused(), name).to.equal(root(modal).querySelector("h2"));
      closeShown();
    }
  });
});

describe("cancelling in the hub is as easy to find as anything else", () => {
  before(() => setViewport({ width: 320, height: 568 }));
  after(() => setViewport({ width: 800, height: 600 }));
  afterEach(closeShownHubs);

  for (const name of ["active", "trial", "paused", "past-due", "discounted", "several", "everything"]) {
    for (const locale of ["en", "de", "ar"]) {
      it(`hub-${name}, ${locale}: a button like the others, last of them, and nothing has to be opened`, async () => {
        const hub = await showHub(`hub-${name}`, { locale });
        for (const cancel of all(hub, "[data-action=cancel]")) {
          const group = cancel.closest(".actions") as Element;
          const card = cancel.closest("article") as Element;
          const others = [...card.querySelectorAll<HTMLElement>("[data-action]:not(.primary)")];
          for (const other of others)
            expect(unequal(plain(other), plain(cancel)), nameOf(other)).to.deep.equal([]);
          expect(group.lastElementChild).to.equal(cancel);
          expect(cancel.closest("details, [hidden]")).to.equal(null);
          cancel.scrollIntoView({ block: "nearest" });
          expect(isInView(cancel) && !isCovered(cancel)).to.equal(true);
        }
        expect(all(hub, "[data-action=cancel]").length).to.be.above(0);
      });
    }
  }

  it("to accept and to decline, to confirm and to go back are of one size", async () => {
    for (const width of [320, 560, 1600]) {
      await setViewport({ width, height: 568 });
      for (const name of ["hub-offer", "hub-offer-plain", "hub-plan-preview", "hub-pay-preview"]) {
        const hub = await showHub(name);
        const [one, other] = all(
          hub,
          name.startsWith("hub-offer") ? "[part=offer] button" : "form .actions button",
        );
        const [a, b] = [one, other].map((each) => each?.getBoundingClientRect() as DOMRect);
        expect([b?.width, b?.height], `${name}, ${width}`).to.deep.equal([a?.width, a?.height]);
        closeShownHubs();
      }
    }
    await setViewport({ width: 320, height: 568 });
  });

  it("nothing is chosen for the customer, and nothing counts down", async () => {
    for (const name of ["hub-plan", "hub-pause", "hub-pause-change", "hub-code", "hub-everything"]) {
      const hub = await showHub(name);
      const chosen = all(hub, "form input").filter((each) => {
        const field = each as HTMLInputElement;
        return field.type === "radio" ? field.checked : field.value;
      });
      expect(chosen.map(nameOf), name).to.deep.equal([]);
      expect(all(hub, "[role=timer], time, progress").length, name).to.equal(0);
      closeShownHubs();
    }
  });
});

describe("the words are fair", () => {
  before(async () => {
    await Promise.all(languages.map(loadHubLanguage));
    // Puts the words of the hub beside those of the flow.
    for (const language of languages) createHubFormat(language);
  });

  const length = (language: string, key: MessageKey | HubKey) =>
    createHubFormat(language).t(key, { price: "$49.00" }).length;

  for (const language of languages) {
    it(`${language}: nobody is shouted at, begged or shamed`, () => {
      const patterns = shaming[language];
      if (!patterns) throw new Error(`There are no patterns for ${language}`);
      for (const [key, words] of wordsOf(messagesFor(language).messages)) {
        for (const pattern of [/[!！¡]/, /\p{Extended_Pictographic}/u, ...patterns]) {
          expect(words, key).not.to.match(pattern);
        }
      }
    });

    it(`${language}: to keep and to leave, to accept and to decline take about as many letters`, () => {
      const [keep, leave] = [length(language, "keep"), length(language, "leave")];
      expect(Math.max(keep, leave) / Math.min(keep, leave)).to.be.at.most(LONGER);
      const accepts = (Object.keys(messagesFor(language).messages) as MessageKey[]).filter((key) =>
        key.startsWith("accept_"),
      );
      const usual = accepts.reduce((sum, key) => sum + length(language, key), 0) / accepts.length;
      expect(length(language, "decline") / usual).to.be.at.most(DECLINE);
    });

    it(`${language}: cancelling takes about as many letters in the hub as what else can be done there`, () => {
      const usual = hubActions.reduce((sum, key) => sum + length(language, key), 0) / hubActions.length;
      expect(length(language, "leave") / usual).to.be.at.most(DECLINE);
      for (const key of hubActions) expect(length(language, key) / usual, key).to.be.at.most(LONGER);
    });
  }

  it("the patterns find what they are for", () => {
    expect(shaming.en?.some((each) => each.test("Are you sure you want to miss out?"))).to.equal(true);
    expect(shaming.de?.some((each) => each.test("Sind Sie sicher?"))).to.equal(true);
    expect(shaming.ja?.some((each) => each.test("本当に解約しますか"))).to.equal(true);
  });
});

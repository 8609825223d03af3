/**
 * WCAG 2.2 on every state of the hub: 1.1.1 non-text content, 1.3.1 info and relationships, 1.3.5 input purpose, 2.4.6
 * headings and labels, 2.5.3 label in name, 3.2.4 consistent identification, 3.2.6 consistent help, 3.3.1 error
 * identification, 3.3.2 labels, 4.1.2 name, role, value.
 */
import { expect } from "@open-wc/testing";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import { closeShownHubs, showHub } from "../fixtures/hub-show.ts";
import { hubStates } from "../fixtures/hub-states.ts";
import { all, nameOf } from "../fixtures/inspect.ts";

const wordsOf = (element: Element | null | undefined) =>
  element?.textContent?.replace(/\s+/g, " ").trim() ?? "";

const byIds = (hub: SubscriptionHub, ids: string | null): Element[] =>
  (ids ?? "").split(" ").flatMap((id) => (id && hub.shadowRoot?.getElementById(id)) || []);

/** What a person sees on a control is at least the beginning of what assistive technology calls it. */
function wrongNames(hub: SubscriptionHub): string[] {
  return all(hub, "button, a, input, select").flatMap((each) => {
    const label = (each as Partial<HTMLInputElement>).labels?.[0];
    const seen = wordsOf(label?.querySelector("span") ?? label ?? each);
    const named = byIds(hub, each.getAttribute("aria-labelledby")).map(wordsOf).join(" ");
    const name = named || each.getAttribute("aria-label") || wordsOf(label ?? each);
    const faults = name ? [] : ["no name"];
    if (!name.toLowerCase().startsWith(seen.toLowerCase())) faults.push(`called ${name}, seen as ${seen}`);
    if (each.matches("input, select") && !label) faults.push("no label");
    return faults.map((fault) => `${nameOf(each)}: ${fault}`);
  });
}

function wrongStructure(hub: SubscriptionHub): string[] {
  const ids = all(hub, "[id]").map(({ id }) => id);
  const pointed = all(hub, "[aria-describedby], [aria-labelledby]").flatMap((each) =>
    `${each.getAttribute("aria-describedby") ?? ""} ${each.getAttribute("aria-labelledby") ?? ""}`
      .split(" ")
      .filter(Boolean),
  );
  const levels = all(hub, "h1, h2, h3, h4, h5, h6").map(({ localName }) => Number(localName.slice(1)));
  const errors = all(hub, "[aria-invalid]");
  const holds: Record<string, boolean> = {
    "the first heading is the only one of its level": levels[0] === 2 && levels.lastIndexOf(2) === 0,
    "no level is left out": levels.every(
      (level, index) => !index || level <= (levels[index - 1] as number) + 1,
    ),
    "every heading says something": all(hub, "h2, h3, h4").every(wordsOf),
    "no id is there twice": new Set(ids).size === ids.length,
    "what is pointed at exists": pointed.every((id) => ids.includes(id)),
    "each card is called like its plan": all(hub, "article").every(
      (card) => byIds(hub, card.getAttribute("aria-labelledby"))[0] === card.querySelector("h3"),
    ),
    "groups and forms have names": all(hub, "[role=group], form").every(
      (each) => each.getAttribute("aria-label") || byIds(hub, each.getAttribute("aria-labelledby")).length,
    ),
    "what is wrong with a field is said at it": errors.every((each) =>
      byIds(hub, each.getAttribute("aria-describedby")).some(wordsOf),
    ),
    "radios are native, in a group that has a name": all(hub, "[type=radio]").every((radio) => {
      const group = radio.closest("fieldset");
      return group?.firstElementChild?.localName === "legend" && !!wordsOf(group.firstElementChild);
    }),
    "fields about the person say what for": all(hub, "[part=details] input, select").every((each) =>
      (each.getAttribute("autocomplete") ?? "").startsWith("billing "),
    ),
    "pictures are decoration": all(hub, "svg, img").every((each) => each.ariaHidden === "true"),
    "nothing is said in a tooltip": !all(hub, "[title]").length,
    "nothing has to be dragged": !all(hub, "[draggable=true], [type=range]").length,
    "the order of the page is the order of the focus": !all(hub, "[tabindex]:not([tabindex='-1'])").length,
    "no key of its own": !all(hub, "[accesskey]").length,
    "a region for messages waits": all(hub, "[role=status]").length > 0,
    "links to other sites open beside it and tell them nothing": all(hub, "a[target]").every(
      (each) => each.getAttribute("rel") === "noreferrer",
    ),
  };
  return Object.keys(holds).filter((rule) => !holds[rule]);
}

describe("names, roles and structure of the hub", () => {
  afterEach(closeShownHubs);

  for (const name of Object.keys(hubStates)) {
    it(`1.1.1, 1.3.1, 1.3.5, 2.5.3, 3.3.2, 4.1.2: ${name}`, async () => {
      const hub = await showHub(name);
      expect(wrongNames(hub)).to.deep.equal([]);
      expect(wrongStructure(hub)).to.deep.equal([]);
      await expect(hub).to.be.accessible({ ignoredRules: ["color-contrast"] });
    });
  }

  it("3.2.4: an action is called the same where it is opened, where it is confirmed, and in every card", async () => {
    for (const [state, label] of [
      ["hub-annual-preview", "Switch to yearly"],
      ["hub-pause-preview", "Pause subscription"],
      ["hub-undo-preview", "Undo cancellation"],
      ["hub-pay-preview", "Pay $49.00 now"],
    ] as const) {
      const hub = await showHub(state);
      const form = all(hub, "form")[0];
      expect(
        [form?.querySelector("h4"), form?.querySelector("[type=submit]")].map(wordsOf),
        state,
      ).to.deep.equal([label, label]);
      closeShownHubs();
    }
  });

  it("3.2.6: wherever there is help, it is the same link after the text and before the buttons", async () => {
    const seen = new Set<string>();
    for (const name of Object.keys(hubStates).filter((each) => !/empty/.test(each))) {
      const hub = await showHub(name);
      for (const help of all(hub, "[part=help]")) {
        seen.add(wordsOf(help));
        const failure = help.closest("[part~=failure], [part~=note]") as Element;
        const error = failure.querySelector("[part~=error]") as Element;
        expect(error.compareDocumentPosition(help) & Node.DOCUMENT_POSITION_FOLLOWING, name).to.be.above(0);
        for (const action of failure.querySelectorAll("button")) {
          expect(help.compareDocumentPosition(action) & Node.DOCUMENT_POSITION_FOLLOWING, name).to.be.above(
            0,
          );
        }
      }
      closeShownHubs();
    }
    expect([...seen]).to.deep.equal(["Write to us and we will take care of it: help@example.com"]);
  });

  it("3.1.2: the element says which language it speaks, and in which direction", async () => {
    for (const [locale, dir] of [
      ["en-GB", "ltr"],
      ["de", "ltr"],
      ["ar", "rtl"],
      ["he", "rtl"],
      ["ja", "ltr"],
    ] as const) {
      document.documentElement.lang = "fr";
      const hub = await showHub("hub-everything", { locale });
      expect([hub.lang, hub.dir]).to.deep.equal([locale, dir]);
      closeShownHubs();
    }
    document.documentElement.lang = "en";
  });
});

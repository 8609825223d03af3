/**
 * WCAG 2.2 on every state of the flow: 1.1.1 non-text content, 1.3.1 info and relationships, 2.4.6 headings and labels,
 * 2.5.3 label in name, 3.1.2 language of parts, 3.2.3 and 3.2.4 consistent navigation and identification, 3.2.6
 * consistent help, 3.3.2 labels, 4.1.2 name, role, value, 4.1.3 status messages.
 */
import { expect } from "@open-wc/testing";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { all, nameOf } from "../fixtures/inspect.ts";
import { root } from "../fixtures/open.ts";
import { closeShown, show, undecided } from "../fixtures/show.ts";
import { states } from "../fixtures/states.ts";

const wordsOf = (element: Element) => element.textContent?.replace(/\s+/g, " ").trim() ?? "";

/** What a person sees next to a control is what assistive technology calls it. */
function wrongNames(modal: RetentionModal): string[] {
  return all(modal, "button, a, input, textarea").flatMap((each) => {
    const label = each.closest("label");
    const seen = wordsOf(label ?? each);
    const name = each.getAttribute("aria-label") ?? seen;
    const faults = name ? [] : ["no name"];
    if (each.hasAttribute("aria-label") && seen) faults.push(`seen as ${seen}`);
    if (each.matches("input, textarea") && !label) faults.push("no label");
    return faults.map((fault) => `${nameOf(each)}: ${fault}`);
  });
}

function wrongStructure(modal: RetentionModal): string[] {
  const dialog = root(modal).querySelector("dialog") as HTMLDialogElement;
  const title = root(modal).getElementById(dialog.getAttribute("aria-labelledby") ?? "");
  const ids = all(modal, "[id]").map(({ id }) => id);
  const described = all(modal, "[aria-describedby]").flatMap((each) =>
    (each.getAttribute("aria-describedby") ?? "").split(" "),
  );
  const holds: Record<string, boolean> = {
    "the dialog is modal": dialog.matches(":modal"),
    "its name is its only heading": title?.localName === "h2" && all(modal, "h1, h2, h3").length === 1,
    "the heading says something": !!title && !!wordsOf(title),
    "no id is there twice": new Set(ids).size === ids.length,
    "every description exists": described.every((id) => ids.includes(id)),
    "radios are native, of one name, in a group that has a name": all(modal, "[type=radio]").every(
      (radio) => {
        const group = radio.closest("fieldset");
        return group?.firstElementChild?.localName === "legend" && !!wordsOf(group.firstElementChild);
      },
    ),
    "pictures are decoration": all(modal, "svg, img").every((each) => each.ariaHidden === "true"),
    "nothing is said in a tooltip": !all(modal, "[title]").length,
    "nothing has to be dragged": !all(modal, "[draggable=true], [type=range]").length,
    "the order of the page is the order of the focus": !all(modal, "[tabindex]:not([tabindex='-1'])").length,
    "no key of its own": !all(modal, "[accesskey]").length,
    "a region for messages waits": all(modal, "[role=status]").length === 1,
    "errors are alerts": all(modal, ".error").every((each) => each.role === "alert"),
  };
  return Object.keys(holds).filter((rule) => !holds[rule]);
}

describe("names, roles and structure", () => {
  afterEach(closeShown);

  for (const name of Object.keys(states)) {
    it(`1.1.1, 1.3.1, 2.5.3, 3.3.2, 4.1.2: ${name}`, async () => {
      const modal = await show(name);
      expect(wrongNames(modal)).to.deep.equal([]);
      expect(wrongStructure(modal)).to.deep.equal([]);
      await expect(modal).to.be.accessible({ ignoredRules: ["color-contrast"] });
    });
  }

  it("3.2.3, 3.2.4: the ways out are the last two controls of every step, in one order, by one name", async () => {
    const seen = new Set<string>();
    for (const name of undecided.filter((each) => !/^long/.test(each))) {
      const modal = await show(name);
      seen.add(all(modal, "button, a, input, textarea").slice(-2).map(wordsOf).join(", "));
      expect(all(modal, ".footer button").length, name).to.equal(2);
      closeShown();
    }
    expect([...seen]).to.deep.equal(["Keep subscription, Cancel subscription"]);
  });

  it("3.2.6: wherever there is help, it is the same link after the text and before the buttons", async () => {
    const seen = new Set<string>();
    for (const name of ["failed", "failed-retry", "queued", "unavailable", "offline", "expired", "waiting"]) {
      const modal = await show(name);
      const [help] = all(modal, "[part=help]");
      seen.add(wordsOf(help as Element));
      for (const action of all(modal, ".actions button, .failure button")) {
        const order = help?.compareDocumentPosition(action) ?? 0;
        expect(order & Node.DOCUMENT_POSITION_FOLLOWING, `${name}: ${nameOf(action)}`).to.be.above(0);
      }
      closeShown();
    }
    expect([...seen]).to.deep.equal(["Write to us and we will take care of it: help@example.com"]);
  });

  it("3.1.2: the element says which language it speaks, and in which direction", async () => {
    for (const [locale, dir] of [
      ["en-GB", "ltr"],
      ["de", "ltr"],
      ["ar", "rtl"],
      ["ja", "ltr"],
    ] as const) {
      document.documentElement.lang = "fr";
      const modal = await show("confirm", { locale });
      expect([modal.lang, modal.dir]).to.deep.equal([locale, dir]);
      closeShown();
    }
    document.documentElement.lang = "en";
  });

  it("right to left: the arrow that leads back points the other way", async () => {
    const arrow = (modal: RetentionModal) =>
      getComputedStyle(root(modal).querySelector(".back svg") as Element).transform;
    expect(arrow(await show("feedback"))).to.equal("none");
    closeShown();
    expect(arrow(await show("feedback", { locale: "ar" }))).to.equal("matrix(-1, 0, 0, 1, 0, 0)");
  });
});

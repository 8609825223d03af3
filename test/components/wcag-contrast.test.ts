/** WCAG 2.2: 1.4.1 use of color, 1.4.3 contrast of text, 1.4.11 contrast of edges, of the colours that come with it. */
import { expect } from "@open-wc/testing";
import { backgroundOf, contrast } from "../fixtures/contrast.ts";
import { all, faint, faintEdges } from "../fixtures/inspect.ts";
import { focused, root } from "../fixtures/open.ts";
import { closeShown, show } from "../fixtures/show.ts";
import { states } from "../fixtures/states.ts";

describe("contrast", () => {
  afterEach(closeShown);

  it("is measured as WCAG defines it", () => {
    expect(contrast("#000", "#fff")).to.be.closeTo(21, 0.01);
    expect(contrast("#767676", "#fff")).to.be.closeTo(4.54, 0.01);
    expect(contrast("#fff8", "#000")).to.be.closeTo(contrast("rgb(136, 136, 136)", "#000"), 0.1);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const name of Object.keys(states)) {
      it(`1.4.3, 1.4.11: ${name}, ${colorScheme}`, async () => {
        const modal = await show(name, { colorScheme });
        expect(faint(modal)).to.deep.equal([]);
        expect(faintEdges(modal)).to.deep.equal([]);
      });
    }

    it(`1.4.11: the focus ring, ${colorScheme}`, async () => {
      const modal = await show("survey-followup", { colorScheme });
      for (const control of all(modal, "button, textarea, input")) {
        control.focus();
        expect(focused()).to.equal(control);
        const ringed = control.closest("fieldset label") ?? control;
        const { outlineColor, outlineWidth, outlineStyle } = getComputedStyle(ringed);
        expect([outlineStyle, outlineWidth], ringed.outerHTML).to.deep.equal(["solid", "2px"]);
        expect(contrast(outlineColor, backgroundOf(ringed, false))).to.be.at.least(3);
      }
    });

    it(`1.4.11: a chosen radio, ${colorScheme}`, async () => {
      const modal = await show("offer-plan-picked", { colorScheme });
      const radio = root(modal).querySelector(":checked") as Element;
      const { accentColor } = getComputedStyle(radio);
      expect(contrast(accentColor, backgroundOf(radio.parentElement as Element))).to.be.at.least(3);
    });
  }

  it("1.4.1: an error is a sentence, a chosen option has a full radio, and a link in a text a line", async () => {
    const modal = await show("failed-retry");
    const [link] = all(modal, "a[part=link]");
    expect(getComputedStyle(link as Element).textDecorationLine).to.equal("underline");
    expect(all(modal, ".error")[0]?.textContent).to.contain("did not go through");
    closeShown();
    const other = await show("survey-picked");
    const radio = root(other).querySelector(":checked") as Element;
    expect(getComputedStyle(radio).appearance).to.equal("auto");
  });
});

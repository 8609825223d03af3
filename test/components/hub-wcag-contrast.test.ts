/** WCAG 2.2 on every state of the hub: 1.4.3 contrast of text, 1.4.11 contrast of edges and of the focus ring. */
import { expect } from "@open-wc/testing";
import { backgroundOf, contrast } from "../fixtures/contrast.ts";
import { closeShownHubs, showHub } from "../fixtures/hub-show.ts";
import { hubStates } from "../fixtures/hub-states.ts";
import { all, faint, faintEdges, nameOf } from "../fixtures/inspect.ts";
import { focused } from "../fixtures/open.ts";

const pages = {
  light: "background: #fff; color: #17181c",
  dark: "background: #111; color: #eee; color-scheme: dark",
};

describe("contrast of the hub", () => {
  afterEach(closeShownHubs);

  for (const colorScheme of ["light", "dark"] as const) {
    const show = (name: string) => {
      document.body.style.cssText = pages[colorScheme];
      return showHub(name, { colorScheme });
    };

    for (const name of Object.keys(hubStates)) {
      it(`1.4.3, 1.4.11: ${name}, ${colorScheme}`, async () => {
        const hub = await show(name);
        expect(faint(hub)).to.deep.equal([]);
        expect(faintEdges(hub)).to.deep.equal([]);
      });
    }

    it(`1.4.11: the sign of a state, ${colorScheme}`, async () => {
      for (const name of ["hub-several", "hub-history"]) {
        const hub = await show(name);
        for (const state of all(hub, ".state")) {
          const { backgroundColor } = getComputedStyle(state, "::before");
          expect(contrast(backgroundColor, backgroundOf(state)), nameOf(state)).to.be.at.least(3);
        }
        closeShownHubs();
      }
    });

    it(`1.4.11: the focus ring, ${colorScheme}`, async () => {
      for (const name of [
        "hub-everything",
        "hub-past-due",
        "hub-plan",
        "hub-pause",
        "hub-code",
        "hub-history",
        "hub-details-form",
      ]) {
        const hub = await show(name);
        for (const control of all(hub, "button, a, input, select")) {
          control.focus();
          expect(focused()).to.equal(control);
          const ringed = control.closest("fieldset label") ?? control;
          const { outlineColor, outlineWidth, outlineStyle } = getComputedStyle(ringed);
          expect([outlineStyle, outlineWidth], nameOf(ringed)).to.deep.equal(["solid", "2px"]);
          expect(contrast(outlineColor, backgroundOf(ringed, false)), nameOf(ringed)).to.be.at.least(3);
        }
        closeShownHubs();
      }
    });
  }

  it("1.4.1: an error is a sentence, a state is a word, and a link in a text has a line", async () => {
    const hub = await showHub("hub-change-failed");
    expect(all(hub, ".error")[0]?.textContent).to.contain("did not go through");
    for (const link of all(hub, "a")) expect(getComputedStyle(link).textDecorationLine).to.equal("underline");
    for (const state of all(hub, ".state")) expect(state.textContent?.trim()).not.to.equal("");
  });
});

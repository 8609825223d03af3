/** WCAG 2.2, 2.4.11, where an on-screen keyboard covers the page, as phones do it: no test browser has one to show. */
import { expect } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import { all, misfits, nameOf } from "../fixtures/inspect.ts";
import { root } from "../fixtures/open.ts";
import { closeShown, show } from "../fixtures/show.ts";

const view = Object.assign(new EventTarget(), { height: 568, offsetTop: 0, scale: 1 });

/** What the keyboard leaves free. */
function uncover(height: number, offsetTop = 0): void {
  Object.assign(view, { height, offsetTop });
  view.dispatchEvent(new Event("resize"));
}

describe("above an on-screen keyboard", () => {
  const real = Object.getOwnPropertyDescriptor(window, "visualViewport") as PropertyDescriptor;
  before(async () => {
    await setViewport({ width: 320, height: 568 });
    Object.defineProperty(window, "visualViewport", { configurable: true, value: view });
  });
  afterEach(() => {
    uncover(568);
    closeShown();
  });
  after(async () => {
    Object.defineProperty(window, "visualViewport", real);
    await setViewport({ width: 800, height: 600 });
  });

  for (const name of ["survey-text-missing", "feedback", "long-survey"]) {
    for (const [height, offsetTop] of [
      [250, 0],
      [250, 120],
      [450, 0],
    ] as const) {
      it(`${name}: field and both ways out can be used in ${height} pixels, ${offsetTop} down`, async () => {
        const modal = await show(name);
        uncover(height, offsetTop);
        for (const each of all(modal, "textarea, button")) {
          each.scrollIntoView({ block: "nearest" });
          const { top, bottom } = each.getBoundingClientRect();
          expect(top, nameOf(each)).to.be.at.least(offsetTop - 1);
          expect(bottom, nameOf(each)).to.be.at.most(offsetTop + height + 1);
        }
        expect(misfits(modal)).to.deep.equal([]);
      });
    }
  }

  it("all is as before when it is gone, and enlarging with two fingers changes nothing", async () => {
    const modal = await show("feedback");
    const dialog = root(modal).querySelector("dialog") as HTMLElement;
    const before = dialog.getBoundingClientRect();
    uncover(250);
    expect(dialog.getBoundingClientRect().bottom).to.be.at.most(250);
    uncover(568);
    expect(dialog.getBoundingClientRect()).to.deep.equal(before);
    Object.assign(view, { scale: 2, height: 284 });
    view.dispatchEvent(new Event("resize"));
    expect(dialog.getBoundingClientRect()).to.deep.equal(before);
    view.scale = 1;
  });
});

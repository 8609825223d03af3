/**
 * WCAG 2.2 on every state of the hub: 1.3.4 orientation, 1.4.4 resize text, 1.4.10 reflow, 1.4.12 text spacing, 2.5.8
 * target size. 320 × 256 is a window of 1280 × 1024 at 400 %.
 */
import { expect } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import { closeShownHubs, hubLayouts, showHub } from "../fixtures/hub-show.ts";
import { hubStates } from "../fixtures/hub-states.ts";
import { all, misfits } from "../fixtures/inspect.ts";

const spacing = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
  p { margin-bottom: 2em !important }`;

describe("every state of the hub fits", () => {
  afterEach(closeShownHubs);
  after(() => setViewport({ width: 800, height: 600 }));

  for (const [title, width, height, names] of [
    ["at 400 %", 320, 256, Object.keys(hubStates)],
    ["on a small phone, on its side", 568, 320, hubLayouts],
    ["on a wide screen", 1600, 900, hubLayouts],
  ] as const) {
    describe(`1.3.4, 1.4.10, 2.5.8, ${title}: ${width} × ${height}`, () => {
      before(() => setViewport({ width, height }));

      for (const name of names) {
        it(name, async () => {
          const hub = await showHub(name);
          expect([innerWidth, innerHeight]).to.deep.equal([width, height]);
          expect(misfits(hub)).to.deep.equal([]);
        });
      }
    });
  }

  describe("320 × 568", () => {
    before(() => setViewport({ width: 320, height: 568 }));

    for (const name of hubLayouts) {
      it(`1.4.4: ${name}, with text of twice the size`, async () => {
        const hub = await showHub(name);
        hub.style.setProperty("--renumerate-font-size", "200%");
        expect(misfits(hub)).to.deep.equal([]);
      });

      it(`1.4.12: ${name}, with more space between letters, words, lines and paragraphs`, async () => {
        const hub = await showHub(name);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(spacing);
        // As a style sheet of the user would, it reaches every tree.
        const root = hub.shadowRoot as ShadowRoot;
        root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
        const style = getComputedStyle(all(hub, "h2")[0] as Element);
        expect(Number.parseFloat(style.letterSpacing)).to.be.above(2);
        expect(misfits(hub)).to.deep.equal([]);
      });
    }

    for (const locale of ["de", "fi", "hu", "ar", "ja"]) {
      for (const name of hubLayouts.filter((each) => !/long|markup/.test(each))) {
        it(`${name}, in ${locale}`, async () => {
          expect(misfits(await showHub(name, { locale }))).to.deep.equal([]);
        });
      }
    }
  });
});

/** WCAG 2.2: 1.4.4 resize text and 1.4.12 text spacing; and the same room with longer words and other scripts. */
import { expect } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import { all, misfits } from "../fixtures/inspect.ts";
import { root } from "../fixtures/open.ts";
import { closeShown, layouts, most, show } from "../fixtures/show.ts";

const spacing = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
  p { margin-bottom: 2em !important }`;

describe("every layout fits", () => {
  before(() => setViewport({ width: 320, height: 568 }));
  afterEach(closeShown);
  after(() => setViewport({ width: 800, height: 600 }));

  for (const name of most) {
    it(`1.4.4: ${name}, with text of twice the size`, async () => {
      const modal = await show(name);
      modal.style.setProperty("--renumerate-font-size", "200%");
      expect(misfits(modal)).to.deep.equal([]);
    });

    it(`1.4.12: ${name}, with more space between letters, words, lines and paragraphs`, async () => {
      const modal = await show(name);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(spacing);
      // As a style sheet of the user would, it reaches every tree.
      root(modal).adoptedStyleSheets = [...root(modal).adoptedStyleSheets, sheet];
      const style = getComputedStyle(all(modal, "h2")[0] as Element);
      expect(Number.parseFloat(style.letterSpacing)).to.be.above(2);
      expect(misfits(modal)).to.deep.equal([]);
    });

    it(`${name}, in the page`, async () => {
      expect(misfits(await show(name, { inline: true }))).to.deep.equal([]);
    });
  }

  for (const locale of ["de", "fi", "hu", "ar", "ja"]) {
    for (const name of layouts) {
      it(`${name}, in ${locale}`, async () => {
        expect(misfits(await show(name, { locale }))).to.deep.equal([]);
      });
    }
  }
});

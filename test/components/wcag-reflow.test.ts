/**
 * WCAG 2.2 on every state of the flow: 1.3.4 orientation, 1.4.10 reflow, 2.5.8 target size.
 * 320 × 256 is a window of 1280 × 1024 at 400 %.
 */
import { expect } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import { misfits } from "../fixtures/inspect.ts";
import { closeShown, layouts, most, show } from "../fixtures/show.ts";
import { states } from "../fixtures/states.ts";

const sizes = [
  ["at 400 %", 320, 256, Object.keys(states)],
  ["on a small phone, upright", 320, 568, most],
  ["on a small phone, on its side", 568, 320, most],
  ["above an on-screen keyboard that shrinks the window", 320, 250, layouts],
] as const;

describe("1.3.4, 1.4.10, 2.5.8: every state fits", () => {
  afterEach(closeShown);
  after(() => setViewport({ width: 800, height: 600 }));

  for (const [title, width, height, names] of sizes) {
    describe(`${title}: ${width} × ${height}`, () => {
      before(() => setViewport({ width, height }));

      for (const name of names) {
        it(name, async () => {
          const modal = await show(name);
          expect([innerWidth, innerHeight]).to.deep.equal([width, height]);
          expect(misfits(modal)).to.deep.equal([]);
        });
      }
    });
  }
});

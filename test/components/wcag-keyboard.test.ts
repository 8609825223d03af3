/**
 * WCAG 2.2: 2.1.1 keyboard, 2.1.2 no keyboard trap, 2.4.3 focus order, 2.4.7 focus visible, 2.4.11 focus not obscured,
 * 3.2.1 on focus, 3.2.2 on input.
 */
import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys, setViewport } from "@web/test-runner-commands";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { offering, offers, settlements, usual } from "../fixtures/flows.ts";
import { all, isCovered, isInView, nameOf } from "../fixtures/inspect.ts";
import { click, control, focused, heading, open, place, root, serve } from "../fixtures/open.ts";
import { closeShown, layouts, show } from "../fixtures/show.ts";

/** In the order of the page; a group of radios is one stop. */
const stopsOf = (modal: RetentionModal) =>
  all(modal, "button, a[href], textarea:enabled, input:enabled").filter((each) => {
    if (!each.matches("[type=radio]")) return true;
    const group = [...(each.closest("fieldset")?.querySelectorAll("input") ?? [])];
    return each === (group.find(({ checked }) => checked) ?? group[0]);
  });

/** One turn of the screen: engines scroll to the focus when they draw. */
const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

function faultsOf(element: HTMLElement): string[] {
  const ringed = element.closest<HTMLElement>("fieldset label") ?? element;
  const { outlineStyle, outlineWidth } = getComputedStyle(ringed);
  const hasRing = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
  return [
    ...(hasRing ? [] : [`no ring: ${nameOf(ringed)}`]),
    ...(isInView(ringed, 24) && !isCovered(ringed) ? [] : [`out of sight: ${nameOf(ringed)}`]),
  ];
}

/** What is still wrong after some turns of the screen: on a busy machine an engine scrolls later than at the next one. */
async function lastingFaultsOf(element: HTMLElement): Promise<string[]> {
  let faults = faultsOf(element);
  for (let turns = 0; faults.length && turns < 30; turns++) {
    await drawn();
    faults = faultsOf(element);
  }
  return faults;
}

/** From the first stop to the last: beyond it, the focus may leave for the browser's own bars, and the keys with it. */
async function walk(
  modal: RetentionModal,
  expected: HTMLElement[],
  faults: string[],
): Promise<HTMLElement[]> {
  const stops: HTMLElement[] = [];
  await sendKeys({ press: "Tab" });
  expected[0]?.focus();
  for (let presses = 0; presses < 40; presses++) {
    await drawn();
    const element = focused() as HTMLElement;
    if (!root(modal).contains(element)) faults.push(`out of the dialog: ${nameOf(element)}`);
    // Engines differ in whether an area that scrolls is a stop; a date has several stops inside.
    if (element.matches("button, a, textarea, input") && element !== stops.at(-1)) {
      stops.push(element);
      faults.push(...(await lastingFaultsOf(element)));
    }
    if (element === expected.at(-1)) break;
    await sendKeys({ press: "Tab" });
  }
  return stops;
}

const press = async (...keys: string[]) => {
  for (const key of keys) await sendKeys({ press: key });
};

async function tabTo(modal: RetentionModal, name: string): Promise<void> {
  for (let presses = 0; focused() !== control(modal, name); presses++) {
    if (presses > 20) throw new Error(`Tab does not reach ${name}`);
    await press("Tab");
  }
}

describe("keyboard", () => {
  afterEach(closeShown);
  after(() => setViewport({ width: 800, height: 600 }));

  for (const [width, height, names] of [
    [320, 256, layouts],
    [320, 568, ["survey-text-missing", "offer-pause-picked", "failed-retry", "long-survey"]],
  ] as const) {
    describe(`${width} × ${height}`, () => {
      before(() => setViewport({ width, height }));

      for (const name of names) {
        it(`2.1.1, 2.1.2, 2.4.3, 2.4.7, 2.4.11: ${name}`, async () => {
          const modal = await show(name);
          const faults: string[] = [];
          const expected = stopsOf(modal);
          const stops = await walk(modal, expected, faults);
          expect(stops.map(nameOf)).to.deep.equal(expected.map(nameOf));
          expect(faults).to.deep.equal([]);
          await press("Escape");
          expect(modal.open).to.equal(false);
        });
      }
    });
  }

  it("2.1.2: Escape leads back to the button that opened it", async () => {
    serve(usual);
    const button = place("renumerate-cancel-button");
    await press("Tab", "Enter");
    await waitUntil(() => document.querySelector("renumerate-retention-modal")?.open);
    const modal = document.querySelector("renumerate-retention-modal") as RetentionModal;
    await waitUntil(() => heading(modal).startsWith("Why"));
    await press("Escape");
    expect(document.activeElement).to.equal(button);
  });

  it("2.4.3: every step begins at its heading, and an error at its field", async () => {
    const { modal } = await open(usual, settlements.discount);
    const title = () => root(modal).querySelector("h2");
    expect(focused()).to.equal(title());
    await click(modal, "Continue");
    expect((focused() as HTMLInputElement).type).to.equal("radio");
    await click(modal, "It is too expensive", "Continue");
    expect(focused()).to.equal(title());
    await click(modal, "Back");
    expect(focused()).to.equal(title());
    await click(modal, "Continue", "Accept discount");
    await waitUntil(() => heading(modal) === "Your discount is on");
    expect(focused()).to.equal(title());
  });

  it("3.2.1, 3.2.2: nothing happens when a control has the focus, is chosen or is typed into", async () => {
    for (const name of ["survey-plain", "offer-pause", "offer-plan_change"]) {
      const modal = await show(name);
      const before = heading(modal);
      const steps: string[] = [];
      modal.addEventListener("renumerate-step", ({ detail }) => steps.push(detail.id));
      for (const each of all(modal, "button, a, input")) each.focus();
      for (const radio of all(modal, "[type=radio]")) {
        radio.focus();
        await press(" ");
        await modal.updateComplete;
        expect((radio as HTMLInputElement).checked).to.equal(true);
        expect(focused()).to.equal(radio);
      }
      if (name.startsWith("survey")) {
        root(modal).querySelector("textarea")?.focus();
        await sendKeys({ type: "a" });
      }
      await modal.updateComplete;
      expect([heading(modal), steps]).to.deep.equal([before, []]);
      closeShown();
    }
  });

  it("2.1.1, 2.5.7: a plan by keyboard alone", async () => {
    const { modal, server } = await open(offering(offers.plan_change), settlements.plan_change);
    await tabTo(modal, "Solo");
    await press("ArrowDown");
    expect((control(modal, "Free") as HTMLInputElement).checked).to.equal(true);
    await tabTo(modal, "Switch plan");
    await press("Enter");
    await waitUntil(() => heading(modal) === "Your plan is changed");
    expect(
      server.decisions[0]?.body.events.some((event) => JSON.stringify(event).includes("price_free")),
    ).to.equal(true);
  });
});

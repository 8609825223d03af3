import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import type { AnyPage, Preferences } from "./drivers/page.ts";
import { everyOffer, everyStep } from "./flows.ts";
import { createWorld, describeInEachEngine, until, type Visit, type Visitor, type World } from "./harness.ts";

const STAY = "Keep subscription";
const LEAVE = "Cancel subscription";

/** A key that is pressed before the dialog is there goes to the page. */
async function open(page: AnyPage): Promise<void> {
  await page.getByRole("button", { name: LEAVE }).click();
  await page.getByRole("dialog").waitFor();
}
const inDialog = (page: AnyPage, name: string) =>
  page.getByRole("dialog").getByRole("button", { name, exact: true });
const pick = async (page: AnyPage, reason: string) => {
  await page.getByRole("radio", { name: reason }).check();
  await inDialog(page, "Continue").click();
};

describeInEachEngine("a customer leaves, stays, or closes the flow", (engine) => {
  let world: World<AnyPage, Preferences>;
  let visitor: Visitor<AnyPage>;
  before(async () => {
    world = await createWorld(engine);
    await world.publish(everyOffer);
  });
  after(() => world.close());
  afterEach(async () => {
    await visitor?.close();
  });

  async function visit(customer: string, more: Partial<Visit<Preferences>> = {}): Promise<AnyPage> {
    visitor = await world.visit({ customer, ...more });
    return visitor.page;
  }

  /** Outcomes that the ledger holds for a subscription, and how often billing was asked to end it. */
  async function ledgerOf(subscription: string) {
    return (await world.state()).ledger.filter((row) => row.subscriptionId === subscription);
  }

  it("is cancelled two activations after the dialog is open, and reads until when", async () => {
    const page = await visit("cus_NffrFeUfNV2Hib");
    await open(page);
    await inDialog(page, LEAVE).click();
    await inDialog(page, LEAVE).click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    const subscription = await world.subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs");
    assert.equal(subscription.cancelAt, subscription.periodEnd);
    const day = new Date(subscription.periodEnd).toLocaleDateString("en", { dateStyle: "long" });
    await page.getByRole("dialog").getByText(day).first().waitFor();
    assert.deepEqual(await visitor.names(), ["open", "step", "step", "cancelled", "complete"]);
    assert.deepEqual((await visitor.events()).at(-1)?.detail.outcome, "cancelled");
    const [row, ...others] = await ledgerOf("sub_1MowQVLkdIwHu7ixeRlqHVzs");
    assert.equal(others.length, 0);
    assert.partialDeepStrictEqual(row, {
      outcome: "cancelled",
      confirmed: true,
      effectiveAt: subscription.cancelAt,
    });
  });

  it("sees that it is already cancelled when it opens again, and nothing is counted twice", async () => {
    const page = await visit("cus_NffrFeUfNV2Hib");
    await open(page);
    await page.getByRole("heading", { name: "Your subscription is already cancelled" }).waitFor();
    await page.keyboard.press("Escape");
    assert.deepEqual(await visitor.names(), ["open", "close"]);
    assert.equal((await ledgerOf("sub_1MowQVLkdIwHu7ixeRlqHVzs")).length, 1);
  });

  it("tells why in its own words, and they reach the ledger", async () => {
    const page = await visit("cus_misaki");
    await open(page);
    await page.getByRole("radio", { name: "Something else" }).check();
    await inDialog(page, "Continue").click();
    // The step wants words before it goes on; the way out does not.
    await page.getByRole("textbox", { name: "Tell us more" }).fill("<b>Moving</b> to Kyoto & back");
    await inDialog(page, "Continue").click();
    await inDialog(page, LEAVE).click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    const [row] = await ledgerOf("sub_misaki_pro_jpy");
    assert.partialDeepStrictEqual(row, { reason: "other", reasonText: "<b>Moving</b> to Kyoto & back" });
  });

  it("stays without an offer", async () => {
    const page = await visit("cus_amara");
    await open(page);
    await inDialog(page, STAY).click();
    await page.getByRole("heading", { name: "Your subscription continues" }).waitFor();
    assert.deepEqual(await visitor.names(), ["open", "step", "retained", "complete"]);
    // The event is sent in the background; leaving the page sends what is left.
    await page.goto("about:blank");
    await until(async () =>
      (await ledgerOf("sub_amara_pro_annual")).some(({ outcome }) => outcome === "retained"),
    );
  });

  it("closes with Escape: abandoned, focus back on the button, nothing at billing", async () => {
    const before = await world.subscription("sub_eleanor_team");
    const page = await visit("cus_eleanor");
    await open(page);
    await page.getByRole("radio", { name: "Too expensive" }).check();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.deepEqual(await visitor.names(), ["open", "step", "complete", "close"]);
    assert.equal((await visitor.events())[2]?.detail.outcome, "abandoned");
    assert.equal(await page.evaluate(() => document.activeElement?.localName), "renumerate-cancel-button");
    await page.goto("about:blank");
    await until(async () =>
      (await ledgerOf("sub_eleanor_team")).some(({ outcome }) => outcome === "abandoned"),
    );
    assert.deepEqual(await world.subscription("sub_eleanor_team"), before);
  });

  it("is sure after all: an abandoned visit that goes on to cancel counts once, as cancelled", async () => {
    const page = await visit("cus_eleanor");
    await open(page);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await open(page);
    await inDialog(page, LEAVE).click();
    await inDialog(page, LEAVE).click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    assert.deepEqual(
      (await visitor.events())
        .filter(({ name }) => name === "renumerate-complete")
        .map(({ detail }) => detail.outcome),
      ["abandoned", "cancelled"],
    );
  });

  it("took an offer and still may leave", async () => {
    const page = await visit("cus_noah");
    await open(page);
    await pick(page, "Too expensive");
    await inDialog(page, "Accept discount").click();
    await inDialog(page, "I still want to cancel").click();
    await inDialog(page, LEAVE).click();
    await inDialog(page, LEAVE).click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    const rows = await ledgerOf("sub_noah_basic");
    assert.deepEqual(rows.map(({ outcome }) => outcome).sort(), ["cancelled", "retained"]);
    assert.equal(new Set(rows.map(({ sessionId }) => sessionId)).size, 2);
  });
});

describeInEachEngine("one outcome, one billing action", (engine) => {
  let world: World<AnyPage, Preferences>;
  let visitor: Visitor<AnyPage>;
  before(async () => {
    world = await createWorld(engine);
    await world.publish(everyOffer);
  });
  after(() => world.close());
  afterEach(async () => {
    await visitor?.close();
  });

  /** Holds decisions back at the door of the page until they are let go, and counts them. */
  async function holdDecisions(page: AnyPage) {
    type Held = Window & { held: (() => void)[] };
    await page.evaluate(() => {
      const { fetch } = window;
      const held: (() => void)[] = [];
      Object.assign(window, { held });
      window.fetch = async (...request) => {
        const { url, method } = new Request(...request);
        if (url.endsWith("/v1/widget/decision") && method === "POST")
          await new Promise<void>((resolve) => held.push(resolve));
        return fetch(...request);
      };
    });
    return {
      first: () => page.waitForFunction(() => (window as unknown as Held).held.length > 0),
      count: () => page.evaluate(() => (window as unknown as Held).held.length),
      release: () =>
        page.evaluate(() => {
          const { held } = window as unknown as Held;
          for (const release of held) release();
          // What is sent from now on goes at once.
          held.push = (release: () => void) => {
            release();
            return held.length;
          };
        }),
    };
  }

  it("when the button is clicked twice in one tick", async () => {
    visitor = await world.visit({ customer: "cus_NffrFeUfNV2Hib" });
    const { page } = visitor;
    const decisions = await holdDecisions(page);
    await open(page);
    await pick(page, "Too expensive");
    await inDialog(page, "Accept discount").evaluate((button: HTMLElement) => {
      button.click();
      button.click();
    });
    await decisions.first();
    await decisions.release();
    await page.getByRole("heading", { name: "Your discount is on" }).waitFor();
    assert.equal(await decisions.count(), 1);
    assert.deepEqual(await visitor.names(), ["open", "step", "step", "retained", "complete"]);
  });

  it("when Escape is pressed during the billing call: the result still counts, and once", async () => {
    visitor = await world.visit({ customer: "cus_tom" });
    const { page } = visitor;
    const decisions = await holdDecisions(page);
    await open(page);
    await pick(page, "Away for a while");
    await page.getByRole("radio", { name: "1 month" }).check();
    await inDialog(page, "Pause subscription").click();
    await decisions.first();
    await page.keyboard.press("Escape");
    await decisions.release();
    await page.waitForFunction(() =>
      (window as unknown as { fired: { name: string }[] }).fired.some(
        ({ name }) => name === "renumerate-complete",
      ),
    );
    assert.deepEqual(await visitor.names(), ["open", "step", "step", "close", "retained", "complete"]);
    assert.equal((await world.subscription("sub_tom_pro")).status, "paused");
  });

  it("when a listener of the page throws", async () => {
    visitor = await world.visit({ customer: "cus_lucia", subscription: "sub_lucia_team" });
    const { page } = visitor;
    await page.evaluate(() => {
      for (const name of ["open", "step", "retained", "cancelled", "complete"]) {
        document.addEventListener(`renumerate-${name}`, () => {
          throw new Error("the page is broken");
        });
      }
    });
    await open(page);
    await inDialog(page, LEAVE).click();
    await inDialog(page, LEAVE).click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    assert.deepEqual(await visitor.names(), ["open", "step", "step", "cancelled", "complete"]);
    const { ledger } = await world.state();
    assert.equal(ledger.filter(({ subscriptionId }) => subscriptionId === "sub_lucia_team").length, 1);
  });

  it("when the page is reloaded in mid-flow, before and after the decision is sent", async () => {
    const attributes = `session-id="${await world.mint("cus_mateo")}"`;
    visitor = await world.visit({ customer: "cus_mateo", attributes });
    const { page } = visitor;
    // The session id of the tag is used, so that the reload comes back to the same session.
    await page.locator("renumerate-cancel-button").evaluate((tag) => tag.removeAttribute("session-url"));
    await open(page);
    await pick(page, "I need more time to try");
    await page.reload();
    await page.locator("renumerate-cancel-button").evaluate((tag) => tag.removeAttribute("session-url"));
    const decisions = await holdDecisions(page);
    await open(page);
    await pick(page, "I need more time to try");
    const before = (await world.subscription("sub_mateo_pro")).trialEnd as number;
    await inDialog(page, "Extend trial").click();
    await decisions.first();
    await decisions.release();
    await page.getByRole("heading", { name: "Your trial is extended" }).waitFor();
    await page.reload();
    await page.locator("renumerate-cancel-button").evaluate((tag) => tag.removeAttribute("session-url"));
    await open(page);
    await page.getByRole("heading", { name: "Your trial is extended" }).waitFor();
    assert.equal((await world.subscription("sub_mateo_pro")).trialEnd, before + 14 * 86_400_000);
    const { ledger } = await world.state();
    assert.deepEqual(
      ledger.filter(({ subscriptionId }) => subscriptionId === "sub_mateo_pro").map(({ outcome }) => outcome),
      ["retained"],
    );
  });

  it("when the server is killed between the click and its answer, and started again", async () => {
    visitor = await world.visit({ customer: "cus_amara" });
    const { page } = visitor;
    const decisions = await holdDecisions(page);
    await open(page);
    await inDialog(page, LEAVE).click();
    await inDialog(page, LEAVE).click();
    await decisions.first();
    const restarted = world.restart("SIGKILL");
    await decisions.release();
    await restarted;
    const retry = inDialog(page, "Try again");
    const cancelled = page.getByRole("heading", { name: "Your subscription is cancelled" });
    await retry.or(cancelled).first().waitFor();
    if (await retry.isVisible()) await retry.click();
    await cancelled.waitFor();
    const { ledger } = await world.state();
    assert.deepEqual(
      ledger
        .filter(({ subscriptionId }) => subscriptionId === "sub_amara_pro_annual")
        .map(({ outcome }) => outcome),
      ["cancelled"],
    );
  });
});

describeInEachEngine("every step", (engine) => {
  let world: World<AnyPage, Preferences>;
  before(async () => {
    world = await createWorld(engine);
    await world.publish(everyStep);
  });
  after(() => world.close());

  it("can be walked by keyboard alone, with nothing selected at the start", async () => {
    const visitor = await world.visit({ customer: "cus_NffrFeUfNV2Hib" });
    const { page } = visitor;
    const heading = (name: string) => page.getByRole("heading", { name }).waitFor();
    /** Tabs until the control with this name has the focus; never leaves the dialog. */
    const tabTo = async (name: string) => {
      for (let count = 0; count < 20; count++) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(() => {
          let active = document.activeElement;
          while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
          return { text: (active?.textContent ?? "").trim(), page: active === document.body };
        });
        assert.equal(focused.page, false, "focus has left the dialog");
        if (focused.text === name) return;
      }
      assert.fail(`${name} cannot be reached by Tab`);
    };
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await heading("Why would you like to cancel?");
    await page.keyboard.press("Tab");
    while (
      !(await page.evaluate(() => {
        let active = document.activeElement;
        while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
        return active instanceof HTMLInputElement;
      }))
    )
      await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.getByRole("radio", { name: "Something else" }).isChecked(), true);
    await tabTo("Continue");
    await page.keyboard.press("Enter");
    await heading("10% off your subscription");
    await tabTo("No thanks");
    await page.keyboard.press("Enter");
    await heading("Is there anything you would like to tell us?");
    await tabTo("Continue");
    await page.keyboard.press("Enter");
    await heading("What ends with your subscription");
    await tabTo("Continue");
    await page.keyboard.press("Enter");
    await heading("One more thing");
    await tabTo("Continue");
    await page.keyboard.press("Enter");
    await heading("Confirm your cancellation");
    await tabTo(LEAVE);
    await page.keyboard.press("Enter");
    await heading("Your subscription is cancelled");
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement?.localName), "renumerate-cancel-button");
    assert.deepEqual(await visitor.names(), [
      "open",
      ..."step step step step step step".split(" "),
      "cancelled",
      "complete",
      "close",
    ]);
    await visitor.close();
  });
});

/**
 * WCAG 2.2: 2.2.1 timing adjustable, 3.3.1 error identification, 3.3.3 error suggestion, 3.3.4 error prevention, 3.3.7
 * redundant entry, 4.1.3 status messages.
 */
import { expect, waitUntil } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import { configOf, settlements, steps, usual } from "../fixtures/flows.ts";
import { all, isCovered, isInView } from "../fixtures/inspect.ts";
import { click, control, facts, focused, heading, open, root, text, write } from "../fixtures/open.ts";
import { closeShown, show } from "../fixtures/show.ts";

const FIELD = "Your feedback (optional)";
const asking = configOf([steps.feedback, steps.confirm]);
const HOUR = 3_600_000;

describe("errors, time and messages", () => {
  const { now } = Date;
  afterEach(() => {
    Date.now = now;
    closeShown();
  });

  it("3.3.1, 3.3.3: what is missing is marked, said, announced, and where it is has the focus", async () => {
    for (const [name, marked, words] of [
      ["survey-missing", "fieldset", "Please choose a reason"],
      ["survey-text-missing", "textarea", "Please write a few words"],
      ["feedback-missing", "textarea", "Please write a few words"],
      ["offer-pause-missing", "fieldset", "Please choose one of these"],
    ]) {
      const modal = await show(name as string);
      const [field] = all(modal, "[aria-invalid=true]");
      const [error] = all(modal, "[role=alert]");
      expect(field?.localName, name).to.equal(marked);
      expect(error?.textContent, name).to.contain(words);
      expect(field?.getAttribute("aria-describedby")?.split(" "), name).to.include(error?.id);
      expect(field?.contains(focused()), name).to.equal(true);
      // What can be done instead is part of it, where there is something.
      if (!name?.startsWith("offer")) expect(error?.textContent, name).to.contain("cancel without");
      closeShown();
    }
  });

  it("3.3.1: on a small phone the error comes into view, wherever the customer has scrolled to", async () => {
    await setViewport({ width: 320, height: 568 });
    for (const name of [
      "survey-missing",
      "survey-text-missing",
      "feedback-missing",
      "offer-pause-missing",
      "failed",
      "failed-retry",
      "offer-changed",
    ]) {
      const modal = await show(name);
      const [error] = all(modal, ".error");
      expect(error && isInView(error) && !isCovered(error), name).to.equal(true);
      closeShown();
    }
    await setViewport({ width: 800, height: 600 });
  });

  it("3.3.1: an error goes when what was missing is there", async () => {
    const modal = await show("survey-missing");
    await click(modal, "It is too expensive");
    expect(all(modal, ".error, [aria-invalid]").length).to.equal(0);
  });

  it("3.3.4: the legal act is checked before: what, until when, and what it costs", async () => {
    const { modal, server } = await open(usual);
    await click(modal, "Cancel subscription");
    expect(heading(modal)).to.equal("Confirm your cancellation");
    expect(facts(modal)).to.deep.equal([
      "Plan: Team",
      "Access until: June 20, 2026",
      "Further charges: None",
    ]);
    expect(server.decisions.length).to.equal(0);
    expect(control(modal, "Back")).to.exist;
    await click(modal, "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(server.decisions.length).to.equal(1);
  });

  it("3.3.7: what was answered is still there on the way back, and after a failure", async () => {
    const { modal } = await open(usual, { status: 409, code: "billing_rejected" });
    await click(modal, "Something else");
    await write(modal, "Please tell us more", "It rains all day");
    await click(modal, "Continue", "Cancel subscription");
    await waitUntil(() => all(modal, ".failure").length);
    await click(modal, "Back");
    expect((control(modal, "Something else") as HTMLInputElement).checked).to.equal(true);
    expect((control(modal, "Please tell us more") as HTMLTextAreaElement).value).to.equal("It rains all day");
  });

  it("2.2.1: when the session has expired, what was typed is still there", async () => {
    const { modal } = await open(asking, { status: 401, code: "session_expired" });
    await write(modal, FIELD, "It rains all day");
    await click(modal, "Continue", "Cancel subscription");
    await waitUntil(() => all(modal, "[role=alert]").length);
    expect(text(modal)).to.contain("This page has been open for too long").and.to.contain("Please reload it");
    await click(modal, "Back");
    expect((control(modal, FIELD) as HTMLTextAreaElement).value).to.equal("It rains all day");
  });

  it("2.2.1: twenty hours later the flow goes on where it was", async () => {
    const config = configOf([steps.feedback, steps.confirm]);
    config.session.deliveryToken = "dlv_test";
    const { modal, server } = await open(config, settlements.cancelled);
    await write(modal, FIELD, "It rains all day");
    Date.now = () => now() + 20 * HOUR;
    await click(modal, "Continue", "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    // This token lives for days; the one that opened the flow may be gone.
    expect(server.decisions[0]?.token).to.equal("dlv_test");
    expect(JSON.stringify(server.decisions[0]?.body.events)).to.contain("It rains all day");
    expect(all(modal, "[role=timer], time, progress").length).to.equal(0);
  });

  it("4.1.3: the region that says that something is under way was there before it", async () => {
    let answer = (_: typeof settlements.cancelled) => {};
    const decision = new Promise<{ body: unknown }>((resolve) => {
      answer = (body) => resolve({ body });
    });
    const { modal } = await open(configOf([steps.confirm]), decision);
    const status = root(modal).querySelector("[role=status]");
    expect(status?.textContent).to.equal("");
    await click(modal, "Cancel subscription");
    expect(status?.textContent).to.equal("Saving…");
    expect(status?.isConnected).to.equal(true);
    // What is busy may be kept silent until it is not.
    expect(status?.closest("[aria-busy=true]")).to.equal(null);
    answer(settlements.cancelled);
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(status?.textContent).to.equal("");
    // The result is said by the heading, which has the focus.
    expect(focused()).to.equal(root(modal).querySelector("h2"));
  });

  it("4.1.3: a decision that failed is an alert, and says whether it can be tried again", async () => {
    const modal = await show("failed-retry");
    const [alert] = all(modal, "[role=alert]");
    expect(alert?.textContent).to.equal(
      "That did not go through. Trying again is safe: nothing is done twice.",
    );
    expect(text(modal)).to.contain("help@example.com");
  });
});

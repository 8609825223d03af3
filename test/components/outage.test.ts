/** The customer has confirmed, and the server cannot be reached: the cancellation is kept, and goes when it can. */
import { expect, waitUntil as wait } from "@open-wc/testing";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { deliverLeftovers } from "../../src/flow/deliveries.ts";
import { configOf, settlements, steps, subscription } from "../fixtures/flows.ts";
import {
  click,
  closeAll,
  control,
  heading,
  type Opened,
  open,
  place,
  ready,
  serve,
  text,
  write,
} from "../fixtures/open.ts";

const config = configOf([steps.feedback, steps.confirm]);
config.session.deliveryToken = "dlv_test";

const QUEUED = "Your cancellation is waiting to be sent";
const SECRET = "They moved my cheese";

/** The machine may be busy with other browsers. */
const waitUntil = (holds: () => boolean) => wait(holds, undefined, { timeout: 8000 });

const stored = () => Object.keys(localStorage).filter((key) => key.startsWith("renumerate:"));
const kept = () => stored().map((key) => JSON.parse(localStorage[key]));

/** The server is back: what is still under way must not reach the next test. */
async function end(): Promise<void> {
  serve(config, settlements.cancelled);
  await waitUntil(() => {
    window.dispatchEvent(new Event("online"));
    return !stored().length;
  });
  closeAll();
}

/** A customer who has typed something, wants to leave, and reaches nobody. */
async function cut(properties: Partial<RetentionModal> = {}): Promise<Opened> {
  const opened = await open(config, "offline", properties);
  await write(opened.modal, "Your feedback (optional)", SECRET);
  const { random } = Math;
  Math.random = () => 0;
  await click(opened.modal, "Cancel subscription", "Cancel subscription");
  await waitUntil(() => heading(opened.modal) === QUEUED);
  Math.random = random;
  return opened;
}

describe("a confirmed cancellation without a server", () => {
  afterEach(end);

  it("is kept, says since when and never that it is done, and offers a mail", async () => {
    const { modal, log } = await cut();
    expect(text(modal)).to.contain("that moment counts").and.to.contain(`${new Date().getFullYear()} at`);
    expect(text(modal)).not.to.match(/is cancelled|received/);
    expect(control<HTMLAnchorElement>(modal, "help@example.com").href).to.contain("sub_1%2C%20ses_1");
    const [{ token, session, events, decidedAt }] = kept();
    expect([token, session, events.at(-1).type]).to.deep.equal(["dlv_test", "ses_1", "confirm"]);
    expect(Math.abs(Date.now() - decidedAt)).to.be.below(5000);
    expect(log.short).to.deep.equal(["open", "step:words", "step:sure", "error:network"]);
    await expect(modal).to.be.accessible();
  });

  it("goes when the customer tries again, counted from the first click, and nothing stays behind", async () => {
    const { modal, server, log } = await cut();
    server.decision = settlements.cancelled;
    await click(modal, "Try again");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    const { body, token } = server.decisions.at(-1) as (typeof server.decisions)[number];
    expect(token).to.equal("dlv_test");
    expect(body.age).to.be.a("number");
    expect(new Set(server.decisions.map((each) => each.body.events.at(-1)?.id)).size).to.equal(1);
    expect(log.short.slice(-2)).to.deep.equal(["cancelled", "complete:cancelled"]);
    expect(stored()).to.deep.equal([]);
  });

  it("goes by itself when the connection is back, although the flow is closed", async () => {
    const { modal, server, log } = await cut();
    await click(modal, "Done");
    expect(log.short.at(-1)).to.equal("close");
    server.decision = settlements.cancelled;
    window.dispatchEvent(new Event("online"));
    await waitUntil(() => log.short.includes("complete:cancelled"));
    expect(stored()).to.deep.equal([]);
    expect(JSON.stringify({ ...localStorage })).not.to.contain(SECRET);
  });

  it("is still shown when the flow is opened again", async () => {
    const { modal } = await cut();
    modal.close();
    modal.show();
    await modal.updateComplete;
    expect(heading(modal)).to.equal(QUEUED);
  });

  it("is not shown to who opens the flow of a session that the page asks for", async () => {
    const { modal, server, log } = await cut();
    modal.close();
    modal.sessionId = "";
    modal.sessionUrl = "/session";
    const { fetch } = window;
    window.fetch = async (input, init) =>
      `${input}` === "/session" ? Response.json({ id: "ret_other" }) : fetch(input, init);
    server.config = configOf([steps.confirm], {
      session: { id: "ses_other", environment: "sandbox" },
      subscription: { ...subscription, id: "sub_other" },
    });
    modal.show();
    await waitUntil(() => heading(modal) === "Confirm your cancellation");
    window.fetch = fetch;
    server.decision = settlements.cancelled;
    window.dispatchEvent(new Event("online"));
    await waitUntil(() => log.short.includes("complete:cancelled"));
    expect(heading(modal), "the one goes on behind the other").to.equal("Confirm your cancellation");
  });

  it("can be taken back: what holds is looked up, and the customer stays", async () => {
    const { modal, server, log } = await cut();
    await click(modal, "Keep subscription");
    await waitUntil(() => heading(modal) === "Your subscription continues");
    expect(log.short.slice(-2)).to.deep.equal(["retained", "complete:retained"]);
    const decisions = server.decisions.length;
    window.dispatchEvent(new Event("online"));
    await waitUntil(() => server.recorded.includes("keep"));
    expect(server.decisions.length).to.equal(decisions);
    modal.close();
    await waitUntil(() => !stored().length);
  });

  it("taken back in another tab, it is not sent by this one", async () => {
    const { modal, server, log } = await cut();
    const key = stored()[0] as string;
    const { decidedAt: _, ...events } = JSON.parse(localStorage[key]);
    localStorage.setItem(key, JSON.stringify(events));
    const decisions = server.decisions.length;
    server.decision = settlements.cancelled;
    window.dispatchEvent(new Event("online"));
    await waitUntil(() => heading(modal) !== QUEUED && heading(modal) !== "Loading…");
    expect(server.decisions.length).to.equal(decisions);
    expect(log.short).not.to.include("complete:cancelled");
  });

  it("says nothing of the subscription while nobody knows what holds", async () => {
    const { modal, server } = await cut();
    server.config = "offline";
    const { random } = Math;
    Math.random = () => 0;
    await click(modal, "Keep subscription");
    await waitUntil(() => heading(modal) === "This is not working right now");
    Math.random = random;
    expect(text(modal)).not.to.contain("has not changed");
    server.config = config;
    await click(modal, "Try again");
    await waitUntil(() => heading(modal) === "Your subscription continues");
  });

  it("refused for good: the customer is asked again, with the reason and a mail", async () => {
    const { modal, server } = await cut();
    server.decision = { status: 409, code: "billing_rejected" };
    await click(modal, "Try again");
    await waitUntil(() => text(modal).includes("That is not possible right now"));
    expect(heading(modal)).to.equal("Confirm your cancellation");
    expect(kept().some(({ decidedAt }) => decidedAt)).to.equal(false);
  });

  it("without a delivery token it is asked for again on the spot", async () => {
    const { modal } = await open(configOf([steps.confirm]), { status: 503, code: "billing_unavailable" });
    const { random } = Math;
    Math.random = () => 0;
    await click(modal, "Cancel subscription");
    await waitUntil(() => text(modal).includes("That did not go through"));
    Math.random = random;
    expect(heading(modal)).to.equal("Confirm your cancellation");
    expect(stored()).to.deep.equal([]);
  });
});

describe("a cancellation of an earlier visit", () => {
  const leave = async () => {
    await cut();
    const key = stored()[0] as string;
    const value = localStorage[key];
    // As if the page had gone: another name, since this page still holds its own.
    const entry = { ...JSON.parse(value), run: "run_of_an_earlier_visit" };
    await end();
    localStorage.setItem("renumerate:run_of_an_earlier_visit", JSON.stringify(entry));
  };
  afterEach(end);

  it("is sent, and whoever is at the page now hears nothing of it", async () => {
    await leave();
    const { server, log } = serve(config, settlements.cancelled);
    await deliverLeftovers();
    expect(server.decisions.length).to.equal(1);
    expect(log.short).to.deep.equal([]);
    expect(stored()).to.deep.equal([]);
  });

  it("is shown as waiting to who opens the same subscription, goes when it can, or can be taken back", async () => {
    for (const taken of [false, true]) {
      await leave();
      const { random } = Math;
      Math.random = () => 0;
      const { server, log } = serve(config, "offline");
      const modal = place("renumerate-retention-modal");
      modal.show();
      await ready(modal);
      await waitUntil(() => heading(modal) === QUEUED);
      Math.random = random;
      server.decision = settlements.cancelled;
      const cancelAt = subscription.periodEnd;
      if (!taken) server.config = { ...config, subscription: { ...subscription, cancelAt } };
      await click(modal, taken ? "Keep subscription" : "Try again");
      const ending = taken ? "Your subscription continues" : "Your subscription is already cancelled";
      await waitUntil(() => heading(modal) === ending);
      expect(log.short.at(-1)).to.equal(taken ? "complete:retained" : "complete:cancelled");
      await waitUntil(() => localStorage.getItem("renumerate:run_of_an_earlier_visit") === null);
      await end();
    }
  });

  it("is no business of who opens another subscription", async () => {
    await leave();
    const other = configOf([steps.confirm], { subscription: { ...subscription, id: "sub_other" } });
    serve(other, "offline");
    const modal = place("renumerate-retention-modal");
    modal.show();
    await ready(modal);
    await waitUntil(() => heading(modal) === "Confirm your cancellation");
  });

  it("is sent before the flow is shown, so that nobody is asked twice", async () => {
    await leave();
    const { server } = serve(config, settlements.cancelled);
    const modal = place("renumerate-retention-modal");
    modal.show();
    await ready(modal);
    expect(server.decisions.length).to.equal(1);
    expect(server.flows.length, "what was asked before is not what holds").to.equal(2);
    expect(stored().length).to.equal(1);
  });

  it("is named while nobody can be reached", async () => {
    await leave();
    const { random } = Math;
    Math.random = () => 0;
    serve("offline", "offline");
    const modal = place("renumerate-retention-modal");
    modal.show();
    await ready(modal);
    Math.random = random;
    expect(text(modal)).to.contain("still waiting to be sent");
  });
});

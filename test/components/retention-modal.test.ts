import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import type { Reply } from "../fixtures/fake-server.ts";
import {
  configOf,
  DAY,
  NOW,
  offering,
  offers,
  settled,
  settlements,
  steps,
  subscription,
  usual,
} from "../fixtures/flows.ts";
import {
  click,
  closeAll,
  control,
  facts,
  focused,
  heading,
  open,
  place,
  ready,
  root,
  serve,
  text,
  write,
} from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

const dialogOf = (modal: HTMLElement) => modal.shadowRoot?.querySelector("dialog") as HTMLDialogElement;
const confirmOnly = configOf([steps.confirm]);

/** An answer that comes when the test says so. */
function later() {
  let answer: (reply: Reply) => void = () => {};
  const reply = new Promise<Reply>((resolve) => {
    answer = resolve;
  });
  return {
    reply,
    answer: (body: unknown) => answer({ body }),
    fail: (code: string) => answer({ status: 400, code }),
  };
}

describe("dialog", () => {
  afterEach(closeAll);

  it("is modal, named by its heading, and focused there on every step", async () => {
    const { modal } = await open(usual);
    expect(dialogOf(modal).matches(":modal")).to.equal(true);
    expect(root(modal).activeElement).to.equal(root(modal).querySelector("h2#title"));
    await click(modal, "It is too expensive", "Continue");
    expect(root(modal).activeElement?.textContent).to.equal("30% off for three months");
    await click(modal, "No thanks", "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(root(modal).activeElement?.textContent).to.equal("Your subscription is cancelled");
  });

  it("a whole flow has every event exactly once", async () => {
    const { modal, log, server } = await open(usual);
    await click(modal, "It is too expensive", "Continue", "No thanks", "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    await click(modal, "Done");
    expect(log.short).to.deep.equal([
      "open",
      "step:why",
      "step:why/too_expensive",
      "step:sure",
      "cancelled",
      "complete:cancelled",
      "close",
    ]);
    expect(log.all[4]?.detail).to.deep.equal({
      sessionId: "ses_1",
      subscriptionId: "sub_1",
      status: "done",
      at: settlements.cancelled.at,
      cancelAt: settlements.cancelled.subscription.cancelAt,
    });
    expect(server.decisions[0]?.body.events.map(({ type }) => type)).to.deep.equal([
      "open",
      "select",
      "next",
      "decline",
      "confirm",
    ]);
    expect(server.decisions[0]?.body.session).to.equal("ses_1");
    expect(modal.open).to.equal(false);
    expect(modal.hasAttribute("open")).to.equal(false);
  });

  it("two clicks in one tick decide once", async () => {
    const { modal, server, log } = await open(confirmOnly);
    const button = control(modal, "Cancel subscription");
    button.click();
    button.click();
    control(modal, "Keep subscription").click();
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(server.decisions.length).to.equal(1);
    expect(log.short.filter((name) => name.startsWith("complete"))).to.deep.equal(["complete:cancelled"]);
  });

  it("says that it is saving, and keeps its buttons focusable", async () => {
    const { reply, answer } = later();
    const { modal } = await open(confirmOnly, reply);
    control(modal, "Cancel subscription").focus();
    await click(modal, "Cancel subscription");
    expect(root(modal).querySelector("[role=status]")?.textContent?.trim()).to.equal("Saving…");
    expect(root(modal).querySelector(".panel")?.ariaBusy).to.equal("true");
    expect(control(modal, "Cancel subscription").getAttribute("aria-disabled")).to.equal("true");
    expect(root(modal).activeElement).to.equal(control(modal, "Cancel subscription"));
    expect(modal.matches(":state(loading)")).to.equal(true);
    answer(settlements.cancelled);
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(modal.matches(":state(loading)")).to.equal(false);
  });

  it("what was picked cannot change while it is being decided", async () => {
    const { reply } = later();
    const { modal } = await open(offering(offers.plan_change), reply);
    await click(modal, "Solo", "Switch plan");
    expect(control<HTMLInputElement>(modal, "Free").matches(":disabled")).to.equal(true);
  });

  it("Escape during a decision closes; the decision still counts, once", async () => {
    const { reply, answer } = later();
    const { modal, log, server } = await open(confirmOnly, reply);
    await click(modal, "Cancel subscription");
    await sendKeys({ press: "Escape" });
    expect(dialogOf(modal).open).to.equal(false);
    answer(settlements.cancelled);
    await waitUntil(() => log.short.length === 5);
    await settle();
    expect(log.short).to.deep.equal(["open", "step:sure", "close", "cancelled", "complete:cancelled"]);
    expect(dialogOf(modal).open).to.equal(false);
    expect(server.decisions.length).to.equal(1);
  });

  it("a decision outlives the element", async () => {
    const { reply, answer } = later();
    const { modal, server } = await open(confirmOnly, reply);
    const ended: string[] = [];
    modal.addEventListener("renumerate-complete", (event) => ended.push(event.detail.outcome));
    await click(modal, "Cancel subscription");
    modal.remove();
    await settle();
    answer(settlements.cancelled);
    await waitUntil(() => ended.length);
    expect(ended).to.deep.equal(["cancelled"]);
    expect(server.decisions.length).to.equal(1);
  });

  it("opening again during a decision shows what came of it", async () => {
    const { reply, answer } = later();
    const { modal, log } = await open(confirmOnly, reply);
    await click(modal, "Cancel subscription", "Close");
    modal.show();
    await modal.updateComplete;
    expect(dialogOf(modal).open).to.equal(true);
    answer(settlements.cancelled);
    await ready(modal);
    expect(heading(modal)).to.equal("Your subscription is cancelled");
    expect(log.short).to.deep.equal([
      "open",
      "step:sure",
      "close",
      "open",
      "cancelled",
      "complete:cancelled",
    ]);
  });

  it("Escape abandons, and says so to the server", async () => {
    const { modal, log, server } = await open(usual);
    await sendKeys({ press: "Escape" });
    expect(modal.open).to.equal(false);
    expect(dialogOf(modal).open).to.equal(false);
    expect(log.short).to.deep.equal(["open", "step:why", "complete:abandoned", "close"]);
    await waitUntil(() => server.recorded.includes("close"));
  });

  it("a listener that throws changes nothing", async () => {
    const { modal, server } = await open(confirmOnly);
    const handler = window.onerror;
    let thrown = 0;
    // Mocha would call it a failure of this test.
    window.onerror = () => true;
    for (const name of ["renumerate-cancelled", "renumerate-complete"] as const) {
      modal.addEventListener(name, (event) => {
        thrown++;
        if ("at" in event.detail) event.detail.at = 0;
        throw new Error("page");
      });
    }
    await click(modal, "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    window.onerror = handler;
    expect(thrown).to.equal(2);
    expect(server.decisions.length).to.equal(1);
  });

  it("a listener may close, and open again", async () => {
    const { modal, log } = await open(confirmOnly);
    modal.addEventListener("renumerate-complete", () => modal.close(), { once: true });
    modal.addEventListener("renumerate-close", () => modal.show(), { once: true });
    await click(modal, "Keep subscription");
    await waitUntil(() => log.short.filter((name) => name === "step:sure").length === 2);
    await ready(modal);
    expect(log.short).to.deep.equal([
      "open",
      "step:sure",
      "retained",
      "complete:retained",
      "close",
      "open",
      "step:sure",
    ]);
    expect(dialogOf(modal).open).to.equal(true);
  });

  it("gives the focus back", async () => {
    const { log } = serve(usual);
    const trigger = document.createElement("button");
    document.body.append(trigger);
    trigger.focus();
    const modal = place("renumerate-retention-modal");
    modal.show();
    await ready(modal);
    expect(focused()).to.equal(root(modal).querySelector("h2"));
    await click(modal, "Close");
    expect(focused()).to.equal(trigger);
    modal.show();
    await ready(modal);
    trigger.remove();
    await click(modal, "Close");
    expect(log.short.filter((name) => name === "close").length).to.equal(2);
  });

  it("a listener of close may move the focus on", async () => {
    const { modal } = await open(usual);
    const status = document.createElement("p");
    status.tabIndex = -1;
    document.body.append(status);
    modal.addEventListener("renumerate-close", () => status.focus());
    await click(modal, "Close");
    expect(focused()).to.equal(status);
  });

  it("keeps the page still, and leaves no trace", async () => {
    document.documentElement.style.overflow = "auto";
    const before = document.documentElement.outerHTML.slice(0, 80);
    const { modal } = await open(usual);
    const second = place("renumerate-retention-modal");
    second.show();
    await ready(second);
    expect(getComputedStyle(document.documentElement).overflow).to.equal("hidden");
    modal.close();
    expect(getComputedStyle(document.documentElement).overflow).to.equal("hidden");
    second.close();
    expect(getComputedStyle(document.documentElement).overflow).to.equal("auto");
    expect(document.adoptedStyleSheets.length).to.equal(0);
    expect(document.documentElement.outerHTML.slice(0, 80)).to.equal(before);
  });

  it("a click beside it closes, unless something was typed or the press began inside", async () => {
    const { modal } = await open(configOf([steps.feedback]));
    const dialog = dialogOf(modal);
    const press = (target: Element) =>
      target.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    press(control(modal, "Your feedback (optional)"));
    dialog.click();
    expect(modal.open).to.equal(true);
    await write(modal, "Your feedback (optional)", "do not lose me");
    press(dialog);
    dialog.click();
    expect(modal.open).to.equal(true);
    await write(modal, "Your feedback (optional)", "");
    press(dialog);
    dialog.click();
    expect(modal.open).to.equal(false);
  });

  it("keys stay inside, so that shortcuts of the page do not fire while typing", async () => {
    const { modal } = await open(configOf([steps.feedback]));
    const heard: string[] = [];
    const listen = (event: KeyboardEvent) => heard.push(event.key);
    document.addEventListener("keydown", listen);
    control(modal, "Your feedback (optional)").focus();
    await sendKeys({ type: "c" });
    document.removeEventListener("keydown", listen);
    expect(heard).to.deep.equal([]);
    expect(control<HTMLTextAreaElement>(modal, "Your feedback (optional)").value).to.equal("c");
  });

  it("styles and settings of the page do not leak in", async () => {
    const wrapper = document.createElement("div");
    wrapper.style.cssText =
      "letter-spacing:9px;text-transform:uppercase;text-align:right;line-height:4;font-style:italic";
    const { modal } = await open(usual);
    modal.close();
    wrapper.append(modal);
    document.body.append(wrapper);
    modal.show();
    await ready(modal);
    const { letterSpacing, textTransform, textAlign, fontStyle } = getComputedStyle(
      root(modal).querySelector(".body") as Element,
    );
    expect({ letterSpacing, textTransform, textAlign, fontStyle }).to.deep.equal({
      letterSpacing: "normal",
      textTransform: "none",
      textAlign: "start",
      fontStyle: "normal",
    });
  });
});

describe("trouble", () => {
  afterEach(closeAll);

  it("without a session: a clear message, and a mail link with its subject", async () => {
    const { modal, log } = await open(usual, undefined, {
      sessionId: "",
      fallbackEmail: "help&x=1@example.com",
    });
    expect(heading(modal)).to.equal("This is not working right now");
    expect(control<HTMLAnchorElement>(modal, "help&x=1@example.com").href).to.equal(
      "mailto:help%26x%3D1@example.com?subject=Cancellation%20of%20my%20subscription&body=I%20would%20like%20to%20cancel%20my%20subscription.",
    );
    expect(log.short).to.deep.equal(["open", "error:session_missing"]);
    expect(modal.matches(":state(error)")).to.equal(true);
    expect(() => control(modal, "Try again")).to.throw();
  });

  it("an unknown configuration: the same", async () => {
    const { modal, log } = await open({ body: { flow: "next year's" } });
    expect(heading(modal)).to.equal("This is not working right now");
    expect(log.short).to.deep.equal(["open", "error:invalid_answer"]);
  });

  it("trying again loads anew", async () => {
    const { random } = Math;
    // The client waits at random between its own attempts.
    Math.random = () => 0;
    const { modal, server } = await open({ status: 503, code: "unavailable" });
    Math.random = random;
    server.config = usual;
    await click(modal, "Try again");
    await ready(modal);
    expect(heading(modal)).to.contain("Ada");
  });

  it("a decision that could not be sent is sent again as one and the same", async () => {
    const { random } = Math;
    Math.random = () => 0;
    const { modal, server } = await open(confirmOnly, "offline");
    await click(modal, "Cancel subscription");
    await waitUntil(() => root(modal).querySelector(".failure"));
    Math.random = random;
    server.decision = settlements.cancelled;
    await click(modal, "Try again");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    const ids = server.decisions.map(({ body }) => body.events.at(-1)?.id);
    expect(ids.length).to.be.above(1);
    expect(new Set(ids).size).to.equal(1);
  });

  it("a decision that fails loses no text, and another can be made", async () => {
    const { modal, server, log } = await open(configOf([steps.feedback, steps.confirm]), {
      status: 400,
      code: "billing_error",
    });
    await write(modal, "Your feedback (optional)", "something long enough");
    await click(modal, "Continue", "Cancel subscription");
    await waitUntil(() => root(modal).querySelector(".failure"));
    expect(text(modal)).to.contain("That is not possible right now.");
    expect(control<HTMLAnchorElement>(modal, "help@example.com").href).to.contain("mailto:help@example.com");
    await click(modal, "Back");
    expect(control<HTMLTextAreaElement>(modal, "Your feedback (optional)").value).to.equal(
      "something long enough",
    );
    await click(modal, "Continue");
    server.decision = settlements.cancelled;
    await click(modal, "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    expect(log.short.filter((name) => name.startsWith("complete"))).to.deep.equal(["complete:cancelled"]);
  });

  it("a step that cannot be drawn does not take the ways out with it", async () => {
    const broken = { ...offers.discount, terms: { ...offers.discount.terms, currency: "no such" } };
    const error = console.error;
    console.error = () => {};
    const { modal } = await open(offering(broken));
    expect(heading(modal)).to.equal("This is not working right now");
    await click(modal, "Cancel subscription");
    console.error = error;
    expect(heading(modal)).to.equal("Confirm your cancellation");
  });

  it("names are text", async () => {
    const name = `<img src=x onerror="window.hit = 1"> **b** [x](https://example.com)`;
    const { modal } = await open(
      configOf([{ ...steps.survey, title: "Hi {{customer.name}}" }], { customer: { name } }),
    );
    expect(heading(modal)).to.equal(`Hi ${name}`);
    expect(root(modal).querySelector("h2 > :not(bdi)")).to.equal(null);
    expect(root(modal).querySelector("h2 bdi")?.textContent).to.equal(name);
  });
});

describe("element", () => {
  afterEach(closeAll);

  it("opens by attribute, whatever the order of attributes", async () => {
    const { log } = serve(usual);
    const holder = document.createElement("div");
    holder.innerHTML = `<renumerate-retention-modal open session-id="ret_1"></renumerate-retention-modal>`;
    document.body.append(holder);
    const modal = holder.firstElementChild as HTMLElementTagNameMap["renumerate-retention-modal"];
    await ready(modal);
    expect(heading(modal)).to.contain("Ada");
    modal.removeAttribute("open");
    await modal.updateComplete;
    expect(dialogOf(modal).open).to.equal(false);
    modal.open = true;
    await modal.updateComplete;
    expect(modal.hasAttribute("open")).to.equal(true);
    await ready(modal);
    expect(log.short).to.deep.equal(["open", "step:why", "complete:abandoned", "close", "open", "step:why"]);
  });

  it("asks the server with the session, and once for warm-up and opening", async () => {
    const { server } = serve(usual);
    const modal = place("renumerate-retention-modal", {
      subscriptionId: "sub_9",
      apiUrl: "https://api.example.com/x/",
    });
    modal.preload();
    modal.preload();
    modal.show();
    await ready(modal);
    expect(server.flows.length).to.equal(1);
    expect(server.flows[0]?.url.href).to.equal("https://api.example.com/x/v1/widget/flow");
    expect(server.flows[0]?.body).to.deep.equal({ subscription_id: "sub_9", locale: "en" });
    expect(server.flows[0]?.token).to.equal("ret_test");
    modal.close();
    modal.show();
    await ready(modal);
    expect(server.flows.length, "a configuration is used once").to.equal(2);
  });

  it("forgets what was warmed up a while ago, or for another session", async () => {
    const { server } = serve(usual);
    const modal = place("renumerate-retention-modal");
    const { now } = performance;
    modal.preload();
    modal.sessionId = "ret_other";
    modal.preload();
    performance.now = () => now.call(performance) + 16_000;
    modal.show();
    await ready(modal);
    performance.now = now;
    expect(server.flows.map(({ token }) => token)).to.deep.equal(["ret_test", "ret_other", "ret_other"]);
  });

  it("closed while loading, a late answer changes nothing", async () => {
    const { reply, answer } = later();
    const { log } = serve(reply);
    const modal = place("renumerate-retention-modal");
    modal.show();
    await modal.updateComplete;
    await sendKeys({ press: "Escape" });
    answer(usual);
    await settle();
    expect(modal.open).to.equal(false);
    expect(log.short).to.deep.equal(["open", "complete:abandoned", "close"]);
  });

  it("survives being moved, and ends when it is removed", async () => {
    const { modal, log } = await open(usual);
    await click(modal, "It is too expensive");
    const elsewhere = document.createElement("div");
    document.body.append(elsewhere);
    elsewhere.append(modal);
    await modal.updateComplete;
    expect(dialogOf(modal).matches(":modal")).to.equal(true);
    expect(control<HTMLInputElement>(modal, "It is too expensive").checked).to.equal(true);
    const ended: string[] = [];
    modal.addEventListener("renumerate-complete", (event) => ended.push(event.detail.outcome));
    modal.remove();
    await settle();
    expect(ended).to.deep.equal(["abandoned"]);
    expect(document.adoptedStyleSheets.length).to.equal(0);
    expect(log.short).to.deep.equal(["open", "step:why"]);
  });

  it("leaves no listeners on the page", async () => {
    const kept = new Map<string, number>();
    const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
    const count = (target: unknown, type: string, by: number) => {
      // One listener waits, as long as the page is there, for what other tabs leave behind.
      if (type !== "storage" && ([window, document, document.body] as unknown[]).includes(target))
        kept.set(type, (kept.get(type) ?? 0) + by);
    };
    const { log } = serve(usual);
    log.end();
    EventTarget.prototype.addEventListener = function (this: EventTarget, type: string, ...rest: unknown[]) {
      count(this ?? window, type, 1);
      return Reflect.apply(add, this ?? window, [type, ...rest]);
    };
    EventTarget.prototype.removeEventListener = function (
      this: EventTarget,
      type: string,
      ...rest: unknown[]
    ) {
      count(this ?? window, type, -1);
      return Reflect.apply(remove, this ?? window, [type, ...rest]);
    };
    try {
      const modal = place("renumerate-retention-modal");
      modal.show();
      await ready(modal);
      modal.remove();
      await waitUntil(() => [...kept.values()].every((number) => number === 0), "listeners are left");
      expect(kept.size).to.be.above(0);
    } finally {
      EventTarget.prototype.addEventListener = add;
      EventTarget.prototype.removeEventListener = remove;
    }
  });

  it("inline: a named region of the page without a dialog, a lock or a close button", async () => {
    const { modal, log } = await open(usual, undefined, { inline: true });
    expect(dialogOf(modal)).to.equal(null);
    expect(root(modal).querySelector("section")?.getAttribute("aria-labelledby")).to.equal("title");
    expect(document.adoptedStyleSheets.length).to.equal(0);
    expect(() => control(modal, "Close")).to.throw();
    await click(modal, "Cancel subscription", "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    await click(modal, "Done");
    expect(root(modal).querySelector("section")).to.equal(null);
    expect(log.short.at(-1)).to.equal("close");
  });

  it("sets lang and formats for the locale", async () => {
    const { modal } = await open(configOf([steps.confirm]), undefined, { locale: "en-GB" });
    expect(modal.lang).to.equal("en-GB");
    expect(modal.dir).to.equal("ltr");
    expect(text(modal)).to.contain("20 June 2026");
  });

  it("a broken locale is as good as none", async () => {
    const { modal } = await open(configOf([steps.confirm]), undefined, { locale: "not a locale" });
    expect(text(modal)).to.contain("June 20, 2026");
  });

  it("logs to the console only when asked", async () => {
    const { debug } = console;
    const lines: unknown[][] = [];
    console.debug = (...line) => void lines.push(line);
    const { modal } = await open(usual);
    expect(lines.length).to.equal(0);
    modal.debug = true;
    modal.close();
    console.debug = debug;
    expect(lines.length).to.be.above(0);
  });
});

describe("what is said is true", () => {
  afterEach(closeAll);

  it("a pause beyond the paid period has nothing left: cancelling ends at once, and says so", async () => {
    const paused = { status: "paused" as const, periodEnd: NOW - 8 * DAY, pausedUntil: NOW + 60 * DAY };
    const { modal } = await open(configOf([steps.confirm], { subscription: { ...subscription, ...paused } }));
    expect(text(modal)).to.contain("Your subscription will end right away");
    expect(facts(modal)).to.include("Access until: Today");
  });

  it("a new plan is named with the date from which it holds", async () => {
    const price = { ...subscription.price, id: "price_team", amount: 9900 };
    const scheduledChange = { name: "Team", price, at: NOW + 20 * DAY };
    const { modal } = await open(offering(offers.discount), settled("retained", { scheduledChange }));
    await click(modal, "Accept discount");
    await waitUntil(() => facts(modal).includes("From June 20, 2026: Team · $99.00 per month"));
  });

  it("the language is the one that is spoken, not the one that was asked for", async () => {
    const { modal } = await open(confirmOnly, undefined, { locale: "eo" });
    expect(modal.lang).to.equal("en");
    expect(modal.dir).to.equal("ltr");
  });

  it("an answer of a custom step that is no small JSON is refused, and nothing is stuck", async () => {
    const { error } = console;
    const said: unknown[][] = [];
    console.error = (...line) => void said.push(line);
    const { modal } = await open(configOf([steps.custom, steps.confirm]));
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    for (const value of [10n, cyclic, undefined, "x".repeat(3999)]) modal.fill(value);
    await click(modal, "Continue");
    expect(text(modal)).to.contain("Please answer this first");
    modal.fill("x".repeat(3998));
    await click(modal, "Continue");
    console.error = error;
    expect(said.length).to.equal(4);
    expect(heading(modal)).to.equal("Confirm your cancellation");
  });

  it("an offer that has changed meanwhile is loaded again, at the same step and with all answers", async () => {
    const { modal, log, server } = await open(usual, { status: 409, code: "offer_changed" });
    await click(modal, "It is too expensive", "Continue", "Accept discount");
    await waitUntil(() => text(modal).includes("The offer has changed since you saw it"));
    expect(heading(modal)).to.equal("30% off for three months");
    expect(log.short.slice(-2)).to.deep.equal(["error:offer_changed", "step:why/too_expensive"]);
    expect(server.flows.at(-1)?.body.session).to.equal("ses_1");
    server.decision = settlements.discount;
    await click(modal, "Accept discount");
    await waitUntil(() => heading(modal) === "Your discount is on");
    const runs = new Set(server.decisions.flatMap(({ body }) => body.events.map(({ run }) => run)));
    expect(runs.size, "it is still the same run").to.equal(1);
    expect(server.decisions.at(-1)?.body.events.map(({ seq }) => seq)).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it("what is too long for one request is recorded first, and the decision carries the rest", async () => {
    const { modal, server } = await open(configOf([steps.feedback, steps.confirm]), settlements.cancelled);
    // A pause between edits sends each; pagehide does the same without waiting.
    for (let count = 0; count < 30; count++) {
      await write(modal, "Your feedback (optional)", `${count} ${"あ".repeat(4000)}`);
      window.dispatchEvent(new PageTransitionEvent("pagehide"));
    }
    await click(modal, "Cancel subscription", "Cancel subscription");
    await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    const { body } = server.decisions[0] as (typeof server.decisions)[number];
    expect(JSON.stringify(body.events).length).to.be.below(100_000);
    expect(body.events.at(-1)?.type).to.equal("confirm");
    // Who hears that the page goes is every flow on it, also one of an earlier test that had something left to say.
    const { run, seq } = body.events.at(-1) as (typeof body.events)[number];
    const sent = [...server.events, ...server.decisions].flatMap((call) => call.body.events);
    const places = new Set(sent.filter((event) => event.run === run).map((event) => event.seq));
    expect([...places].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: seq + 1 }, (_, at) => at));
  });
});

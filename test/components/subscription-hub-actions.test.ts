/** What a customer can change in a hub, each from the press to the result, and everything that can go wrong. */
import { expect } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import type { Hub, HubChange, HubSubscription, Subscription } from "../../src/api/wire.ts";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import type { ChangeDetail } from "../../src/events.ts";
import { DAY, NOW, offers, subscription } from "../fixtures/flows.ts";
import {
  actions,
  arrived,
  bodies,
  cards,
  change,
  closeHubs,
  type HubServer,
  hubButton,
  hubOf,
  hubRoot,
  hubStatus,
  hubText,
  managed,
  openHub,
  panelOf,
  previewed,
  previewOf,
  subscriptions,
  textOf,
  until,
} from "../fixtures/hub.ts";
import { focused, Log } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

const forever = new Promise<never>(() => {});
const { active, paused, pausing, ending, due } = managed;

type Sent = { id: string; subscription: string; change: HubChange; seen: unknown };

const changesOf = (server: HubServer) => bodies(server, "change") as Sent[];

const press = (hub: SubscriptionHub, name: string, nth = 0) => hubButton(hub, name, nth).click();

function pick(hub: SubscriptionHub, label: string): void {
  const found = [...hubRoot(hub).querySelectorAll("form label")].find((each) =>
    textOf(each).startsWith(label),
  );
  if (!found) throw new Error(`no choice ${label} in ${textOf(panelOf(hub))}`);
  found.querySelector("input")?.click();
}

async function type(hub: SubscriptionHub, part: "code" | "date", value: string): Promise<void> {
  const field = hubRoot(hub).querySelector<HTMLInputElement>(`[part=${part}]`) as HTMLInputElement;
  field.focus();
  field.value = value;
  for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  await hub.updateComplete;
}

/** Until the preview is there. */
const shown = (hub: SubscriptionHub) => until(() => previewed(hub).length, "the preview");
/** Until the panel is gone. */
const over = (hub: SubscriptionHub) => until(() => !panelOf(hub), "the result");
const failed = (hub: SubscriptionHub) => until(() => panelOf(hub)?.querySelector(".failure"), "a failure");

const news = (hub: SubscriptionHub) => hubRoot(hub).querySelector(".news");
const buttonsIn = (hub: SubscriptionHub) => [...hubRoot(hub).querySelectorAll("article button")].map(textOf);
const confirmButton = (hub: SubscriptionHub) =>
  panelOf(hub)?.querySelector<HTMLButtonElement>("[type=submit]") as HTMLButtonElement;

interface Journey {
  of: HubSubscription;
  open: string;
  choose?: (hub: SubscriptionHub) => unknown;
  change: HubChange;
  dueNow?: number;
  after: Subscription;
  lines: string[];
  sentence?: string;
  confirm: string;
  news: string;
}

const studio = { ...subscription.price, id: "price_studio", amount: 9900 };
const solo = { ...subscription.price, id: "price_solo", amount: 1900 };
const june = "June 20, 2026";

const journeys: Record<string, Journey> = {
  "another plan, at once": {
    of: active,
    open: "Change plan",
    choose: (hub) => pick(hub, "Studio"),
    change: { type: "plan_change", priceId: "price_studio" },
    dueNow: 3300,
    after: {
      ...active,
      plan: { id: "prod_studio", name: "Studio", features: [] },
      price: studio,
      nextCharge: { amount: 9900, currency: "usd", at: NOW + 20 * DAY },
    },
    lines: [
      "Due today: $33.00",
      "New plan: Studio",
      "From today: $99.00 per month",
      `Next charge: $99.00 on ${june}`,
    ],
    confirm: "Switch plan",
    news: "Your plan is changed",
  },
  "another plan, from the next charge": {
    of: active,
    open: "Change plan",
    choose: (hub) => pick(hub, "Solo"),
    change: { type: "plan_change", priceId: "price_solo" },
    after: {
      ...active,
      scheduledChange: { name: "Solo", price: solo, at: NOW + 20 * DAY },
      nextCharge: { amount: 1900, currency: "usd", at: NOW + 20 * DAY },
    },
    lines: ["Due today: $0.00", `Next charge: $19.00 on ${june}`, `From ${june}: Solo · $19.00 per month`],
    confirm: "Switch plan",
    news: `Your plan will change on ${june}`,
  },
  "by the year": {
    of: active,
    open: "Switch to yearly",
    change: { type: "annual_switch" },
    dueNow: 45_750,
    after: {
      ...active,
      price: actions.annual_switch.plan.price,
      nextCharge: { amount: 49_000, currency: "usd", at: NOW + 365 * DAY },
    },
    lines: [
      "Due today: $457.50",
      "From today: $490.00 per year",
      "You save per year: $98.00",
      "Next charge: $490.00 on May 31, 2027",
    ],
    sentence: "You pay for a whole year in advance.",
    confirm: "Switch to yearly",
    news: "You now pay by the year",
  },
  "a pause of some months": {
    of: active,
    open: "Pause subscription",
    choose: (hub) => pick(hub, "2 months"),
    change: { type: "pause", choice: { months: 2 } },
    after: paused,
    lines: [
      "Due today: $0.00",
      "New plan: Archive",
      "Paused until: July 31, 2026",
      "Access until: May 23, 2026",
      "Next charge: $49.00 on July 31, 2026",
    ],
    confirm: "Pause subscription",
    news: "Your pause is set",
  },
  "a pause until a date": {
    of: active,
    open: "Pause subscription",
    choose: (hub) => type(hub, "date", "2026-07-31"),
    change: { type: "pause", choice: { until: +new Date(2026, 6, 31) } },
    after: { ...active, status: "paused", pausedUntil: +new Date(2026, 6, 31) },
    lines: [
      "Due today: $0.00",
      "Paused until: July 31, 2026",
      `Access until: ${june}`,
      `Next charge: $49.00 on ${june}`,
    ],
    confirm: "Pause subscription",
    news: "Your pause is set",
  },
  "another end for a pause": {
    of: paused,
    open: "Change the pause",
    choose: (hub) => pick(hub, "3 months"),
    change: { type: "extend_pause", choice: { months: 3 } },
    after: { ...paused, pausedUntil: NOW + 92 * DAY, nextCharge: undefined },
    lines: ["Due today: $0.00", "Paused until: August 31, 2026", "Access until: May 23, 2026"],
    confirm: "Change the pause",
    news: "Your pause is changed",
  },
  "the end of a pause": {
    of: paused,
    open: "Resume now",
    change: { type: "resume" },
    dueNow: 4900,
    after: subscription,
    lines: ["Due today: $49.00", "New plan: Team", `Next charge: $49.00 on ${june}`],
    sentence: "Your subscription runs again from today.",
    confirm: "Resume now",
    news: "Your subscription is running again",
  },
  "a pause that has not begun": {
    of: pausing,
    open: "Cancel the pause",
    change: { type: "resume" },
    after: { ...pausing, pausedUntil: undefined } as never,
    lines: ["Due today: $0.00", `Next charge: $49.00 on ${june}`],
    sentence: "Your subscription continues as before.",
    confirm: "Cancel the pause",
    news: "Your subscription continues",
  },
  "a cancellation": {
    of: ending,
    open: "Undo cancellation",
    change: { type: "undo_cancellation" },
    after: subscription,
    lines: ["Due today: $0.00", `Next charge: $49.00 on ${june}`],
    sentence: "Your subscription continues as before.",
    confirm: "Undo cancellation",
    news: "Your cancellation is undone",
  },
  "a promo code": {
    of: active,
    open: "Enter a promo code",
    async choose(hub) {
      await type(hub, "code", "  SPRING ");
      press(hub, "Check code");
    },
    change: { type: "promo_code", code: "SPRING" },
    after: subscriptions.discounted,
    lines: [
      "Due today: $0.00",
      "Price: $34.30 per month instead of $49.00",
      `Next charge: $34.30 on ${june}`,
      "Discount: 30% off until September 18, 2026",
    ],
    confirm: "Apply discount",
    news: "Your discount is on",
  },
  "a failed payment": {
    of: due,
    open: "Pay $49.00 now",
    change: { type: "retry_payment" },
    dueNow: 4900,
    after: { ...subscription, plan: due.plan },
    lines: ["Due today: $49.00", `Next charge: $49.00 on ${june}`],
    sentence: "Your subscription is then paid up.",
    confirm: "Pay $49.00 now",
    news: "Your payment went through",
  },
};

describe("what a customer changes in a hub", () => {
  afterEach(closeHubs);

  for (const [name, journey] of Object.entries(journeys)) {
    it(`${name}: money and dates before, the result after`, async () => {
      const { hub, server } = await openHub(hubOf([journey.of]));
      const log: ChangeDetail[] = [];
      hub.addEventListener("renumerate-change", ({ detail }) => log.push(detail));
      const preview = previewOf(journey.after, journey.dueNow);
      server.replies = {
        preview: { body: preview },
        change: () => {
          server.answer = hubOf([{ ...journey.after, id: journey.of.id, actions: { cancel: {} } }]);
          return { body: { status: "done", subscription: journey.after } };
        },
      };
      press(hub, journey.open);
      await hub.updateComplete;
      expect(focused()).to.equal(panelOf(hub)?.querySelector("h4"));
      expect(changesOf(server), "nothing is changed by opening it").to.deep.equal([]);
      if (journey.choose) {
        expect(bodies(server, "preview"), "nothing is chosen for the customer").to.deep.equal([]);
        await journey.choose(hub);
      }
      await shown(hub);
      expect(previewed(hub)).to.deep.equal(journey.lines);
      if (journey.sentence) expect(textOf(panelOf(hub))).to.contain(journey.sentence);
      expect(bodies(server, "preview")).to.deep.equal([
        { subscription: journey.of.id, change: journey.change },
      ]);
      const confirm = confirmButton(hub);
      expect(textOf(confirm)).to.equal(journey.confirm);
      confirm.focus();
      confirm.click();
      await over(hub);
      expect(textOf(news(hub))).to.equal(journey.news);
      await hub.updateComplete;
      expect(focused()).to.equal(news(hub));
      const [sent, ...more] = changesOf(server);
      expect(more).to.deep.equal([]);
      expect(sent).to.deep.include({ subscription: journey.of.id, change: journey.change });
      expect(sent?.seen, "what was seen is what is sent").to.deep.equal(JSON.parse(JSON.stringify(preview)));
      expect(sent?.id).to.match(/^[A-Za-z0-9_-]{8,64}$/);
      expect(server.calls.length, "it is read back").to.equal(2);
      expect(cards(hub)[0]?.[0]).to.equal(journey.after.plan.name);
      expect(log).to.deep.equal([
        { subscriptionId: journey.of.id, change: journey.change.type, status: "done" },
      ]);
    });
  }

  describe("what can be done", () => {
    it("in order, the way on first and the way out last; what is not possible is not there", async () => {
      const { hub } = await openHub(hubOf([active]));
      expect(buttonsIn(hub)).to.deep.equal([
        "Change plan",
        "Switch to yearly",
        "Pause subscription",
        "Enter a promo code",
        "Update payment method",
        "Cancel subscription",
      ]);
      closeHubs();
      const { hub: second } = await openHub(hubOf([paused, ending, due, subscriptions.ended]));
      expect(buttonsIn(second)).to.deep.equal([
        ...["Resume now", "Change the pause", "Update payment method", "Cancel subscription"],
        "Undo cancellation",
        ...["Pay $49.00 now", "Update payment method", "Cancel subscription"],
      ]);
    });

    it("a payment that has failed: what is due, and since when", async () => {
      const { hub } = await openHub(hubOf([due]));
      expect(textOf(hubRoot(hub).querySelector("[part=due]"))).to.contain(
        "The last payment did not go through. $49.00 is due.",
      );
      expect(cards(hub)[0]).to.include("Due since: May 27, 2026");
      press(hub, "Pay $49.00 now");
      await hub.updateComplete;
      expect(buttonsIn(hub), "each once").to.deep.equal(["Pay $49.00 now", "Back"]);
    });

    it("the card that pays, until the end of its month", async () => {
      const method = (expMonth: number, expYear: number) => ({
        ...active,
        paymentMethod: { brand: "Visa", last4: "4242", expMonth, expYear },
      });
      const text = async (one: HubSubscription) => {
        const { hub } = await openHub(hubOf([one]));
        const found = [cards(hub)[0]?.find((line) => line.startsWith("Payment")), hubText(hub)] as const;
        hub.remove();
        return found;
      };
      // By billing's clock it is the last of May, and the next charge is on 20 June.
      for (const [month, year, words, warning] of [
        [4, 2026, "April 2026", "has expired"],
        [5, 2026, "May 2026", "expires before the next payment"],
        [6, 2026, "June 2026", undefined],
      ] as const) {
        const [row, all] = await text(method(month, year));
        expect(row).to.equal(`Payment method: Visa ending in 4242, valid until ${words}`);
        if (warning) expect(all).to.contain(warning);
        else expect(all).not.to.match(/expire/);
      }
      const quiet = { ...method(4, 2026), nextCharge: undefined } as never as HubSubscription;
      expect((await text(quiet))[1], "nothing will be charged").not.to.match(/expire/);
      expect((await text({ ...active, paymentMethod: { brand: "PayPal" } }))[0]).to.equal(
        "Payment method: PayPal",
      );
      const { paymentMethod, ...none } = active;
      expect((await text(none))[0]).to.equal("Payment method: None");
    });
  });

  describe("a panel", () => {
    const opened = async (hub: Partial<Hub> = {}, of: readonly HubSubscription[] = [active]) => {
      const found = await openHub(hubOf(of, hub));
      found.server.replies = {
        preview: ({ change }: { change: { priceId?: string } }) => ({
          body: previewOf({
            ...subscription,
            plan: { ...subscription.plan, name: change.priceId ?? "Other" },
          }),
        }),
        change: { body: { status: "done", subscription } },
      };
      return found;
    };

    it("Back and Escape lead to the button that opened it, and change nothing", async () => {
      const { hub, server } = await opened();
      for (const leave of [() => press(hub, "Back"), () => sendKeys({ press: "Escape" })]) {
        press(hub, "Enter a promo code");
        await hub.updateComplete;
        await leave();
        await hub.updateComplete;
        expect(panelOf(hub)).to.equal(null);
        expect(focused()).to.equal(hubButton(hub, "Enter a promo code"));
      }
      expect(server.sent).to.deep.equal([]);
    });

    it("keys that are pressed in it reach nothing around it", async () => {
      const { hub } = await opened();
      let heard = 0;
      const hear = () => heard++;
      const kinds = ["keydown", "keypress", "keyup"];
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      await type(hub, "code", "");
      for (const kind of kinds) document.addEventListener(kind, hear);
      await sendKeys({ press: "s" });
      const typed = (focused() as HTMLInputElement).value;
      // It is released where the focus has gone meanwhile.
      document.removeEventListener("keyup", hear);
      await sendKeys({ press: "Escape" });
      for (const kind of kinds) document.removeEventListener(kind, hear);
      expect([typed, heard]).to.deep.equal(["s", 0]);
      expect(panelOf(hub)).to.equal(null);
    });

    it("opening one in another card closes the first", async () => {
      const { hub } = await opened({}, [active, paused]);
      press(hub, "Change plan");
      await hub.updateComplete;
      press(hub, "Change the pause");
      await hub.updateComplete;
      expect(hubRoot(hub).querySelectorAll("form").length).to.equal(1);
      expect(panelOf(hub)?.closest("article")?.dataset.id).to.equal(paused.id);
    });

    it("going on without a choice says what is missing, where it is missing", async () => {
      const { hub, server } = await opened();
      for (const [open, confirm, words] of [
        ["Change plan", "Switch plan", "Please choose one of these."],
        ["Pause subscription", "Pause subscription", "Please choose one of these."],
        ["Enter a promo code", "Check code", "Please enter a code."],
      ] as const) {
        press(hub, open);
        await hub.updateComplete;
        expect(hubRoot(hub).querySelector("form .error")).to.equal(null);
        press(hub, confirm);
        await hub.updateComplete;
        expect(textOf(hubRoot(hub).querySelector("form [role=alert]"))).to.equal(words);
        expect(focused()?.localName).to.equal("input");
        press(hub, "Back");
        await hub.updateComplete;
      }
      expect(server.sent).to.deep.equal([]);
    });

    it("a date outside of the limits is refused in words, and not sent; inside it is", async () => {
      const { hub, server } = await opened();
      press(hub, "Pause subscription");
      await hub.updateComplete;
      const field = hubRoot(hub).querySelector("[part=date]") as HTMLInputElement;
      for (const beyond of ["2026-06-20", "2027-01-01"]) {
        await type(hub, "date", beyond);
        field.blur();
        await hub.updateComplete;
        expect(textOf(hubRoot(hub).querySelector("form .error"))).to.match(
          /^Please choose a date between June 2[12], 2026 and December 17, 2026\.$/,
        );
        expect(field.value, "what was typed is still there").to.equal(beyond);
      }
      expect(server.sent).to.deep.equal([]);
      for (const within of [field.min, field.max]) {
        await type(hub, "date", within);
        await shown(hub);
      }
      expect(server.sent.length).to.equal(2);
      expect(hubRoot(hub).querySelector("form .error")).to.equal(null);
    });

    it("a length takes the place of a date, and the other way round", async () => {
      const { hub } = await opened();
      press(hub, "Pause subscription");
      await hub.updateComplete;
      await type(hub, "date", "2026-07-31");
      pick(hub, "1 month");
      await hub.updateComplete;
      expect((hubRoot(hub).querySelector("[part=date]") as HTMLInputElement).value).to.equal("");
      await type(hub, "date", "2026-07-31");
      expect(hubRoot(hub).querySelector("form :checked")).to.equal(null);
    });

    it("an answer for a choice that is no longer the choice is dropped", async () => {
      const { hub, server } = await opened();
      const late: Record<string, (reply: { body: unknown }) => void> = {};
      server.replies.preview = ({ change }: { change: { priceId: string } }) =>
        new Promise((resolve) => {
          late[change.priceId] = resolve;
        });
      press(hub, "Change plan");
      await hub.updateComplete;
      pick(hub, "Solo");
      await until(() => late.price_solo, "the first is asked for");
      pick(hub, "Studio");
      await until(() => late.price_studio, "the second is asked for");
      const answer = (name: string) => ({
        body: previewOf({ ...subscription, plan: { ...subscription.plan, name } }),
      });
      late.price_studio?.(answer("Studio"));
      await shown(hub);
      late.price_solo?.(answer("Solo"));
      await settle();
      expect(previewed(hub)).to.include("New plan: Studio");
    });

    it("confirming waits for the preview of the present choice", async () => {
      const { hub, server } = await opened();
      press(hub, "Change plan");
      await hub.updateComplete;
      pick(hub, "Solo");
      await shown(hub);
      server.replies.preview = forever;
      pick(hub, "Studio");
      await hub.updateComplete;
      expect(previewed(hub), "what held for another choice is gone").to.deep.equal([]);
      press(hub, "Switch plan");
      await settle();
      expect(changesOf(server)).to.deep.equal([]);
      expect(hubStatus(hub)).to.equal("Loading…");
    });

    it("another code has to be looked up again", async () => {
      const { hub, server } = await opened();
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      await type(hub, "code", "ONE");
      press(hub, "Check code");
      await shown(hub);
      await type(hub, "code", "TWO");
      expect(previewed(hub)).to.deep.equal([]);
      press(hub, "Check code");
      await shown(hub);
      press(hub, "Apply discount");
      await over(hub);
      expect(changesOf(server).map(({ change }) => change)).to.deep.equal([
        { type: "promo_code", code: "TWO" },
      ]);
    });

    it("Enter in the field looks the code up, and does not apply it at once", async () => {
      const { hub, server } = await opened();
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      await type(hub, "code", "ONE");
      await sendKeys({ press: "Enter" });
      await shown(hub);
      expect(changesOf(server)).to.deep.equal([]);
    });

    it("the second half of a double click confirms nothing that has only just come", async () => {
      const { hub, server } = await opened();
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      await type(hub, "code", "ONE");
      press(hub, "Check code");
      await shown(hub);
      confirmButton(hub).dispatchEvent(
        new MouseEvent("click", { detail: 2, bubbles: true, cancelable: true }),
      );
      await settle();
      expect(changesOf(server)).to.deep.equal([]);
    });

    it("while it is being made nothing more is sent, and the customer is told", async () => {
      const { hub, server } = await opened();
      let answer: (reply: { body: unknown }) => void = () => {};
      server.replies.change = new Promise((resolve) => (answer = resolve));
      press(hub, "Change plan");
      await hub.updateComplete;
      pick(hub, "Studio");
      await shown(hub);
      const confirm = confirmButton(hub);
      for (let times = 0; times < 3; times++) confirm.click();
      await hub.updateComplete;
      expect(confirm.getAttribute("aria-disabled")).to.equal("true");
      expect(hubStatus(hub)).to.equal("Saving…");
      press(hub, "Back");
      await hub.refresh();
      expect(panelOf(hub), "it stays until there is an answer").to.exist;
      await until(() => changesOf(server).length > 0, "it is sent");
      answer({ body: { status: "done", subscription } });
      await over(hub);
      expect(changesOf(server).length).to.equal(1);
    });

    it("what billing has not confirmed is called requested, and no more than that", async () => {
      const { hub, server } = await opened();
      server.replies.change = () => {
        server.answer = hubOf([active], { requested: [active.id] });
        return { body: { status: "requested", subscription } };
      };
      press(hub, "Change plan");
      await hub.updateComplete;
      pick(hub, "Studio");
      await shown(hub);
      press(hub, "Switch plan");
      await over(hub);
      expect(textOf(news(hub)))
        .to.contain("We have received your request")
        .and.contain("being confirmed");
      expect(hubText(hub)).not.to.contain("Your plan is changed");
      server.answer = hubOf([active]);
      await hub.refresh();
      expect(news(hub)).to.equal(null);
    });

    it("the result stays through a refresh, until the next action", async () => {
      const { hub } = await opened();
      press(hub, "Change plan");
      await hub.updateComplete;
      pick(hub, "Studio");
      await shown(hub);
      press(hub, "Switch plan");
      await over(hub);
      await hub.refresh();
      expect(news(hub)).to.exist;
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      expect(news(hub)).to.equal(null);
    });

    for (const [where, place] of [
      ["of the page", () => document.body.appendChild(document.createElement("input"))],
      ["of the hub", (hub: SubscriptionHub) => hubButton(hub, "Resume now")],
    ] as const) {
      it(`somebody who has gone on to another place ${where} is told, and stays there`, async () => {
        const { hub, server } = await opened({}, [active, paused]);
        let answer: (reply: { body: unknown }) => void = () => {};
        server.replies.change = new Promise((resolve) => (answer = resolve));
        press(hub, "Switch to yearly");
        await shown(hub);
        confirmButton(hub).click();
        const other = place(hub);
        other.focus();
        answer({ body: { status: "done", subscription } });
        await over(hub);
        await hub.updateComplete;
        expect(focused()).to.equal(other);
        expect(hubStatus(hub)).to.equal("You now pay by the year");
      });
    }

    it("another customer sees nothing of it", async () => {
      const { hub, server } = await opened();
      let answer: (reply: { body: unknown }) => void = () => {};
      server.replies.change = new Promise((resolve) => (answer = resolve));
      press(hub, "Switch to yearly");
      await shown(hub);
      confirmButton(hub).click();
      hub.sessionId = "sub_other";
      await arrived(hub);
      answer({ body: { status: "done", subscription } });
      await settle();
      expect(panelOf(hub)).to.equal(null);
      expect(news(hub)).to.equal(null);
    });
  });

  describe("a refresh while a panel is open", () => {
    it("keeps the panel, what was typed, the focus and the caret; above it a subscription may join", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      await type(hub, "code", "SPRI");
      const field = focused();
      await hub.refresh();
      expect(focused(), "nothing has changed").to.equal(field);
      server.answer = hubOf([change("sub_new", "New"), active]);
      await hub.refresh();
      const now = focused() as HTMLInputElement;
      expect([now.part.value, now.value]).to.deep.equal(["code", "SPRI"]);
      expect(now.closest("article")?.dataset.id).to.equal(active.id);
    });

    it("keeps a choice and its preview", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      server.replies.preview = { body: previewOf(subscription, 700) };
      press(hub, "Change plan");
      await hub.updateComplete;
      pick(hub, "Solo");
      await shown(hub);
      await hub.refresh();
      expect(
        (hubRoot(hub).querySelector("form :checked") as Element).closest("label")?.textContent,
      ).to.contain("Solo");
      expect(previewed(hub)[0]).to.equal("Due today: $7.00");
      expect(bodies(server, "preview").length).to.equal(1);
      const { plans } = actions.plan_change;
      server.answer = hubOf([{ ...active, actions: { plan_change: { plans: plans.slice(1) } } }]);
      await hub.refresh();
      await hub.updateComplete;
      expect(hubRoot(hub).querySelector("form :checked"), "the plan is gone").to.equal(null);
      expect(previewed(hub)).to.deep.equal([]);
    });

    it("closes it when that is not possible any more, and says so", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      press(hub, "Change plan");
      await hub.updateComplete;
      server.answer = hubOf([{ ...active, actions: { cancel: {} } }]);
      await hub.refresh();
      await hub.updateComplete;
      expect(panelOf(hub)).to.equal(null);
      expect(textOf(news(hub))).to.contain("That is not possible right now. Nothing has changed.");
      expect(focused()).to.equal(news(hub));
    });

    it("that fails keeps it; one that finds nobody signed in keeps nothing", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      press(hub, "Change plan");
      await hub.updateComplete;
      server.answer = "offline";
      await hub.refresh();
      expect(panelOf(hub)).to.exist;
      server.answer = { status: 401, code: "session_expired" };
      await hub.refresh();
      expect(panelOf(hub)).to.equal(null);
      server.answer = hubOf([active]);
      await hub.refresh();
      expect(panelOf(hub), "whoever comes next").to.equal(null);
    });
  });

  describe("failures", () => {
    /** A change that is previewed and about to be confirmed. */
    const ready = async (of: HubSubscription = active, open = "Switch to yearly") => {
      const log = new Log();
      const { hub, server } = await openHub(hubOf([of]));
      server.replies.preview = { body: previewOf(subscription) };
      press(hub, open);
      await shown(hub);
      log.end();
      return { hub, server };
    };
    const mail = (hub: SubscriptionHub) =>
      decodeURIComponent(hubRoot(hub).querySelector<HTMLAnchorElement>("article a")?.href ?? "");

    for (const [code, words] of [
      ["promo_code_invalid", "We do not know this code."],
      ["promo_code_expired", "This code has expired."],
      ["promo_code_used_up", "This code has been used up."],
      ["promo_code_not_applicable", "This code does not apply to your subscription."],
    ] as const) {
      it(`${code} is said at the field, which keeps what was typed`, async () => {
        const { hub, server } = await openHub(hubOf([active]));
        server.replies.preview = { status: 409, code };
        press(hub, "Enter a promo code");
        await hub.updateComplete;
        await type(hub, "code", "SPRING");
        press(hub, "Check code");
        await until(() => hubRoot(hub).querySelector("form .error"), "an error");
        const field = hubRoot(hub).querySelector("[part=code]") as HTMLInputElement;
        expect(textOf(hubRoot(hub).querySelector("form .error"))).to.contain(words);
        expect([field.value, field.ariaInvalid]).to.deep.equal(["SPRING", "true"]);
        expect(field.getAttribute("aria-describedby")).to.equal("error");
        await hub.updateComplete;
        expect(focused()).to.equal(field);
        await type(hub, "code", "SPRINGS");
        expect(hubRoot(hub).querySelector("form .error"), "it was about another code").to.equal(null);
      });
    }

    it("a lost answer: trying again is the same change, with the same id", async () => {
      const { hub, server } = await ready();
      server.replies.change = "offline";
      confirmButton(hub).click();
      await failed(hub);
      expect(textOf(panelOf(hub))).to.contain("Trying again is safe: nothing is done twice.");
      expect(mail(hub)).to.contain("help@example.com").and.to.contain(active.id);
      server.replies.change = { body: { status: "done", subscription } };
      press(hub, "Try again");
      await over(hub);
      expect(new Set(changesOf(server).map(({ id }) => id)).size).to.equal(1);
      expect(changesOf(server).length).to.be.above(1);
    });

    it("a lost answer to what was done: asking again tells so, whatever a refresh has shown meanwhile", async () => {
      const { hub, server } = await ready(ending, "Undo cancellation");
      server.replies.change = () => {
        server.answer = hubOf([{ ...subscription, id: ending.id }]);
        return "offline";
      };
      confirmButton(hub).click();
      await failed(hub);
      await hub.refresh();
      expect(cards(hub)[0]?.[1]).to.equal("Active");
      expect(hubText(hub)).not.to.contain("Nothing has changed");
      server.replies.change = { body: { status: "done", subscription } };
      press(hub, "Try again");
      await over(hub);
      expect(textOf(news(hub))).to.equal("Your cancellation is undone");
      expect(new Set(changesOf(server).map(({ id }) => id)).size).to.equal(1);
    });

    it("a code that is used up in the moment of applying it has to be looked up again", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      server.replies = {
        preview: { body: previewOf(subscription) },
        change: { status: 409, code: "promo_code_used_up" },
      };
      press(hub, "Enter a promo code");
      await hub.updateComplete;
      await type(hub, "code", "SPRING");
      press(hub, "Check code");
      await shown(hub);
      press(hub, "Apply discount");
      await until(() => hubRoot(hub).querySelector("form .error"), "an error");
      expect(previewed(hub)).to.deep.equal([]);
      expect(textOf(confirmButton(hub))).to.equal("Check code");
    });

    it("a new preview makes it another change, with another id", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      let at = NOW;
      server.replies = {
        preview: () => ({ body: { ...previewOf(subscription), at: ++at } }),
        change: "offline",
      };
      for (let times = 0; times < 2; times++) {
        press(hub, "Switch to yearly");
        await shown(hub);
        confirmButton(hub).click();
        await failed(hub);
        press(hub, "Back");
        await hub.updateComplete;
      }
      expect(new Set(changesOf(server).map(({ id }) => id)).size).to.equal(2);
    });

    it("going back after a lost answer reads what holds", async () => {
      const { hub, server } = await ready();
      server.replies.change = "offline";
      confirmButton(hub).click();
      await failed(hub);
      const before = server.calls.length;
      press(hub, "Back");
      await until(() => server.calls.length > before, "the hub is read");
    });

    it("a payment that is declined: the way to another method; the next attempt is a new one", async () => {
      const { hub, server } = await ready(due, "Pay $49.00 now");
      server.replies.change = { status: 402, code: "payment_declined" };
      confirmButton(hub).click();
      await failed(hub);
      expect(textOf(panelOf(hub))).to.contain("The payment was declined and nothing was charged.");
      confirmButton(hub).click();
      await until(() => changesOf(server).length === 2, "the second attempt");
      expect(new Set(changesOf(server).map(({ id }) => id)).size).to.equal(2);
      await failed(hub);
      const gone: string[] = [];
      hub.leave = (url) => gone.push(url);
      server.replies["payment-page"] = { body: { url: "https://pay.example.com/1" } };
      press(hub, "Update payment method");
      await until(() => gone.length, "the page");
      expect(gone).to.deep.equal(["https://pay.example.com/1"]);
    });

    it("terms that have changed are shown again by themselves, and confirmed anew", async () => {
      const { hub, server } = await ready();
      server.replies = {
        preview: { body: previewOf(subscription, 1234) },
        change: { status: 409, code: "terms_changed" },
      };
      confirmButton(hub).click();
      await until(() => previewed(hub)[0] === "Due today: $12.34", "the new terms");
      expect(textOf(panelOf(hub))).to.contain("This has changed since you saw it.");
      expect(changesOf(server).length, "nothing is confirmed for the customer").to.equal(1);
      server.replies.change = { body: { status: "done", subscription } };
      confirmButton(hub).click();
      await over(hub);
      const [first, second] = changesOf(server) as [Sent, Sent];
      expect(second.id).not.to.equal(first.id);
      expect((second.seen as { dueNow: number }).dueNow).to.equal(1234);
    });

    for (const code of ["change_not_available", "billing_rejected"]) {
      it(`${code}: nothing has changed, and whom to write to with what reference`, async () => {
        const { hub, server } = await ready();
        server.replies.change = { status: 409, code };
        confirmButton(hub).click();
        await failed(hub);
        expect(textOf(panelOf(hub))).to.contain("That is not possible right now. Nothing has changed.");
        expect(mail(hub)).to.contain(`Reference: ${active.id}, req_7`);
      });
    }

    it("a change that is not possible any more is gone after the refresh, with its reference", async () => {
      const { hub, server } = await ready();
      server.replies.change = { status: 409, code: "change_not_available" };
      server.answer = hubOf([{ ...active, actions: { cancel: {} } }]);
      confirmButton(hub).click();
      await over(hub);
      expect(textOf(news(hub))).to.contain("That is not possible right now.");
      expect(mail(hub)).to.contain("req_7");
    });

    it("a preview that does not come can be asked for again", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      server.replies.preview = { status: 503, code: "billing_unavailable" };
      press(hub, "Switch to yearly");
      await failed(hub);
      server.replies.preview = { body: previewOf(subscription) };
      press(hub, "Try again");
      await shown(hub);
      expect(panelOf(hub)?.querySelector(".failure")).to.equal(null);
      expect(textOf(confirmButton(hub))).to.equal("Switch to yearly");
    });

    it("nobody signed in any more: as everywhere in the hub", async () => {
      const { hub, server } = await ready();
      server.replies.change = { status: 401, code: "session_expired" };
      const log = new Log();
      confirmButton(hub).click();
      await until(() => !hubRoot(hub).querySelector("article"), "the end of the session");
      log.end();
      expect(hubText(hub)).to.contain("This page has been open for too long");
      expect(log.short).to.deep.equal(["error:session_expired"]);
    });

    it("each tells the page", async () => {
      const { hub, server } = await ready();
      server.replies.change = { status: 409, code: "billing_rejected" };
      const log = new Log();
      confirmButton(hub).click();
      await failed(hub);
      log.end();
      expect(log.short).to.deep.equal(["error:billing_rejected"]);
    });
  });

  describe("the payment method", () => {
    it("the provider's page in this tab, which leads back to this page without its hash", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      const gone: string[] = [];
      hub.leave = (url) => gone.push(url);
      server.replies["payment-page"] = { body: { url: "http://localhost/pay" } };
      history.replaceState(null, "", "#card");
      press(hub, "Update payment method");
      press(hub, "Update payment method");
      await until(() => gone.length, "the page");
      history.replaceState(null, "", location.pathname + location.search);
      expect(gone).to.deep.equal(["http://localhost/pay"]);
      expect(bodies(server, "payment-page")).to.deep.equal([
        { subscription: active.id, returnUrl: location.href },
      ]);
    });

    it("an address that is no page is not gone to", async () => {
      const { hub, server } = await openHub(hubOf([active]));
      const gone: string[] = [];
      hub.leave = (url) => gone.push(url);
      server.replies["payment-page"] = { body: { url: "javascript:alert(1)" } };
      press(hub, "Update payment method");
      await until(() => news(hub), "a refusal");
      expect(gone).to.deep.equal([]);
    });

    it("a failure is said in the card, can be tried again, and names whom to write to", async () => {
      const { hub, server } = await openHub(hubOf([paused, active]));
      press(hub, "Update payment method", 1);
      await until(() => news(hub), "a failure");
      expect(news(hub)?.closest("article")?.dataset.id).to.equal(active.id);
      expect(textOf(news(hub))).to.contain("help@example.com");
      const gone: string[] = [];
      hub.leave = (url) => gone.push(url);
      server.replies["payment-page"] = { body: { url: "https://pay.example.com/1" } };
      press(hub, "Try again");
      await until(() => gone.length, "the page");
      expect(news(hub)).to.equal(null);
    });
  });

  describe("what the business offers", () => {
    const offering = (offer: object, id = active.id) =>
      ({ offer: { subscription: id, offer } }) as unknown as Partial<Hub>;

    it("in its own words, and as text", async () => {
      const offer = {
        ...offers.discount,
        title: "For you, {{customer.firstName}} <img src=x>",
        body: "**Less** for longer. <script>",
      };
      const { hub } = await openHub(hubOf([active], offering(offer)));
      const banner = hubRoot(hub).querySelector("[part=offer]") as Element;
      expect(textOf(banner))
        .to.contain("For you, Ada <img src=x>")
        .and.to.contain("Less for longer. <script>");
      expect(banner.querySelector("strong")?.textContent).to.equal("Less");
      expect(banner.querySelector("img, script")).to.equal(null);
    });

    for (const [offer, title, accept] of [
      [{ ...offers.discount, title: undefined }, "30% off your subscription", "Accept discount"],
      [offers.annual_switch, "Pay by the year", "Switch to yearly"],
      [offers.trial_extension, "14 more days to try it", "Extend trial"],
    ] as const) {
      it(`${offer.type}: previewed, confirmed, and said what it has led to`, async () => {
        const { hub, server } = await openHub(
          hubOf([{ ...active, actions: { cancel: {} } }], offering(JSON.parse(JSON.stringify(offer)))),
        );
        expect(textOf(hubRoot(hub).querySelector("[part=offer] h3"))).to.equal(title);
        server.replies = {
          preview: { body: previewOf(subscriptions.discounted) },
          change: () => {
            server.answer = hubOf([active]);
            return { body: { status: "done", subscription } };
          },
        };
        press(hub, accept);
        await shown(hub);
        expect(textOf(panelOf(hub)?.querySelector("h4"))).to.equal(title);
        expect(previewed(hub)).to.include("Price: $34.30 per month instead of $49.00");
        confirmButton(hub).click();
        await over(hub);
        expect(changesOf(server)[0]?.change).to.deep.equal({ type: "offer", offer: offer.id });
        expect(textOf(news(hub))).to.match(/discount is on|pay by the year|trial is extended/);
        expect(hubRoot(hub).querySelector("[part=offer]")).to.equal(null);
      });
    }

    it("No thanks: gone at once, told to the server, and the focus goes on", async () => {
      const { hub, server } = await openHub(hubOf([active], offering(offers.annual_switch)));
      server.replies.dismiss = { body: { dismissed: true } };
      press(hub, "No thanks");
      await hub.updateComplete;
      expect(hubRoot(hub).querySelector("[part=offer]")).to.equal(null);
      expect(focused()).to.equal(hubRoot(hub).querySelector("h2"));
      await until(() => bodies(server, "dismiss").length, "the server is told");
      expect(bodies(server, "dismiss")).to.deep.equal([{ offer: "yearly" }]);
      await hub.refresh();
      expect(hubRoot(hub).querySelector("[part=offer]"), "the server has not heard it").to.equal(null);
      hub.sessionId = "sub_other";
      await arrived(hub);
      expect(hubRoot(hub).querySelector("[part=offer]"), "another customer").to.exist;
    });

    it("one that is gone after a refresh takes its panel along", async () => {
      const { hub, server } = await openHub(hubOf([active], offering(offers.discount)));
      server.replies.preview = forever;
      press(hub, "Accept discount");
      await hub.updateComplete;
      server.answer = hubOf([active]);
      await hub.refresh();
      await over(hub);
      expect(textOf(news(hub))).to.contain("not possible right now");
    });

    it("Back leads to the offer, and one of a subscription that is not shown is not shown", async () => {
      const { hub, server } = await openHub(hubOf([active, paused], offering(offers.discount)));
      server.replies.preview = forever;
      press(hub, "Accept discount");
      await hub.updateComplete;
      press(hub, "Back");
      await hub.updateComplete;
      expect(focused()).to.equal(hubButton(hub, "Accept discount"));
      hub.subscriptionId = paused.id;
      await hub.updateComplete;
      expect(hubRoot(hub).querySelector("[part=offer]")).to.equal(null);
    });
  });

  it("names of plans, brands and offers are text", async () => {
    const evil = `<img src=x onerror="document.title='broken'"><b>{{plan.name}}</b>`;
    const hostile: HubSubscription = {
      ...active,
      paymentMethod: { brand: evil, last4: evil, expMonth: 5, expYear: 2028 },
      actions: {
        ...active.actions,
        plan_change: { plans: [{ price: studio, name: evil, description: evil, features: [evil] }] },
      },
    };
    const { hub, server } = await openHub(hubOf([hostile]));
    server.replies.preview = { body: previewOf({ ...active, plan: { id: "x", name: evil, features: [] } }) };
    press(hub, "Change plan");
    await hub.updateComplete;
    hubRoot(hub).querySelector<HTMLElement>("form input")?.click();
    await shown(hub);
    expect(hubRoot(hub).querySelector("img, b, script")).to.equal(null);
    expect(textOf(panelOf(hub))).to.contain(evil);
    expect(document.title).not.to.equal("broken");
  });
});

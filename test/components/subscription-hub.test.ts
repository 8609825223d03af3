import { expect, waitUntil } from "@open-wc/testing";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { configOf, NOW, settlements, steps, subscription } from "../fixtures/flows.ts";
import {
  arrived,
  cards,
  change,
  closeHubs,
  hubButton,
  hubOf,
  hubRoot,
  hubServer,
  hubStatus,
  hubText,
  hubTitle,
  openHub,
  placeHub,
  respond,
  subscriptions,
  TAG,
  textOf,
} from "../fixtures/hub.ts";
import { click, closeAll, focused, heading, Log, ready, serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

const DAY = 86_400_000;
const forever = new Promise<never>(() => {});

const hasState = (element: Element, name: string) => element.matches(`:state(${name})`);

/** The dialog that a press has opened, with its first step. */
async function dialog(): Promise<RetentionModal> {
  const modal = document.querySelector("renumerate-retention-modal") as RetentionModal;
  await ready(modal);
  return modal;
}

describe("subscription hub", () => {
  afterEach(() => {
    closeAll();
    closeHubs();
  });

  describe("what it says of a subscription", () => {
    const since = "Member since: April 26, 2025";
    const expected: Partial<Record<keyof typeof subscriptions, string[]>> = {
      active: ["Team", "Active", "$49.00 per month", "Next charge: $49.00 on June 20, 2026", since],
      trialing: [
        "Team",
        "Free trial: 5 days left",
        "$49.00 per month",
        "Next charge: $49.00 on June 5, 2026",
        "Trial ends: June 5, 2026",
        since,
      ],
      pastDue: [
        "Studio",
        "Payment overdue",
        "$49.00 per month",
        "Next charge: $49.00 on June 20, 2026",
        since,
      ],
      paused: [
        "Archive",
        "Paused until July 31, 2026",
        "$49.00 per month",
        "Next charge: $49.00 on July 31, 2026",
        since,
      ],
      pausing: [
        "Archive",
        "Active",
        "$49.00 per month",
        "Next charge: $49.00 on June 20, 2026",
        "Paused until: July 31, 2026",
        since,
      ],
      ending: [
        "Team",
        "Ends on June 20, 2026",
        "$49.00 per month",
        "Further charges: None",
        "Access until: June 20, 2026",
        since,
      ],
      ended: ["Old plan", "Ended on May 28, 2026", "Further charges: None", since],
      discounted: [
        "Team",
        "Active",
        "$34.30 per month instead of $49.00",
        "Next charge: $34.30 on June 20, 2026",
        "Discount: 30% off until September 18, 2026",
        since,
      ],
      discountedForever: [
        "Team",
        "Active",
        "$40.00 per month instead of $49.00",
        "Next charge: $40.00 on June 20, 2026",
        "Discount: $9.00 off as long as you subscribe",
        since,
      ],
      // A charge at the very end of a discount is a full one: nothing to come is lower.
      discountPassing: ["Team", "Active", "$49.00 per month", "Next charge: $49.00 on June 20, 2026", since],
      changing: [
        "Team",
        "Active",
        "$49.00 per month",
        "Next charge: $19.00 on June 20, 2026",
        "From June 20, 2026: Solo · $19.00 per month",
        since,
      ],
    };

    for (const [name, lines] of Object.entries(expected) as [keyof typeof subscriptions, string[]][]) {
      it(name, async () => {
        const { hub } = await openHub(hubOf([subscriptions[name]]));
        expect(cards(hub)).to.deep.equal([lines]);
        expect(hubTitle(hub)).to.equal("Your subscription");
      });
    }

    it("days of a trial are rounded up, and a trial that is over counts none", async () => {
      for (const [left, words] of [
        [DAY + 1, "Free trial: 2 days left"],
        [DAY, "Free trial: 1 day left"],
        [1, "Free trial: 1 day left"],
        [0, "Free trial"],
      ] as const) {
        const trial = { ...subscriptions.trialing, trialEnd: NOW + left };
        const { hub } = await openHub(hubOf([trial]));
        expect(cards(hub)[0]?.[1]).to.equal(words);
        hub.remove();
      }
    });

    it("features of what runs, and none of what has ended", async () => {
      const { hub } = await openHub(hubOf([subscriptions.active, subscriptions.ended]));
      const lists = [...hubRoot(hub).querySelectorAll("article")].map((card) =>
        [...card.querySelectorAll("li")].map(textOf),
      );
      expect(lists).to.deep.equal([["Unlimited projects", "Priority support"], []]);
    });

    it("a payment that is overdue is said, and stays due when it ends", async () => {
      const due = subscriptions.pastDue;
      const { hub, server } = await openHub(hubOf([due]));
      expect(hubText(hub)).to.contain("The last payment did not go through.");
      server.answer = hubOf([{ ...due, cancelAt: NOW + DAY, nextCharge: undefined }]);
      await hub.refresh();
      expect(cards(hub)[0]).to.include("Further charges: None, but an unpaid invoice stays due");
    });

    it("cancelling is offered for what runs, and for nothing else", async () => {
      const all = Object.values(subscriptions).map((each, index) => ({ ...each, id: `sub_${index}` }));
      const { hub } = await openHub(hubOf(all));
      const offered = [...hubRoot(hub).querySelectorAll("article")].map(
        (card) => !!card.querySelector("button"),
      );
      expect(offered).to.deep.equal(
        Object.keys(subscriptions).map((name) => !["ending", "ended"].includes(name)),
      );
    });

    it("all of a customer, or the one that the page names", async () => {
      const { hub } = await openHub(hubOf([subscriptions.active, subscriptions.paused]));
      expect(hubTitle(hub)).to.equal("Your subscriptions");
      expect(cards(hub).map(([plan]) => plan)).to.deep.equal(["Team", "Archive"]);
      hub.subscriptionId = "sub_paused";
      await hub.updateComplete;
      expect(cards(hub).map(([plan]) => plan)).to.deep.equal(["Archive"]);
      expect(hubTitle(hub)).to.equal("Your subscription");
    });

    it("text of a business is text", async () => {
      const evil = `<img src=x onerror="document.title='broken'"><b>{{plan.name}}</b> \u202egnp.exe`;
      const hostile = change(`"><script>`, evil, {
        plan: { id: "x", name: evil, features: [evil] },
        scheduledChange: { name: evil, price: subscription.price, at: NOW + DAY },
      });
      const { hub } = await openHub(hubOf([hostile], { messages: { hub_active: evil, leave: evil } }), {
        fallbackEmail: `x@example.com"><img src=x onerror=alert(1)>`,
      });
      expect(hubRoot(hub).querySelector("img, b, script")).to.equal(null);
      expect(textOf(hubRoot(hub).querySelector("h3"))).to.equal(evil);
      expect(document.title).not.to.equal("broken");
    });

    it("a business's own words stand in for ours, also by plural form", async () => {
      const messages = { "hub_title.one": "Your membership", hub_active: "All good", leave: "End it" };
      const { hub } = await openHub(hubOf([subscription], { messages }));
      expect(hubTitle(hub)).to.equal("Your membership");
      expect(cards(hub)[0]?.[1]).to.equal("All good");
      expect(hubButton(hub, "End it")).to.exist;
    });
  });

  describe("loading", () => {
    it("draws where the subscriptions will be, and says that it waits", async () => {
      hubServer(forever);
      const hub = placeHub();
      await hub.updateComplete;
      expect(hubTitle(hub)).to.equal("Loading…");
      expect(hubRoot(hub).querySelector("section")?.ariaBusy).to.equal("true");
      expect(hasState(hub, "loading")).to.equal(true);
    });

    it("sends the session id where nobody reads it in passing, and asks for words of the locale it speaks", async () => {
      const { server, hub } = await openHub(hubOf([subscription]), { locale: "en-GB", apiUrl: "/api/" });
      const { url, token, body } = server.calls[0] as (typeof server.calls)[0];
      expect(token).to.equal("sub_test");
      expect(url.pathname + url.search).to.equal("/api/v1/widget/hub");
      expect(body).to.deep.equal({ locale: "en-GB" });
      expect([hub.lang, hub.dir]).to.deep.equal(["en-GB", "ltr"]);
      expect(cards(hub)[0]).to.include("Next charge: US$49.00 on 20 June 2026");
    });

    it("speaks English as a whole where it does not know the language", async () => {
      document.documentElement.lang = "eo";
      const { server, hub } = await openHub(hubOf([subscription]));
      document.documentElement.lang = "en";
      expect([hub.lang, hub.dir]).to.deep.equal(["en", "ltr"]);
      expect(cards(hub)[0]).to.include("Next charge: $49.00 on June 20, 2026");
      expect(server.calls[0]?.body.locale).to.equal("en");
    });

    it("an address of the page's own server is asked for each load, so that the customer is whoever is signed in", async () => {
      let asked = 0;
      respond("/who", () => ({ id: `sub_${++asked}` }));
      const { hub, server } = await openHub(hubOf([subscription]), { sessionId: "", sessionUrl: "/who" });
      await hub.refresh();
      expect(server.calls.map(({ token }) => token)).to.deep.equal(["sub_1", "sub_2"]);
    });

    it("an id that has expired is renewed by the callback, and the id is used first", async () => {
      respond("/v1/session/exchange", () => ({ session: { sessionId: "r10_new", expiresAt: 1 } }));
      const seen: string[] = [];
      const { hub } = await openHub(
        ({ token }) => {
          seen.push(token);
          return seen.length === 1 ? { status: 401, code: "session_expired" } : hubOf([subscription]);
        },
        { getAuthToken: async () => "handshake" },
      );
      expect(seen).to.deep.equal(["sub_test", "r10_new"]);
      expect(cards(hub).length).to.equal(1);
    });

    it("two hubs show two customers, each its own", async () => {
      const names: Record<string, string> = { sub_ada: "Ada's", sub_ben: "Ben's" };
      const { hub: ada } = await openHub(
        ({ token }) => hubOf([change("sub_1", names[token] ?? "nobody's")]),
        { sessionId: "sub_ada" },
      );
      const ben = placeHub({ sessionId: "sub_ben" });
      await arrived(ben);
      await Promise.all([ada.refresh(), ben.refresh()]);
      expect([cards(ada)[0]?.[0], cards(ben)[0]?.[0]]).to.deep.equal(["Ada's", "Ben's"]);
    });

    it("another session takes everything of the last customer away at once", async () => {
      const { hub, server } = await openHub(hubOf([subscription]));
      server.answer = forever;
      hub.sessionId = "sub_other";
      await hub.updateComplete;
      expect(hubTitle(hub)).to.equal("Loading…");
      expect(hubRoot(hub).textContent).not.to.contain("Team");
    });

    it("an answer that is overtaken by another session is not shown", async () => {
      let late: (answer: { body: unknown }) => void = () => {};
      const server = hubServer(new Promise((resolve) => (late = resolve)));
      const hub = placeHub();
      await waitUntil(() => server.calls.length === 1);
      server.answer = hubOf([change("sub_2", "Ben's")]);
      hub.sessionId = "sub_ben";
      await arrived(hub);
      late({ body: hubOf([change("sub_1", "Ada's")]) });
      await settle();
      expect(cards(hub)[0]?.[0]).to.equal("Ben's");
    });

    it("taken off the page and put back it asks anew; moved it does not", async () => {
      const { hub, server } = await openHub(hubOf([subscription]));
      document.body.append(document.createElement("main"));
      document.querySelector("main")?.append(hub);
      await settle();
      expect(server.calls.length).to.equal(1);
      hub.remove();
      await settle();
      expect(hubRoot(hub).textContent).not.to.contain("Team");
      document.body.append(hub);
      await arrived(hub);
      expect([server.calls.length, cards(hub).length]).to.deep.equal([2, 1]);
    });

    it("a property that was set before the tag was known is not lost", async () => {
      const server = hubServer(hubOf([subscription]));
      document.body.innerHTML = `<${TAG} session-id="sub_markup" fallback-email="a@example.com" color-scheme="dark"></${TAG}>`;
      const hub = document.querySelector(TAG) as NonNullable<ReturnType<typeof placeHub>>;
      await arrived(hub);
      expect(server.calls[0]?.token).to.equal("sub_markup");
      expect(getComputedStyle(hub).colorScheme).to.equal("dark");
    });
  });

  describe("failures", () => {
    const failing = async (
      answer: Parameters<typeof openHub>[0],
      rest: Parameters<typeof openHub>[1] = {},
    ) => {
      const log = new Log();
      const opened = await openHub(answer, { fallbackEmail: "support@example.com", ...rest });
      log.end();
      return { ...opened, log };
    };
    const mail = (hub: Element) => hub.shadowRoot?.querySelector<HTMLAnchorElement>("a")?.href ?? "";

    it("says so, lets the customer try again or write, and tells the page", async () => {
      const { hub, server, log } = await failing({ status: 500, code: "internal_error" });
      expect(hubTitle(hub)).to.equal("Your subscription cannot be shown right now");
      expect(hubText(hub)).to.contain("Trying again is safe");
      expect(decodeURIComponent(mail(hub))).to.equal(
        "mailto:support@example.com?subject=My subscription&body=I cannot see or change my subscription on your site.\r\n\r\nReference: req_7",
      );
      expect(log.short).to.deep.equal(["error:internal_error"]);
      expect(hasState(hub, "error")).to.equal(true);
      server.answer = hubOf([subscription]);
      const again = hubButton(hub, "Try again");
      again.focus();
      again.click();
      await arrived(hub);
      expect(cards(hub).length).to.equal(1);
      expect(hasState(hub, "error")).to.equal(false);
      expect(focused()).to.equal(hubRoot(hub).querySelector("h2"));
    });

    it("never names the session in the mail", async () => {
      const { hub } = await failing("offline", { sessionId: "sub_secret", subscriptionId: "sub_1" });
      expect(mail(hub)).to.contain("sub_1").and.not.to.contain("secret");
    });

    it("without an address it names support; what is inside the tag is the page's own way", async () => {
      hubServer({ status: 500, code: "internal_error" });
      const hub = placeHub();
      hub.innerHTML = `<a href="/help">Help</a>`;
      await arrived(hub);
      expect(hubText(hub)).to.contain("please contact support");
      expect(hub.querySelector("a")?.checkVisibility()).to.equal(true);
      expect(hubRoot(hub).querySelector("slot")?.assignedElements()[0]).to.equal(hub.querySelector("a"));
    });

    it("what is inside the tag is not seen when all is well", async () => {
      hubServer(hubOf([subscription]));
      const hub = placeHub();
      hub.innerHTML = `<a href="/help">Help</a>`;
      await arrived(hub);
      expect(hub.querySelector("a")?.checkVisibility()).to.equal(false);
    });

    it("a session that has expired: what to do, and no retry where none can help", async () => {
      const { hub } = await failing({ status: 401, code: "session_expired" });
      expect(hubTitle(hub)).to.equal("This page has been open for too long");
      expect(() => hubButton(hub, "Try again")).to.throw("there is none");
    });

    it("signed out: an address that can be asked again is asked again", async () => {
      let who: object | number = 401;
      respond("/who", () => who);
      const { hub } = await failing(hubOf([subscription]), { sessionId: "", sessionUrl: "/who" });
      expect(hubTitle(hub)).to.equal("This page has been open for too long");
      who = { id: "sub_again" };
      hubButton(hub, "Try again").click();
      await arrived(hub);
      expect(cards(hub).length).to.equal(1);
    });

    it("no credentials: says so once, and loads when there are some", async () => {
      const { hub, log, server } = await failing(hubOf([subscription]), { sessionId: "" });
      expect(log.short).to.deep.equal(["error:session_missing"]);
      expect(server.calls.length).to.equal(0);
      hub.sessionId = "sub_late";
      await waitUntil(() => cards(hub).length === 1);
    });

    it("no connection is called that", async () => {
      Object.defineProperty(navigator, "onLine", { configurable: true, value: false });
      const { hub } = await failing("offline");
      expect(hubTitle(hub)).to.equal("You are offline");
    });

    it("no answer within the timeout is a failure", async () => {
      const { hub, log } = await failing(forever, { timeout: 50 });
      expect(hubTitle(hub)).to.equal("Your subscription cannot be shown right now");
      expect(log.short).to.deep.equal(["error:timeout"]);
    });

    it("an answer that is none is a failure", async () => {
      const { log } = await failing({ body: { subscriptions: "none" } });
      expect(log.short).to.deep.equal(["error:invalid_answer"]);
    });

    it("a callback that fails is a failure, with its way on", async () => {
      const { hub, log } = await failing(hubOf([]), {
        sessionId: "",
        getAuthToken() {
          throw new Error("broken");
        },
      });
      expect(log.short).to.deep.equal(["error:token_unavailable"]);
      expect(hubButton(hub, "Try again")).to.exist;
    });

    it("a refresh that fails keeps what is known, says from when it is, and can be tried again", async () => {
      const { hub, server } = await openHub(hubOf([subscription]));
      const log = new Log();
      server.answer = "offline";
      await hub.refresh();
      log.end();
      expect(cards(hub).length).to.equal(1);
      expect(hubText(hub)).to.match(
        /could not be updated. You see what was known on May 31, 2026 at \d+:00.[AP]M\./,
      );
      expect(hubStatus(hub)).to.contain("could not be updated");
      expect(log.short).to.deep.equal(["error:network"]);
      server.answer = hubOf([{ ...subscription, price: { ...subscription.price, amount: 5900 } }]);
      const again = hubButton(hub, "Try again");
      again.focus();
      again.click();
      await waitUntil(() => hubText(hub).includes("$59.00"));
      expect(hubText(hub)).not.to.contain("could not be updated");
      expect(hubStatus(hub)).to.equal("Updated");
      expect(focused()).to.equal(hubRoot(hub).querySelector("h2"));
    });

    it("a refresh that fails for a session that is another customer's, for all that is known, keeps nothing", async () => {
      let asked = 0;
      respond("/who", () => ({ id: `sub_${++asked}` }));
      const { hub, server } = await openHub(hubOf([subscription]), { sessionId: "", sessionUrl: "/who" });
      expect(cards(hub).length).to.equal(1);
      server.answer = { status: 503, code: "billing_unavailable" };
      await hub.refresh();
      expect(cards(hub).length).to.equal(0);
      expect(hubText(hub)).not.to.contain("$49.00");
      server.answer = hubOf([subscription]);
      hubButton(hub, "Try again").click();
      await waitUntil(() => cards(hub).length === 1);
    });

    it("a refresh that cannot find out who is signed in keeps what is known", async () => {
      let who: object | number = { id: "sub_1" };
      respond("/who", () => who);
      const { hub } = await openHub(hubOf([subscription]), { sessionId: "", sessionUrl: "/who" });
      who = 500;
      await hub.refresh();
      expect(cards(hub).length).to.equal(1);
      expect(hubText(hub)).to.contain("could not be updated");
    });

    it("a refresh that finds nobody signed in keeps nothing", async () => {
      const { hub, server } = await openHub(hubOf([subscription]));
      server.answer = { status: 401, code: "session_expired" };
      await hub.refresh();
      expect(hubTitle(hub)).to.equal("This page has been open for too long");
      expect(cards(hub)).to.deep.equal([]);
    });

    it("a customer without a subscription reads that", async () => {
      const { hub } = await openHub(hubOf([]));
      expect(hubTitle(hub)).to.equal("You have no subscription");
      expect(hubText(hub)).to.contain("Is one missing here? Write to us: help@example.com");
      expect(hasState(hub, "error")).to.equal(false);
    });
  });

  describe("cancelling", () => {
    const flow = configOf([steps.confirm]);
    const others = [subscription, subscriptions.paused];

    it("asks the page first, which may do it in its own way", async () => {
      const asked: unknown[] = [];
      const take = (event: Event) => {
        event.preventDefault();
        asked.push((event as CustomEvent).detail, event.target);
      };
      document.addEventListener("renumerate-cancel-request", take);
      const { hub } = await openHub(hubOf(others));
      hubButton(hub, "Cancel subscription", 1).click();
      document.removeEventListener("renumerate-cancel-request", take);
      expect(asked).to.deep.equal([{ subscriptionId: "sub_paused" }, hub]);
      expect(document.querySelector("renumerate-retention-modal")).to.equal(null);
    });

    it("opens the flow of that subscription with the hub's own credentials", async () => {
      const { server: flows } = serve(flow);
      const { hub } = await openHub(hubOf(others), { locale: "en-GB", colorScheme: "dark", apiUrl: "/api" });
      hubButton(hub, "Cancel subscription", 1).click();
      const modal = await dialog();
      expect(heading(modal)).to.equal("Confirm your cancellation");
      const { url, token, body } = flows.flows[0] as (typeof flows.flows)[0];
      expect(url.pathname).to.equal("/api/v1/widget/flow");
      expect(body.subscription_id).to.equal("sub_paused");
      expect(token).to.equal("sub_test");
      expect([modal.locale, modal.colorScheme]).to.deep.equal(["en-GB", "dark"]);
      expect(modal.fallbackEmail).to.equal("help@example.com");
    });

    it("a whole cancellation: events leave the hub, it reads what holds, and the focus stays at the card", async () => {
      const { log } = serve(flow, settlements.cancelled);
      const { hub, server } = await openHub(hubOf(others));
      const heard: string[] = [];
      for (const name of ["open", "step", "cancelled", "complete", "close"] as const)
        hub.addEventListener(`renumerate-${name}`, ({ type, target }) => {
          heard.push(type);
          expect(target).to.equal(hub);
        });
      const button = hubButton(hub, "Cancel subscription");
      button.focus();
      button.click();
      const modal = await dialog();
      server.answer = hubOf([
        { ...subscription, cancelAt: NOW + 20 * DAY, nextCharge: undefined },
        others[1] as never,
      ]);
      await click(modal, "Cancel subscription");
      await waitUntil(() => heading(modal) === "Your subscription is cancelled");
      await waitUntil(() => cards(hub)[0]?.[1] === "Ends on June 20, 2026", "the hub is not up to date");
      expect(focused(), "the dialog keeps the focus").to.equal(modal.shadowRoot?.querySelector("h2"));
      await click(modal, "Done");
      await waitUntil(() => !document.querySelector("renumerate-retention-modal"));
      expect(heard).to.deep.equal(
        ["open", "step", "cancelled", "complete", "close"].map((each) => `renumerate-${each}`),
      );
      expect(log.short).to.include("complete:cancelled");
      await hub.refresh();
      expect(focused()).to.equal(hubRoot(hub).querySelector("article"));
      expect(() => hubButton(hub, "Cancel subscription", 1)).to.throw();
    });

    it("closing gives the focus back to the button, through the refresh that follows", async () => {
      serve(flow);
      const { hub, server } = await openHub(hubOf(others));
      const button = hubButton(hub, "Cancel subscription", 1);
      button.click();
      const modal = await dialog();
      await click(modal, "Keep subscription");
      await click(modal, "Done");
      await waitUntil(() => server.calls.length >= 2 && !hub.matches(":state(loading)"));
      expect(focused()).to.equal(button);
      expect(hubStatus(hub), "nothing has changed").to.equal("");
    });

    it("closed without a decision, it reads what holds all the same", async () => {
      serve(flow);
      const { hub, server } = await openHub(hubOf(others));
      hubButton(hub, "Cancel subscription").click();
      const modal = await dialog();
      server.answer = hubOf([subscriptions.paused]);
      await click(modal, "Close");
      await waitUntil(() => cards(hub).length === 1, "the hub is not up to date");
    });

    it("a new subscription above moves neither the focus to another one nor the page", async () => {
      document.body.style.minHeight = "4000px";
      const { hub, server } = await openHub(hubOf(others));
      hubButton(hub, "Cancel subscription", 1).focus();
      const { scrollY } = window;
      server.answer = hubOf([change("sub_new", "New"), ...others]);
      await hub.refresh();
      expect(focused()?.closest("article")?.dataset.id).to.equal("sub_paused");
      expect(window.scrollY).to.equal(scrollY);
      expect(hubStatus(hub)).to.equal("Updated");
    });

    it("what billing has not confirmed is called requested, until it has", async () => {
      serve(flow, settlements.requested);
      const { hub, server } = await openHub(hubOf(others));
      hubButton(hub, "Cancel subscription").click();
      const modal = await dialog();
      server.answer = { ...hubOf(others), requested: [subscription.id] };
      await click(modal, "Cancel subscription");
      await waitUntil(() => heading(modal) === "We have received your request");
      await click(modal, "Done");
      await hub.refresh();
      const [first, second] = hubRoot(hub).querySelectorAll("article");
      expect(textOf(first)).to.contain("Active").and.to.contain("We have received your request");
      expect(textOf(second)).not.to.contain("We have received");
      server.answer = hubOf([{ ...subscription, cancelAt: NOW + DAY, nextCharge: undefined }]);
      await hub.refresh();
      expect(hubText(hub)).to.contain("Ends on June 1, 2026").and.not.to.contain("We have received");
    });

    it("each subscription has a flow of its own", async () => {
      const { server: flows } = serve(flow);
      const { hub } = await openHub(hubOf(others));
      for (const nth of [0, 1]) {
        hubButton(hub, "Cancel subscription", nth).click();
        await click(await dialog(), "Close");
        await waitUntil(() => !document.querySelector("renumerate-retention-modal"));
      }
      expect(flows.flows.map(({ body }) => body.subscription_id)).to.deep.equal(["sub_1", "sub_paused"]);
    });

    it("a decision that is still on its way does not stand before another subscription, and is heard of", async () => {
      let answer: (settlement: { body: unknown }) => void = () => {};
      const { server: flows, log } = serve(flow, new Promise((resolve) => (answer = resolve)));
      const { hub } = await openHub(hubOf(others));
      hubButton(hub, "Cancel subscription").click();
      await click(await dialog(), "Cancel subscription", "Close");
      await waitUntil(() => !document.querySelector("renumerate-retention-modal"));
      hubButton(hub, "Cancel subscription", 1).click();
      const second = await dialog();
      expect(heading(second)).to.equal("Confirm your cancellation");
      expect(flows.flows.length).to.equal(2);
      answer({ body: settlements.cancelled });
      await waitUntil(() => log.short.includes("cancelled"), "the page does not hear of it");
      expect(log.all.find(({ type }) => type.endsWith("cancelled"))?.target).to.equal(hub);
      expect(heading(second)).to.equal("Confirm your cancellation");
    });

    it("an open dialog outlives the hub", async () => {
      serve(flow);
      const { hub } = await openHub(hubOf(others));
      hubButton(hub, "Cancel subscription").click();
      const modal = await dialog();
      hub.remove();
      await settle();
      expect(modal.open).to.equal(true);
      await click(modal, "Cancel subscription");
      await waitUntil(() => heading(modal) === "Your subscription is cancelled");
    });
  });
});

/** WCAG 2.2 AA on every state of the hub, in the least room, in the dark and from right to left. */
import { expect, waitUntil } from "@open-wc/testing";
import { emulateMedia, sendKeys, setViewport } from "@web/test-runner-commands";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import { hub as en } from "../../src/i18n/hub/en.ts";
import { addHubLanguage } from "../../src/i18n/hub/languages.ts";
import { loadLanguage } from "../../src/i18n/languages.ts";
import { backgroundOf, contrast } from "../fixtures/contrast.ts";
import { describeInChromium } from "../fixtures/engine.ts";
import { configOf, DAY, NOW, offers, steps, subscription } from "../fixtures/flows.ts";
import {
  change,
  closeHubs,
  hubButton,
  hubOf,
  hubRoot,
  hubServer,
  managed,
  openHub,
  panelOf,
  placeHub,
  previewOf,
  subscriptions,
  textOf,
  until,
} from "../fixtures/hub.ts";
import { closeAll, focused, names, ready, serve, told } from "../fixtures/open.ts";

const forever = new Promise<never>(() => {});
const word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen";
const sentence =
  "A longer name than anybody had in mind who drew this, as names of real businesses are. ".repeat(2);

const long = change("sub_long", word, {
  plan: { id: "p", name: sentence + word, features: [word, sentence] },
  price: { ...subscription.price, amount: 123_456_789 },
  scheduledChange: { name: word, price: { ...subscription.price, amount: 123_456_789 }, at: NOW + DAY },
});

const all = Object.values(subscriptions).map((each, index) => ({ ...each, id: `sub_${index}` }));

type Properties = Partial<SubscriptionHub>;

const { active, due } = managed;
const offer = { subscription: active.id, offer: offers.discount };
const wide = {
  ...active,
  actions: {
    ...active.actions,
    plan_change: {
      plans: [{ price: subscription.price, name: word, description: sentence, features: [word, sentence] }],
    },
  },
};

/** A panel, with what the customer has chosen in it. By place and not by name: these work in every language. */
async function opened(
  name: string,
  properties: Properties,
  reply: Parameters<typeof previewOf>[0] | undefined = active,
  of: Parameters<typeof hubOf>[0] = [active],
): Promise<SubscriptionHub> {
  const { hub, server } = await openHub(hubOf(of), properties);
  server.replies.preview = reply
    ? { body: previewOf(reply, 4900) }
    : { status: 409, code: "billing_rejected" };
  hubRoot(hub).querySelector<HTMLElement>(`[data-action=${name}]`)?.click();
  await hub.updateComplete;
  panelOf(hub)?.querySelector<HTMLElement>("[type=radio]")?.click();
  await until(() => panelOf(hub)?.querySelector(".preview h4, .failure, [part=code]"), "the panel");
  return hub;
}

/** Every state that a customer can see. */
const states: Record<string, (properties: Properties) => Promise<SubscriptionHub>> = {
  async loading(properties) {
    hubServer(forever);
    const hub = placeHub(properties);
    await hub.updateComplete;
    return hub;
  },
  one: async (properties) => (await openHub(hubOf([subscriptions.discounted]), properties)).hub,
  many: async (properties) => (await openHub(hubOf(all), properties)).hub,
  long: async (properties) => (await openHub(hubOf([long, subscription]), properties)).hub,
  managed: async (properties) => (await openHub(hubOf(Object.values(managed), { offer }), properties)).hub,
  plan: (properties) => opened("plan_change", properties, long, [wide]),
  pause: (properties) => opened("pause", properties),
  code: async (properties) => {
    const hub = await opened("promo_code", properties);
    panelOf(hub)?.requestSubmit();
    await hub.updateComplete;
    return hub;
  },
  pay: (properties) => opened("retry_payment", properties, active, [due]),
  refused: (properties) => opened("annual_switch", properties, undefined),
  async changed(properties) {
    const hub = await opened("annual_switch", properties);
    hubServer(hubOf([active])).replies.change = { body: { status: "done", subscription } };
    panelOf(hub)?.requestSubmit();
    await until(() => !panelOf(hub), "the result");
    return hub;
  },
  empty: async (properties) => (await openHub(hubOf([]), properties)).hub,
  failed: async (properties) => (await openHub({ status: 500, code: "x" }, properties)).hub,
  expired: async (properties) => (await openHub({ status: 401, code: "session_expired" }, properties)).hub,
  async stale(properties) {
    const { hub, server } = await openHub(hubOf([subscription]), properties);
    server.answer = "offline";
    await hub.refresh();
    return hub;
  },
  async updating(properties) {
    const hub = await (states.stale as (typeof states)[string])(properties);
    hubServer(forever);
    void hub.refresh();
    await hub.updateComplete;
    return hub;
  },
};

const inner = (hub: SubscriptionHub, selector: string): HTMLElement[] => [
  ...hubRoot(hub).querySelectorAll<HTMLElement>(selector),
];

const nameOf = (element: Element) =>
  `<${element.localName} ${element.className}> ${textOf(element).slice(0, 40)}`;

/** Text beside the box that it is written on, and pages that scroll sideways. */
function cut(hub: SubscriptionHub): string[] {
  const faults = inner(
    hub,
    "article, .box, dl, button, .state, h2, h3, h4, li, dd, form, label, input:not([type=radio])",
  )
    .filter((each) => !each.matches(".loading"))
    .flatMap((each) => {
      const { left, right } = each.getBoundingClientRect();
      const beside = left < -1 || right > innerWidth + 1;
      return beside || each.scrollWidth > each.clientWidth + 1 ? [nameOf(each)] : [];
    });
  return document.documentElement.scrollWidth > innerWidth ? [...faults, "the page"] : faults;
}

const small = (hub: SubscriptionHub): string[] =>
  inner(hub, "button, label:has([type=radio]), input:not([type=radio])")
    .filter(({ offsetHeight, offsetWidth }) => offsetHeight < 44 || offsetWidth < 44)
    .map(nameOf);

describe("accessibility of the subscription hub", () => {
  before(async () => {
    await setViewport({ width: 320, height: 640 });
    await loadLanguage("ar");
    addHubLanguage("ar", {
      ...en,
      hub_title: { other: "اشتراكاتك" },
      hub_active: "نشط",
      hub_features: "ما يشمله",
    });
  });
  after(() => setViewport({ width: 800, height: 600 }));
  afterEach(() => {
    closeAll();
    closeHubs();
  });

  for (const [name, show] of Object.entries(states)) {
    for (const properties of [
      { colorScheme: "light" },
      { colorScheme: "dark" },
      { locale: "ar" },
    ] as Properties[]) {
      it(`${name}, ${Object.values(properties)}, 320 px`, async () => {
        const hub = await show({ fallbackEmail: "help@example.com", ...properties });
        if (properties.colorScheme === "dark") document.body.style.cssText = "background:#111;color:#eee";
        expect(getComputedStyle(inner(hub, "section")[0] as Element).direction).to.equal(
          properties.locale ? "rtl" : "ltr",
        );
        await expect(hub).to.be.accessible();
        expect([...cut(hub), ...small(hub)]).to.deep.equal([]);
      });
    }
  }

  it("twice the text fits", async () => {
    for (const show of [states.many, states.long, states.stale]) {
      const hub = await (show as (typeof states)[string])({});
      hub.style.setProperty("--renumerate-font-size", "200%");
      expect(cut(hub)).to.deep.equal([]);
      closeHubs();
    }
  });

  it("right to left: the state stands on the left of the plan, and a list begins on the right", async () => {
    await setViewport({ width: 700, height: 640 });
    const { hub } = await openHub(hubOf([subscription]), { locale: "ar" });
    await setViewport({ width: 700, height: 641 });
    expect([hub.lang, hub.dir]).to.deep.equal(["ar", "rtl"]);
    const [plan, state, item, mark] = ["h3", ".state", "li span", "li svg"].map((each) =>
      (inner(hub, each)[0] as Element).getBoundingClientRect(),
    ) as [DOMRect, DOMRect, DOMRect, DOMRect];
    await setViewport({ width: 320, height: 640 });
    expect(state.right).to.be.below(plan.left);
    expect(mark.left).to.be.at.least(item.right);
  });

  it("what every part is called, and that each button says which subscription it is about", async () => {
    await openHub(hubOf([subscription, subscriptions.paused]));
    expect(await names("heading")).to.deep.equal([
      "Your subscriptions",
      "Team",
      "What is included",
      "Archive",
      "What is included",
    ]);
    expect(await names("button")).to.deep.equal(["Cancel subscription Team", "Cancel subscription Archive"]);
  });

  it("every action is in a group with a name, and says which subscription it is about", async () => {
    await openHub(hubOf([managed.ending, due]));
    expect(await names("button")).to.deep.equal([
      "Undo cancellation Team",
      "Pay $49.00 now Studio",
      "Update payment method Studio",
      "Cancel subscription Studio",
    ]);
  });

  it("a whole change by keyboard alone", async () => {
    const { hub, server } = await openHub(hubOf([active]));
    server.replies.preview = { body: previewOf(active, 4900) };
    server.replies.change = { body: { status: "done", subscription: active } };
    const tabTo = async (name: string) => {
      for (let times = 0; textOf(focused()) !== name; times++) {
        if (times > 20) throw new Error(`Tab does not lead to ${name}`);
        await sendKeys({ press: "Tab" });
      }
    };
    await tabTo("Change plan");
    await sendKeys({ press: "Enter" });
    await hub.updateComplete;
    expect(textOf(focused())).to.equal("Change plan");
    expect(focused()?.localName).to.equal("h4");
    await sendKeys({ press: "Tab" });
    expect(focused()).to.equal(panelOf(hub)?.querySelector("[type=radio]"));
    await sendKeys({ press: " " });
    await until(() => panelOf(hub)?.querySelector(".preview h4"), "the preview");
    await tabTo("Switch plan");
    await sendKeys({ press: "Enter" });
    await until(() => !panelOf(hub), "the result");
    await hub.updateComplete;
    expect(textOf(focused())).to.match(/Your plan is changed|Your subscription continues/);
  });

  it("one subscription: the button is called what is written on it", async () => {
    await openHub(hubOf([subscription]));
    expect(await names("button")).to.deep.equal(["Cancel subscription"]);
  });

  it("a failure has a heading and a link", async () => {
    await (states.failed as (typeof states)[string])({ fallbackEmail: "help@example.com" });
    expect(await names("heading")).to.deep.equal(["Your subscription cannot be shown right now"]);
    expect(await names("link")).to.deep.equal(["help@example.com"]);
  });

  it("by keyboard: Tab reaches every button in order, Enter opens, Escape comes back", async () => {
    serve(configOf([steps.confirm]));
    const { hub } = await openHub(hubOf([subscription, subscriptions.paused]));
    const reached: (Element | null)[] = [];
    for (const _ of [0, 1]) {
      await sendKeys({ press: "Tab" });
      reached.push(focused());
    }
    expect(reached).to.deep.equal(inner(hub, "button"));
    const ring = getComputedStyle(focused() as Element);
    expect(ring.outlineStyle).to.equal("solid");
    expect(contrast(ring.outlineColor, backgroundOf(focused() as Element, false))).to.be.at.least(3);
    await sendKeys({ press: "Enter" });
    const modal = document.querySelector("renumerate-retention-modal");
    await ready(modal as NonNullable<typeof modal>);
    await sendKeys({ press: "Escape" });
    await waitUntil(() => !document.querySelector("renumerate-retention-modal"));
    expect(focused()).to.equal(hubButton(hub, "Cancel subscription", 1));
  });

  it("edges of buttons can be seen, and the sign of a state is never alone", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { hub } = await openHub(hubOf(all), { colorScheme });
      for (const each of inner(hub, "article button")) {
        expect(
          contrast(getComputedStyle(each).borderTopColor, backgroundOf(each, false)),
          nameOf(each),
        ).to.be.at.least(3);
      }
      expect(inner(hub, ".state").every((each) => textOf(each))).to.equal(true);
      closeHubs();
    }
  });

  it("more room: facts stand beside features, and cards beside each other", async () => {
    const { hub } = await openHub(hubOf([subscription]));
    const tops = (selector: string) => inner(hub, selector).map((each) => each.getBoundingClientRect().top);
    expect(tops("[part=features]")[0]).to.be.above(tops("dl")[0] as number);
    await setViewport({ width: 800, height: 640 });
    expect(tops("[part=features]")[0]).to.equal(tops("dl")[0]);
    closeHubs();
    const { hub: two } = await openHub(hubOf([subscription, subscriptions.paused]));
    const [first, second] = inner(two, "article").map((each) => each.getBoundingClientRect().top);
    expect(first).to.equal(second);
    for (const width of [320, 480, 1024, 1600]) {
      await setViewport({ width, height: 640 });
      expect(cut(two), `${width}`).to.deep.equal([]);
    }
    await setViewport({ width: 320, height: 640 });
  });

  it("has room of its own in a row of the page", async () => {
    document.body.style.display = "flex";
    const { hub } = await openHub(hubOf([subscription]));
    expect(hub.offsetWidth).to.be.above(250);
  });

  describeInChromium("the accessibility tree", () => {
    it("a card is called like its plan", async () => {
      await openHub(hubOf([subscription, subscriptions.paused]));
      expect(await names("article")).to.deep.equal(["Team", "Archive"]);
    });

    it("a group of actions and a panel have names, and what a change leads to is said politely", async () => {
      const hub = await opened("plan_change", {});
      const all = await told();
      expect(all.find(({ role }) => role === "form")?.name).to.equal("Change plan Team");
      const preview = panelOf(hub)?.querySelector(".preview");
      expect([preview?.role, preview?.ariaBusy]).to.deep.equal(["status", "false"]);
      hubButton(hub, "Back").click();
      await hub.updateComplete;
      // The snapshot leaves groups out.
      const group = inner(hub, "article [role=group]")[0];
      expect(group?.ariaLabel).to.equal("What you can change");
    });

    it("a failure is an alert", async () => {
      await (states.failed as (typeof states)[string])({});
      expect((await told()).map(({ role }) => role)).to.include("alert");
    });
  });

  describeInChromium("preferences", () => {
    afterEach(() => emulateMedia({ reducedMotion: "no-preference" }));

    it("nothing moves where the customer wants that", async () => {
      const hub = await (states.loading as (typeof states)[string])({});
      const bar = inner(hub, "i")[0] as Element;
      expect(getComputedStyle(bar).animationName).to.equal("pulse");
      await emulateMedia({ reducedMotion: "reduce" });
      expect(getComputedStyle(bar).animationName).to.equal("none");
    });

    it("cards, states and buttons have edges, which is what forced colours leave of them", async () => {
      const { hub } = await openHub(hubOf([subscription]));
      for (const each of inner(hub, "article, .state, button")) {
        const { borderTopStyle, borderTopWidth } = getComputedStyle(each);
        expect([borderTopStyle, borderTopWidth], nameOf(each)).to.deep.equal(["solid", "1px"]);
      }
    });
  });
});

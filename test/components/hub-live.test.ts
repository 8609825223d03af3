import { expect, waitUntil } from "@open-wc/testing";
import type { ReactiveController } from "lit";
import type { Hub } from "../../src/api/wire.ts";
import { type Clock, LiveController } from "../../src/components/hub/live.ts";
import { announceChange } from "../../src/components/hub/news.ts";
import type { HubParts } from "../../src/components/hub/parts.ts";
import type { HubFormat } from "../../src/i18n/hub/languages.ts";
import { subscription } from "../fixtures/flows.ts";
import { arrived, closeHubs, hubOf, openHub, placeHub } from "../fixtures/hub.ts";
import {
  closeSections,
  hubAt,
  inPages,
  invoicesOf,
  loadSections,
  openSection,
  sectionServer,
} from "../fixtures/hub-sections.ts";
import { settle } from "../fixtures/settle.ts";

const CHANNEL = "renumerate-changed";

/** A clock that stands until it is moved. */
class Hands implements Clock {
  at = 0;
  timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.at;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.at + ms, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  async move(ms: number): Promise<void> {
    const end = this.at + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.at = next.at;
      this.timers = this.timers.filter((each) => each !== next);
      next.run();
      await settle();
    }
    this.at = end;
  }
}

/** A hub as far as a controller sees it. */
class Part implements HubParts {
  readonly client = undefined;
  readonly format = {} as HubFormat;
  readonly updateComplete = Promise.resolve(true);
  readonly clock = new Hands();
  /** When it was asked to load. */
  readonly loads: number[] = [];
  isRequested = false;
  /** Holds loads until it is called. */
  answer: (() => void) | undefined;
  isSlow = false;
  #isBusy = false;
  #controllers: ReactiveController[] = [];

  constructor() {
    new LiveController(this, () => ({ isBusy: this.#isBusy, isRequested: this.isRequested }), this.clock);
    this.connect();
  }

  addController(controller: ReactiveController): void {
    this.#controllers.push(controller);
  }

  removeController(): void {}

  requestUpdate(): void {
    for (const each of this.#controllers) each.hostUpdated?.();
  }

  connect(): void {
    for (const each of this.#controllers) each.hostConnected?.();
  }

  disconnect(): void {
    for (const each of this.#controllers) each.hostDisconnected?.();
  }

  async refresh(): Promise<void> {
    this.loads.push(this.clock.at);
    this.#isBusy = true;
    // An element is drawn a moment later.
    await this.updateComplete;
    this.requestUpdate();
    if (this.isSlow) await new Promise<void>((resolve) => (this.answer = resolve));
    this.#isBusy = false;
    this.requestUpdate();
  }
}

const parts: Part[] = [];

/** One that was loaded a minute ago. */
async function open(change: Partial<Part> = {}): Promise<Part> {
  const part = Object.assign(new Part(), change);
  parts.push(part);
  await part.refresh();
  part.loads.length = 0;
  part.clock.at = 60_000;
  return part;
}

let visibility: DocumentVisibilityState = "visible";

function turn(state: DocumentVisibilityState): void {
  visibility = state;
  document.dispatchEvent(new Event("visibilitychange"));
}

const pageshow = (persisted: boolean) => dispatchEvent(new PageTransitionEvent("pageshow", { persisted }));
const pagehide = () => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));

/** Somebody else's channel of this origin, as another tab has one. */
function tab(): { channel: BroadcastChannel; heard: unknown[] } {
  const channel = new BroadcastChannel(CHANNEL);
  const heard: unknown[] = [];
  channel.onmessage = ({ data }) => heard.push(data);
  return { channel, heard };
}

describe("a hub that stays up to date", () => {
  before(loadSections);
  before(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => visibility === "hidden" });
  });
  after(() => {
    Reflect.deleteProperty(document, "hidden");
  });
  beforeEach(() => {
    visibility = "visible";
  });
  afterEach(() => {
    for (const each of parts.splice(0)) each.disconnect();
    closeSections();
  });

  describe("somebody comes back", () => {
    it("to the page: it loads, once", async () => {
      const part = await open();
      turn("hidden");
      await settle();
      expect(part.loads).to.deep.equal([]);
      turn("visible");
      await settle();
      await part.clock.move(60_000);
      expect(part.loads).to.deep.equal([60_000]);
    });

    it("to a page that the browser has kept: once, in whichever order it is told", async () => {
      for (const events of [
        [() => turn("visible"), () => pageshow(true)],
        [() => pageshow(true), () => turn("visible")],
      ]) {
        const part = await open();
        pagehide();
        turn("hidden");
        for (const each of events) each();
        await settle();
        await part.clock.move(60_000);
        expect(part.loads).to.deep.equal([60_000]);
        part.disconnect();
      }
    });

    it("also where nothing but the page is hidden", async () => {
      const part = await open();
      pagehide();
      await part.clock.move(60_000);
      expect(part.loads).to.deep.equal([]);
      pageshow(true);
      await settle();
      expect(part.loads).to.deep.equal([120_000]);
    });

    it("a page that is shown for the first time has just loaded", async () => {
      const part = await open();
      pageshow(false);
      await part.clock.move(60_000);
      expect(part.loads).to.deep.equal([]);
    });

    it("to the network", async () => {
      const part = await open();
      dispatchEvent(new Event("online"));
      await settle();
      expect(part.loads).to.deep.equal([60_000]);
    });

    for (const [left, at] of [
      [4999, 65_000],
      [5000, 65_000],
    ] as const) {
      it(`${left} ms after the last load it loads ${left < 5000 ? "when five seconds have passed" : "at once"}`, async () => {
        const part = await open();
        await part.refresh();
        part.loads.length = 0;
        await part.clock.move(left);
        turn("hidden");
        turn("visible");
        await settle();
        expect(part.loads).to.deep.equal(left < 5000 ? [] : [at]);
        await part.clock.move(60_000);
        expect(part.loads).to.deep.equal([at]);
      });
    }

    it("again and again: every five seconds at most", async () => {
      const part = await open();
      for (let second = 0; second < 12; second++) {
        turn("hidden");
        turn("visible");
        await settle();
        await part.clock.move(1000);
      }
      expect(part.loads).to.deep.equal([60_000, 65_000, 70_000]);
    });
  });

  describe("something was changed elsewhere", () => {
    it("another tab says so: it loads", async () => {
      const part = await open();
      const { channel } = tab();
      channel.postMessage(0);
      await waitUntil(() => part.loads.length === 1);
      channel.close();
    });

    it("whatever else is said there is no more than that", async () => {
      const part = await open();
      const { channel } = tab();
      channel.postMessage({ subscriptions: [], __proto__: null });
      await waitUntil(() => part.loads.length === 1);
      channel.close();
    });

    it("a hub of the same page says so: all but itself load", async () => {
      const [one, other] = [await open(), await open()];
      announceChange(one);
      await settle();
      expect([one.loads.length, other.loads.length]).to.deep.equal([0, 1]);
      announceChange();
      await one.clock.move(5000);
      expect(one.loads.length).to.equal(1);
    });

    it("other tabs are told once, and nothing about the customer", async () => {
      const part = await open();
      await open();
      const { channel, heard } = tab();
      announceChange(part);
      await waitUntil(() => heard.length > 0);
      await settle();
      expect(heard).to.deep.equal([0]);
      channel.close();
    });

    for (const name of ["retained", "cancelled", "change"]) {
      it(`a flow or a hub of this page has ended in renumerate-${name}: others are told, here and elsewhere`, async () => {
        const part = await open();
        const { channel, heard } = tab();
        const button = document.createElement("div");
        document.body.append(button);
        button.addEventListener(`renumerate-${name}`, (event) => event.stopPropagation());
        button.dispatchEvent(new CustomEvent(`renumerate-${name}`, { bubbles: true, composed: true }));
        await waitUntil(() => heard.length === 1);
        expect(part.loads.length).to.equal(1);
        channel.close();
      });
    }

    it("while a load is under way: another one follows, since that one may not have seen it", async () => {
      const part = await open({ isSlow: false });
      part.isSlow = true;
      void part.refresh();
      announceChange();
      await part.clock.move(60_000);
      expect(part.loads.length).to.equal(1);
      part.isSlow = false;
      part.answer?.();
      await settle();
      await part.clock.move(4999);
      expect(part.loads.length).to.equal(1);
      await part.clock.move(1);
      expect(part.loads.length).to.equal(2);
    });

    it("while the page is hidden: when it is seen again", async () => {
      const part = await open();
      turn("hidden");
      announceChange();
      await part.clock.move(60_000);
      expect(part.loads).to.deep.equal([]);
      turn("visible");
      await settle();
      expect(part.loads.length).to.equal(1);
    });

    describe("a browser without channels", () => {
      let original: typeof BroadcastChannel;
      beforeEach(() => {
        original = window.BroadcastChannel;
      });
      afterEach(() => {
        window.BroadcastChannel = original;
      });

      for (const [what, replacement] of [
        ["has none", undefined],
        [
          "throws",
          class {
            constructor() {
              throw new DOMException("no", "SecurityError");
            }
          },
        ],
        [
          "refuses to send",
          class {
            postMessage() {
              throw new DOMException("closed", "InvalidStateError");
            }
            close() {}
          },
        ],
      ] as const) {
        it(`${what}: hubs of the page tell each other all the same`, async () => {
          window.BroadcastChannel = replacement as unknown as typeof BroadcastChannel;
          const [one, other] = [await open(), await open()];
          announceChange(one);
          pagehide();
          pageshow(true);
          await settle();
          expect(other.loads.length).to.equal(1);
        });
      }
    });
  });

  describe("something is requested", () => {
    it("asks again after five seconds, then after pauses that grow to a minute", async () => {
      const part = await open({ isRequested: true });
      part.clock.at = 0;
      await part.clock.move(300_000);
      expect(part.loads).to.deep.equal([5, 15, 35, 75, 135, 195, 255].map((second) => second * 1000));
    });

    it("stops when it is confirmed, and begins anew with the next", async () => {
      const part = await open({ isRequested: true });
      part.clock.at = 0;
      await part.clock.move(35_000);
      part.isRequested = false;
      part.requestUpdate();
      await part.clock.move(600_000);
      expect(part.loads.length).to.equal(3);
      part.isRequested = true;
      await part.refresh();
      part.loads.length = 0;
      await part.clock.move(5000);
      expect(part.loads).to.deep.equal([640_000]);
    });

    it("a hidden page asks nothing", async () => {
      const part = await open({ isRequested: true });
      turn("hidden");
      await part.clock.move(600_000);
      expect([part.loads.length, part.clock.timers.length]).to.deep.equal([0, 0]);
      turn("visible");
      await settle();
      expect(part.loads.length).to.equal(1);
    });

    it("never while a load is under way, and counts from its end", async () => {
      const part = await open({ isRequested: true });
      part.clock.at = 0;
      part.isSlow = true;
      void part.refresh();
      await part.clock.move(600_000);
      expect(part.loads).to.deep.equal([0]);
      part.isSlow = false;
      part.answer?.();
      await settle();
      await part.clock.move(5000);
      expect(part.loads).to.deep.equal([0, 605_000]);
    });

    it("many updates of the hub leave one timer", async () => {
      const part = await open({ isRequested: true });
      part.clock.at = 0;
      for (let count = 0; count < 10; count++) part.requestUpdate();
      expect(part.clock.timers.length).to.equal(1);
    });
  });

  describe("taken off the page", () => {
    it("nothing is left: no timer, no listener, no channel", async () => {
      const part = await open({ isRequested: true });
      part.clock.at = 0;
      part.requestUpdate();
      part.disconnect();
      expect(part.clock.timers).to.deep.equal([]);
      const { channel } = tab();
      channel.postMessage(0);
      announceChange();
      turn("hidden");
      turn("visible");
      pageshow(true);
      dispatchEvent(new Event("online"));
      part.requestUpdate();
      await settle();
      await part.clock.move(600_000);
      expect(part.loads).to.deep.equal([]);
      channel.close();
    });

    it("an answer that comes afterwards starts nothing", async () => {
      const part = await open();
      part.isSlow = true;
      turn("hidden");
      turn("visible");
      await settle();
      part.isRequested = true;
      part.disconnect();
      part.answer?.();
      await settle();
      expect(part.clock.timers).to.deep.equal([]);
    });

    it("put back it works again", async () => {
      const part = await open();
      part.disconnect();
      part.connect();
      announceChange();
      await settle();
      expect(part.loads.length).to.equal(1);
    });

    it("every listener and channel that was opened is closed, however often", async () => {
      const open = new Set<string>();
      const undo: (() => void)[] = [];
      for (const target of [window, document]) {
        const { addEventListener, removeEventListener } = target;
        target.addEventListener = ((name: string, run: () => void, options?: AddEventListenerOptions) => {
          const key = `${target === window} ${name} ${open.size}`;
          open.add(key);
          options?.signal?.addEventListener("abort", () => open.delete(key));
          return addEventListener.call(target, name, run, options);
        }) as typeof addEventListener;
        target.removeEventListener = ((name: string, run: () => void, options?: boolean) => {
          const key = [...open].find((each) => each.startsWith(`${target === window} ${name} `));
          open.delete(key ?? "");
          return removeEventListener.call(target, name, run, options);
        }) as typeof removeEventListener;
        undo.push(() => Object.assign(target, { addEventListener, removeEventListener }));
      }
      const { BroadcastChannel: before } = window;
      let channels = 0;
      window.BroadcastChannel = class extends before {
        constructor(name: string) {
          super(name);
          channels++;
        }
        override close() {
          channels--;
          super.close();
        }
      };
      const [one, other] = [new Part(), new Part()];
      for (let count = 0; count < 3; count++) {
        pagehide();
        expect(channels).to.equal(0);
        pageshow(true);
        one.disconnect();
        one.connect();
      }
      expect(channels).to.equal(1);
      expect(open.size).to.be.above(0);
      one.disconnect();
      expect(channels).to.equal(1);
      other.disconnect();
      for (const back of undo) back();
      window.BroadcastChannel = before;
      expect([channels, [...open]]).to.deep.equal([0, []]);
    });

    it("while the page is kept for the way back its channel is closed", async () => {
      const part = await open();
      pagehide();
      turn("hidden");
      const { channel } = tab();
      channel.postMessage(0);
      await settle();
      pageshow(true);
      turn("visible");
      await settle();
      expect(part.loads.length).to.equal(1);
      await part.clock.move(10_000);
      channel.postMessage(0);
      await waitUntil(() => part.loads.length === 2);
      channel.close();
    });
  });

  describe("in a hub", () => {
    const { now } = performance;
    let ahead = 0;
    beforeEach(() => {
      ahead = 0;
      performance.now = () => now.call(performance) + ahead;
    });
    afterEach(() => {
      performance.now = now;
    });

    it("coming back loads", async () => {
      const { server } = await openHub(hubOf([subscription]));
      ahead = 5000;
      turn("hidden");
      turn("visible");
      await waitUntil(() => server.calls.length === 2);
    });

    it("what one has changed, another shows, and the one that did it loads by itself", async () => {
      const { hub, server } = await openHub(hubOf([subscription]));
      const other = placeHub({ subscriptionId: "sub_1" });
      await arrived(other);
      ahead = 5000;
      announceChange(hub);
      await waitUntil(() => server.calls.length === 3);
      await settle();
      expect(server.calls.length).to.equal(3);
    });

    it("what it says itself it does not take for news, wherever it stands", async () => {
      const { hub, server } = await openHub(hubOf([subscription]));
      const around = document.createElement("div");
      document.body.append(around);
      around.attachShadow({ mode: "open" }).append(hub);
      await settle();
      ahead = 5000;
      hub.dispatchEvent(new CustomEvent("renumerate-change", { bubbles: true, composed: true }));
      await settle();
      expect(server.calls.length).to.equal(1);
    });

    it("details that were saved are told to others", async () => {
      const hub: Partial<Hub> = { customer: { email: "ada@example.com" } };
      sectionServer("billing-details", { body: { email: "ada@example.com" } });
      const { hub: element } = await openSection("billing_details", hub);
      const { channel, heard } = tab();
      hubAt(element, "#details").click();
      await element.updateComplete;
      hubAt(element, "#edit").click();
      await settle();
      hubAt(element, "form").dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
      await waitUntil(() => heard.length === 1);
      expect(heard).to.deep.equal([0]);
      channel.close();
    });

    it("with the history open, its invoices come too", async () => {
      const invoices = sectionServer("invoices", inPages(invoicesOf(2), 3));
      const { hub } = await openSection("invoices");
      hubAt(hub, "#history").click();
      await waitUntil(() => invoices.calls.length === 1);
      ahead = 5000;
      announceChange();
      await waitUntil(() => invoices.calls.length === 2);
    });

    it("a hub that was taken away asks nothing", async () => {
      const { hub, server } = await openHub(hubOf([subscription], { requested: ["sub_1"] }));
      hub.remove();
      ahead = 60_000;
      announceChange();
      turn("hidden");
      turn("visible");
      await settle();
      expect(server.calls.length).to.equal(1);
      closeHubs();
    });
  });
});

/** What customers do, to be done hundreds of times in one page. */
import "../../src/components/cancel-button.ts";
import type { Hub, Invoice } from "../../src/api/wire.ts";
import type { CancelButton } from "../../src/components/cancel-button.ts";
import { prepareManage } from "../../src/components/hub/later.ts";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import type { RenumerateEventMap } from "../../src/events.ts";
import { type FakeServer, fakeServer } from "../fixtures/fake-server.ts";
import { configOf, NOW, settlements, steps, subscription } from "../fixtures/flows.ts";
import { settle } from "../fixtures/settle.ts";

/** With a delivery token, so that everything that is kept in the browser is in play. */
const config = configOf([steps.survey, steps.confirm], {
  session: { id: "ses_1", environment: "sandbox", deliveryToken: "delivery_test" },
});

const happens = (name: keyof RenumerateEventMap, target: EventTarget = document): Promise<void> =>
  new Promise((resolve) => target.addEventListener(name, () => resolve(), { once: true }));

const LEAVE = '[part="footer"] button:last-of-type';
const MAIN = '[part="actions"] [part~="primary"]';
const QUIET = '[part="actions"] [part~="quiet"]';
const CLOSE = '[part~="close"]';

const theModal = () => document.querySelector("renumerate-retention-modal") as RetentionModal;

/** Presses a button of the flow, and waits until what it leads to is drawn. */
async function press(selector: string, name?: keyof RenumerateEventMap): Promise<void> {
  const modal = theModal();
  const answered = name && happens(name);
  modal.shadowRoot?.querySelector<HTMLElement>(selector)?.click();
  await answered;
  await modal.updateComplete;
}

function mount<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]>,
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  Object.assign(element, { sessionId: "ret_test", fallbackEmail: "help@example.com", ...properties });
  document.body.append(element);
  return element;
}

const theButton = (): CancelButton =>
  document.querySelector("renumerate-cancel-button") ?? mount("renumerate-cancel-button", {});

async function openByButton(answer: keyof RenumerateEventMap = "renumerate-step"): Promise<void> {
  const answered = happens(answer);
  theButton().shadowRoot?.querySelector("button")?.click();
  await answered;
  await theModal()?.updateComplete;
}

async function mountFlow(properties: Partial<RetentionModal>): Promise<void> {
  const there = happens("renumerate-step");
  const modal = mount("renumerate-retention-modal", properties);
  await there;
  await modal.updateComplete;
  const gone = happens("renumerate-close", modal);
  modal.remove();
  await gone;
}

const hub: Hub = {
  environment: "sandbox",
  subscriptions: [{ ...subscription, actions: { promo_code: {}, cancel: {} } }],
  customer: {},
  sections: ["invoices"],
  now: NOW,
};
const invoice: Invoice = { id: "in_1", at: NOW, amount: 4900, currency: "usd", status: "paid" };

/** Beside the fake server, which knows flows alone. @returns what takes it away */
function serveHub(): () => void {
  const { fetch } = window;
  window.fetch = async (input, init) => {
    const { pathname } = new URL(new Request(input, init).url);
    if (pathname.endsWith("/v1/widget/hub")) return Response.json(hub);
    if (pathname.endsWith("/v1/widget/hub/invoices")) return Response.json({ invoices: [invoice] });
    return fetch(input, init);
  };
  return () => {
    window.fetch = fetch;
  };
}

async function openHub(): Promise<SubscriptionHub> {
  const element = mount("renumerate-subscription-hub", {});
  await element.updateComplete;
  await element.refresh();
  return element;
}

interface Doing {
  once(server: FakeServer): Promise<void>;
  /** The page never gets the code of the dialog. */
  withoutDialog?: true;
}

const doings = {
  "opening and closing by the button": {
    async once() {
      await openByButton();
      await press(CLOSE, "renumerate-close");
    },
  },
  "a button that comes and goes": {
    async once() {
      mount("renumerate-cancel-button", {}).remove();
    },
  },
  "a button that goes while its flow is open": {
    async once() {
      await openByButton();
      theButton().remove();
      await press(CLOSE, "renumerate-close");
    },
  },
  "a closed dialog that comes and goes": {
    async once() {
      const modal = mount("renumerate-retention-modal", {});
      await modal.updateComplete;
      modal.remove();
    },
  },
  "an open dialog that comes and goes": { once: () => mountFlow({ open: true }) },
  "an inline flow that comes and goes": { once: () => mountFlow({ open: true, inline: true }) },
  "a flow that ends in a cancellation": {
    async once() {
      await openByButton();
      await press(LEAVE, "renumerate-step");
      await press(LEAVE, "renumerate-cancelled");
      await press(MAIN, "renumerate-close");
    },
  },
  "a cancellation that has to wait for the server": {
    async once(server) {
      server.decision = "offline";
      await openByButton();
      await press(LEAVE, "renumerate-step");
      await press(LEAVE, "renumerate-error");
      server.decision = settlements.cancelled;
      await press(MAIN, "renumerate-cancelled");
      await press(MAIN, "renumerate-close");
    },
  },
  "a waiting cancellation that is taken back": {
    async once(server) {
      server.decision = "offline";
      await openByButton();
      await press(LEAVE, "renumerate-step");
      await press(LEAVE, "renumerate-error");
      await press(QUIET, "renumerate-retained");
      await press(MAIN, "renumerate-close");
    },
  },
  "a flow that cannot be fetched": {
    async once(server) {
      server.config = "offline";
      await openByButton("renumerate-error");
      await press(MAIN, "renumerate-error");
      await press(CLOSE, "renumerate-close");
    },
  },
  "a dialog that cannot be fetched": {
    withoutDialog: true,
    once: () => openByButton("renumerate-error"),
  },
  "a hub that comes and goes": {
    async once() {
      (await openHub()).remove();
    },
  },
  "a hub whose history is opened": {
    async once() {
      const element = await openHub();
      const find = (selector: string) => element.shadowRoot?.querySelector<HTMLElement>(selector);
      find("#history")?.click();
      while (!find("[part=invoice]")) await settle();
      element.remove();
    },
  },
} satisfies Record<string, Doing>;

export type DoingName = keyof typeof doings;

/** The server remembers what it was asked, so each series has its own. */
async function repeat(name: DoingName, times: number): Promise<void> {
  const doing: Doing = doings[name];
  if (!doing.withoutDialog) await import("../../src/components/retention-modal.ts");
  if (name.startsWith("a hub")) {
    await import("../../src/components/subscription-hub.ts");
    await prepareManage();
  }
  const server = fakeServer(config);
  const restore = serveHub();
  for (let count = 0; count < times; count++) await doing.once(server);
  await settle();
  restore();
  server.restore();
  document.body.replaceChildren();
  await settle();
}

declare global {
  interface Window {
    leaks: { names: readonly DoingName[]; repeat: typeof repeat };
  }
}
window.leaks = { names: Object.keys(doings) as DoingName[], repeat };

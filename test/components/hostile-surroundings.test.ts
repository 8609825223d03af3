/** Markup and browsers as they are somewhere: names that scripts look for, other bases, things taken away or frozen. */
import { expect, waitUntil } from "@open-wc/testing";
import "../../src/embed.ts";
import { defaults } from "../../src/lazy.ts";
import { Renumerate } from "../../src/sdk/renumerate.ts";
import { type FakeServer, fakeServer } from "../fixtures/fake-server.ts";
import { usual } from "../fixtures/flows.ts";
import { buttonIn, cancel, dialogs, opened } from "../fixtures/hostile.ts";
import "../fixtures/storage.ts";

describe("among markup and globals of somebody else", () => {
  let server: FakeServer;
  let undo: (() => void)[] = [];
  beforeEach(() => {
    document.documentElement.style.setProperty("--renumerate-duration", "0s");
    server = fakeServer(usual);
  });
  afterEach(() => {
    for (const each of undo.reverse()) each();
    undo = [];
    for (const each of dialogs()) each.remove();
    document.body.replaceChildren();
    document.documentElement.removeAttribute("style");
    server.restore();
  });

  /** Until the end of the test. */
  function replace(target: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
    undo.push(() => {
      if (before) Object.defineProperty(target, name, before);
      else Reflect.deleteProperty(target, name);
    });
  }

  async function works(): Promise<void> {
    await buttonIn().open();
    await cancel(await opened());
    expect(server.decisions.length).to.equal(1);
  }

  const WORDS = [
    ..."renumerate Renumerate RENUMERATE_INSTANCE RENUMERATE_LOCAL apiUrl sessionId session config".split(
      " ",
    ),
    ..."title dialog close open settings fetch localStorage navigator customElements crypto".split(" "),
    ..."currentScript forms scripts referrer cookie".split(" "),
  ];
  for (const [title, markup] of Object.entries({
    images: (name: string) => `<img name="${name}" alt="">`,
    forms: (name: string) =>
      `<form id="${name}" name="${name}"><input name="apiUrl" value="https://elsewhere.example"></form>`,
    "links, two of each": (name: string) =>
      `<a id="${name}" href="https://elsewhere.example/"></a><a id="${name}" name="apiUrl" href="https://elsewhere.example/"></a>`,
  })) {
    it(`with names that scripts look for, on ${title}: cancels, and asks nobody else`, async () => {
      document.body.insertAdjacentHTML("beforeend", WORDS.map(markup).join(""));
      await works();
      expect(server.flows[0]?.url.origin).to.equal(location.origin);
      for (const each of dialogs()) each.remove();
      const renumerate = Renumerate.getInstance({ publicKey: "rk_pk_1" });
      expect(renumerate).to.be.instanceOf(Renumerate);
      renumerate.showRetentionView("ret_x");
      await opened();
      expect(server.flows.at(-1)?.url.origin).to.equal(location.origin);
      renumerate.cleanup();
      Reflect.deleteProperty(window, "RENUMERATE_INSTANCE");
    });
  }

  it("in a form with fields of the button's own names, which it does not send off", async () => {
    let sent = 0;
    const form = document.createElement("form");
    form.innerHTML = `<input name="attachShadow"><input name="append"><input name="submit"><input name="closest">`;
    form.onsubmit = (event) => {
      sent++;
      event.preventDefault();
    };
    document.body.append(form);
    const slot = document.createElement("div");
    form.prepend(slot);
    const button = buttonIn(slot);
    button.shadowRoot?.querySelector("button")?.click();
    await cancel(await opened());
    expect([sent, server.decisions.length]).to.deep.equal([0, 1]);
  });

  /** A page with this base, whose own endpoint answers. @returns what is asked of whom, as it goes on */
  function within(href: string): readonly string[] {
    const base = document.createElement("base");
    base.href = href;
    document.head.append(base);
    undo.push(() => base.remove());
    const asked: string[] = [];
    const { fetch } = window;
    window.fetch = (input, init) => {
      asked.push(new Request(input, init).url);
      return `${input}`.endsWith("session")
        ? Promise.resolve(Response.json({ id: "ret_test" }))
        : fetch(input, init);
    };
    return asked;
  }

  it("with a base elsewhere: the session goes where the page says, not where its base does", async () => {
    const asked = within("https://elsewhere.example/");
    const button = document.createElement("renumerate-cancel-button");
    button.setAttribute("session-url", "/session");
    document.body.append(button);
    // As in a page's own bundle, with the server behind the page's own host.
    const { apiUrl } = defaults;
    defaults.apiUrl = "";
    undo.push(() => {
      defaults.apiUrl = apiUrl;
    });
    await button.open();
    await cancel(await opened());
    expect(asked.length).to.be.greaterThan(2);
    expect(asked.filter((url) => !url.startsWith(`${location.origin}/`))).to.deep.equal([]);
  });

  it("with a base of its own host, addresses are within it", async () => {
    const asked = within("/app/");
    const button = document.createElement("renumerate-cancel-button");
    button.setAttribute("session-url", "session");
    document.body.append(button);
    await button.open();
    await opened();
    expect(asked[0]).to.equal(`${location.origin}/app/session`);
  });

  it("taken away in the middle and put back elsewhere, its dialog goes on, and decides once", async () => {
    const button = buttonIn();
    await button.open();
    const modal = await opened();
    const elsewhere = document.createElement("main");
    document.body.append(elsewhere);
    elsewhere.append(modal, button);
    const clone = button.cloneNode(true) as typeof button;
    button.replaceWith(clone);
    await cancel(await opened());
    expect(server.decisions.length).to.equal(1);
    expect(dialogs().length).to.equal(1);
  });

  it("whose content was emptied by the page while it is open, is there again at the next click", async () => {
    await buttonIn().open();
    await opened();
    document.body.replaceChildren();
    await waitUntil(() => !dialogs().length);
    await works();
  });

  const globals: Record<string, () => void> = {
    "no storage": () => replace(window, "localStorage", undefined),
    "a storage that throws": () =>
      replace(
        window,
        "localStorage",
        new Proxy(
          {},
          {
            get() {
              throw new DOMException("denied", "SecurityError");
            },
            ownKeys() {
              throw new DOMException("denied", "SecurityError");
            },
          },
        ),
      ),
    "no frames of the screen": () => replace(window, "requestAnimationFrame", () => 0),
    "a beacon that throws": () =>
      replace(navigator, "sendBeacon", () => {
        throw new TypeError("blocked");
      }),
    "a custom event of the page": () => replace(window, "CustomEvent", new Proxy(CustomEvent, {})),
    "no locks": () => replace(navigator, "locks", undefined),
    "a console that throws": () =>
      replace(
        window,
        "console",
        new Proxy(console, {
          get: () => () => {
            throw new Error("no console");
          },
        }),
      ),
    "JSON that is watched": () => {
      const { parse, stringify } = JSON;
      replace(JSON, "parse", (...given: Parameters<typeof parse>) => parse(...given));
      replace(JSON, "stringify", (...given: Parameters<typeof stringify>) => stringify(...given));
    },
    "a request of the old kind that is gone": () => replace(window, "XMLHttpRequest", undefined),
  };
  for (const [title, change] of Object.entries(globals)) {
    it(`with ${title}: cancels`, async () => {
      change();
      await works();
    });
  }

  it("hears no message of a window, whatever it says", async () => {
    await buttonIn().open();
    const modal = await opened();
    for (const type of ["cancel-subscription", "on-complete", "on-cancelled", "close-dialog", "resize"])
      window.postMessage({ type, data: { sessionId: "ret_theirs", height: 9000 } }, "*");
    const last = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
    window.postMessage("last", "*");
    await last;
    expect(dialogs()).to.deep.equal([modal]);
    expect(modal.open).to.equal(true);
    expect(server.flows.length).to.equal(1);
    await cancel(modal);
  });
});

import { expect, waitUntil } from "@open-wc/testing";
import { Renumerate } from "../../src/sdk/renumerate.ts";
import type { RenumerateConfig } from "../../src/sdk/types.ts";
import type { Reply } from "../fixtures/fake-server.ts";
import { settlements, usual } from "../fixtures/flows.ts";
import { serve } from "../fixtures/open.ts";
import {
  begun,
  boxes,
  buttonIn,
  cancelled,
  container,
  cornerOf,
  create,
  dialogOf,
  dialogs,
  down,
  kept,
  leave,
  recorder,
  thrown,
  trouble,
} from "./page.ts";

const marks = () => document.querySelectorAll("style[data-renumerate-dialog-styles]").length;

describe("the instance", () => {
  afterEach(leave);

  it("has every method of the Renumerate client, and no more state than one sees", () => {
    const renumerate = create();
    for (const name of [
      "updateConfig",
      "setCallbacks",
      "mountCancelButton",
      "showRetentionView",
      "mountSubscriptionHub",
      "getSubscriptionHubUrl",
      "initialize",
      "cleanup",
      "getSession",
      "refreshSession",
      "getCurrentSession",
      "clearSession",
    ]) {
      expect(typeof Reflect.get(renumerate, name), name).to.equal("function");
    }
    expect(Object.keys(renumerate)).to.deep.equal([]);
  });

  it("checks no configuration: what is missing is missed later", () => {
    expect(thrown(() => create({}))).to.equal("nothing");
    const old = { publicKey: "pk_live_1", registerEvent: 1, public_key: "x" } as RenumerateConfig;
    expect(thrown(() => create(old))).to.equal("nothing");
  });

  it("28: getInstance makes one object, keeps it in the window and merges configurations", () => {
    const first = Renumerate.getInstance({ publicKey: "pk_1", fallbackEmail: "a@example.com" });
    const second = Renumerate.getInstance({ publicKey: "pk_2" });
    expect(second === first).to.equal(true);
    expect(window.RENUMERATE_INSTANCE === first).to.equal(true);
    expect(second.config).to.deep.equal({ publicKey: "pk_2", fallbackEmail: "a@example.com" });
  });

  it("29: others do not take its place", () => {
    create();
    expect(window.RENUMERATE_INSTANCE).to.equal(undefined);
    const first = Renumerate.getInstance({});
    create();
    expect(window.RENUMERATE_INSTANCE === first).to.equal(true);
  });

  it("30: updateConfig({fallbackEmail}) affects the next failure, also of what is open already", async () => {
    const { server } = serve(down);
    const renumerate = create({ fallbackEmail: "old@example.com" });
    const address = async () => (await trouble()).querySelector("a")?.textContent;
    renumerate.showRetentionView("ret_x");
    expect(await address()).to.equal("old@example.com");
    cornerOf().click();
    renumerate.updateConfig({ fallbackEmail: "new@example.com" });
    renumerate.showRetentionView("ret_x");
    expect(await address()).to.equal("new@example.com");
    cornerOf().click();

    const answer = Promise.withResolvers<Reply>();
    server.config = answer.promise;
    renumerate.showRetentionView("ret_y");
    renumerate.updateConfig({ fallbackEmail: "newer@example.com" });
    answer.resolve(down);
    expect(await address()).to.equal("newer@example.com");
  });

  it("32: exactly one style, however many instances; the last one takes it along", () => {
    const [first, second] = [create(), create()];
    expect(marks()).to.equal(1);
    first.cleanup();
    expect(marks()).to.equal(1);
    second.cleanup();
    expect(marks()).to.equal(0);
  });

  it("32: where sheets cannot be made it is a style of the page's own, and nothing throws", () => {
    const { CSSStyleSheet } = window;
    window.CSSStyleSheet = class {
      constructor() {
        throw new TypeError("Illegal constructor");
      }
    } as unknown as typeof CSSStyleSheet;
    try {
      const renumerate = create();
      serve(usual);
      const element = container("a");
      renumerate.mountCancelButton("a", "ret_x");
      expect(marks()).to.equal(1);
      expect(document.head.querySelector("style[data-renumerate-dialog-styles]")).to.be.instanceOf(
        HTMLStyleElement,
      );
      expect(getComputedStyle(element.querySelector("button") as Element).fontWeight).to.equal("500");
      renumerate.cleanup();
      expect(marks()).to.equal(0);
    } finally {
      window.CSSStyleSheet = CSSStyleSheet;
    }
  });

  it("32: the style is there again on a page that has lost it", () => {
    serve(usual);
    const renumerate = create();
    for (const lose of [
      () => document.querySelector("style[data-renumerate-dialog-styles]")?.remove(),
      () => {
        document.adoptedStyleSheets = [];
      },
    ]) {
      lose();
      const dialog = renumerate.showRetentionView("ret_x");
      expect(getComputedStyle(dialog).borderTopWidth).to.equal("0px");
      expect(marks()).to.equal(1);
      dialog.close();
      renumerate.cleanup();
      renumerate.initialize();
      expect(document.adoptedStyleSheets.length).to.equal(1);
    }
  });

  it("33: cleanup removes what it has opened and calls nobody; initialize restores it; buttons stay", async () => {
    serve(usual, settlements.kept);
    const { calls, callbacks } = recorder();
    const element = container("a");
    const renumerate = create({ callbacks });
    renumerate.mountCancelButton("a", "ret_x");
    buttonIn(element).click();
    await begun();
    renumerate.cleanup();
    renumerate.cleanup();
    expect([dialogs().length, marks(), document.adoptedStyleSheets.length]).to.deep.equal([0, 0, 0]);
    expect(document.activeElement === buttonIn(element)).to.equal(true);
    expect(calls).to.deep.equal([]);

    renumerate.initialize();
    renumerate.initialize();
    expect(marks()).to.equal(1);
    buttonIn(element).click();
    await kept(await begun());
    cornerOf().click();
    expect(calls).to.deep.equal(["retained", "complete:retained"]);
  });

  it("34: RENUMERATE_LOCAL means the server at https://localhost:4321", async () => {
    const { server } = serve(usual);
    const renumerate = create({ apiUrl: "https://api.example.com" });
    window.RENUMERATE_LOCAL = true;
    expect(renumerate.getSubscriptionHubUrl("sub_x")).to.equal(
      "https://localhost:4321/subs?session_id=sub_x",
    );
    renumerate.showRetentionView("ret_x");
    await begun();
    expect(server.flows[0]?.url.origin).to.equal("https://localhost:4321");
    Reflect.set(window, "RENUMERATE_LOCAL", "true");
    expect(renumerate.getSubscriptionHubUrl("sub_x")).to.equal(
      "https://api.example.com/subs?session_id=sub_x",
    );
  });

  it("38: with debug it says what happens, never whose session it is; without, nothing", async () => {
    serve(usual);
    const lines: string[] = [];
    const { info, log, warn } = console;
    console.info =
      console.log =
      console.warn =
        (...parts: unknown[]) => lines.push(parts.map(String).join(" "));
    try {
      for (const debug of [false, true]) {
        const renumerate = create({ debug });
        renumerate.updateConfig({ publicKey: "pk_2" });
        renumerate.showRetentionView("ret_secret");
        await begun();
        cornerOf().click();
        if (!debug) expect(lines).to.deep.equal([]);
      }
      expect(lines).to.deep.equal([
        "renumerate: Initialized",
        "renumerate: Config updated",
        "renumerate: onComplete",
      ]);
    } finally {
      Object.assign(console, { info, log, warn });
    }
  });

  it("setCallbacks: for everything that brings none of its own, and nothing set means the configuration's", async () => {
    serve(usual);
    const all = recorder("all");
    const set = recorder("set");
    const own = recorder("own");
    const renumerate = create({ callbacks: all.callbacks });
    const open = async (callbacks = {}) => {
      renumerate.showRetentionView("ret_x", callbacks);
      await begun();
      cornerOf().click();
    };
    renumerate.setCallbacks({ onComplete: set.callbacks.onComplete, onRetained: undefined });
    await open();
    await open({ onComplete: own.callbacks.onComplete });
    renumerate.setCallbacks();
    await open();
    expect([set.calls, own.calls, all.calls].flat()).to.deep.equal([
      "set complete:abandoned",
      "own complete:abandoned",
      "all complete:abandoned",
    ]);
  });

  it("two instances with different servers and callbacks know nothing of each other", async () => {
    const { server } = serve(usual);
    const one = recorder("one");
    const other = recorder("other");
    const first = create({ apiUrl: "https://one.example.com", callbacks: one.callbacks });
    const second = create({ apiUrl: "https://other.example.com/", callbacks: other.callbacks });
    for (const [id, renumerate] of [
      ["a", first],
      ["b", second],
    ] as const) {
      const element = container(id);
      renumerate.mountCancelButton(id, "ret_x");
      buttonIn(element).click();
      await cancelled(await begun());
      cornerOf().click();
    }
    expect(server.flows.map(({ url }) => url.origin)).to.deep.equal([
      "https://one.example.com",
      "https://other.example.com",
    ]);
    expect(one.calls).to.deep.equal(["one cancelled", "one complete:cancelled"]);
    expect(other.calls).to.deep.equal(["other cancelled", "other complete:cancelled"]);
    first.cleanup();
    second.showRetentionView("ret_y");
    await begun();
    expect(getComputedStyle(dialogOf()).borderTopWidth).to.equal("0px");
    expect(boxes()).to.deep.equal([]);
  });

  it("is ready for a click before the page has drawn anything", async () => {
    serve(usual);
    const element = container("a");
    const renumerate = new Renumerate({ apiUrl: location.origin });
    renumerate.mountCancelButton("a", "ret_x");
    buttonIn(element).click();
    expect(dialogOf().open).to.equal(true);
    await waitUntil(() => dialogOf().querySelector("renumerate-retention-modal"));
    renumerate.cleanup();
  });
});

/**
 * What a fault in somebody else's script may put on `Object.prototype`: text and objects under names of our own. No such name
 * may say for the server how a flow ended, send a session elsewhere, or take the way out away.
 */
import { expect } from "@open-wc/testing";
import "../../src/embed.ts";
import { loadRetentionModal } from "../../src/embed.ts";
import { Renumerate } from "../../src/sdk/renumerate.ts";
import { type FakeServer, fakeServer } from "../fixtures/fake-server.ts";
import { usual } from "../fixtures/flows.ts";
import { buttonIn, cancel, dialogs, inside, opened, titleOf } from "../fixtures/hostile.ts";
import { settle } from "../fixtures/settle.ts";
import "../fixtures/storage.ts";

/** Runs with these on every object. @returns what `work` returns */
async function polluted<Result>(names: readonly string[], value: unknown, work: () => Promise<Result>) {
  const all = Object.prototype as Record<string, unknown>;
  for (const name of names) all[name] = value;
  try {
    return await work();
  } finally {
    for (const name of names) delete all[name];
  }
}

/** Every field of an answer that may be absent, or that the flow keeps of it. */
const ANSWERS = [
  ..."settlement cancelAt keptAt config closed decision unanswered missing waiting late resume restart".split(
    " ",
  ),
  ..."keep leave keepLabel confirmLabel messages fallbackEmail deliveryToken trialEnd periodEnd".split(" "),
];
/** Options of ours that have a default. */
const OPTIONS = "now newId page run delay fetch attempts random wait timeout locks shelf storage".split(" ");
/** What the browser reads of what it is handed. */
const BROWSER = [
  ..."mode redirect referrer integrity priority duplex".split(" "),
  ..."day hour month year timeStyle timeZone calendar maximumFractionDigits minimumFractionDigits".split(" "),
];

describe("with Object.prototype polluted", () => {
  let server: FakeServer;
  before(() => loadRetentionModal());
  beforeEach(() => {
    document.documentElement.style.setProperty("--renumerate-duration", "0s");
    server = fakeServer(usual);
  });
  afterEach(() => {
    for (const each of dialogs()) each.remove();
    document.body.replaceChildren();
    document.documentElement.removeAttribute("style");
    server.restore();
  });

  for (const [title, names] of Object.entries({ ANSWERS, OPTIONS, BROWSER })) {
    for (const value of ["x", {}]) {
      it(`by ${typeof value}s, ${title.toLowerCase()}: the flow cancels what was asked, once`, async () => {
        await polluted(names, value, async () => {
          await buttonIn().open();
          await cancel(await opened());
        });
        expect(server.decisions.length).to.equal(1);
        expect(server.decisions[0]?.body.events.map(({ type }) => type)).to.deep.equal([
          "open",
          "leave",
          "confirm",
        ]);
        expect(Object.keys(server.decisions[0]?.body ?? {}).sort()).to.deep.equal(["events", "session"]);
      });
    }
  }

  it("nothing is said to be cancelled that is not", async () => {
    for (const name of ["settlement", "cancelAt", "outcome", "status"])
      await polluted([name], { outcome: "cancelled", status: "done" }, async () => {
        await buttonIn().open();
        expect(titleOf(await opened()), name).to.contain("Ada");
        for (const each of dialogs()) each.remove();
      });
    expect(server.decisions).to.deep.equal([]);
  });

  it("what cannot be drawn at all leaves the page as it was, with the fallback of the button", async () => {
    const button = buttonIn();
    button.innerHTML = `<a href="/by-mail">By mail</a>`;
    const faults: unknown[] = [];
    const hear = (event: PromiseRejectionEvent) => {
      faults.push(event.reason);
      event.preventDefault();
    };
    addEventListener("unhandledrejection", hear);
    // Read of every listener's options by the browser, a function's too.
    await polluted(["signal"], "x", async () => {
      await button.open();
      await settle();
    });
    removeEventListener("unhandledrejection", hear);
    expect(button.querySelector("a")?.checkVisibility()).to.equal(true);
    expect(document.adoptedStyleSheets.length, "the page scrolls").to.equal(0);
    expect(dialogs().some((each) => inside(each, "dialog[open]").length)).to.equal(false);
    expect(faults.length, "and the console says why").to.be.greaterThan(0);
  });

  it("no session goes to an address that nobody has configured", async () => {
    const asked: URL[] = [];
    const { fetch } = window;
    window.fetch = (input, init) => {
      asked.push(new URL(`${input}`, location.href));
      return fetch(input, init);
    };
    const names = ["apiUrl", "sessionUrl", "url", "base", "origin", "href", "server"];
    await polluted(names, "https://elsewhere.example", async () => {
      await buttonIn().open();
      await opened();
      for (const each of dialogs()) each.remove();
      const renumerate = new Renumerate({ publicKey: "rk_pk_1" });
      renumerate.showRetentionView("ret_x");
      await opened();
      renumerate.cleanup();
    });
    window.fetch = fetch;
    expect(asked.length).to.be.greaterThan(1);
    expect(asked.filter(({ origin }) => origin !== location.origin).map(String)).to.deep.equal([]);
  });
});

import { expect, waitUntil } from "@open-wc/testing";
import type { Reply } from "../fixtures/fake-server.ts";
import { usual } from "../fixtures/flows.ts";
import { heading, serve, text } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import { begun, boxes, cornerOf, create, dialogOf, down, gone, leave, recorder, trouble } from "./page.ts";

const said = (box: Element) => [...box.querySelectorAll("h2, p")].map((each) => each.textContent);
const retry = (box: Element) => box.querySelector(".renumerate-retry") as HTMLButtonElement;
const linkIn = (box: Element) => box.querySelector("a") as HTMLAnchorElement;

describe("when the service is down", () => {
  afterEach(leave);

  for (const [title, config] of [
    ["answers 500", down],
    ["cannot be reached", "offline"],
    ["answers with what is no flow", { body: { hello: 1 } }],
    ["answers with a page", { body: "<h1>It works</h1>" }],
  ] as [string, Reply][]) {
    it(`35, 63: it ${title}, with an address`, async () => {
      serve(config);
      create({ fallbackEmail: "help@example.com" }).showRetentionView("ret_x");
      const box = await trouble();
      expect(said(box)).to.deep.equal([
        "We're sorry!",
        "We're having trouble loading the cancellation form.",
        "Please email us at help@example.com to cancel your subscription.",
      ]);
      expect(linkIn(box).href).to.match(/^mailto:help@example\.com\?subject=Cancel%20Subscription&body=/);
      expect(box.role).to.equal("alert");
      expect(dialogOf().querySelector("renumerate-retention-modal")).to.equal(null);
    });
  }

  it("36: without an address", async () => {
    serve(down);
    create().showRetentionView("ret_x");
    expect(said(await trouble()).at(-1)).to.equal("Please contact support to cancel your subscription.");
    expect(linkIn(boxes()[0] as Element)).to.equal(null);
  });

  it("37: is said once, however often it fails, and trying again helps as soon as it can", async () => {
    const { server } = serve(down);
    const { calls, callbacks } = recorder();
    create({ callbacks }).showRetentionView("ret_x");
    for (let times = 0; times < 3; times++) {
      const box = await trouble();
      expect(boxes().length).to.equal(1);
      retry(box).click();
      expect(boxes()).to.deep.equal([]);
    }
    await trouble();
    server.config = usual;
    retry(boxes()[0] as Element).click();
    expect(heading(await begun())).to.contain("Ada");
    expect(boxes()).to.deep.equal([]);
    cornerOf().click();
    await settle();
    expect(calls).to.deep.equal(["complete:abandoned"]);
  });

  it("37: opening again instead of trying again", async () => {
    const { server } = serve(down);
    const renumerate = create();
    renumerate.showRetentionView("ret_x");
    await trouble();
    cornerOf().click();
    await gone();
    server.config = usual;
    renumerate.showRetentionView("ret_x");
    expect(heading(await begun())).to.contain("Ada");
  });

  for (const [title, email] of [
    ["markup", `<img src=x onerror="window.hit=1">@example.com`],
    ["lines of its own", "a@example.com\r\nBcc: b@example.com"],
    ["fields of its own", "a@example.com?bcc=b@example.com&subject=x"],
    ["another address", "javascript:alert(1)"],
  ]) {
    it(`64: an address with ${title} is text`, async () => {
      serve(down);
      create({ fallbackEmail: email as string }).showRetentionView("ret_x");
      const box = await trouble();
      expect(box.querySelector("img")).to.equal(null);
      expect(linkIn(box).textContent).to.equal(email);
      const [address = "", query = ""] = linkIn(box).href.split("?");
      expect(address).to.match(/^mailto:[^?&\s]*$/);
      expect([...new URLSearchParams(query).keys()]).to.deep.equal(["subject", "body"]);
      expect(decodeURIComponent(address.slice(7))).to.equal(email);
      await settle();
      expect(Reflect.get(window, "hit")).to.equal(undefined);
    });
  }

  it("the mail says which subscription it is about, where the page has said so", async () => {
    serve(down);
    const renumerate = create({
      fallbackEmail: "a@example.com",
      getAuthToken: () => Promise.reject(new Error("no")),
    });
    await renumerate.showRetentionView("sub_7\nBcc: x@example.com");
    const body = new URL(linkIn(await trouble()).href).searchParams.get("body");
    expect(body).to.match(/^\d{4}-\d\d-\d\dT[^\r\n]*\r\nsub_7\r\nBcc: x@example.com$/);
  });

  for (const place of [document.documentElement, document.body]) {
    it(`on a page in German the element says it, in German (lang on <${place.localName}>)`, async () => {
      document.documentElement.lang = "";
      place.lang = "de";
      serve(down);
      create({ fallbackEmail: "help@example.com" }).showRetentionView("ret_x");
      const modal = await begun();
      expect(modal.lang).to.equal("de");
      await waitUntil(
        () => heading(modal) === "Das funktioniert gerade nicht",
        "the failure is not in German",
      );
      expect(text(modal)).to.contain("help@example.com");
      expect(boxes()).to.deep.equal([]);
      const title = document.getElementById(dialogOf().getAttribute("aria-labelledby") ?? "");
      await waitUntil(() => title?.textContent === "Abo kündigen", "the dialog has no German name");
      document.body.removeAttribute("lang");
    });
  }

  it("30: the element, too, names the address that holds when it fails", async () => {
    const answer = Promise.withResolvers<Reply>();
    serve(answer.promise);
    const renumerate = create({ locale: "de", fallbackEmail: "old@example.com" });
    const dialog = renumerate.showRetentionView("ret_x");
    await waitUntil(() => dialog.querySelector("renumerate-retention-modal"));
    renumerate.updateConfig({ fallbackEmail: "new@example.com" });
    answer.resolve(down);
    const modal = await begun();
    await waitUntil(() => text(modal).includes("new@example.com"), "the old address");
  });

  it("on a page that is read from right to left, English is still read from left to right", async () => {
    document.documentElement.dir = "rtl";
    serve(down);
    create().showRetentionView("ret_x");
    const box = await trouble();
    expect([box.lang, getComputedStyle(box).direction]).to.deep.equal(["en", "ltr"]);
  });

  it("what the customer can do about it is said by the element", async () => {
    serve({ status: 401, code: "session_expired" });
    create({ fallbackEmail: "help@example.com" }).showRetentionView("ret_x");
    expect(text(await begun())).to.contain("This page has been open for too long");
  });

  it("fails in the middle: the flow says it, and nothing that was chosen is lost", async () => {
    const { server } = serve(usual, down);
    create().showRetentionView("ret_x");
    const modal = await begun();
    for (const name of ["leave", "confirm"]) {
      modal.shadowRoot?.querySelector<HTMLElement>("[part=footer] button:last-child")?.click();
      await modal.updateComplete;
      expect(modal.isConnected, name).to.equal(true);
    }
    await waitUntil(() => modal.shadowRoot?.querySelector("[part=failure]"), "no failure");
    expect(boxes()).to.deep.equal([]);
    expect(server.decisions.length).to.be.above(0);
  });
});

import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys, setViewport } from "@web/test-runner-commands";
import type { Hub, Invoice } from "../../src/api/wire.ts";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import type { Reply } from "../fixtures/fake-server.ts";
import { NOW } from "../fixtures/flows.ts";
import { arrived, hubButton, hubOf, hubRoot, hubText, subscriptions } from "../fixtures/hub.ts";
import {
  closeSections,
  inPages,
  inside,
  invoicesOf,
  linesOf,
  loadSections,
  openSection,
  type SectionServer,
  sectionServer,
} from "../fixtures/hub-sections.ts";
import { closeAll, focused, Log, names } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

const rows = (hub: SubscriptionHub): string[] => linesOf(hub, "[part=invoice]");
const status = (hub: SubscriptionHub): string => linesOf(hub, "[part=history] [role=status]")[0] ?? "";
const disclosure = (hub: SubscriptionHub) => hubButton(hub, "Billing history");
const isLoading = (hub: SubscriptionHub) => status(hub) === "Loading…";

/** The answer, or the failure, is drawn. */
const settled = (hub: SubscriptionHub) => waitUntil(() => !isLoading(hub), "the invoices do not come");

async function press(hub: SubscriptionHub, name: string): Promise<void> {
  hubButton(hub, name).click();
  await hub.updateComplete;
  await settled(hub);
  await settle();
}

/** A hub whose billing history has been opened. */
async function openHistory(
  answer: SectionServer["answer"],
  change: Partial<Hub> = {},
  properties: Partial<SubscriptionHub> = {},
) {
  const server = sectionServer("invoices", answer);
  const { hub, server: hubs } = await openSection("invoices", change, properties);
  await press(hub, "Billing history");
  return { hub, server, hubs };
}

const one = (change: Partial<Invoice>) => ({ body: { invoices: invoicesOf(1, change) } });

describe("billing history in a hub", () => {
  before(loadSections);
  afterEach(() => {
    closeAll();
    closeSections();
  });

  it("is there only where the server says so", async () => {
    const { hub } = await openSection("billing_details");
    expect(inside(hub, "[part=history]")).to.deep.equal([]);
  });

  it("is closed at first and asks for nothing; opened it loads once, closed it hides, and opened again it is there", async () => {
    const server = sectionServer("invoices", inPages(invoicesOf(2), 5));
    const { hub } = await openSection("invoices");
    expect(disclosure(hub).ariaExpanded).to.equal("false");
    expect([server.calls.length, rows(hub).length]).to.deep.equal([0, 0]);
    await press(hub, "Billing history");
    expect(disclosure(hub).ariaExpanded).to.equal("true");
    expect(rows(hub).length).to.equal(2);
    await press(hub, "Billing history");
    expect([disclosure(hub).ariaExpanded, rows(hub).length]).to.deep.equal(["false", 0]);
    await press(hub, "Billing history");
    expect([server.calls.length, rows(hub).length]).to.deep.equal([1, 2]);
  });

  it("what each says", async () => {
    const invoices: Invoice[] = [
      { id: "a", number: "INV-9", at: NOW, amount: 4900, currency: "usd", status: "paid" },
      { id: "b", at: NOW, amount: 1200, currency: "jpy", status: "open" },
      { id: "c", number: "INV-7", at: NOW, amount: 100, currency: "eur", status: "void" },
      { id: "d", number: "INV-6", at: NOW, amount: 100, currency: "eur", status: "uncollectible" },
      { id: "e", number: "CN-1", at: NOW, amount: -4900, currency: "usd", status: "paid" },
      { id: "f", number: "CN-0", at: NOW, amount: -100, currency: "usd", status: "void" },
      { id: "g", number: "INV-0", at: NOW, amount: 0, currency: "usd", status: "paid" },
    ];
    const { hub } = await openHistory({ body: { invoices } });
    expect(rows(hub)).to.deep.equal([
      "May 31, 2026 INV-9 $49.00 Paid",
      "May 31, 2026 ¥1,200 Due",
      "May 31, 2026 INV-7 €1.00 Void",
      "May 31, 2026 INV-6 €1.00 Not paid",
      "May 31, 2026 CN-1 -$49.00 Refunded",
      "May 31, 2026 CN-0 -$1.00 Void",
      "May 31, 2026 INV-0 $0.00 Paid",
    ]);
  });

  it("documents open beside the page, which they do not learn of, and are named with their number or their day", async () => {
    const invoices = [...invoicesOf(1), { ...(invoicesOf(1)[0] as Invoice), id: "x", receiptUrl: "" }];
    delete invoices[1]?.number;
    const { hub } = await openHistory({ body: { invoices } });
    const links = inside<HTMLAnchorElement>(hub, "[part=history] a");
    expect(links.map(({ href, rel, target }) => [href, rel, target])).to.deep.equal([
      ["https://pay.example/in_1", "noreferrer", "_blank"],
      ["https://pay.example/in_1/receipt", "noreferrer", "_blank"],
      ["https://pay.example/in_1", "noreferrer", "_blank"],
    ]);
    expect(await names("link")).to.deep.equal(["Invoice INV-1", "Receipt INV-1", "Invoice May 31, 2026"]);
  });

  it("only an address of the web becomes a link, and what billing says is text", async () => {
    for (const url of [
      "javascript:alert(1)",
      " javascript:alert(1)",
      "data:text/html,x",
      "mailto:a@example.com",
      "/invoices/1",
      "",
      "https:evil",
    ]) {
      const number = `<img src=x onerror="document.title='broken'">`;
      const { hub } = await openHistory(one({ number, invoiceUrl: url, receiptUrl: url }));
      expect(inside(hub, "[part=history] a, [part=history] img"), url).to.deep.equal([]);
      expect(rows(hub)[0]).to.contain(number);
      closeSections();
    }
    for (const url of ["http://pay.example/1", "HTTPS://pay.example/1"]) {
      const { hub } = await openHistory(one({ invoiceUrl: url, receiptUrl: url }));
      expect(inside(hub, "[part=history] a").length, url).to.equal(2);
      closeSections();
    }
  });

  it("none at all is said, and told", async () => {
    const { hub } = await openHistory({ body: { invoices: [] } });
    expect(linesOf(hub, "[part=history] p")).to.deep.equal([
      "There are no invoices yet.",
      "There are no invoices yet.",
    ]);
    expect(status(hub)).to.equal("There are no invoices yet.");
    expect(() => hubButton(hub, "Show more")).to.throw();
  });

  describe("more", () => {
    it("brings the next page, says how many came and goes to the first of them; the button goes with the last", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(7), 3));
      expect(rows(hub).length).to.equal(3);
      await press(hub, "Show more");
      expect([rows(hub).length, status(hub)]).to.deep.equal([6, "3 more are shown"]);
      expect(focused()).to.equal(inside(hub, "[part=invoice]")[3]);
      await press(hub, "Show more");
      expect([rows(hub).length, status(hub)]).to.deep.equal([7, "1 more is shown"]);
      expect(focused()).to.equal(inside(hub, "[part=invoice]")[6]);
      expect(() => hubButton(hub, "Show more")).to.throw();
      expect(server.calls.map(({ body }) => body.after)).to.deep.equal([undefined, "in_5", "in_2"]);
    });

    it("says how many even if it is the same number again", async () => {
      const { hub } = await openHistory(inPages(invoicesOf(9), 3));
      await press(hub, "Show more");
      const said: string[] = [];
      const region = inside(hub, "[part=history] [role=status]")[0] as HTMLElement;
      const observer = new MutationObserver(() => said.push(status(hub)));
      observer.observe(region, { childList: true, characterData: true, subtree: true });
      await press(hub, "Show more");
      observer.disconnect();
      expect(said).to.deep.equal(["Loading…", "3 more are shown"]);
    });

    it("a second press while it waits asks nothing", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(7), 3));
      let answer: (reply: Reply) => void = () => {};
      server.answer = new Promise<Reply>((resolve) => (answer = resolve));
      hubButton(hub, "Show more").click();
      await hub.updateComplete;
      expect(hubButton(hub, "Show more").ariaDisabled).to.equal("true");
      hubButton(hub, "Show more").click();
      await settle();
      expect(server.calls.length).to.equal(2);
      answer({ body: { invoices: invoicesOf(1, { id: "last" }) } });
      await settled(hub);
      expect(rows(hub).length).to.equal(4);
    });

    it("leaves the focus where the customer has taken it meanwhile", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(7), 3));
      let answer: (reply: Reply) => void = () => {};
      server.answer = new Promise<Reply>((resolve) => (answer = resolve));
      hubButton(hub, "Show more").click();
      await waitUntil(() => server.calls.length === 2);
      disclosure(hub).focus();
      answer({ body: { invoices: invoicesOf(1, { id: "last" }) } });
      await waitUntil(() => rows(hub).length === 4);
      await settle();
      expect(focused()).to.equal(disclosure(hub));
    });

    it("a server that has lost its place and begins anew shows nothing twice, and comes to an end", async () => {
      const [first, second] = [invoicesOf(5).slice(0, 3), invoicesOf(5).slice(3)];
      const { hub, server } = await openHistory({ body: { invoices: first, after: "in_3" } });
      server.answer = { body: { invoices: [...first, ...second], after: "in_1" } };
      await press(hub, "Show more");
      expect([rows(hub).length, status(hub)]).to.deep.equal([5, "2 more are shown"]);
      await press(hub, "Show more");
      expect([rows(hub).length, server.calls.length]).to.deep.equal([5, 3]);
      expect(() => hubButton(hub, "Show more")).to.throw();
    });

    it("an empty last page takes the button away, and the focus goes back to the title", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(7), 3));
      server.answer = { body: { invoices: [] } };
      await press(hub, "Show more");
      expect(rows(hub).length).to.equal(3);
      expect(() => hubButton(hub, "Show more")).to.throw();
      expect(focused()).to.equal(disclosure(hub));
    });

    it("three hundred are written once, not again with every change of the hub", async () => {
      const { hub } = await openHistory(inPages(invoicesOf(300), 300));
      expect(rows(hub).length).to.equal(300);
      const { NumberFormat } = Intl;
      let written = 0;
      Intl.NumberFormat = new Proxy(NumberFormat, {
        construct: (target, args: []) => {
          written++;
          return new target(...args);
        },
      });
      hub.requestUpdate();
      await hub.updateComplete;
      Intl.NumberFormat = NumberFormat;
      expect(written).to.be.below(20);
    });
  });

  describe("failures", () => {
    const mail = (hub: SubscriptionHub) =>
      decodeURIComponent(inside<HTMLAnchorElement>(hub, "[part=history] [part=help] a")[0]?.href ?? "");

    it("at first: in place, with whom to write to, told to the page, and tried again", async () => {
      const log = new Log();
      const { hub, server } = await openHistory({ status: 500, code: "internal_error" });
      log.end();
      expect(linesOf(hub, "[part=history] [part=error]")).to.deep.equal([
        "Your invoices cannot be shown right now.",
      ]);
      expect(status(hub)).to.equal("Your invoices cannot be shown right now.");
      expect(mail(hub)).to.contain("help@example.com").and.to.contain("req_7");
      expect(log.short).to.deep.equal(["error:internal_error"]);
      expect(hubText(hub)).to.contain("Team");
      server.answer = inPages(invoicesOf(2), 5);
      await press(hub, "Try again");
      expect([rows(hub).length, inside(hub, "[part=error]").length]).to.deep.equal([2, 0]);
      expect(focused()).to.equal(inside(hub, "[part=invoice]")[0]);
    });

    it("a failure that comes again is told again, and the focus stays on the button", async () => {
      const { hub } = await openHistory({ status: 500, code: "internal_error" });
      const said: string[] = [];
      const region = inside(hub, "[part=history] [role=status]")[0] as HTMLElement;
      const observer = new MutationObserver(() => said.push(status(hub)));
      observer.observe(region, { childList: true, characterData: true, subtree: true });
      await press(hub, "Try again");
      observer.disconnect();
      expect(said).to.deep.equal(["Loading…", "Your invoices cannot be shown right now."]);
      expect(focused()).to.equal(hubButton(hub, "Try again"));
    });

    it("of the next page: what is there stays, and trying again goes on", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(5), 3));
      server.answer = { status: 400, code: "invalid_request" };
      await press(hub, "Show more");
      expect(rows(hub).length).to.equal(3);
      expect(linesOf(hub, "[part=history] [part=error]")).to.deep.equal(["This is not working right now"]);
      server.answer = inPages(invoicesOf(5), 3);
      await press(hub, "Try again");
      expect([rows(hub).length, status(hub)]).to.deep.equal([5, "2 more are shown"]);
      expect(server.calls.at(-1)?.body.after).to.equal("in_3");
      expect(focused()).to.equal(inside(hub, "[part=invoice]")[3]);
    });

    it("a session that has ended is a matter of the whole hub", async () => {
      const { hub, server, hubs } = await openHistory(inPages(invoicesOf(5), 3));
      server.answer = hubs.answer = { status: 401, code: "session_expired" };
      hubButton(hub, "Show more").click();
      await waitUntil(() => inside(hub, "[part=failure]").length === 1 && !rows(hub).length);
      await settle();
      expect(hubs.calls.length).to.equal(2);
    });
  });

  describe("when the hub is loaded anew", () => {
    it("open: the invoices too, as many as were shown, and what has the focus keeps it", async () => {
      const all = invoicesOf(8);
      const { hub, server } = await openHistory(inPages(all.slice(1), 3));
      await press(hub, "Show more");
      const link = inside(hub, "[part=history] a").find((each) => each.ariaLabel === "Receipt INV-7");
      (link as HTMLElement).focus();
      server.answer = inPages(all, 3);
      await hub.refresh();
      await waitUntil(() => rows(hub)[0]?.includes("INV-8"));
      expect(disclosure(hub).ariaExpanded).to.equal("true");
      expect(rows(hub).length).to.equal(6);
      await settle();
      expect(focused()?.ariaLabel).to.equal("Receipt INV-7");
      await press(hub, "Show more");
      expect(rows(hub).length).to.equal(8);
    });

    it("what is there stays in sight, and nothing is told", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(2), 3));
      server.answer = new Promise<Reply>(() => {});
      await hub.refresh();
      await settle();
      expect([server.calls.length, rows(hub).length, status(hub)]).to.deep.equal([2, 2, ""]);
    });

    it("closed: nothing is asked for until it is opened", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(2), 3));
      await press(hub, "Billing history");
      await hub.refresh();
      await settle();
      expect(server.calls.length).to.equal(1);
      server.answer = inPages(invoicesOf(3), 3);
      await press(hub, "Billing history");
      expect([server.calls.length, rows(hub).length]).to.deep.equal([2, 3]);
    });

    it("while somebody waits for more: they get it", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(7), 3));
      server.answer = new Promise<Reply>(() => {});
      hubButton(hub, "Show more").click();
      await waitUntil(() => server.calls.length === 2);
      server.answer = inPages(invoicesOf(7), 3);
      await hub.refresh();
      await waitUntil(() => rows(hub).length === 6);
      await settle();
      expect(status(hub)).to.equal("3 more are shown");
      expect(focused()).to.equal(inside(hub, "[part=invoice]")[3]);
    });

    it("if they cannot be had: what is there stays, and it is said", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(7), 3));
      server.answer = { status: 400, code: "invalid_request" };
      await hub.refresh();
      await waitUntil(() => inside(hub, "[part=history] [part=error]").length === 1);
      expect(rows(hub).length).to.equal(3);
      server.answer = inPages(invoicesOf(8), 3);
      await press(hub, "Try again");
      expect([rows(hub).length, rows(hub)[0]]).to.deep.equal([
        6,
        "May 31, 2026 INV-8 $49.00 Paid Invoice Receipt",
      ]);
    });
  });

  describe("another customer", () => {
    it("by another session: closed, and nothing is left", async () => {
      const { hub, server } = await openHistory(inPages(invoicesOf(2), 3));
      hub.sessionId = "sub_ben";
      await hub.updateComplete;
      await arrived(hub);
      expect([disclosure(hub).ariaExpanded, rows(hub).length]).to.deep.equal(["false", 0]);
      server.answer = inPages(invoicesOf(1, { number: "BEN-1" }), 3);
      await press(hub, "Billing history");
      expect(rows(hub)).to.deep.equal(["May 31, 2026 BEN-1 $49.00 Paid Invoice Receipt"]);
    });

    const nothing: Partial<Hub> = { subscriptions: [], sections: ["invoices"] };
    for (const [way, first, second] of [
      ["address", nothing, hubOf([], { ...nothing, customer: { email: "ben@example.com" } })],
      ["subscription", {}, hubOf([subscriptions.paused], { sections: ["invoices"] })],
    ] as const) {
      it(`behind the same address of the page, told by their ${way}: nothing is shown for a moment`, async () => {
        const { hub, server, hubs } = await openHistory(inPages(invoicesOf(2), 3), first);
        let answer: (reply: Reply) => void = () => {};
        server.answer = new Promise<Reply>((resolve) => (answer = resolve));
        hubs.answer = second;
        await hub.refresh();
        expect(rows(hub)).to.deep.equal([]);
        expect(inside(hub, "[part=history] [part=skeleton]").length).to.equal(1);
        answer({ body: { invoices: invoicesOf(1, { number: "BEN-1" }) } });
        await waitUntil(() => rows(hub).length === 1);
        expect(rows(hub)[0]).to.contain("BEN-1");
      });
    }

    it("an answer that comes too late is nobody's", async () => {
      let answer: (reply: Reply) => void = () => {};
      const server = sectionServer("invoices", new Promise<Reply>((resolve) => (answer = resolve)));
      const { hub } = await openSection("invoices");
      disclosure(hub).click();
      await hub.updateComplete;
      hub.sessionId = "sub_ben";
      await hub.updateComplete;
      await arrived(hub);
      answer({ body: { invoices: invoicesOf(1) } });
      await settle();
      expect(rows(hub)).to.deep.equal([]);
      server.answer = { body: { invoices: [] } };
      await press(hub, "Billing history");
      expect(hubText(hub)).to.contain("There are no invoices yet.");
    });
  });

  describe("accessibility", () => {
    before(() => setViewport({ width: 320, height: 640 }));
    after(() => setViewport({ width: 800, height: 600 }));

    const word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen";
    const states: Record<string, SectionServer["answer"]> = {
      listed: inPages(invoicesOf(7, { number: word, amount: -123_456_789 }), 3),
      empty: { body: { invoices: [] } },
      failed: { status: 500, code: "internal_error" },
    };

    for (const [name, answer] of Object.entries(states)) {
      for (const colorScheme of ["light", "dark"] as const) {
        it(`${name}, ${colorScheme}, 320 px`, async () => {
          const { hub } = await openHistory(answer, {}, { colorScheme });
          if (colorScheme === "dark") document.body.style.cssText = "background:#111;color:#eee";
          await expect(hub).to.be.accessible();
          const wide = inside(hub, "[part=history], [part=history] *").filter(
            (each) => !each.matches(".sr") && each.getBoundingClientRect().right > innerWidth + 1,
          );
          expect(wide).to.deep.equal([]);
          const small = inside(hub, "[part=history] button, li a").filter(
            ({ offsetWidth, offsetHeight }) => offsetWidth < 44 || offsetHeight < 44,
          );
          expect(small).to.deep.equal([]);
        });
      }
    }

    it("loading is drawn, told, and accessible", async () => {
      sectionServer("invoices", new Promise<Reply>(() => {}));
      const { hub } = await openSection("invoices");
      disclosure(hub).click();
      await hub.updateComplete;
      expect(status(hub)).to.equal("Loading…");
      expect(inside(hub, "[part=history] [part=skeleton]").length).to.equal(1);
      await expect(hub).to.be.accessible();
    });

    it("its title is a heading with a button, and Enter opens it", async () => {
      sectionServer("invoices", inPages(invoicesOf(2), 3));
      const { hub } = await openSection("invoices");
      expect(await names("button")).to.include("Billing history");
      disclosure(hub).focus();
      await sendKeys({ press: "Enter" });
      await waitUntil(() => rows(hub).length === 2);
      expect(focused()).to.equal(disclosure(hub));
      expect(hubRoot(hub).querySelector("h3 > button")).to.equal(disclosure(hub));
    });
  });
});

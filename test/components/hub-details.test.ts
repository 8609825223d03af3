import { expect, waitUntil } from "@open-wc/testing";
import { sendKeys, setViewport } from "@web/test-runner-commands";
import type { BillingDetailsRequest, Hub, HubCustomer } from "../../src/api/wire.ts";
import { countries } from "../../src/components/hub/countries.ts";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import type { Reply } from "../fixtures/fake-server.ts";
import { subscription } from "../fixtures/flows.ts";
import { arrived, hubButton, hubOf, hubRoot, respond, subscriptions } from "../fixtures/hub.ts";
import {
  closeSections,
  hubAt,
  inside,
  linesOf,
  loadSections,
  openSection,
  sectionServer,
} from "../fixtures/hub-sections.ts";
import { closeAll, focused, Log, names } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";

const ada: HubCustomer = {
  name: "Ada Lovelace",
  email: "ada@example.com",
  address: { line1: "12 St James's Square", city: "London", postalCode: "SW1Y 4JH", country: "GB" },
};

const status = (hub: SubscriptionHub): string => linesOf(hub, "[part=details] [role=status]")[0] ?? "";
const lines = (hub: SubscriptionHub): string[] => linesOf(hub, ".lines p");
const isOpen = (hub: SubscriptionHub): boolean => inside(hub, "[part=details] form").length === 1;
const edit = (hub: SubscriptionHub) => hubButton(hub, "Edit");

const field = (hub: SubscriptionHub, name: string) =>
  inside<HTMLInputElement | HTMLSelectElement>(hub, `[part=details] [name=${name}]`)[0] as HTMLInputElement;

const values = (hub: SubscriptionHub): Record<string, string> =>
  Object.fromEntries(
    inside<HTMLInputElement>(hub, "[part=details] [name]").map(({ name, value }) => [name, value]),
  );

function write(hub: SubscriptionHub, name: string, value: string): void {
  const input = field(hub, name);
  input.value = value;
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

async function press(hub: SubscriptionHub, name: string): Promise<void> {
  hubButton(hub, name).click();
  await hub.updateComplete;
  await settle();
  await waitUntil(() => status(hub) !== "Saving…", "it does not come to an end");
  await settle();
}

/** Keeps what it is sent, as billing would. */
const saving = ({ body }: { body: unknown }): Reply => {
  const { name, email, address } = body as BillingDetailsRequest;
  return { body: { ...(name && { name }), email, address } };
};

/** A hub whose billing details are being edited. */
async function openForm(
  answer: Parameters<typeof sectionServer>[1] = saving,
  customer: HubCustomer = ada,
  properties: Partial<SubscriptionHub> = {},
  change: Partial<Hub> = {},
) {
  const server = sectionServer("billing-details", answer);
  const { hub, server: hubs } = await openSection("billing_details", { customer, ...change }, properties);
  await open(hub);
  hubAt(hub, "#edit").click();
  await settle();
  return { hub, server, hubs };
}

/** What they are is read by whoever wants to. */
async function open(hub: SubscriptionHub): Promise<void> {
  hubAt(hub, "#details").click();
  await hub.updateComplete;
}

/** A hub whose billing details are shown. */
async function openLines(customer: HubCustomer, change: Partial<Hub> = {}) {
  const opened = await openSection("billing_details", { customer, ...change });
  await open(opened.hub);
  return opened;
}

const hubFor = (customer: HubCustomer, change: Partial<Hub> = {}) =>
  hubOf([subscription], { sections: ["billing_details", "billing_email"], customer, ...change });

describe("billing details in a hub", () => {
  before(loadSections);
  afterEach(() => {
    closeAll();
    closeSections();
  });

  describe("what is shown", () => {
    it("nothing where the server does not say so", async () => {
      const { hub } = await openSection("invoices", { customer: ada });
      expect(inside(hub, "[part=details]")).to.deep.equal([]);
    });

    it("nothing until somebody wants to see it; closed again it hides", async () => {
      const { hub } = await openSection("billing_details", { customer: ada });
      expect([hubAt(hub, "#details").ariaExpanded, lines(hub)]).to.deep.equal(["false", []]);
      await open(hub);
      expect([hubAt(hub, "#details").ariaExpanded, lines(hub).length]).to.deep.equal(["true", 5]);
      await open(hub);
      expect([hubAt(hub, "#details").ariaExpanded, lines(hub)]).to.deep.equal(["false", []]);
    });

    it("name, e-mail and address, each a line, the country by its name", async () => {
      const { hub } = await openLines({
        ...ada,
        address: { ...ada.address, line2: "First floor", state: "Greater London" },
      });
      expect(lines(hub)).to.deep.equal([
        "Ada Lovelace",
        "ada@example.com",
        "12 St James's Square",
        "First floor",
        "SW1Y 4JH London",
        "Greater London",
        "United Kingdom",
      ]);
    });

    it("what is not known takes no line; nothing at all is said", async () => {
      const { hub } = await openLines({ email: "ada@example.com", address: { country: "DE" } });
      expect(lines(hub)).to.deep.equal(["ada@example.com", "Germany"]);
      closeSections();
      expect(lines((await openLines({})).hub)).to.deep.equal(["None"]);
    });

    it("text is text, and a country that is none stays as it is written", async () => {
      const evil = `<img src=x onerror="document.title='broken'">`;
      const { hub } = await openForm(saving, { name: evil, email: evil, address: { country: "Narnia" } });
      expect(values(hub)).to.include({ name: evil, country: "Narnia" });
      await press(hub, "Back");
      expect(lines(hub)).to.deep.equal([evil, evil, "Narnia"]);
      expect(inside(hub, "img")).to.deep.equal([]);
    });
  });

  describe("editing", () => {
    it("opens with what is known, in the first field", async () => {
      const { hub } = await openForm();
      expect(values(hub)).to.deep.equal({
        name: "Ada Lovelace",
        email: "ada@example.com",
        line1: "12 St James's Square",
        line2: "",
        postalCode: "SW1Y 4JH",
        city: "London",
        state: "",
        country: "GB",
      });
      expect(focused()).to.equal(field(hub, "name"));
    });

    it("saves all of it, without what is empty, shows what billing has answered, says so and goes back to Edit", async () => {
      const { hub, server, hubs } = await openForm();
      write(hub, "name", "  Ada King ");
      write(hub, "line1", " ");
      write(hub, "city", "Ockham");
      write(hub, "country", "DE");
      const saved = { ...ada, name: "Ada King", address: { city: "Ockham", country: "DE" } };
      hubs.answer = hubFor(saved);
      await press(hub, "Save");
      expect(server.calls.map(({ body }) => body)).to.deep.equal([
        {
          name: "Ada King",
          email: "ada@example.com",
          address: { postalCode: "SW1Y 4JH", city: "Ockham", country: "DE" },
        },
      ]);
      expect(status(hub)).to.equal("Your billing details are saved");
      expect(focused()).to.equal(edit(hub));
      await waitUntil(() => hubs.calls.length === 2);
      await settle();
      expect(lines(hub)).to.deep.equal(["Ada King", "ada@example.com", "Ockham", "Germany"]);
      expect(status(hub)).to.equal("Your billing details are saved");
      await press(hub, "Edit");
      expect(status(hub)).to.equal("");
    });

    it("an address that was taken away is gone, and a name may be empty", async () => {
      const { hub, server } = await openForm();
      for (const name of ["name", "line1", "postalCode", "city", "country"]) write(hub, name, "");
      await press(hub, "Save");
      expect(server.calls[0]?.body).to.deep.equal({ name: "", email: "ada@example.com", address: {} });
    });

    it("what billing has answered is shown although the hub cannot be loaded after it", async () => {
      const { hub, hubs } = await openForm();
      hubs.answer = { status: 400, code: "invalid_request" };
      write(hub, "name", "Ada King");
      await press(hub, "Save");
      await waitUntil(() => hubs.calls.length === 2);
      await settle();
      expect(lines(hub)[0]).to.equal("Ada King");
    });

    it("another e-mail address, by which a customer is known, is no other customer when they gave it themselves", async () => {
      const { hub, hubs } = await openForm();
      hubs.answer = hubFor({ ...ada, email: "ada@other.example" });
      write(hub, "email", "ada@other.example");
      await press(hub, "Save");
      await waitUntil(() => hubs.calls.length === 2);
      await settle();
      expect(lines(hub)[1]).to.equal("ada@other.example");
      expect(status(hub)).to.equal("Your billing details are saved");
      expect(focused()).to.equal(edit(hub));
    });

    it("while it saves: it says so, takes nothing more, and asks once", async () => {
      let answer: (reply: Reply) => void = () => {};
      const { hub, server } = await openForm(new Promise<Reply>((resolve) => (answer = resolve)));
      hubButton(hub, "Save").click();
      await waitUntil(() => server.calls.length === 1);
      expect(status(hub)).to.equal("Saving…");
      expect([hubButton(hub, "Save").ariaDisabled, hubButton(hub, "Back").ariaDisabled]).to.deep.equal([
        "true",
        "true",
      ]);
      expect(field(hub, "name").readOnly).to.equal(true);
      hubButton(hub, "Save").click();
      hubButton(hub, "Back").click();
      await settle();
      expect([server.calls.length, isOpen(hub)]).to.deep.equal([1, true]);
      answer({ body: ada });
      await waitUntil(() => !isOpen(hub));
    });

    it("Enter in a field saves, and leaves the focus where the customer has taken it meanwhile", async () => {
      let answer: (reply: Reply) => void = () => {};
      const { hub, server } = await openForm(new Promise<Reply>((resolve) => (answer = resolve)));
      await sendKeys({ press: "Enter" });
      await waitUntil(() => server.calls.length === 1);
      const elsewhere = hubButton(hub, "Cancel subscription");
      elsewhere.focus();
      answer({ body: ada });
      await waitUntil(() => !isOpen(hub));
      await settle();
      expect(focused()).to.equal(elsewhere);
    });

    for (const [way, leave] of [
      ["Back", (hub: SubscriptionHub) => press(hub, "Back")],
      ["Escape", () => sendKeys({ press: "Escape" })],
    ] as const) {
      it(`${way} closes without saving, forgets what was typed and goes back to Edit`, async () => {
        const { hub, server } = await openForm();
        write(hub, "name", "Nobody");
        await leave(hub);
        await waitUntil(() => !isOpen(hub));
        await settle();
        expect(focused()).to.equal(edit(hub));
        expect([server.calls.length, lines(hub)[0]]).to.deep.equal([0, "Ada Lovelace"]);
        await press(hub, "Edit");
        expect(values(hub).name).to.equal("Ada Lovelace");
      });
    }

    it("Escape that ends the writing of a character does not close", async () => {
      const { hub } = await openForm();
      const composing = { key: "Escape", isComposing: true, bubbles: true, composed: true };
      field(hub, "name").dispatchEvent(new KeyboardEvent("keydown", composing));
      await settle();
      expect(isOpen(hub)).to.equal(true);
    });
  });

  describe("an e-mail address", () => {
    for (const wrong of ["", "ada", "ada@example", "a b@example.com", "ada@example..com"]) {
      it(`'${wrong}' is none: said at the field, which has the focus, and nothing is sent`, async () => {
        const { hub, server } = await openForm();
        write(hub, "email", wrong);
        await press(hub, "Save");
        const input = field(hub, "email");
        expect(server.calls.length).to.equal(0);
        expect(input.ariaInvalid).to.equal("true");
        const words = hubRoot(hub).getElementById(input.getAttribute("aria-describedby") ?? "");
        expect(words?.textContent).to.equal("Please enter an email address such as name@example.com.");
        expect(focused()).to.equal(input);
        write(hub, "email", "ada@example.com");
        await press(hub, "Save");
        expect([server.calls.length, isOpen(hub)]).to.deep.equal([1, false]);
      });
    }
  });

  describe("failures", () => {
    it("what was typed stays, it is said where it happened and told to the page, and trying again saves it", async () => {
      const log = new Log();
      const { hub, server, hubs } = await openForm({ status: 503, code: "billing_unavailable" });
      write(hub, "name", "Ada King");
      write(hub, "country", "FR");
      await press(hub, "Save");
      log.end();
      expect(values(hub)).to.include({ name: "Ada King", country: "FR" });
      const failure = inside(hub, "[part=details] [role=alert]")[0];
      expect(failure?.textContent).to.contain("Trying again is safe").and.to.contain("help@example.com");
      expect(log.short).to.deep.equal(["error:billing_unavailable"]);
      expect(focused()).to.equal(hubButton(hub, "Save"));
      server.answer = saving;
      hubs.answer = hubFor({ ...ada, name: "Ada King" });
      await press(hub, "Save");
      expect([isOpen(hub), lines(hub)[0]]).to.deep.equal([false, "Ada King"]);
    });

    it("a refusal says that nothing has changed", async () => {
      const { hub } = await openForm({ status: 422, code: "billing_rejected" });
      await press(hub, "Save");
      expect(linesOf(hub, "[part=details] [part=error]")).to.deep.equal([
        "That is not possible right now. Nothing has changed.",
      ]);
      await press(hub, "Back");
      await press(hub, "Edit");
      expect(inside(hub, "[part=details] [part=error]")).to.deep.equal([]);
    });

    it("the same failure again is a new message", async () => {
      const { hub } = await openForm({ status: 422, code: "billing_rejected" });
      await press(hub, "Save");
      const first = inside(hub, "[part=details] [role=alert]")[0];
      await press(hub, "Save");
      expect(inside(hub, "[part=details] [role=alert]")[0]).to.exist.and.not.to.equal(first);
    });

    it("a session that has ended is a matter of the whole hub", async () => {
      const { hub, hubs } = await openForm({ status: 401, code: "session_expired" });
      hubs.answer = { status: 401, code: "session_expired" };
      hubButton(hub, "Save").click();
      await waitUntil(() => hubRoot(hub).querySelector("h2")?.textContent?.includes("open for too long"));
      expect(isOpen(hub)).to.equal(false);
    });
  });

  describe("when the hub is loaded anew", () => {
    it("a form that is open keeps what was typed and its focus, and takes on what was left alone", async () => {
      const { hub, hubs } = await openForm();
      const input = field(hub, "city");
      input.focus();
      write(hub, "city", "Ock");
      hubs.answer = hubFor({ ...ada, name: "Ada King" });
      await hub.refresh();
      expect(field(hub, "city")).to.equal(input);
      expect(values(hub)).to.include({ city: "Ock", name: "Ada King" });
      expect(focused()).to.equal(input);
    });

    it("what was typed is there again when the hub could not be shown in between", async () => {
      let asked = 0;
      respond("/who", () => ({ id: `sub_${++asked}` }));
      const { hub, hubs } = await openForm(saving, ada, { sessionId: "", sessionUrl: "/who" });
      write(hub, "name", "Ada King");
      hubs.answer = { status: 400, code: "invalid_request" };
      await hub.refresh();
      expect(isOpen(hub)).to.equal(false);
      hubs.answer = hubFor(ada);
      await hub.refresh();
      expect(values(hub)).to.include({ name: "Ada King", city: "London" });
    });
  });

  describe("another customer", () => {
    it("by another session: closed, and nothing that was typed is left", async () => {
      const { hub, hubs } = await openForm();
      write(hub, "name", "Secret");
      hubs.answer = hubFor({ name: "Ben", email: "ben@example.com" });
      hub.sessionId = "sub_ben";
      await hub.updateComplete;
      await arrived(hub);
      await open(hub);
      expect([isOpen(hub), lines(hub)]).to.deep.equal([false, ["Ben", "ben@example.com"]]);
      await press(hub, "Edit");
      expect(values(hub).name).to.equal("Ben");
    });

    for (const [way, first, second] of [
      [
        "address",
        hubFor(ada, { subscriptions: [] }),
        hubFor({ email: "ben@example.com" }, { subscriptions: [] }),
      ],
      [
        "subscription",
        hubFor(ada),
        hubFor(ada, { subscriptions: hubOf([subscriptions.paused]).subscriptions }),
      ],
    ] as const) {
      it(`behind the same address of the page, told by their ${way}: the same`, async () => {
        const { hub, hubs } = await openForm(saving, ada, {}, first);
        write(hub, "name", "Secret");
        hubs.answer = second;
        await hub.refresh();
        expect(isOpen(hub)).to.equal(false);
        await open(hub);
        await press(hub, "Edit");
        expect(values(hub).name).not.to.equal("Secret");
      });
    }

    it("an answer that comes too late is nobody's", async () => {
      let answer: (reply: Reply) => void = () => {};
      const { hub, server, hubs } = await openForm(new Promise<Reply>((resolve) => (answer = resolve)));
      hubButton(hub, "Save").click();
      await waitUntil(() => server.calls.length === 1);
      hubs.answer = hubFor({ name: "Ben", email: "ben@example.com" });
      hub.sessionId = "sub_ben";
      await hub.updateComplete;
      await arrived(hub);
      answer({ body: ada });
      await settle();
      await open(hub);
      expect([status(hub), lines(hub)]).to.deep.equal(["", ["Ben", "ben@example.com"]]);
    });
  });

  describe("countries", () => {
    /** ISO 3166-1, and three that post and payment know beside it: Ascension, Tristan da Cunha, Kosovo. */
    const ISO =
      "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

    it("all of them, and nothing that is none", () => {
      const codes = countries("en").map(([code]) => code);
      expect(codes.toSorted()).to.deep.equal([...ISO.split(" "), "AC", "TA", "XK"].toSorted());
    });

    it("in the hub's language and in its order", async () => {
      const names = countries("de").map(([, name]) => name);
      expect(names).to.include.members(["Deutschland", "Österreich"]);
      expect(names.indexOf("Österreich")).to.be.within(names.indexOf("Oman") + 1, names.indexOf("Peru") - 1);
      expect(countries("en").map(([, name]) => name)).to.include("Germany");
    });

    it("the list begins with none", async () => {
      const { hub } = await openForm(saving, { email: "ada@example.com" });
      const options = inside<HTMLOptionElement>(hub, "[part=details] option");
      expect([options.length, options[0]?.value, field(hub, "country").value]).to.deep.equal([253, "", ""]);
    });
  });

  describe("accessibility", () => {
    before(() => setViewport({ width: 320, height: 640 }));
    after(() => setViewport({ width: 800, height: 600 }));

    const word = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen";
    const long = { name: word, email: `${word}@example.com`, address: { line1: word, country: "DE" } };

    const cut = (hub: SubscriptionHub) =>
      inside(hub, "[part=details], [part=details] *").filter((each) => {
        const { left, right } = each.getBoundingClientRect();
        return !each.matches(".sr, option") && (left < -1 || right > innerWidth + 1);
      });

    for (const properties of [{ colorScheme: "light" }, { colorScheme: "dark" }, { locale: "ar" }] as const) {
      it(`lines, form and its errors, ${Object.values(properties)}, 320 px`, async () => {
        const { hub } = await openForm({ status: 422, code: "billing_rejected" }, long, properties);
        const isDark = "colorScheme" in properties && properties.colorScheme === "dark";
        if (isDark) document.body.style.cssText = "background:#111;color:#eee";
        await expect(hub).to.be.accessible();
        expect(cut(hub)).to.deep.equal([]);
        const small = inside(hub, "[part=details] :is(button, input, select)").filter(
          ({ offsetHeight, offsetWidth }) => offsetHeight < 44 || offsetWidth < 44,
        );
        expect(small).to.deep.equal([]);
        write(hub, "email", "x");
        inside(hub, ".primary")[0]?.click();
        await settle();
        expect(inside(hub, "#email-error").length).to.equal(1);
        await expect(hub).to.be.accessible();
        write(hub, "email", "ada@example.com");
        inside(hub, ".primary")[0]?.click();
        await waitUntil(() => inside(hub, "[part=details] [role=alert]").length === 1);
        await expect(hub).to.be.accessible();
        expect(cut(hub)).to.deep.equal([]);
        await sendKeys({ press: "Escape" });
        await waitUntil(() => !isOpen(hub));
        await expect(hub).to.be.accessible();
        expect(cut(hub)).to.deep.equal([]);
      });
    }

    it("every field is called what stands above it, and tells a browser what it holds", async () => {
      const { hub } = await openForm();
      expect(await names("textbox")).to.deep.equal([
        "Name or company",
        "Email",
        "Address",
        "Address, second line",
        "Postal code",
        "City",
        "State or region",
      ]);
      expect(field(hub, "country").labels?.[0]?.textContent).to.equal("Country");
      const inputs = inside<HTMLInputElement>(hub, "[part=details] [name]");
      expect(inputs.map(({ autocomplete }) => autocomplete)).to.deep.equal([
        "billing name",
        "billing email",
        "billing address-line1",
        "billing address-line2",
        "billing postal-code",
        "billing address-level2",
        "billing address-level1",
        "billing country",
      ]);
      for (const each of inputs) {
        const words = each.labels?.[0]?.getBoundingClientRect();
        expect(words?.bottom).to.be.at.most(each.getBoundingClientRect().top);
      }
    });

    it("Edit says what it edits", async () => {
      await openLines(ada);
      expect(await names("button")).to.include("Edit Billing details");
    });

    it("two columns where there is room", async () => {
      const { hub } = await openForm();
      const tops = () => ["name", "email"].map((name) => field(hub, name).getBoundingClientRect().top);
      expect(tops()[0]).to.be.below(tops()[1] as number);
      await setViewport({ width: 800, height: 640 });
      expect(tops()[0]).to.equal(tops()[1]);
      await setViewport({ width: 320, height: 640 });
    });

    it("no more can be typed than is taken", async () => {
      const { hub } = await openForm();
      const limits = inside<HTMLInputElement>(hub, "[part=details] input").map(({ name, maxLength }) => [
        name,
        maxLength,
      ]);
      expect(Object.fromEntries(limits)).to.deep.equal({
        name: 200,
        email: 320,
        line1: 200,
        line2: 200,
        postalCode: 20,
        city: 100,
        state: 100,
      });
    });
  });
});

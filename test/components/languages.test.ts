/** Every language, complete and drawn: what a customer reads who has set it. */
import { expect, waitUntil } from "@open-wc/testing";
import { en } from "../../src/i18n/en.ts";
import { createFormat } from "../../src/i18n/format.ts";
import { languages, loadLanguage } from "../../src/i18n/languages.ts";
import { messagesFor } from "../../src/i18n/messages.ts";
import { expectComplete } from "../fixtures/catalogue.ts";
import { configOf, NOW, offering, offers, steps } from "../fixtures/flows.ts";
import { closeAll, control, heading, open, root, text } from "../fixtures/open.ts";

describe("every language", () => {
  afterEach(closeAll);
  before(() => Promise.all(languages.map(loadLanguage)));

  it("there are 24", () => expect(languages.length).to.equal(24));

  for (const language of languages) {
    it(`${language}: every text, with the fields and the plural forms that it needs`, () => {
      expectComplete(language, messagesFor(language).messages, en);
    });

    it(`${language}: the confirmation says the end, the plan and the charges, in its direction`, async () => {
      const { modal } = await open(configOf([steps.confirm]), undefined, { locale: language });
      const { t, date } = createFormat(language);
      expect(heading(modal)).to.equal(t("confirm"));
      expect(text(modal)).to.contain(date(NOW + 20 * 86_400_000));
      expect(modal.lang.toLowerCase()).to.equal(language);
      expect(modal.dir).to.equal(["ar", "he"].includes(language) ? "rtl" : "ltr");
      expect(getComputedStyle(modal).direction).to.equal(modal.dir);
      for (const label of [t("keep"), t("leave")]) expect(control(modal, label)).to.exist;
    });
  }
});

describe("the choice of a language", () => {
  afterEach(closeAll);

  for (const [wanted, first] of [
    ["de-AT", "Kündigung bestätigen"],
    ["pt-BR", undefined],
    ["no", undefined],
    ["zh-TW", undefined],
    ["zh-Hans-HK", undefined],
    ["fr_CA", undefined],
    ["xx-YY", en.confirm],
    ["not a locale", en.confirm],
  ] as const) {
    it(`${wanted} → ${first ?? "its own base"}`, async () => {
      const { modal } = await open(configOf([steps.confirm]), undefined, { locale: wanted });
      await loadLanguage(wanted);
      const { locale, messages } = messagesFor(wanted);
      expect(heading(modal)).to.equal(first ?? messages.confirm);
      expect(modal.lang).to.equal(locale);
      if (!first) expect(heading(modal)).not.to.equal(en.confirm);
    });
  }

  it("the page's own language counts where the tag names none", async () => {
    document.documentElement.lang = "it";
    const { modal } = await open(configOf([steps.confirm]));
    document.documentElement.lang = "en";
    expect(modal.lang).to.equal("it");
  });

  it("counts for what is in a shadow root, too", async () => {
    document.documentElement.lang = "it";
    const holder = document.createElement("div");
    document.body.append(holder);
    const { modal } = await open(configOf([steps.confirm]));
    holder.attachShadow({ mode: "open" }).append(modal);
    modal.locale = "de";
    modal.locale = "";
    await waitUntil(() => modal.lang === "it");
    document.documentElement.lang = "en";
  });

  it("asks the server in that language, and its words win over ours", async () => {
    const messages = { keep: "Bleiben wir dabei", "month.one": "{{price}} im Monat" };
    const { modal, server } = await open(offering(offers.discount, { messages }), undefined, {
      locale: "de-AT",
    });
    expect(server.flows[0]?.body.locale).to.equal("de-AT");
    expect(control(modal, "Bleiben wir dabei")).to.exist;
    expect(text(modal)).to.contain(" im Monat");
    expect(root(modal).querySelector(".price")?.textContent).to.match(/\$\s34,30 im Monat/);
  });

  it("a change of language is drawn at once, and nothing that was typed is lost", async () => {
    const { modal } = await open(configOf([steps.feedback, steps.confirm]));
    const field = root(modal).querySelector("textarea") as HTMLTextAreaElement;
    field.value = "stays";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    modal.locale = "sv";
    await waitUntil(() => modal.lang === "sv" && root(modal).querySelector("textarea")?.value === "stays");
    expect(heading(modal)).to.equal(createFormat("sv").t("feedback"));
  });

  it("names and prices keep the direction of their sentence", async () => {
    const { modal } = await open(
      configOf([steps.survey], { customer: { name: "ישראל ישראלי (3)" } }),
      undefined,
      { locale: "en" },
    );
    const name = root(modal).querySelector("h2 bdi") as HTMLElement;
    expect(name.textContent).to.equal("ישראל");
    expect(createFormat("ar").t("month", { count: 1, price: "$37.50" })).to.contain("\u2068$37.50\u2069");
    expect(createFormat("en").t("from", { price: "$1", date: "May" })).to.equal("$1 from May");
  });
});

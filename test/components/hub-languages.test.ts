/** The hub in every language, complete and drawn: what a customer reads who has set it. */
import { expect, waitUntil } from "@open-wc/testing";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import { hub as en } from "../../src/i18n/hub/en.ts";
import { createHubFormat, loadHubLanguage, spokenInHub } from "../../src/i18n/hub/languages.ts";
import { languages, spoken } from "../../src/i18n/languages.ts";
import { messagesFor } from "../../src/i18n/messages.ts";
import { type Catalogue, expectComplete } from "../fixtures/catalogue.ts";
import { DAY, NOW } from "../fixtures/flows.ts";
import { hubText, hubTitle, textOf } from "../fixtures/hub.ts";
import { closeShownHubs, showHub } from "../fixtures/hub-show.ts";
import { all } from "../fixtures/inspect.ts";

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];

/** What the hub adds to the texts of the flow. */
const hubTexts = (language: string): Catalogue =>
  Object.fromEntries(
    Object.entries(messagesFor(language).messages).filter(([key]) => key.startsWith("hub_")),
  );

/** Some languages bind short words to the next one with spaces of their own. */
const flat = (words: string): string => words.replace(/\s+/g, " ");

const labels = (hub: SubscriptionHub): string[] => all(hub, "article button").map(textOf);

describe("the hub's choice of a language", () => {
  afterEach(closeShownHubs);

  // The first of all, because none has been loaded yet.
  it("is known while the first answer is still on its way", async () => {
    const hub = await showHub("hub-loading", { locale: "de" });
    await waitUntil(() => hub.lang === "de");
    expect(hubTitle(hub)).to.equal("Wird geladen …");
  });

  for (const [wanted, title] of [
    ["de-AT", "Ihr Abo"],
    ["xx-YY", "Your subscription"],
    ["not a locale", "Your subscription"],
  ] as const) {
    it(`${wanted} → ${title}`, async () => {
      expect(hubTitle(await showHub("hub-active", { locale: wanted }))).to.equal(title);
    });
  }

  it("a change of language is drawn at once; a panel, its choice and what was typed stay", async () => {
    const hub = await showHub("hub-code-invalid");
    const field = () => all(hub, "[part=code]")[0] as HTMLInputElement;
    field().focus();
    hub.locale = "sv";
    await waitUntil(() => hub.lang === "sv" && textOf(all(hub, "h4#change")[0]) !== en.hub_enterCode);
    expect(textOf(all(hub, "h4#change")[0])).to.equal(createHubFormat("sv").t("hub_enterCode"));
    expect(field().value).to.equal("SPRING");
    expect(hub.shadowRoot?.activeElement).to.equal(field());
  });
});

describe("the hub in every language", () => {
  afterEach(closeShownHubs);
  before(async () => {
    await Promise.all(languages.map(loadHubLanguage));
    for (const language of languages) createHubFormat(language);
  });

  it("speaks the languages of the flow, and no other", () => {
    const codes = LETTERS.flatMap((one) => LETTERS.map((other) => one + other));
    const regional = ["zh-Hans", "zh-Hant", "zh-TW", "pt-BR", "de-AT", "no", "en-GB"];
    for (const code of [...codes, ...regional, ...languages]) {
      expect(spokenInHub(code), code).to.equal(spoken(code));
    }
  });

  for (const language of languages) {
    it(`${language}: every text, with the fields and the plural forms that it needs`, () => {
      expectComplete(language, hubTexts(language), en);
    });

    it(`${language}: what a subscription is, what it costs and what can be done, in its direction`, async () => {
      const hub = await showHub("hub-discounted", { locale: language });
      const { t, date, per, money } = createHubFormat(language);
      expect(hubTitle(hub)).to.equal(t("hub_title", { count: 1 }));
      const price = { currency: "usd", interval: "month", intervalCount: 1 } as const;
      for (const words of [
        t("hub_active"),
        per(price, 3430),
        t("amountOn", { price: money(3430, "usd"), date: date(NOW + 20 * DAY) }),
        t("hub_features"),
        t("hub_since"),
      ]) {
        expect(hubText(hub)).to.contain(flat(words));
      }
      expect(labels(hub)).to.deep.equal(
        (
          ["hub_changePlan", "accept_annual_switch", "accept_pause", "hub_updateMethod", "leave"] as const
        ).map((key) => flat(t(key))),
      );
      expect(hub.lang.toLowerCase()).to.equal(language);
      expect(hub.dir).to.equal(["ar", "he"].includes(language) ? "rtl" : "ltr");
      expect(getComputedStyle(hub).direction).to.equal(hub.dir);
    });

    it(`${language}: a change says what it leads to, in one language from beginning to end`, async () => {
      const hub = await showHub("hub-plan-preview", { locale: language });
      const { t, date, money } = createHubFormat(language);
      const form = textOf(all(hub, "form")[0]);
      for (const words of [
        t("hub_changePlan"),
        t("hub_current"),
        t("hub_afterwards"),
        t("dueNow"),
        t("hub_newPlan"),
        t("hub_fromNow"),
        money(3333, "usd"),
        t("amountOn", { price: money(9900, "usd"), date: date(NOW + 20 * DAY) }),
        t("accept_plan_change"),
        t("back"),
      ]) {
        expect(form).to.contain(flat(words));
      }
      expect(form).not.to.match(/\{\{|undefined|hub_/);
    });
  }
});

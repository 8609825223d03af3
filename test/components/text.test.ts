import { expect } from "@open-wc/testing";
import { html, render } from "lit";
import { plain, rich, safeUrl } from "../../src/components/rich-text.ts";
import { en } from "../../src/i18n/en.ts";
import { createFormat, fill } from "../../src/i18n/format.ts";
import { createHubFormat, spokenInHub } from "../../src/i18n/hub/languages.ts";
import { addLanguage, messagesFor } from "../../src/i18n/messages.ts";

const markup = (content: unknown): string => {
  const holder = document.createElement("div");
  render(html`${content}`, holder);
  return holder.innerHTML.replace(/<!--.*?-->/g, "");
};
const of = (text: string, values = {}) => markup(rich(text, values));

describe("rich text", () => {
  const cases: [string, string][] = [
    ["plain", "<p>plain</p>"],
    ["**b** and *e*", "<p><strong>b</strong> and <em>e</em></p>"],
    ["**b *e* b**", "<p><strong>b <em>e</em> b</strong></p>"],
    ["2 * 3 * 4", "<p>2 * 3 * 4</p>"],
    ["one\ntwo\r\nthree", "<p>one<br>two<br>three</p>"],
    ["one\n\n\ntwo", "<p>one</p><p>two</p>"],
    ["list:\n- a\n- **b**\nend", "<p>list:</p><ul><li>a</li><li><strong>b</strong></li></ul><p>end</p>"],
    ["<b>x</b> &amp;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp;</p>"],
    ["[x](javascript:alert(1))", "<p>x)</p>"],
    ["[x](/relative)", "<p>x</p>"],
    ["** unfinished [x](", "<p>** unfinished [x](</p>"],
    ["", ""],
  ];
  for (const [text, result] of cases) it(JSON.stringify(text), () => expect(of(text)).to.equal(result));

  it("links open beside the page", () => {
    expect(of("[x](https://example.com/a)")).to.equal(
      '<p><a part="link" rel="noopener" href="https://example.com/a" target="_blank">x</a></p>',
    );
    expect(of("[x](mailto:a@example.com)")).to.equal(
      '<p><a part="link" rel="noopener" href="mailto:a@example.com">x</a></p>',
    );
  });

  it("values are text, isolated, and never markup", () => {
    const values = { name: "<i>**Eve**</i>", empty: "", list: ["x"], zero: 0, no: false };
    expect(of("{{name}}", values)).to.equal("<p><bdi>&lt;i&gt;**Eve**&lt;/i&gt;</bdi></p>");
    expect(of("**{{ name }}**", values)).to.contain("<strong><bdi>");
    expect(of("{{missing}}{{empty|none}}{{list|no list}}{{zero}}{{no}}", values)).to.equal(
      "<p><bdi></bdi><bdi>none</bdi><bdi>no list</bdi><bdi>0</bdi><bdi>false</bdi></p>",
    );
    expect(of("{{toString|x}}{{__proto__|y}}", values)).to.equal("<p><bdi>x</bdi><bdi>y</bdi></p>");
  });

  it("titles know merge fields only", () => {
    expect(markup(plain("**{{a}}** <b>", { a: "A" }))).to.equal("**<bdi>A</bdi>** &lt;b&gt;");
    expect(fill("{{a}}, {{b|B}}!", { a: 1 })).to.equal("1, B!");
  });

  it("long texts take no time", () => {
    const start = performance.now();
    of("*".repeat(5000));
    of("[".repeat(5000));
    of("{{".repeat(2500));
    of("**a".repeat(1600));
    // Milliseconds even on a busy machine: trying every pairing of the marks would take minutes.
    expect(performance.now() - start).to.be.below(5000);
  });

  it("only safe protocols lead anywhere", () => {
    expect(safeUrl("tel:+1")).to.equal("tel:+1");
    for (const url of ["", "//x", "http://x", " javascript:x", "vbscript:x", "data:,x", "blob:https://x"]) {
      expect(safeUrl(url), url).to.equal(undefined);
    }
  });
});

describe("format", () => {
  it("money has the currency's own decimals", () => {
    const { money } = createFormat("en-US");
    expect(money(3750, "usd")).to.equal("$37.50");
    expect(money(4000, "usd")).to.equal("$40.00");
    expect(money(2900, "jpy")).to.equal("¥2,900");
    expect(money(1234, "kwd")).to.match(/1\.234$/);
    expect(money(0, "eur")).to.equal("€0.00");
  });

  it("prices say for how long", () => {
    const { per } = createFormat("en");
    const price = { currency: "usd", interval: "month", intervalCount: 1 } as const;
    expect(per(price, 3750)).to.equal("$37.50 per month");
    expect(per({ ...price, intervalCount: 3 }, 3750)).to.equal("$37.50 every 3 months");
    expect(per({ ...price, interval: "year" }, 1)).to.equal("$0.01 per year");
  });

  it("texts fall back as a whole: sentence, numbers and dates in one language", () => {
    expect(messagesFor("xx-YY").locale).to.equal("en");
    expect(messagesFor("en_gb").locale).to.equal("en-GB");
    expect(messagesFor("??").locale).to.equal("en");
    expect(messagesFor(undefined).locale).to.equal("en");
    addLanguage("xx", { ...en, keep: "Xeep" });
    expect(createFormat("xx-YY").t("keep")).to.equal("Xeep");
    expect(messagesFor("xx-YY").locale).to.equal("xx-YY");
  });

  it("the hub has both lists of texts, or English: half of each would be worse", () => {
    addLanguage("yy", { ...en, keep: "Yeep" });
    expect(createFormat("yy").t("keep")).to.equal("Yeep");
    const { t, locale } = createHubFormat("yy");
    expect([t("keep"), t("hub_active"), locale]).to.deep.equal([en.keep, "Active", "en"]);
    expect(spokenInHub("yy")).to.equal("en");
  });

  it("the hub takes the business's own words, by key and by plural form", () => {
    const { t } = createHubFormat("en", { hub_active: "Up", "hub_title.one": "Your box", keep: "Stay" });
    expect([t("hub_active"), t("keep")]).to.deep.equal(["Up", "Stay"]);
    expect([1, 2].map((count) => t("hub_title", { count }))).to.deep.equal([
      "Your box",
      "Your subscriptions",
    ]);
  });
});

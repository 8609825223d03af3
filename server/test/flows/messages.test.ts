/** Which words a business may put in place of the widgets' own. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { en } from "../../../src/i18n/en.ts";
import { MessagesDefinition, messagesLocale } from "../../src/contract/messages.ts";

const faultsOf = (messages: unknown): string[] => {
  const { error } = MessagesDefinition.safeParse(messages);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join("/")}: ${message}`);
};

/** Each text of English under the key that replaces it. */
const all = Object.fromEntries(
  Object.entries(en).flatMap(([key, text]): [string, string][] =>
    typeof text === "string"
      ? [[key, text]]
      : Object.entries(text).map(([form, each]) => [`${key}.${form}`, each as string]),
  ),
);
const { dir: _, ...replaceable } = all;

describe("Messages of a business", () => {
  it("may replace every text that the widgets have, and name each plural of any language", () => {
    assert.deepEqual(faultsOf(replaceable), []);
    for (const form of ["zero", "one", "two", "few", "many", "other"])
      assert.deepEqual(faultsOf({ [`month.${form}`]: "{{price}} / {{count}}" }), [], form);
    assert.deepEqual(faultsOf({ keep: "No placeholder is needed", "month.one": "Monthly" }), []);
    assert.deepEqual(MessagesDefinition.parse({ keep: "  Stay " }), { keep: "Stay" });
  });

  const faults: [string, unknown, RegExp][] = [
    ["no object", [], /^: /],
    ["a key that the widgets do not have", { stay: "x" }, /^stay: the widgets have no such text$/],
    ["a key of every object", { constructor: "x" }, /^constructor: the widgets have no such text$/],
    ["the direction of writing", { dir: "rtl" }, /^dir: the widgets have no such text$/],
    ["a plural without its form", { month: "x" }, /^month: has a form for each plural: month\.one/],
    ["a plural of no language", { "month.several": "x" }, /^month\.several: the widgets have no such text$/],
    ["a form of no plural", { "keep.one": "x" }, /^keep\.one: /],
    ["a form of a form", { "month.one.two": "x" }, /^month\.one\.two: /],
    [
      "a placeholder that the text has not",
      { keep: "{{price}}" },
      /^keep: "price" is no placeholder of this text$/,
    ],
    ["a misspelt one in a plural", { "month.one": "{{ prise }}" }, /^month\.one: "prise" is no placeholder/],
    ["an empty text", { keep: " " }, /^keep: /],
    ["a text of 2001 characters", { keep: "x".repeat(2001) }, /^keep: /],
    ["a number", { keep: 7 }, /^keep: /],
  ];
  for (const [name, messages, words] of faults) {
    it(`refuse ${name}`, () => {
      const [first, ...others] = faultsOf(messages);
      assert.match(first ?? "accepted", words);
      assert.deepEqual(others, []);
    });
  }

  it("hold 400 texts of 2000 characters, and no more", () => {
    const keys = Object.entries(en).flatMap(([key, text]) =>
      typeof text === "string"
        ? [key]
        : ["zero", "one", "two", "few", "many", "other"].map((form) => `${key}.${form}`),
    );
    const most = Object.fromEntries(
      keys.filter((key) => key !== "dir").map((key) => [key, "x".repeat(2000)]),
    );
    assert.deepEqual(faultsOf(most), []);
    const many = (count: number) =>
      faultsOf(Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, "x"])));
    assert.ok(!many(400).includes(": at most 400 texts"));
    assert.ok(many(401).includes(": at most 400 texts"));
  });

  it("are for a language in its usual spelling, or for all", () => {
    for (const [text, locale] of [
      ["*", "*"],
      ["de", "de"],
      ["de-at", "de-AT"],
      ["pt_br", "pt-BR"],
      ["zh-hant-tw", "zh-Hant-TW"],
      ["", undefined],
      ["d", undefined],
      ["**", undefined],
      ["German", "german"],
      ["not a tag", undefined],
    ] as const)
      assert.equal(messagesLocale(text), locale, text);
  });
});

/** A link that is over says so in the language that the widgets would have spoken. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { spoken } from "../../../src/i18n/languages.ts";
import { linkWords } from "../../src/domain/link-words.ts";

const TAGS = "ar cs da de el en es fi fr he hu it ja ko nb nl pl pt ro sv tr uk zh-Hans zh-Hant".split(" ");

it("has words of its own for each language", () => {
  for (const tag of TAGS) assert.equal(spoken(tag), tag);
  for (const of of [
    (tag: string) => linkWords(tag).over.title,
    (tag: string) => linkWords(tag).over.body,
    (tag: string) => linkWords(tag).used.title,
    (tag: string) => linkWords(tag).used.body,
    (tag: string) => linkWords(tag).openEnd,
  ])
    assert.equal(new Set(TAGS.map(of)).size, TAGS.length);
});

it("takes the language of a region, and English where it has none", () => {
  assert.equal(linkWords("de-AT"), linkWords("de"));
  assert.equal(linkWords("zh-TW"), linkWords("zh-Hant"));
  assert.equal(linkWords("no"), linkWords("nb"));
  assert.equal(linkWords("eo"), linkWords("en"));
});

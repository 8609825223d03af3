/** Code blocks of our documents, found by the headings that they stand under. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export interface Block {
  /** Headings from the second level down, such as `["Handshake tokens", "Node"]`. */
  headings: readonly string[];
  language: string;
  code: string;
}

/** @param name from the root of the repository */
export const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

export function blocksOf(name: string): Block[] {
  const blocks: Block[] = [];
  let headings: string[] = [];
  for (const [, level, title, indent, language, lines] of read(name).matchAll(
    /^(##+) ([^\n]*)$|^( *)```(\w*)\n(.*?)^\3```$/gms,
  )) {
    if (level) headings = [...headings.slice(0, level.length - 2), title as string];
    else {
      // Within a list it is indented as the list is.
      const code = String(lines).replaceAll(new RegExp(`^${indent}`, "gm"), "");
      blocks.push({ headings, language: language as string, code });
    }
  }
  return blocks;
}

/** The n-th block of a language under these headings. */
export function block(
  blocks: readonly Block[],
  headings: readonly string[],
  language: string,
  index = 0,
): string {
  const under = blocks.filter(
    (each) => each.language === language && headings.every((title, at) => each.headings[at] === title),
  );
  const found = under[index];
  assert.ok(found, `block ${index} of ${language} under ${headings.join(" / ")}`);
  return found.code;
}

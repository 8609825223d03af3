/** Every link from one of our pages to another leads somewhere, and to a heading that there is. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

const root = new URL("../../../", import.meta.url);
const docs = readdirSync(new URL("docs/", root)).filter((name) => name.endsWith(".md"));
const pages = ["README.md", ...docs.map((name) => `docs/${name}`)];

const read = (page: URL) => readFileSync(page, "utf8");

/** As GitHub makes them; what stands twice gets a number. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title = ""] of page.replaceAll(/^```.*?^```/gms, "").matchAll(/^#+ (.*)$/gm)) {
    const anchor = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-");
    let name = anchor;
    for (let again = 1; anchors.has(name); again++) name = `${anchor}-${again}`;
    anchors.add(name);
  }
  return anchors;
}

/** Links that leave this repository are for others to keep. */
const linksOf = (page: string) =>
  Array.from(
    page.replaceAll(/^```.*?^```/gms, "").matchAll(/\]\(([^)\s]+)\)/g),
    ([, link = ""]) => link,
  ).filter((link) => !/^[a-z]+:/.test(link));

describe("Our pages", () => {
  for (const name of pages) {
    it(`${name} links to pages and headings that there are`, () => {
      const page = new URL(name, root);
      for (const link of linksOf(read(page))) {
        const target = new URL(link, page);
        const anchor = decodeURIComponent(target.hash.slice(1));
        target.hash = "";
        assert.ok(existsSync(target), link);
        if (anchor && target.pathname.endsWith(".md"))
          assert.ok(
            anchorsOf(read(target)).has(anchor),
            `${link}: ${[...anchorsOf(read(target))].join(" ")}`,
          );
      }
    });
  }
});

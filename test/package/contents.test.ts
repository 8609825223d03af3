/** What is published, and what tools say of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { type Installed, install } from "./installed.ts";

const root = path.join(import.meta.dirname, "../..");

/** Bytes of the tarball; raised by hand, in a change that says why. */
const LIMIT = 621_500;

/** Every folder that may be there, with the endings of what is in it. */
const FOLDERS: Readonly<Record<string, RegExp>> = {
  ".": /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  dist: /^(custom-elements|vscode\.(html|css)-custom-data|web-types)\.json$/,
  "dist/cjs": /\.cjs(\.map)?$/,
  "dist/embed": /\.js$|^LICENSES\.txt$/,
  "dist/frameworks": /\.(d\.ts|js)$/,
  "dist/npm": /\.js(\.map)?$/,
  "dist/types": /\.d\.c?ts$/,
};

const folderOf = (file: string) => path.posix.dirname(file).split("/").slice(0, 2).join("/");

/** Lit cannot be required, and neither can what is made with it; the tags of frameworks are for their bundlers. */
const modulesOnly = [
  ...["./cancel-button", "./retention-modal", "./subscription-hub", "./embed"],
  ...["./jsx", "./vue", "./svelte", "./angular"],
];

describe("the published package", () => {
  let page: Installed;
  before(() => {
    page = install();
  });
  after(() => page.remove());

  it("has these folders, and nothing else in them", () => {
    assert.deepEqual([...new Set(page.files.map(folderOf))].sort(), Object.keys(FOLDERS).sort());
    const strangers = page.files.filter((file) => !FOLDERS[folderOf(file)]?.test(path.posix.basename(file)));
    assert.deepEqual(strangers, []);
  });

  it("has no source of the server, no test and no key, in source maps neither", () => {
    for (const file of page.files) {
      const text = readFileSync(path.join(page.folder, "node_modules/@renumerate/js", file), "utf8");
      if (file.endsWith(".map")) {
        const { sources } = JSON.parse(text) as { sources: string[] };
        assert.deepEqual(
          sources.filter((each) => !/^(\.\.\/)+src\/(?!api\/contract)/.test(each)),
          [],
          file,
        );
      }
      // The documents show keys, which end in an ellipsis.
      assert.doesNotMatch(text, /rk_sk_\w{8}|whsec_\w{8}|BEGIN [A-Z ]*PRIVATE KEY|from "zod/, file);
    }
  });

  it("says which files register an element, so that no bundler leaves them out", () => {
    const { sideEffects } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    const registering = page.files.filter((file) => {
      const text = readFileSync(path.join(page.folder, "node_modules/@renumerate/js", file), "utf8");
      return file.startsWith("dist/npm/") && file.endsWith(".js") && /^define\("/m.test(text);
    });
    assert.equal(registering.length, 3);
    for (const file of registering) assert.ok(sideEffects.includes(`./${file}`), file);
  });

  it("weighs what it weighed", () => {
    assert.ok(page.tarball.length <= LIMIT, `${page.tarball.length} bytes`);
  });

  it("has the scripts that content networks are told of, and what they load beside them", () => {
    const { unpkg, jsdelivr } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    assert.equal(unpkg, jsdelivr);
    for (const file of [path.posix.normalize(unpkg), "dist/embed/renumerate.js", "dist/embed/embed.js"])
      assert.ok(page.files.includes(file), file);
  });

  it("has nothing for publint to say", async () => {
    const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(page.tarball).buffer } });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  });

  it("has types that are right for every resolution", async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(page.tarball)));
    assert.ok(result.types);
    const expected = ({ kind, ...problem }: Problem) => {
      const { entrypoint = "", resolutionKind } = problem as { entrypoint?: string; resolutionKind?: string };
      // The oldest resolution knows no `exports`, and finds no data.
      if (resolutionKind === "node10" && entrypoint.endsWith(".json")) return true;
      return kind === "CJSResolvesToESM" && modulesOnly.includes(entrypoint);
    };
    assert.deepEqual(
      result.problems.filter((problem) => !expected(problem)),
      [],
    );
    const entrypoints = Object.keys(result.entrypoints);
    for (const entry of [".", "./react", ...modulesOnly]) assert.ok(entrypoints.includes(entry), entry);
  });
});

/** Whoever builds this source gets the bytes that are published: only then does it say anything where they were built. */
import assert from "node:assert/strict";
import { readFileSync, statSync, utimesSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { type Installed, install } from "./installed.ts";

const root = path.join(import.meta.dirname, "../..");

describe("the package that is published", () => {
  let page: Installed;
  before(() => {
    page = install();
  });
  after(() => page.remove());

  it("is the same to the byte, whenever and by whomever it is packed", () => {
    const touched = path.join(root, "dist/npm/index.js");
    const { atime, mtime } = statSync(touched);
    const mask = process.umask(0o077);
    utimesSync(touched, new Date(0), new Date(0));
    try {
      const again = install();
      again.remove();
      assert.deepEqual(again.files, page.files);
      assert.ok(again.tarball.equals(page.tarball));
    } finally {
      utimesSync(touched, atime, mtime);
      process.umask(mask);
    }
  });

  it("runs nothing where it is installed", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    const atInstallation = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
    assert.deepEqual(
      atInstallation.filter((name) => name in scripts),
      [],
    );
  });

  it("holds no path of the machine that has built it", () => {
    for (const file of page.files) {
      const text = readFileSync(path.join(page.folder, "node_modules/@renumerate/js", file), "utf8");
      assert.ok(!text.includes(root), file);
      assert.doesNotMatch(text, /file:\/\/\/|\/home\/\w|\/Users\/\w/, file);
    }
  });
});

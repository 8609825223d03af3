/** What a page's own bundler makes of the package. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { build, type Rolldown } from "vite";
import { type Installed, install } from "./installed.ts";

interface Bundle {
  /** What the page's script tag loads. */
  early: string;
  /** Modules in it, and those that come later. */
  earlyModules: string[];
  lateModules: string[];
}

const LIT = /[\\/]node_modules[\\/](@lit[\\/]|lit[\\/]|lit-)/;

describe("in a page's own bundle", () => {
  let page: Installed;
  before(() => {
    page = install();
  });
  after(() => page.remove());

  async function bundle(name: string, code: string): Promise<Bundle> {
    const { output } = (await build({
      root: page.folder,
      configFile: false,
      logLevel: "error",
      build: { write: false, modulePreload: false, rolldownOptions: { input: page.write(name, code) } },
    })) as Rolldown.RolldownOutput;
    const chunks = output.filter((file) => file.type === "chunk");
    const early = new Set(chunks.filter((chunk) => chunk.isEntry));
    for (const { imports } of early)
      for (const chunk of chunks) if (imports.includes(chunk.fileName)) early.add(chunk);
    // A module whose every line was left out is not there.
    const modulesOf = (some: Rolldown.OutputChunk[]) =>
      some.flatMap(({ modules }) => Object.keys(modules).filter((id) => modules[id]?.code));
    return {
      early: [...early].map(({ code }) => code).join("\n"),
      earlyModules: modulesOf([...early]),
      lateModules: modulesOf(chunks.filter((chunk) => !early.has(chunk))),
    };
  }

  const has = (modules: string[], end: string) => modules.some((id) => id.endsWith(path.normalize(end)));

  for (const [name, code] of [
    ["module.js", 'import { Renumerate } from "@renumerate/js"; window.shop = new Renumerate({});'],
    ["required.cjs", 'const { Renumerate } = require("@renumerate/js"); window.shop = new Renumerate({});'],
    ["react.js", 'import { CancelButton } from "@renumerate/js/react"; window.shop = CancelButton;'],
  ] as const) {
    it(`the elements and Lit wait until they are needed (${name})`, async () => {
      const { earlyModules, lateModules } = await bundle(name, code);
      assert.deepEqual(
        earlyModules.filter((id) => LIT.test(id) || /components[\\/]/.test(id)),
        [],
      );
      assert.ok(has(lateModules, "components/retention-modal.js"));
      assert.ok(has(lateModules, "components/subscription-hub.js"));
      assert.ok(lateModules.some((id) => LIT.test(id)));
    });
  }

  it("the version alone brings nothing else along", async () => {
    const { early, earlyModules } = await bundle(
      "version.js",
      'import { VERSION } from "@renumerate/js"; document.title = VERSION;',
    );
    assert.deepEqual(
      earlyModules.map((id) => path.basename(id)),
      ["define.js", "version.js"],
    );
    assert.doesNotMatch(early, /import\(|class|renumerate-/);
    assert.ok(early.length < 400, early);
  });

  for (const name of ["cancel-button", "retention-modal", "subscription-hub"]) {
    it(`<renumerate-${name}> is registered by importing its file`, async () => {
      const { early } = await bundle(`${name}.js`, `import "@renumerate/js/${name}";`);
      assert.match(early, new RegExp(`\\(["'\`]renumerate-${name}["'\`]`));
    });
  }

  it("a page that uses Lit has one copy of it", async () => {
    const { earlyModules } = await bundle(
      "lit.js",
      'import { LitElement } from "lit"; import "@renumerate/js/retention-modal"; window.shop = LitElement;',
    );
    const copies = earlyModules.filter((id) => /[\\/]reactive-element\.js$/.test(id));
    assert.equal(copies.length, 1);
  });

  it("no validator, no server and no test comes along", async () => {
    const { earlyModules, lateModules } = await bundle("all.js", 'import "@renumerate/js/embed";');
    assert.deepEqual(
      [...earlyModules, ...lateModules].filter((id) =>
        /zod|contract|[\\/]server[\\/]|test/.test(path.relative(page.folder, id)),
      ),
      [],
    );
  });
});

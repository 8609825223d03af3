import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { findNodes, type Installed, install } from "./installed.ts";

interface Found {
  /** What a value is called in the page's file, and its type. */
  kinds: Record<string, string>;
  /** Names of globals that were not there before. */
  added: string[];
}

/** What a page's file begins with; it ends with a call of `report`. */
const BEGIN = `
  const names = Object.getOwnPropertyNames(globalThis);
  const report = (values) => {
    console.log(JSON.stringify({
      kinds: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value])),
      added: Object.getOwnPropertyNames(globalThis).filter((name) => !names.includes(name)),
    }));
    // The limit for lazy code may still run.
    process.exit();
  };`;

/** Lit's own: its versions, and what it has in the place of a DOM. */
const LIT = [
  "customElements",
  "litServerRoot",
  "litElementVersions",
  "litHtmlVersions",
  "litPropertyMetadata",
  "reactiveElementVersions",
];

for (const { version, file } of findNodes()) {
  describe(`in Node ${version}, without a DOM`, () => {
    let page: Installed;
    before(() => {
      page = install();
    });
    after(() => page.remove());

    const run = (name: string, body: string): Found => {
      // As the Nodes before 20.19 and 22.12 have it, which cannot require a module.
      const args = ["--no-experimental-require-module", page.write(name, BEGIN + body)];
      return JSON.parse(execFileSync(file, args, { encoding: "utf8" }));
    };

    it("70: require() has the class without Lit, and the elements arrive as modules", () => {
      const { kinds, added } = run(
        "page.cjs",
        `const { Renumerate, VERSION, ...loaders } = require("@renumerate/js");
        const { showRetentionView } = new Renumerate({ publicKey: "rk_pub_1" });
        const early = Object.keys(require.cache).find((name) => /[\\\\/]lit/.test(name));
        if (early) throw new Error(early + " is loaded");
        Promise.all(Object.values(loaders).map((load) => load())).then((modules) =>
          report({ VERSION, showRetentionView, ...Object.assign({}, ...modules) }));`,
      );
      assert.partialDeepStrictEqual(kinds, {
        VERSION: "string",
        showRetentionView: "function",
        CancelButton: "function",
        RetentionModal: "function",
        SubscriptionHub: "function",
      });
      assert.deepEqual(
        added.filter((name) => !LIT.includes(name)),
        [],
      );
    });

    it("require() has the React components, over the same class", () => {
      const { kinds, added } = run(
        "react.cjs",
        `const react = require("@renumerate/js/react");
        const { Renumerate } = require("@renumerate/js");
        report({ ...react, Renumerate });`,
      );
      const components = ["CancelButton", "RenumerateProvider", "SubscriptionHub"];
      const hooks = ["useRenumerate", "useRenumerateContext"];
      assert.deepEqual(Object.keys(kinds).sort(), [...components, "Renumerate", ...hooks].sort());
      assert.deepEqual(added, []);
    });

    for (const [entry, name] of [
      ["@renumerate/js", "Renumerate"],
      ["@renumerate/js/react", "RenumerateProvider"],
      ["@renumerate/js/embed", "loadRetentionModal"],
      ["@renumerate/js/cancel-button", "CancelButton"],
      ["@renumerate/js/retention-modal", "RetentionModal"],
      ["@renumerate/js/subscription-hub", "SubscriptionHub"],
    ] as const) {
      it(`import("${entry}") leaves no trace`, () => {
        const { kinds, added } = run("page.mjs", `import("${entry}").then(report);`);
        assert.equal(kinds[name], "function");
        assert.deepEqual(
          added.filter((each) => !LIT.includes(each)),
          [],
        );
      });
    }
  });
}

/** What a compiler says of pages that use the package. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { type Installed, install } from "./installed.ts";

const compiler = path.join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");

const PAGE = `import { type CallbackOptions, Renumerate, type RenumerateConfig, VERSION } from "@renumerate/js";
import { CancelButton, RenumerateProvider, useRenumerate } from "@renumerate/js/react";

const callbacks: CallbackOptions = { onRetained: ({ offer }) => void offer?.type, onComplete: () => {} };
const config: RenumerateConfig = { publicKey: "rk_pub_1", fallbackEmail: "help@shop.example", callbacks };
const shop: Renumerate = new Renumerate(config);
const name: string = VERSION;
export const page = [shop, name, CancelButton, RenumerateProvider, useRenumerate];
document.addEventListener("renumerate-complete", ({ detail }) => void detail.outcome);
`;

describe("types", () => {
  let page: Installed;
  before(() => {
    page = install();
  });
  after(() => page.remove());

  function compile(file: string, code: string, ...flags: string[]): string {
    const always = [
      "--noEmit",
      "--strict",
      "--target",
      "es2022",
      "--lib",
      "es2022,dom",
      "--types",
      "",
      "--ignoreConfig",
    ];
    const run = spawnSync(process.execPath, [compiler, ...always, ...flags, page.write(file, code)], {
      cwd: page.folder,
      encoding: "utf8",
    });
    return run.stdout + run.stderr;
  }

  const ways = [
    ["a module in Node", "page.mts", ["--module", "node16"]],
    ["required in Node", "page.cts", ["--module", "node16"]],
    ["a bundler", "page.ts", ["--module", "esnext", "--moduleResolution", "bundler"]],
  ] as const;

  for (const [way, file, flags] of ways) {
    it(`fit ${way}, without skipping a declaration`, () => {
      assert.equal(compile(file, PAGE, ...flags), "");
    });

    it(`find a mistake (${way})`, () => {
      const wrong = PAGE.replace("fallbackEmail:", "fallbackMail:").replace(
        "detail.outcome",
        "detail.outcoem",
      );
      const said = compile(file, wrong, ...flags);
      assert.match(said, /'fallbackMail' does not exist/);
      assert.match(said, /'outcoem' does not exist/);
    });
  }

  it("are the same for require() and import, so that one page may use both", () => {
    const both = `${PAGE}
export const same: Promise<Renumerate> = import("@renumerate/js").then((module) => new module.Renumerate(config));
const withToken = new Renumerate({ getAuthToken: async () => "token" });
export const again: Renumerate<{ getAuthToken: () => Promise<string> }> = withToken;`;
    assert.equal(compile("both.cts", both, "--module", "node16"), "");
  });
});

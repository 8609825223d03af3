import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { chooseBackends } from "../../scripts/backends.ts";

/** A machine with these settings and no programs. */
function bare(t: TestContext, settings: NodeJS.ProcessEnv): void {
  const { env } = process;
  t.after(() => {
    process.env = env;
  });
  process.env = { ...env, PATH: "", CI: "", BACKENDS: "", RENUMERATE_INSTALL: "", ...settings };
}

test("a developer without Ruby is told how to get it, and Node is run", (t) => {
  bare(t, {});
  const { backends, notices } = chooseBackends();
  assert.ok(backends.includes("node") && !backends.includes("ruby"));
  assert.match(notices.join("\n"), /examples in ruby.*apt-get install ruby;/);
});

test("a backend that is asked for has to be there", (t) => {
  bare(t, { BACKENDS: "node, php" });
  assert.throws(() => chooseBackends(), /There is no php/);
  process.env = { ...process.env, BACKENDS: "node" };
  assert.deepEqual(chooseBackends(), { backends: ["node"], notices: [] });
  process.env = { ...process.env, BACKENDS: "node,perl" };
  assert.throws(() => chooseBackends(), /"perl".*node, python, php, ruby, go/);
  process.env = { ...process.env, BACKENDS: "", CI: "true" };
  assert.throws(() => chooseBackends(), /There is no/);
});

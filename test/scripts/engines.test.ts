import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { chooseEngines, namedEngines } from "../../scripts/engines.ts";
import { patiently } from "../../scripts/launch.ts";

/** A machine with these settings and no programs. */
function bare(t: TestContext, settings: NodeJS.ProcessEnv): void {
  const { env } = process;
  t.after(() => {
    process.env = env;
  });
  process.env = { ...env, PATH: "", CI: "", BROWSERS: "", RENUMERATE_INSTALL: "", ...settings };
}

test("BROWSERS names engines, each once and in one order; none is Chromium", () => {
  assert.deepEqual(namedEngines("webkit, chromium,webkit"), ["chromium", "webkit"]);
  assert.deepEqual(namedEngines(""), ["chromium"]);
  assert.throws(() => namedEngines("chromium,safari"), /"safari".*chromium, firefox, webkit/);
});

test("a developer without WebKit is told how to get it, and Chromium is run", (t) => {
  bare(t, {});
  const { engines, notices } = chooseEngines();
  assert.ok(engines.includes("chromium") && !engines.includes("webkit"));
  assert.match(notices.join("\n"), /in webkit.*apt-get install webkit2gtk-driver xvfb/);
});

test("what is asked for has to be there", (t) => {
  bare(t, { BROWSERS: "webkit" });
  assert.throws(() => chooseEngines(), /There is no webkit/);
  process.env = { ...process.env, BROWSERS: "", CI: "true" };
  assert.throws(() => chooseEngines(), /There is no/);
});

test("a browser that does not start is started once more, and then no more", async () => {
  let starts = 0;
  const flaky = () => (++starts === 1 ? Promise.reject(new Error("busy")) : Promise.resolve("started"));
  assert.equal(await patiently("Flaky", flaky), "started");

  starts = 0;
  const hanging = () => new Promise<never>(() => starts++);
  const message = /^Error: Hanging did not start, twice: nothing after 0\.001 s$/;
  await assert.rejects(patiently("Hanging", hanging, 1), message);
  await assert.rejects(patiently("Hanging", hanging, 1), message);
  assert.equal(starts, 2);
});

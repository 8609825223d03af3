/**
 * Component tests, in real browsers: those that BROWSERS names, Chromium where it names none.
 * One file in one of them: `BROWSERS=firefox npx wtr --files test/components/cancel-button.test.ts`.
 */
import { defaultReporter, summaryReporter } from "@web/test-runner";
import { chromeLauncher } from "@web/test-runner-chrome";
import { a11ySnapshotPlugin } from "@web/test-runner-commands/plugins";
import { findBrowser } from "./scripts/browser.ts";
import { findFirefox, findWebKit, namedEngines } from "./scripts/engines.ts";
import { LAUNCH_LIMIT_MS } from "./scripts/launch.ts";
import { counts } from "./scripts/wtr-counts.ts";
import { firefoxLauncher, retrying } from "./scripts/wtr-firefox.ts";
import { oxc } from "./scripts/wtr-oxc.ts";
import { webkitLauncher } from "./scripts/wtr-webkit.ts";

const launchers = {
  chromium: async () =>
    retrying(
      chromeLauncher({
        // Chromium's sandbox refuses to start for root, which is who runs in a container.
        launchOptions: {
          executablePath: await findBrowser(),
          args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
          timeout: LAUNCH_LIMIT_MS,
        },
        concurrency: 2,
      }),
    ),
  firefox: () => firefoxLauncher(findFirefox()),
  webkit: () => webkitLauncher(findWebKit()),
};

/** @type {import("@web/test-runner").TestRunnerConfig} */
export default {
  files: ["test/components/**/*.test.ts", "test/sdk/**/*.test.ts"],
  // Lit as it ships: without the messages of its development build.
  nodeResolve: { exportConditions: ["production", "default"] },
  browsers: await Promise.all(namedEngines().map((engine) => launchers[engine]())),
  // Not all three at once: a machine that draws for all misses the moments that tests wait for.
  concurrentBrowsers: 2,
  plugins: [oxc(), a11ySnapshotPlugin()],
  reporters: [summaryReporter(), defaultReporter(), counts()],
  browserStartTimeout: 90_000,
  testsFinishTimeout: 120_000,
  // Against those that hang. Some walk through every state, and the first run of axe in a cold browser takes seconds.
  testFramework: { config: { timeout: 30_000 } },
  coverage: process.env.COVERAGE === "1",
  coverageConfig: { include: ["src/**/*.ts"], reportDir: "coverage/components" },
};

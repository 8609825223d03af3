/** Component tests, in a real browser. One file: `npx wtr --files test/components/cancel-button.test.ts`. */
import { defaultReporter, summaryReporter } from "@web/test-runner";
import { chromeLauncher } from "@web/test-runner-chrome";
import { a11ySnapshotPlugin } from "@web/test-runner-commands/plugins";
import { findBrowser } from "./scripts/browser.ts";
import { counts } from "./scripts/wtr-counts.ts";
import { oxc } from "./scripts/wtr-oxc.ts";

/** @type {import("@web/test-runner").TestRunnerConfig} */
export default {
  files: ["test/components/**/*.test.ts"],
  // Lit as it ships: without the messages of its development build.
  nodeResolve: { exportConditions: ["production", "default"] },
  browsers: [
    chromeLauncher({
      // Chromium's sandbox refuses to start for root, which is who runs in a container.
      launchOptions: {
        executablePath: await findBrowser(),
        args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
      },
      concurrency: 2,
    }),
  ],
  plugins: [oxc(), a11ySnapshotPlugin()],
  reporters: [summaryReporter(), defaultReporter(), counts()],
  browserStartTimeout: 60_000,
  testsFinishTimeout: 120_000,
  // The first run of axe in a cold browser takes longer than mocha's two seconds.
  testFramework: { config: { timeout: 10_000 } },
  coverage: process.env.COVERAGE === "1",
  coverageConfig: { include: ["src/**/*.ts"], reportDir: "coverage/components" },
};

/** Finds the Chromium that component and end-to-end tests run in, and fetches one where there is none. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { aptInstall, findProgram } from "./find.ts";

/** The headless shell first: it keeps every tab visible, so that tests in parallel tabs do not wait for frames. */
const candidates = [
  "chromium-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export async function findBrowser(): Promise<string> {
  const named = process.env.RENUMERATE_BROWSER || process.env.CHROME_PATH;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`RENUMERATE_BROWSER or CHROME_PATH names ${named}, which does not exist`);
  }
  const browser =
    findProgram(candidates) ??
    (aptInstall("chromium-headless-shell") ? findProgram(candidates) : undefined) ??
    fromPlaywright();
  if (browser) return browser;
  throw new Error(
    "No Chromium found. Install one (Debian: apt-get install chromium-headless-shell) or set RENUMERATE_BROWSER to its path.",
  );
}

/** Playwright keeps its own browsers. It says where, and does nothing when the right one is already there. */
function fromPlaywright(): string | undefined {
  const cli = path.join(path.dirname(createRequire(import.meta.url).resolve("playwright-core")), "cli.js");
  const install = (...args: string[]) =>
    spawnSync(process.execPath, [cli, "install", "chromium", "--only-shell", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
  const folder = install("--dry-run").stdout.match(/Install location:\s+(.*chromium.*)/)?.[1];
  if (!folder || install().status !== 0) return undefined;
  return findProgram([
    `${folder}/*/chrome-headless-shell`,
    `${folder}/*/chrome-headless-shell.exe`,
    `${folder}/*/headless_shell`,
  ]);
}

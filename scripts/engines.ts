/** Which browsers the tests run in, and where their programs are. */
import { aptInstall, findProgram } from "./find.ts";
import type { WebKitPrograms } from "./webkit.ts";

export type Engine = "chromium" | "firefox" | "webkit";

export const engines: readonly Engine[] = ["chromium", "firefox", "webkit"];

/** Chromium's own search is in browser.ts: it has more to look for. */
const others = {
  firefox: { find: findFirefox, packages: ["firefox-esr"] },
  webkit: { find: findWebKit, packages: ["webkit2gtk-driver", "xvfb"] },
};

export function findFirefox(): string | undefined {
  const named = process.env.RENUMERATE_FIREFOX;
  return findProgram(
    named
      ? [named]
      : ["firefox-esr", "firefox", "/snap/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
  );
}

/** WebKit of Linux distributions: Safari can be driven as well, but not by these programs. */
export function findWebKit(): WebKitPrograms | undefined {
  const driver = findProgram(["WebKitWebDriver"]);
  const browser = findProgram([
    "/usr/lib/*/webkit2gtk-4.1/MiniBrowser",
    "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/webkit2gtk-4.1/MiniBrowser",
  ]);
  const display = findProgram(["Xvfb"]);
  return driver && browser && display ? { driver, browser, display } : undefined;
}

/** The engines that BROWSERS names, separated by commas; Chromium where it names none. */
export function namedEngines(value = process.env.BROWSERS): readonly Engine[] {
  const names = (value || "chromium").split(",").map((name) => name.trim());
  for (const name of names) {
    if (!engines.includes(name as Engine)) {
      throw new Error(`BROWSERS names "${name}", and there are only ${engines.join(", ")}`);
    }
  }
  return engines.filter((engine) => names.includes(engine));
}

export interface Choice {
  readonly engines: readonly Engine[];
  /** What was left out, and what would change that. */
  readonly notices: readonly string[];
}

/**
 * Decides once for a run of suites. What BROWSERS names has to be there, in CI all three have; without either, Chromium
 * is run, and the others where they are found: two more browsers are more than a test should install unasked.
 */
export function chooseEngines(): Choice {
  const demanded = process.env.BROWSERS || process.env.CI === "true";
  const wanted = process.env.BROWSERS ? namedEngines() : engines;
  const mayInstall = process.env.CI === "true" || process.env.RENUMERATE_INSTALL === "1";
  const chosen: Engine[] = [];
  const notices: string[] = [];
  for (const engine of wanted) {
    if (engine === "chromium") {
      chosen.push(engine);
      continue;
    }
    const { find, packages } = others[engine];
    if (find() ?? (mayInstall && aptInstall(...packages) && find())) {
      chosen.push(engine);
      continue;
    }
    const how = `Debian: apt-get install ${packages.join(" ")}; RENUMERATE_INSTALL=1 does that as root`;
    if (demanded) throw new Error(`There is no ${engine} to run the tests in (${how})`);
    notices.push(`Not run: tests in ${engine}, which was not found (${how}).`);
  }
  return { engines: chosen, notices };
}

/** Starts the WebKit that Debian packages: WebKitWebDriver and WebKitGTK's MiniBrowser, on a display of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { LAUNCH_LIMIT_MS, patiently } from "./launch.ts";
import { startSession, type WebDriver } from "./webdriver.ts";

/** Where the three programs are. */
export interface WebKitPrograms {
  driver: string;
  browser: string;
  display: string;
}

/** What the user has set in the system: WebKitGTK reads it at its start, and cannot be told later. */
export interface Preferences {
  reducedMotion?: boolean;
  dark?: boolean;
}

export interface WebKit extends WebDriver {
  /** Ends the browser and everything that was started for it. */
  stop(): Promise<void>;
}

/** Opens a browser with one window. */
export function launchWebKit(programs: WebKitPrograms, preferences: Preferences = {}): Promise<WebKit> {
  return patiently("WebKit", () => launch(programs, preferences));
}

async function launch(programs: WebKitPrograms, preferences: Preferences): Promise<WebKit> {
  const folder = mkdtempSync(path.join(tmpdir(), "renumerate-webkit-"));
  const children: ChildProcess[] = [];
  const clean = () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clean);
  // Leaving by exit() lets what was started be stopped.
  if (!process.listenerCount("SIGTERM")) process.once("SIGTERM", () => process.exit(143));
  const stop = () => {
    process.off("exit", clean);
    clean();
  };
  try {
    const screen = ["-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
    // It picks a number that is free and says which once it is ready: one of ours could still be in use.
    const display = spawn(programs.display, ["-displayfd", "3", ...screen], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    children.push(display);
    const number = await firstLine(display, LAUNCH_LIMIT_MS);
    const port = await freePort();
    const driver = spawn(programs.driver, [`--port=${port}`, "--host=127.0.0.1"], {
      stdio: "ignore",
      env: { ...process.env, DISPLAY: `:${number}`, ...environment(folder, preferences) },
    });
    children.push(driver);
    const server = `http://127.0.0.1:${port}`;
    await answer(driver, `${server}/status`, LAUNCH_LIMIT_MS);
    const args = ["--automation", ...(preferences.dark ? ["--dark-mode"] : [])];
    const options = { binary: programs.browser, args };
    const session = await startSession(server, { "webkitgtk:browserOptions": options }, LAUNCH_LIMIT_MS);
    return {
      ...session,
      async stop() {
        // The browser is the driver's: killed without this, it would live on.
        await session.end().catch(() => {});
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

function environment(folder: string, { reducedMotion }: Preferences): NodeJS.ProcessEnv {
  mkdirSync(path.join(folder, "gtk-3.0"));
  const settings = `[Settings]\ngtk-enable-animations=${reducedMotion ? 0 : 1}\n`;
  writeFileSync(path.join(folder, "gtk-3.0", "settings.ini"), settings);
  return {
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CACHE_HOME: folder,
    GDK_BACKEND: "x11",
    // There is neither a graphics card nor a screen reader to talk to.
    LIBGL_ALWAYS_SOFTWARE: "1",
    NO_AT_BRIDGE: "1",
  };
}

function firstLine(display: ChildProcess, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => reject(new Error("the display is not ready")), limit);
    (display.stdio[3] as Readable).on("data", (chunk) => {
      text += chunk;
      if (!text.includes("\n")) return;
      clearTimeout(timer);
      resolve(text.trim());
    });
    for (const end of ["exit", "error"]) {
      display.once(end, () => reject(new Error(`${display.spawnfile} ended`)));
    }
  });
}

async function answer(driver: ChildProcess, url: string, limit: number): Promise<void> {
  let ended = false;
  for (const end of ["exit", "error"]) driver.once(end, () => (ended = true));
  const signal = AbortSignal.timeout(limit);
  while (
    !(await fetch(url, { signal }).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (ended || signal.aborted) throw new Error(`${driver.spawnfile} does not answer`);
    await sleep(50);
  }
}

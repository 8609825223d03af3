import type { TestRunnerConfig } from "@web/test-runner";
import { withFinder } from "./finder.ts";
import type { ElementReference } from "./webdriver.ts";
import { launchWebKit, type WebKit, type WebKitPrograms } from "./webkit.ts";

type BrowserLauncher = NonNullable<TestRunnerConfig["browsers"]>[number];

/** As Chromium's launcher has it. */
const VIEWPORT = { width: 800, height: 600 };

/**
 * Launcher of @web/test-runner for WebKit. @web/test-runner-commands asks a launcher of the type `playwright` for a page
 * that has the methods of Playwright's: this one has those that `sendKeys`, `sendMouse`, `setViewport`, `emulateMedia`
 * and `a11ySnapshot` call.
 *
 * A window cannot be as narrow as a phone, a frame can: every test runs in one.
 */
export function webkitLauncher(programs: WebKitPrograms): BrowserLauncher & { getPage(id: string): unknown } {
  const windows = Array.from({ length: WINDOWS }, () => createWindow(programs));
  const windowOf = (session: string): Window => {
    const window = windows.find((each) => each.session === session);
    if (!window) throw new Error("This session has no window of WebKit");
    return window;
  };

  return {
    name: "WebKit",
    type: "playwright",
    concurrency: WINDOWS,
    isActive: (session) => windows.some((each) => each.session === session),
    getBrowserUrl: (session) => windowOf(session).address,
    async startSession(session, url) {
      const window = windows.find((each) => each.session === undefined);
      if (!window) throw new Error("All windows of WebKit are in use");
      window.session = session;
      await window.open(url);
    },
    async startDebugSession() {
      throw new Error("WebKit cannot be debugged from here: choose another browser");
    },
    async stopSession(session) {
      const window = windowOf(session);
      await window.close();
      window.session = undefined;
      return {};
    },
    async stop() {
      await Promise.all(windows.map((each) => each.stop()));
    },
    getPage: (session) => windowOf(session).page,
  };
}

/** Each on a display of its own: only the frame of the one window there has the focus. WebKit leaves half a processor idle. */
const WINDOWS = 2;

type Window = ReturnType<typeof createWindow>;

function createWindow(programs: WebKitPrograms) {
  let starting: Promise<WebKit> | undefined;
  /** A test may ask for another size before its session has begun: what goes out of the frame and in again takes turns. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };

  const start = () => {
    starting ??= launchWebKit(programs);
    return starting;
  };

  const window = {
    session: undefined as string | undefined,
    address: "",
    open: (url: string) =>
      inTurn(async () => {
        const webkit = await start();
        window.address = url;
        await webkit.frame(null);
        // A frame of another site than the page around it may not focus anything; what the page says is of no interest.
        await webkit.goto(new URL("/frame", url).href);
        await webkit.execute(
          `document.body.replaceChildren();
        const frame = document.createElement("iframe");
        frame.style.cssText = "position: fixed; inset: 0; border: 0";
        frame.src = arguments[0];
        document.body.append(frame);`,
          url,
        );
        await setViewport(webkit, VIEWPORT);
      }),
    close: () =>
      inTurn(async () => {
        const webkit = await start();
        await webkit.frame(null);
        await webkit.goto("about:blank");
      }),
    async stop() {
      await (await starting)?.stop();
    },
    page: {
      keyboard: {
        press: async (key: string) => (await start()).press(key),
        type: async (text: string) => (await start()).type(text),
      },
      mouse: mouseOf(start),
      setViewportSize: (size: typeof VIEWPORT) => inTurn(async () => setViewport(await start(), size)),
      emulateMedia() {
        throw new Error("WebKit cannot be told what the user prefers once it runs");
      },
      accessibility: { snapshot: async () => snapshot(await start()) },
    },
  };
  return window;
}

async function setViewport(webkit: WebKit, size: typeof VIEWPORT): Promise<void> {
  await webkit.frame(null);
  await webkit.execute(
    `const frame = document.querySelector("iframe");
    Object.assign(frame, arguments[0]);
    frame.focus();`,
    size,
  );
  await webkit.frame(0);
}

function mouseOf(start: () => Promise<WebKit>) {
  // In the order of their numbers in the protocol.
  const buttons = ["left", "middle", "right"];
  const act = async (type: string, button = "left") =>
    (await start()).pointer({ type, button: buttons.indexOf(button) });
  const mouse = {
    move: async (x: number, y: number) => (await start()).pointer({ type: "pointerMove", x, y, duration: 0 }),
    down: ({ button }: { button?: string } = {}) => act("pointerDown", button),
    up: ({ button }: { button?: string } = {}) => act("pointerUp", button),
    async click(x: number, y: number, options?: { button?: string }) {
      await mouse.move(x, y);
      await mouse.down(options);
      await mouse.up(options);
    },
  };
  return mouse;
}

/** A flat tree: what assistive technology is told of everything that should have a role. */
async function snapshot(webkit: WebKit) {
  const elements = await webkit.execute<ElementReference[]>(
    withFinder(
      "return finder.below(document.body).filter((each) => finder.roleOf(each) && finder.isVisible(each))",
    ),
  );
  const children = [];
  for (const element of elements) children.push(await webkit.accessible(element));
  return { role: "document", name: "", children };
}

/** One session of a browser behind a WebDriver server: the few commands of https://www.w3.org/TR/webdriver2/ that tests use. */

/** A reference to an element in the page, as the protocol sends it to and fro. */
export type ElementReference = Record<string, string>;

type InputSource = { type: "key" | "pointer"; id: string; actions: readonly object[]; parameters?: object };

/** Names of keys as tests write them, and the characters that the protocol has for them. */
const KEYS: Record<string, string> = {
  Backspace: "\uE003",
  Tab: "\uE004",
  Enter: "\uE007",
  Shift: "\uE008",
  Escape: "\uE00C",
  Space: " ",
  PageUp: "\uE00E",
  PageDown: "\uE00F",
  End: "\uE010",
  Home: "\uE011",
  ArrowLeft: "\uE012",
  ArrowUp: "\uE013",
  ArrowRight: "\uE014",
  ArrowDown: "\uE015",
  Delete: "\uE017",
};

export interface WebDriver {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  /** Runs the body of a function in the page; what it returns has to be JSON or an element. */
  execute<Result>(body: string, ...values: readonly unknown[]): Promise<Result>;
  /** Presses one key, or several at once: `Tab`, `a`, `Shift+Tab`. */
  press(keys: string): Promise<void>;
  type(text: string): Promise<void>;
  /** Pointer actions one after the other, for instance `{ type: "pointerDown", button: 0 }`. */
  pointer(...actions: readonly object[]): Promise<void>;
  /** The commands from now on go to this frame of the page, or to the page itself. */
  frame(index: number | null): Promise<void>;
  /** What the browser tells assistive technology of an element. */
  accessible(element: ElementReference): Promise<{ role: string; name: string }>;
  end(): Promise<void>;
}

/** Opens a session. Throws if the server has not answered within the time limit. */
export async function startSession(server: string, capabilities: object, limit: number): Promise<WebDriver> {
  const send = async (method: string, path: string, body?: object, limit = 30_000): Promise<unknown> => {
    const response = await fetch(server + path, {
      method,
      body: body && JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
      signal: AbortSignal.timeout(limit),
    });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } };
    if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  const wanted = { capabilities: { alwaysMatch: capabilities } };
  const { sessionId } = (await send("POST", "/session", wanted, limit)) as { sessionId: string };
  const session = `/session/${sessionId}`;
  const post = (path: string, body: object = {}) => send("POST", session + path, body);
  const perform = async (source: InputSource) => {
    await post("/actions", { actions: [source] });
  };
  const keys = (actions: readonly object[]) => perform({ type: "key", id: "keyboard", actions });
  const down = (value: string) => ({ type: "keyDown", value });
  const up = (value: string) => ({ type: "keyUp", value });

  return {
    async goto(url) {
      await post("/url", { url });
    },
    async reload() {
      await post("/refresh");
    },
    execute: async <Result>(script: string, ...args: readonly unknown[]) =>
      (await post("/execute/sync", { script, args })) as Result,
    press(combination) {
      const values = combination.split(/(?<=.)\+/).map((name) => KEYS[name] ?? name);
      return keys([...values.map(down), ...values.toReversed().map(up)]);
    },
    type: (text) => keys([...text].flatMap((character) => [down(character), up(character)])),
    pointer: (...actions) =>
      perform({ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions }),
    async frame(id) {
      await post("/frame", { id });
    },
    async accessible(element) {
      const path = `${session}/element/${Object.values(element)[0]}`;
      const role = (await send("GET", `${path}/computedrole`)) as string;
      return { role, name: (await send("GET", `${path}/computedlabel`)) as string };
    },
    async end() {
      await send("DELETE", session);
    },
  };
}

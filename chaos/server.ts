/** The real program as a process that can be killed, frozen, moved in time, and kept from writing. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compiled } from "../scripts/compiled.ts";
import { freePort } from "../scripts/free-port.ts";

const PROGRAM = fileURLToPath(new URL("../server/bin/renumerate.js", import.meta.url));
const CLOCK = new URL("clock.ts", import.meta.url).href;
/** Of one start, ms: a database may be on its way back. */
const START_LIMIT = 30_000;

/** Also those that stand still: none may outlive whoever started it. */
const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export type Environment = Readonly<Record<string, string>>;

export class Server {
  readonly url: string;
  /** What all of its processes have printed and logged. */
  printed = "";
  /** The last words of each process that has ended without being asked. */
  readonly falls: string[] = [];
  readonly #env: Environment;
  #child: ChildProcess | undefined;
  /** Whoever is being ended. */
  #asked: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  #ahead = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(env: Environment, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#env = { ...env, PORT: String(port), HOST: "127.0.0.1", PUBLIC_URL: this.url };
  }

  static async start(env: Environment): Promise<Server> {
    const server = new Server(env, await freePort());
    await server.start();
    return server;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** One thing at a time, in the order in which it was asked for. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Does nothing if it runs already. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#child) return;
      const end = Date.now() + START_LIMIT;
      while (!(await this.#attempt())) {
        if (Date.now() > end) throw new Error(`The server does not start:\n${this.printed.slice(-2_000)}`);
        await pause(100);
      }
    });
  }

  async #attempt(): Promise<boolean> {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(process.execPath, ["--import", CLOCK, PROGRAM, "serve", "--json"], {
      cwd: tmpdir(),
      env: {
        PATH,
        HOME,
        NODE_COMPILE_CACHE: compiled,
        CHAOS_CLOCK_AHEAD: String(this.#ahead),
        ...this.#env,
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    children.add(child);
    this.#closed = once(child, "close").finally(() => children.delete(child));
    let isListening = false;
    const listening = new Promise<void>((resolve) => {
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        // Its keys, which are shown once.
        if (!isListening) isListening = /"url"/.test(text);
        else this.printed += text;
        if (isListening) resolve();
      });
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.printed += text;
    });
    child.on("error", () => {});
    await Promise.race([listening, this.#closed]);
    if (!isListening) return false;
    this.#child = child;
    void this.#closed.then(() => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (this.#asked !== child) this.falls.push(this.printed.slice(-1_200));
    });
    return true;
  }

  /** Resolves when nothing of it is left. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    return this.#inTurn(async () => {
      const child = this.#child;
      if (!child) return;
      const closed = this.#closed;
      this.#asked = child;
      child.kill(signal);
      // It has a time of its own to finish what is in hand.
      const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await closed;
      clearTimeout(late);
      this.#child = undefined;
    });
  }

  async freeze(milliseconds: number): Promise<void> {
    const child = this.#child;
    child?.kill("SIGSTOP");
    await pause(milliseconds);
    child?.kill("SIGCONT");
  }

  /** How far its clock is from the machine's, ms; also of what is started later. */
  set ahead(milliseconds: number) {
    this.#ahead = milliseconds;
    if (this.#child?.connected) this.#child.send({ ahead: milliseconds });
  }

  /** No file may grow beyond so many bytes; undefined: as far as the disk goes. */
  async limitFiles(bytes: number | undefined): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    const limit = `--fsize=${bytes ?? "unlimited"}:unlimited`;
    await promisify(execFile)("prlimit", ["--pid", String(pid), limit]).catch((error) => {
      // It may have ended meanwhile.
      if (this.#child?.pid === pid && !this.#child.killed) throw error;
    });
  }
}

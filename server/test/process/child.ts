/** The real program as a process of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiled } from "../../../scripts/compiled.ts";
import { temporaryFolder } from "../../../scripts/temporary.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/renumerate.js", import.meta.url));
const PROMPT = fileURLToPath(new URL("prompt.ts", import.meta.url));

export type Environment = Record<string, string>;

export interface Finished {
  code: number | null;
  out: string;
  err: string;
}

/** A folder for one installation. */
export async function folder(): Promise<AsyncDisposable & { path: string; env: Environment }> {
  const { path, remove } = temporaryFolder("process");
  return {
    path,
    env: { DATA_DIR: join(path, "data"), LOG_LEVEL: "warn" },
    [Symbol.asyncDispose]: async () => remove(),
  };
}

/** Starts from an empty environment, so that what this machine has set plays no part. */
function start(args: readonly string[], env: Environment, cwd: string, program = PROGRAM): ChildProcess {
  const { PATH = "", HOME = "" } = process.env;
  return spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH, HOME, NODE_COMPILE_CACHE: compiled, ...env },
    stdio: "pipe",
  });
}

export async function renumerate(args: readonly string[], env: Environment, input = ""): Promise<Finished> {
  const child = start(args, env, tmpdir());
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  // A program that does not read its input may be gone before it is written.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const [code] = await once(child, "close");
  return { code, out, err };
}

/** Runs commands one after the other, each as if it were the only one, in a process that need not start for each. */
export interface Prompt extends AsyncDisposable {
  renumerate(args: readonly string[], env: Environment): Promise<Finished>;
}

export function prompt(): Prompt {
  const child = start([], {}, tmpdir(), PROMPT);
  const closed = once(child, "close");
  let [out, err] = ["", ""];
  let told = () => {};
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    out += text;
    told();
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    err += text;
    told();
  });
  const end = /^([\s\S]*)\0(\d)\0$/;
  const isDone = () => end.test(out) && err.endsWith("\0");
  return {
    async renumerate(args, env) {
      [out, err] = ["", ""];
      const done = new Promise<void>((resolve) => {
        told = () => isDone() && resolve();
      });
      child.stdin?.write(`${JSON.stringify({ args, env })}\n`);
      await Promise.race([done, closed]);
      assert.ok(isDone(), `It has ended: ${err}`);
      const [, printed = "", code] = end.exec(out) ?? [];
      return { code: Number(code), out: printed, err: err.slice(0, -1) };
    },
    // By itself: no command may leave anything open that keeps a process.
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      await closed;
    },
  };
}

/** Disposing of it leaves no process behind, however the test went. */
export interface Served extends AsyncDisposable {
  url: string;
  /** The first start's, else undefined. */
  publicKey?: string;
  privateKey?: string;
  /** What was printed and logged so far. */
  printed(): string;
  /** Resolves with the exit code, or null if a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** `renumerate serve` on a free port, from when it says that it listens. */
export async function serve(
  env: Environment,
  args: readonly string[] = ["serve", "--json"],
): Promise<Served> {
  const child = start(args, { PORT: "0", ...env }, tmpdir());
  const closed = once(child, "close");
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  const listening = Promise.withResolvers<void>();
  let out = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    out += text;
    printed += text;
    if (/https?:\/\/\S+[\s\S]*\n$/.test(out)) listening.resolve();
  });
  void closed.then(() => listening.reject(new Error(`It did not start:\n${printed}`)));
  await listening.promise;
  const facts = args.includes("--json") ? JSON.parse(out) : { url: /https?:\/\/[\w.:]+/.exec(out)?.[0] };
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const [code] = await closed;
    return code;
  };
  const dispose = async () => {
    await end("SIGKILL");
  };
  return { ...facts, printed: () => printed, end, [Symbol.asyncDispose]: dispose };
}

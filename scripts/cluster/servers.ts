/** Several real servers behind one address, on one PostgreSQL: each a process with a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiled } from "../compiled.ts";
import { endsWithUs } from "../leaving.ts";
import { temporaryFolder } from "../temporary.ts";
import { openProxy } from "./proxy.ts";

const program = fileURLToPath(new URL("../../server/bin/renumerate.js", import.meta.url));

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Server {
  /** Its own address, past the proxy. */
  url: string;
  pid: number;
}

export interface Cluster {
  /** The proxy's. */
  url: string;
  /** Those that run now. */
  readonly servers: readonly Server[];
  /** What a command of `renumerate` needs to work on the same data. */
  env: Environment;
  /** All at once. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** On the same data, with the same settings. */
  start(): Promise<void>;
  /** One after the other, each gently, so that there is always somebody who answers. */
  roll(): Promise<void>;
  close(): Promise<void>;
}

interface Running extends Server {
  child: ChildProcess;
}

/** @param env settings of all of them; DATABASE_URL is needed */
export async function startCluster(env: Environment, count = 3): Promise<Cluster> {
  const folder = temporaryFolder("cluster");
  let running: Running[] = [];
  const proxy = await openProxy(() => running.map(({ url }) => url));
  const shared = {
    ...process.env,
    NODE_COMPILE_CACHE: compiled,
    RENUMERATE_SECRET: randomBytes(32).toString("base64url"),
    LOG_LEVEL: "error",
    ...env,
    PUBLIC_URL: proxy.url,
  };
  const one = (place: number) => serve({ ...shared, DATA_DIR: join(folder.path, String(place)), PORT: "0" });
  const start = async () => {
    running = await Promise.all(Array.from({ length: count }, (_, place) => one(place)));
  };
  const stop = async (signal: NodeJS.Signals) => {
    const gone = running;
    running = [];
    await Promise.all(gone.map((each) => end(each, signal)));
  };
  const close = async () => {
    await stop("SIGTERM");
    proxy.close();
    folder.remove();
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: proxy.url,
    get servers() {
      return running.map(({ url, pid }) => ({ url, pid }));
    },
    env: { ...shared, DATA_DIR: join(folder.path, "command") },
    stop,
    start,
    async roll() {
      for (let place = 0; place < count; place++) {
        const [old] = running.splice(place, 1);
        if (old) await end(old, "SIGTERM");
        running.splice(place, 0, await one(place));
      }
    },
    close,
  };
}

async function serve(env: Environment): Promise<Running> {
  const child = spawn(process.execPath, [program, "serve", "--json"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  endsWithUs(child);
  let out = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      out += chunk;
      const line = out.split("\n").find((each) => each.startsWith("{") && each.endsWith("}"));
      if (line) resolve((JSON.parse(line) as { url: string }).url);
    });
    child.once("exit", (code) => reject(new Error(`a server ended with ${code}`)));
  });
  return { child, url, pid: child.pid as number };
}

async function end({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

/**
 * What a world's pages talk to: one server on SQLite, or with E2E_SERVERS=3 three behind one address, on a database of
 * their own in the PostgreSQL of TEST_DATABASE_URL. What a customer sees must not tell which.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createDatabase } from "../../scripts/cluster/database.ts";
import { startCluster } from "../../scripts/cluster/servers.ts";
import { endsWithUs, leaveTidily } from "../../scripts/leaving.ts";
import { temporaryFolder } from "../../scripts/temporary.ts";

export const cli = new URL("../../server/bin/renumerate.js", import.meta.url).pathname;

export interface Installation {
  url: string;
  /** A folder for whoever has something to hand to the command line. */
  folder: string;
  /** What the command line needs to work on the same data. */
  env: NodeJS.ProcessEnv;
  /** On the same data and at the same address. */
  restart(signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

/** @param settings of the server beside its place and its data */
export async function install(settings: Readonly<Record<string, string>>): Promise<Installation> {
  leaveTidily();
  const folder = temporaryFolder("e2e");
  const count = Number(process.env.E2E_SERVERS ?? 1);
  const installed = count > 1 ? await several(settings, count) : await single(settings, folder.path);
  return {
    ...installed,
    folder: folder.path,
    async close() {
      await installed.close();
      folder.remove();
    },
  };
}

type Installed = Omit<Installation, "folder">;

async function several(settings: Readonly<Record<string, string>>, count: number): Promise<Installed> {
  const { TEST_DATABASE_URL: postgres } = process.env;
  if (!postgres) throw new Error("E2E_SERVERS needs TEST_DATABASE_URL: npm run cluster -- e2e sets both");
  const database = await createDatabase(postgres);
  try {
    const cluster = await startCluster({ ...settings, DATABASE_URL: database.url }, count);
    return {
      url: cluster.url,
      env: cluster.env,
      async restart(signal) {
        await cluster.stop(signal);
        await cluster.start();
      },
      async close() {
        await cluster.close();
        await database.drop();
      },
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

async function single(settings: Readonly<Record<string, string>>, dataDir: string): Promise<Installed> {
  const env = { ...process.env, DATA_DIR: dataDir };
  let { child, url } = await startServer({ ...env, ...settings, PORT: "0" });
  const { port } = new URL(url);
  const end = async (signal: NodeJS.Signals) => {
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  return {
    url,
    env,
    async restart(signal) {
      await end(signal);
      ({ child } = await startServer({ ...env, ...settings, PORT: port }));
    },
    close: () => end("SIGTERM"),
  };
}

async function startServer(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [cli, "serve", "--json"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  endsWithUs(child);
  const url = await new Promise<string>((resolve, reject) => {
    let out = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
      const line = out.split("\n").find((each) => each.startsWith("{"));
      if (line) resolve((JSON.parse(line) as { url: string }).url);
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { child, url };
}

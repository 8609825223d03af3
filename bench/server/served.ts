/** The real program, as a business runs it, with its log in a file; only the limits of requests are out of the way. */
import { spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { oneOf } from "../../scripts/command-line.ts";
import { type Postgres, startPostgres } from "../../scripts/postgres.ts";
import { type Temporary, temporaryFolder } from "../../scripts/temporary.ts";
import type { StoreLocation } from "../../server/src/store/database.ts";
import { asking, type Child } from "./child.ts";

const PROGRAM = fileURLToPath(new URL("../../server/bin/renumerate.js", import.meta.url));
const INSIDE = new URL("inside.ts", import.meta.url).href;

export interface Served {
  home: "SQLite" | "PostgreSQL";
  url: string;
  key: string;
  child: Child;
  location: StoreLocation;
  /** Of the database. */
  version: string;
  /** A database of the same kind on the same disk, for whatever is to be compared. */
  beside: { file?: string; url?: string };
  stop(): Promise<void>;
}

interface Place {
  home: Served["home"];
  version: string;
  location: StoreLocation;
  beside: Served["beside"];
  remove(): void;
}

async function placeOf(postgres: Postgres): Promise<Place> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("create database renumerate");
  await client.query("create database beside");
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  await client.end();
  const named = (name: string) => Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
  return {
    home: "PostgreSQL",
    version: rows[0]?.server_version ?? "",
    location: { url: named("renumerate") },
    beside: { url: named("beside") },
    remove: () => postgres.stop(),
  };
}

/** @returns undefined where there is no PostgreSQL */
async function serveOnPostgres(options: string[] = []): Promise<Served | undefined> {
  const postgres = await startPostgres({ durable: true });
  if (!postgres) return undefined;
  return serve(temporaryFolder("bench"), await placeOf(postgres), options);
}

async function serveOnSqlite(options: string[] = []): Promise<Served> {
  const folder = temporaryFolder("bench");
  const place: Place = {
    home: "SQLite",
    version: process.versions.sqlite ?? "",
    location: { file: join(folder.path, "renumerate.db") },
    beside: { file: join(folder.path, "beside.db") },
    remove: () => {},
  };
  return serve(folder, place, options);
}

async function serve(folder: Temporary, { remove, ...place }: Place, options: string[]): Promise<Served> {
  const key = "rk_sk_bench_0123456789012345";
  const log = join(folder.path, "log");
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [...options, "--import", INSIDE, PROGRAM, "serve", "--json"], {
    env: {
      PATH,
      HOME,
      HOST: "127.0.0.1",
      PORT: "0",
      DATA_DIR: folder.path,
      RENUMERATE_PRIVATE_KEY: key,
      RENUMERATE_SECRET: "the secret of a server that is measured",
      RATE_LIMIT_PER_MINUTE: "1000000000",
      ...(place.location.url === undefined ? {} : { DATABASE_URL: place.location.url }),
    },
    stdio: ["ignore", "pipe", openSync(log, "w"), "ipc"],
  });
  const asked = asking(child);
  const listening = Promise.withResolvers<string>();
  const fail = () => listening.reject(new Error(`The server has ended:\n${readFileSync(log, "utf8")}`));
  let out = "";
  child.once("exit", fail);
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    out += text;
    if (out.endsWith("\n")) listening.resolve((JSON.parse(out) as { url: string }).url);
  });
  const url = await listening.promise;
  child.off("exit", fail);
  return {
    ...place,
    url,
    key,
    child: asked,
    async stop() {
      await asked.stop();
      remove();
      folder.remove();
    },
  };
}

const homes = { sqlite: serveOnSqlite, postgres: serveOnPostgres };
type Home = keyof typeof homes;

/** The option of a part that serves in both, or in one. */
export const store = oneOf<Home>("the one database that is measured", ["sqlite", "postgres"]);

export interface Wanted {
  /** Both if absent. */
  store?: Home | undefined;
  /** Of Node. */
  options?: string[];
}

/**
 * Serves in one home after the other, where there is one.
 * @returns the versions of the databases
 */
export async function inEachHome(
  { store, options }: Wanted,
  work: (served: Served) => Promise<void>,
): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const [name, serve] of Object.entries(homes)) {
    const served = store && store !== name ? undefined : await serve(options);
    if (!served) continue;
    versions[served.home] = served.version;
    try {
      await work(served);
    } finally {
      await served.stop();
    }
  }
  return versions;
}

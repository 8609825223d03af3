/**
 * A PostgreSQL for the tests: the one of TEST_DATABASE_URL, or a throw-away cluster from the programs of this machine.
 * It syncs to disk as in production; only its creation does not.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { aptInstall, findProgram } from "./find.ts";

export interface Postgres {
  readonly url: string;
  stop(): Promise<void>;
}

const candidates = ["initdb", "/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb", "/usr/local/opt/postgresql*/bin/initdb"];

/** A server is more than a test should install unasked: only in CI, or where RENUMERATE_INSTALL=1 allows it. */
function findPostgres(): string | undefined {
  const found = findProgram(candidates);
  const mayInstall = process.env.CI === "true" || process.env.RENUMERATE_INSTALL === "1";
  return found ?? (mayInstall && aptInstall("postgresql") ? findProgram(candidates) : undefined);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Undefined where there is no PostgreSQL; in CI that is an error. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  const initdb = findPostgres();
  if (!initdb) {
    if (process.env.CI === "true") throw new Error("CI needs PostgreSQL: install it or set TEST_DATABASE_URL");
    return undefined;
  }

  const folder = mkdtempSync(path.join(tmpdir(), "renumerate-postgres-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // PostgreSQL refuses to run as root.
  const asRoot = process.getuid?.() === 0;
  const nobody = asRoot ? { uid: Number(execFileSync("id", ["-u", "nobody"])), gid: Number(execFileSync("id", ["-g", "nobody"])) } : {};
  if (nobody.uid) chownSync(folder, nobody.uid, nobody.gid);
  const data = path.join(folder, "data");
  const created = spawnSync(initdb, ["--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"], { ...nobody, cwd: folder, encoding: "utf8" });
  if (created.status !== 0) {
    remove();
    throw new Error(`${initdb} failed: ${created.stderr}`);
  }

  const port = await freePort();
  const server = spawn(path.join(path.dirname(initdb), "postgres"), ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", folder], { ...nobody, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(server, "exit");
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(server.stderr).on("line", (line) => {
      log.push(line);
      if (line.includes("ready to accept connections")) resolve();
    });
    ended.then(() => reject(new Error(`postgres did not start:\n${log.join("\n")}`)), reject);
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill("SIGQUIT");
      await ended;
      remove();
    },
  };
}

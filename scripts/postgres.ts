/**
 * A PostgreSQL for the tests: the one of TEST_DATABASE_URL, or a throw-away cluster from the programs of this machine.
 */
import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, realpathSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { aptInstall, findProgram } from "./find.ts";
import { freePort } from "./free-port.ts";

export interface Postgres {
  readonly url: string;
  stop(): void;
}

/** Where the program that makes a database may be. */
export const initdbs = [
  "initdb",
  "/usr/lib/postgresql/*/bin/initdb",
  "/usr/pgsql-*/bin/initdb",
  "/opt/homebrew/opt/postgresql*/bin/initdb",
  "/usr/local/opt/postgresql*/bin/initdb",
];

/** A server is more than a test should install unasked: only in CI, or where RENUMERATE_INSTALL=1 allows it. */
function findPostgres(): string | undefined {
  const found = findProgram(initdbs);
  const mayInstall = process.env.CI === "true" || process.env.RENUMERATE_INSTALL === "1";
  return found ?? (mayInstall && aptInstall("postgresql") ? findProgram(initdbs) : undefined);
}

/** PostgreSQL refuses to run as root. */
export function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"]));
  return { uid: id("-u"), gid: id("-g") };
}

/** Bytes that must be free; a container's memory for files may be a few megabytes. */
const ROOM = 2 * 2 ** 30;

/**
 * In memory, if there is room: a database is hundreds of files, and a test that has one of its own waits longer for those
 * than for all that it does with them.
 */
function inMemory(): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > ROOM ? "/dev/shm" : tmpdir();
  } catch {
    return tmpdir();
  }
}

/**
 * Undefined where there is no PostgreSQL; in CI that is an error.
 * @param of.durable one of its own that syncs to disk as in production, for what is measured or meant to crash
 */
export async function startPostgres({ durable = false } = {}): Promise<Postgres | undefined> {
  const given = durable ? undefined : process.env.TEST_DATABASE_URL;
  if (given) return { url: given, stop: () => {} };
  const initdb = findPostgres();
  if (!initdb) {
    if (process.env.CI === "true")
      throw new Error("CI needs PostgreSQL: install it or set TEST_DATABASE_URL");
    return undefined;
  }

  const folder = mkdtempSync(path.join(durable ? tmpdir() : inMemory(), "renumerate-postgres-"));
  const user = unprivileged();
  if (user) chownSync(folder, user.uid, user.gid);
  const bin = path.dirname(realpathSync(initdb));
  const run = (program: string, ...args: string[]) =>
    execFileSync(path.join(bin, program), ["--pgdata", path.join(folder, "data"), ...args], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      ...user,
    });

  const port = await freePort();
  run("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync");
  // What it holds is thrown away with it: nothing has to be on a disk, and hundreds of databases are made.
  const careless = durable ? "" : "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
  const listen = `-h 127.0.0.1 -p ${port} -c unix_socket_directories= ${careless}`;
  run("pg_ctl", "start", "--wait", "--log", path.join(folder, "log"), "--options", listen);

  // Also when the tests are interrupted or crash: a forgotten server would outlive them.
  const stop = () => {
    process.off("exit", stop);
    run("pg_ctl", "stop", "--mode=immediate");
    rmSync(folder, { recursive: true });
  };
  process.on("exit", stop);
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

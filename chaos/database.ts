/** A PostgreSQL of one's own that can crash. What it has acknowledged has left its process, as on a real disk. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { findProgram } from "../scripts/find.ts";
import { freePort } from "../scripts/free-port.ts";
import { initdbs, unprivileged } from "../scripts/postgres.ts";

export const hasDatabase = (): boolean => findProgram(initdbs) !== undefined;

export class Database {
  readonly url: string;
  readonly #folder: string;
  readonly #bin: string;
  readonly #options: string;
  readonly #user = unprivileged();
  readonly #atExit = () => this.#removeNow();

  private constructor(port: number) {
    const initdb = findProgram(initdbs);
    if (!initdb) throw new Error("There is no PostgreSQL on this machine");
    this.#bin = path.dirname(realpathSync(initdb));
    this.#folder = mkdtempSync(path.join(tmpdir(), "renumerate-chaos-postgres-"));
    if (this.#user) chownSync(this.#folder, this.#user.uid, this.#user.gid);
    // A crash of the process loses nothing that the operating system has; only the machine's own end would.
    const settings = "-c fsync=off -c max_connections=60 -c log_min_messages=warning";
    this.#options = `-h 127.0.0.1 -p ${port} -c unix_socket_directories= ${settings}`;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  static async start(): Promise<Database> {
    const database = new Database(await freePort());
    await database.#run(
      "initdb",
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    );
    process.on("exit", database.#atExit);
    await database.start();
    return database;
  }

  #arguments(args: readonly string[]): [string[], object] {
    const data = ["--pgdata", path.join(this.#folder, "data")];
    return [[...data, ...args], { cwd: this.#folder, stdio: "ignore", ...this.#user }];
  }

  async #run(program: string, ...args: string[]): Promise<void> {
    const [all, options] = this.#arguments(args);
    const [code] = await once(spawn(path.join(this.#bin, program), all, options), "exit");
    if (code !== 0) throw new Error(`${program} ${args[0]} has failed (${code})`);
  }

  async start(): Promise<void> {
    await this.#run(
      "pg_ctl",
      "start",
      "--wait",
      "--log",
      path.join(this.#folder, "log"),
      "--options",
      this.#options,
    );
  }

  /** All of its processes end where they are. */
  async crash(): Promise<void> {
    await this.#run("pg_ctl", "stop", "--mode=immediate");
  }

  /** Everybody's connections are closed, as a database does that moves to another machine. */
  async dropConnections(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'renumerate'",
    );
    await client.end();
  }

  get log(): string {
    return readFileSync(path.join(this.#folder, "log"), "utf8");
  }

  #removeNow(): void {
    const [all, options] = this.#arguments(["stop", "--mode=immediate"]);
    try {
      execFileSync(path.join(this.#bin, "pg_ctl"), all, options);
    } catch {}
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    process.off("exit", this.#atExit);
    this.#removeNow();
    await pause(0);
  }
}

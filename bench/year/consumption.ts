/** What processes consume, as Linux accounts for it. */
import { readdirSync, readFileSync } from "node:fs";
import { type Kysely, sql } from "kysely";
import type { Schema } from "../../server/src/store/schema.ts";

/** Of a second; every Linux has this many. */
const TICKS = 100;

/** What follows the name of the program, which may itself hold spaces. */
function fieldsOf(pid: number | string): number[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat
      .slice(stat.lastIndexOf(")") + 4)
      .split(" ")
      .map(Number);
  } catch {
    return undefined;
  }
}

/** Seconds of a processor so far, with those of children that have ended where `reaped`. */
function secondsOf(pid: number | string, reaped = false): number {
  const [, , , , , , , , , , user = 0, system = 0, childUser = 0, childSystem = 0] = fieldsOf(pid) ?? [];
  return (user + system + (reaped ? childUser + childSystem : 0)) / TICKS;
}

const parentOf = (pid: string): number | undefined => fieldsOf(pid)?.[0];

export async function postmasterOf(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ file: string }>`select pg_read_file('postmaster.pid') as file`.execute(db);
  return Number(rows[0]?.file.split("\n")[0]);
}

export interface Consumed {
  /** Seconds of a processor. */
  servers: number;
  database: number;
}

export function consumed(servers: readonly number[], postmaster: number): Consumed {
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === postmaster);
  return {
    servers: servers.reduce((sum, pid) => sum + secondsOf(pid), 0),
    database: children.reduce((sum, pid) => sum + secondsOf(pid), secondsOf(postmaster, true)),
  };
}

/** Megabytes that are in memory. */
export const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** Most connections to this database at once, looked for until told to stop. */
export function watchConnections(db: Kysely<Schema>): { stop(): { most: number; active: number } } {
  const seen = { most: 0, active: 0 };
  const timer = setInterval(async () => {
    const { rows } = await sql<{ all: number; active: number }>`
      select count(*) as all, count(*) filter (where state <> 'idle') as active from pg_stat_activity
      where datname = current_database() and application_name = 'renumerate'`.execute(db);
    seen.most = Math.max(seen.most, rows[0]?.all ?? 0);
    seen.active = Math.max(seen.active, rows[0]?.active ?? 0);
  }, 500);
  return {
    stop() {
      clearInterval(timer);
      return seen;
    },
  };
}

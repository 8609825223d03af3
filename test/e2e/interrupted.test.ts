/** Whoever interrupts the tests finds nothing of them afterwards: no server, no folder. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Postgres, startPostgres } from "../../scripts/postgres.ts";
import { temporaryFolder } from "../../scripts/temporary.ts";

/** What each file of tests does, and then it waits. */
const code = `
  import { install } from ${JSON.stringify(path.join(import.meta.dirname, "installation.ts"))};
  const { url } = await install({});
  console.log(url);
  setInterval(() => {}, 1000);`;

/** As a terminal does it: everybody of the group is told, at the same time. */
async function interrupt(signal: NodeJS.Signals, settings: NodeJS.ProcessEnv): Promise<void> {
  const folder = temporaryFolder("interrupted");
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...settings, TMPDIR: folder.path },
  });
  const group = -(child.pid as number);
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    assert.equal((await fetch(`${String(line).trim()}/api/health`)).status, 200);
    const ours = () => readdirSync(folder.path).filter((name) => /^renumerate-(e2e|cluster)-/.test(name));
    assert.notDeepEqual(ours(), []);
    process.kill(group, signal);
    await once(child, "close");
    assert.deepEqual(ours(), []);
    // Who has been killed is gone as soon as the system has noticed.
    const isThere = () => {
      try {
        return process.kill(group, 0);
      } catch {
        return false;
      }
    };
    for (let waited = 0; isThere() && waited < 2_000; waited += 20) await delay(20);
    assert.equal(isThere(), false, "a server is still there");
  } finally {
    child.kill("SIGKILL");
    folder.remove();
  }
}

describe("nothing stays of tests that were interrupted", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it(`with ${signal}`, () => interrupt(signal, { E2E_SERVERS: "1" }));
});

const postgres: Postgres | undefined = await startPostgres();
if (postgres)
  describe("nothing stays of several servers", () => {
    it("with SIGINT", async () => {
      try {
        await interrupt("SIGINT", { E2E_SERVERS: "2", TEST_DATABASE_URL: postgres.url });
        const { default: pg } = await import("pg");
        const client = new pg.Client({ connectionString: postgres.url });
        await client.connect();
        const { rows } = await client.query(
          "select datname from pg_database where datname ~ '^renumerate_[0-9a-f]{32}$'",
        );
        await client.end();
        assert.deepEqual(rows, []);
      } finally {
        postgres.stop();
      }
    });
  });

/**
 * Asks the server what nobody would ask, and says what it has found.
 *
 *     npm run fuzz                                        200,000 requests over the OpenAPI document
 *     npm run fuzz -- --requests 20000 --seed 7           fewer, and the same as another time
 *     npm run fuzz -- --store postgres                    on PostgreSQL instead of SQLite
 *     npm run fuzz -- tampering --cases 10000             credentials and offers that were tampered with
 */
import { parseArgs } from "node:util";
import { startPostgres } from "./postgres.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: "string", default: "200000" },
    cases: { type: "string", default: "10000" },
    seed: { type: "string" },
    store: { type: "string", default: "sqlite" },
  },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const postgres = values.store === "postgres" ? await startPostgres() : undefined;
if (values.store === "postgres" && !postgres)
  throw new Error("There is no PostgreSQL here: set TEST_DATABASE_URL");
// Read by what opens stores, when it is loaded.
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
const { fuzz, tamper } = await import("../server/test/fuzz/command.ts");
const store = postgres ? "PostgreSQL" : "SQLite";
console.log(`Seed ${seed}, on ${store}, Node ${process.version}`);
try {
  const isTampering = positionals[0] === "tampering";
  if (isTampering) await tamper({ seed, store, cases: Number(values.cases) });
  else await fuzz({ seed, store, requests: Number(values.requests) });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const again = process.argv.slice(2).join(" ");
  console.error(`\nAgain: npm run fuzz -- ${again}${values.seed ? "" : ` --seed ${seed}`}`);
  process.exitCode = 1;
} finally {
  postgres?.stop();
}

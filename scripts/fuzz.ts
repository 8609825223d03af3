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
const [part = "openapi", ...more] = positionals;
if (more.length || !["openapi", "tampering"].includes(part))
  throw new Error(`There is no ${positionals.join(" ")}, only tampering`);
if (!["sqlite", "postgres"].includes(values.store)) throw new Error("--store takes sqlite or postgres");

/** @throws Error what is no number would be asked never */
function whole(name: "requests" | "cases" | "seed", given: string, least = 1): number {
  const number = Number(given);
  if (given.trim() && Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} takes a whole number from ${least} on, not ${given}`);
}

const seed = whole("seed", values.seed ?? String(Date.now() % 2 ** 31), 0);
const [requests, cases] = [whole("requests", values.requests), whole("cases", values.cases)];
// Leaving by exit() lets what was started be stopped.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
const postgres = values.store === "postgres" ? await startPostgres() : undefined;
if (values.store === "postgres" && !postgres)
  throw new Error("There is no PostgreSQL here: set TEST_DATABASE_URL");
// Read by what opens stores, when it is loaded.
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
const { fuzz, tamper } = await import("../server/test/fuzz/command.ts");
const store = postgres ? "PostgreSQL" : "SQLite";
console.log(`Seed ${seed}, on ${store}, Node ${process.version}`);
try {
  if (part === "tampering") await tamper({ seed, store, cases });
  else await fuzz({ seed, store, requests });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const again = process.argv.slice(2).join(" ");
  console.error(`\nAgain: npm run fuzz -- ${again}${values.seed ? "" : ` --seed ${seed}`}`);
  process.exitCode = 1;
} finally {
  postgres?.stop();
}

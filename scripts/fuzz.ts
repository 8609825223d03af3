/**
 * Asks the server what nobody would ask, and says what it has found.
 *
 *     npm run fuzz                                        200,000 requests over the OpenAPI document
 *     npm run fuzz -- --requests 20000 --seed 7           fewer, and the same as another time
 *     npm run fuzz -- --store postgres                    on PostgreSQL instead of SQLite
 *     npm run fuzz -- tampering --cases 10000             credentials and offers that were tampered with
 */
import { oneOf, Refusal, refuseOthers, split, understood, usageOf, valuesOf, whole } from "./command-line.ts";
import { startPostgres } from "./postgres.ts";

const common = {
  seed: whole("the same numbers again, to see the same again", 0),
  store: oneOf("where it is kept; SQLite if it is left out", ["sqlite", "postgres"]),
};
const openapi = { requests: whole("about how many, 200000 if it is left out"), ...common };
const tampering = { cases: whole("how many, 10000 if it is left out"), ...common };

const usage = () =>
  [
    "npm run fuzz -- [options]",
    "Requests over the OpenAPI document. Each operation is asked a fixed number of times at least, so that few requests",
    "become some five hundred. A tenth comes while billing answers nobody, on purpose: 503 is right there.\n",
    ...usageOf(openapi),
    "\nnpm run fuzz -- tampering [options]",
    "Credentials and offers that were tampered with.\n",
    ...usageOf(tampering),
  ].join("\n");

const { words, given, values } = await understood(usage, () => {
  const { words, given } = split(process.argv.slice(2));
  if (words.length > 1 || (words[0] ?? "tampering") !== "tampering")
    throw new Refusal(`There is no ${words.join(" ")}, only tampering`);
  const taken = words.length ? tampering : openapi;
  if (given.has("cases") && !words.length) throw new Refusal("--cases is of tampering");
  if (given.has("requests") && words.length) throw new Refusal("--requests is not of tampering: --cases is");
  refuseOthers(given, [taken]);
  return { words, given, values: valuesOf(given, { ...openapi, ...tampering }) };
});
const { seed = Date.now() % 2 ** 31, requests = 200_000, cases = 10_000 } = values;
// Leaving by exit() lets what was started be stopped.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
const postgres = values.store === "postgres" ? await startPostgres() : undefined;
if (values.store === "postgres" && !postgres) {
  console.error("There is no PostgreSQL here: set TEST_DATABASE_URL");
  process.exit(1);
}
// Read by what opens stores, when it is loaded.
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
const { fuzz, tamper } = await import("../server/test/fuzz/command.ts");
const store = postgres ? "PostgreSQL" : "SQLite";
console.log(`Seed ${seed}, on ${store}, Node ${process.version}`);
try {
  if (words.length) await tamper({ seed, store, cases });
  else await fuzz({ seed, store, requests });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  const again = process.argv.slice(2).join(" ");
  console.error(`\nAgain: npm run fuzz -- ${again}${given.has("seed") ? "" : ` --seed ${seed}`}`);
  process.exitCode = 1;
} finally {
  postgres?.stop();
}

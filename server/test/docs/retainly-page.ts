/** Retainly's reference page, as it was read: the requests, bodies and tables in it, in their order. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../fixtures/retainly/api-reference.txt", import.meta.url), "utf8");

export const HOST = "https://getretainly.app";

/** Every `curl`, as far as it goes: the page's text goes on behind it without a space. */
export const commands: readonly string[] = Array.from(
  text.matchAll(
    /curl "?https:\/\/getretainly\.app[^"\s]*"? \\\n-H "X-API-Key: \w+"(?: \\\n-o [\w-]+\.csv)?/g,
  ),
  ([command]) => command,
);

export type Printed = Record<string, unknown>;

/** Every JSON object; the dots that stand for steps are none. */
function objects(): Printed[] {
  const found: Printed[] = [];
  let open = 0;
  let from = 0;
  for (const { 0: brace, index } of text.matchAll(/[{}]/g)) {
    if (brace === "{" && open++ === 0) from = index;
    if (brace === "}" && --open === 0)
      found.push(JSON.parse(text.slice(from, index + 1).replace("[...]", "[]")));
  }
  return found;
}

const all = objects();
assert.equal(all.length, 8, "the page has eight bodies");
const next = () => all.shift() as Printed;

export const printed = {
  analytics: next(),
  start: next(),
  started: next(),
  save: next(),
  saved: next(),
  cancel: next(),
  event: next(),
  webhook: next(),
};

/** Names of the columns, by the last part of the path. */
export const columns: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from(
    text.matchAll(/\/api\/exports\/([a-z]+)[A-Z][^.]*\. Fields: ([^.]+)\./g),
    ([, name = "", fields = ""]) => [name, fields.replaceAll(", ", ",")],
  ),
);

/** The statuses of its table of errors. */
export const statuses: readonly number[] = Array.from(text.matchAll(/^\| (\d{3}) \|/gm), ([, status]) =>
  Number(status),
);

const kindOf = (value: unknown) => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value);

/** That an answer has what is printed, each of its kind, all the way down. It may have more. */
export function assertShape(answer: unknown, wanted: unknown, path = "answer"): void {
  assert.equal(kindOf(answer), kindOf(wanted), path);
  if (kindOf(wanted) !== "object") return;
  for (const [name, value] of Object.entries(wanted as Printed)) {
    assert.ok(name in (answer as Printed), `${path}.${name} is there`);
    assertShape((answer as Printed)[name], value, `${path}.${name}`);
  }
}

/** The guide to failed payments says what is so. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { EVENT_DATA } from "../../src/contract/events.ts";
import { RecoveriesQuery, Recovery } from "../../src/contract/recoveries.ts";
import { declineClass } from "../../src/domain/declines.ts";

const page = readFileSync(new URL("../../../docs/recovery.md", import.meta.url), "utf8");
/** Rows of the table under these first words of its head, without the head. */
function rows(head: string): string[][] {
  const [, table = ""] = page.split(`| ${head}`);
  const [, , ...lines] = table.split("\n\n")[0]?.split("\n") ?? [];
  return lines.map((each) =>
    each
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const codes = (cell = "") => Array.from(cell.matchAll(/`([a-z_]+)`/g), ([, code = ""]) => code);

describe("docs/recovery.md", () => {
  it("puts each decline code in its class", () => {
    const table = rows("`decline_class`");
    assert.equal(table.length, 4);
    for (const [name, list] of table)
      for (const code of codes(list)) assert.equal(declineClass(code), codes(name)[0], code);
  });

  it("shows a recovery as it is answered", () => {
    const [, example = "{}"] = /```json\n(.*?)```/s.exec(page) ?? [];
    Recovery.strict().parse(JSON.parse(example));
  });

  it("names each parameter, and each field of the events", () => {
    const named = rows("Parameter").flatMap(([name]) => codes(name));
    const known = Object.keys(RecoveriesQuery.shape).filter((each) => each !== "workspace_id");
    assert.deepEqual(named.toSorted(), known.toSorted());
    const [, webhooks = ""] = page.split("## Webhooks");
    const [said = ""] = webhooks.split("## The API");
    for (const type of ["payment.failed", "payment.recovered", "payment.lost"] as const)
      for (const field of Object.keys(EVENT_DATA[type].shape)) assert.ok(codes(said).includes(field), field);
  });
});

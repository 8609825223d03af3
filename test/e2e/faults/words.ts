/** The tables of docs/faults.md, from the data that the stories are told from. */
import { fallbacks, type Sight, sights, verdicts } from "./sights.ts";
import { code, decisions, opening, tags } from "./table.ts";

type Row = readonly [what: string, sees: string, after: string];

const PLACES = {
  flow: "the flow",
  session: "the site's session endpoint",
  exchange: "the exchange of its token",
} as const;

/** One row for each thing to see, with everything that leads to it. */
const rows = (table: Readonly<Record<string, Sight>>, causes: (sight: string) => string[]): Row[] =>
  Object.entries(table)
    .map(([name, { sees, after }]): Row => [causes(name).join("; "), sees, after])
    .filter(([what]) => what);

export const chapters: Readonly<Record<string, readonly Row[]>> = {
  "The code does not come": tags.map(
    ({ words, sight }): Row => [words, fallbacks[sight].sees, fallbacks[sight].after],
  ),
  "Opening the flow": rows(sights, (sight) =>
    opening.flatMap((row) => {
      const places = (["flow", "session", "exchange"] as const).filter((place) => row[place]);
      const here = places.filter((place) => row[place] === sight);
      if (!here.length) return [];
      return here.length === places.length
        ? [row.what]
        : [`${row.what} (from ${here.map((place) => PLACES[place]).join(", ")})`];
    }),
  ),
  "Accepting an offer": rows(verdicts, (sight) =>
    decisions.filter(({ accept }) => accept === sight).map(({ what }) => what),
  ),
  "Confirming the cancellation": rows(verdicts, (sight) =>
    decisions.filter(({ confirm }) => confirm === sight).map(({ what }) => what),
  ),
};

/** Everything that can be wrong with a file of code. */
export const codeFaults: readonly string[] = code.map(({ what }) => what);

/** Rows of the tables of a document in Markdown, by the heading that they stand under. */
export function tablesOf(markdown: string): Record<string, Row[]> {
  const found: Record<string, Row[]> = {};
  let heading = "";
  for (const line of markdown.split("\n")) {
    if (line.startsWith("## ")) heading = line.slice(3);
    if (!line.startsWith("| ") || /^\| (---|What fails)/.test(line)) continue;
    const rows = found[heading] ?? [];
    found[heading] = rows;
    rows.push(line.slice(2, -2).split(" | ") as unknown as Row);
  }
  return found;
}

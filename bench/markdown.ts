/** Tables of figures as the guides have them, between two comments that name the part. */
import type { Measured, Table } from "./part.ts";

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function tableOf({ title, columns, rows }: Table): string {
  const lines = [line(columns), line(columns.map(() => "---")), ...rows.map(line)];
  return [...(title ? [`**${title}**`, ""] : []), ...lines].join("\n");
}

/** Of one part, everything that was measured. */
export function sectionOf({ tables, aims = [], machine, versions, on }: Measured): string {
  const of = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const wanted: Table = {
    columns: ["wanted", "aim", "is", ""],
    rows: aims.map(({ what, aim, is, met, explained }) => [
      what,
      aim,
      is,
      met ? "met" : `missed${explained ? `: ${explained}` : ""}`,
    ]),
  };
  const all = [...tables, ...(aims.length ? [wanted] : [])].map(tableOf);
  return [...all, `${machine}; ${of.join(", ")}; ${on}.`].join("\n\n");
}

const begins = (part: string): string => `<!-- bench ${part} -->`;
const ends = (part: string): string => `<!-- /bench ${part} -->`;

/** Where the tables of a part are in a guide, without the comments; undefined where it has none. */
export function sectionIn(guide: string, part: string): string | undefined {
  const [, rest] = guide.split(`${begins(part)}\n`);
  return rest?.split(`\n${ends(part)}`)[0];
}

/** The guide with other tables in it. */
export function withSection(guide: string, part: string, section: string): string {
  const before = sectionIn(guide, part);
  return before === undefined
    ? guide
    : guide.replace(
        `${begins(part)}\n${before}\n${ends(part)}`,
        () => `${begins(part)}\n${section}\n${ends(part)}`,
      );
}

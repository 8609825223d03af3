/** A report as plain text, for programs and people that prefer it. Lines are short enough to be quoted. */
import type { ReportWords } from "./report-mail.ts";

const WIDTH = 72;

function wrapped(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length + word.length > WIDTH && line.trim()) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}

/** Columns as wide as they need to be; all but the first are numbers. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const cell = (text: string, column: number) =>
    column ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join("   ").trimEnd()).join("\n");
}

const section = (title: string, ...parts: string[]): string => [title.toUpperCase(), ...parts].join("\n");

export function reportText(words: ReportWords): string {
  const { figures, reasons, issues, moreReasons, moreIssues } = words;
  const parts = [`${words.workspace}\n${words.period}`, wrapped(words.lead)];
  if (figures.length) {
    const head = ["", words.now, words.before];
    parts.push(table([head, ...figures.map(({ label, now, before }) => [label, now, before])]));
  }
  parts.push(wrapped(words.health));
  if (reasons.length) {
    const rows = reasons.map(({ label, count, kept, mrr }) => [label, `${count}`, kept, mrr]);
    parts.push(section("Reasons", table(rows), ...(moreReasons ? [moreReasons] : [])));
  }
  if (issues.length) {
    const said = issues.map(
      ({ title, why, state }) => `* ${title}\n${wrapped(why, "  ")}\n${wrapped(state, "  ")}`,
    );
    parts.push(section("Issues", ...said, ...(moreIssues ? [moreIssues] : [])));
  }
  parts.push(section("About these figures", ...words.notes.map((note) => wrapped(note))));
  // How mail has always begun what is not part of the letter.
  parts.push(`-- \n${wrapped(words.footer)}`);
  return `${parts.join("\n\n")}\n`;
}

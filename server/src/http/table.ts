/** Long tables as CSV (RFC 4180), sent while they are read. */
import type { Context } from "hono";
import { type Log, loggable } from "../deps.ts";

/** A number stands as it is. Text is guarded; `Plain` is text that a machine has made, such as a date or an amount. */
export type Cell = string | number | boolean | undefined | Plain;

export class Plain {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<readonly Cell[]>;

  /** @param name of the file */
  constructor(name: string, columns: readonly string[], rows: AsyncIterable<readonly Cell[]>) {
    this.name = name;
    this.columns = columns;
    this.rows = rows;
  }
}

/** What a spreadsheet would take for a formula: somebody else has typed it. */
const FORMULA = /^[=+\-@\t\r]/;

function written(cell: Cell): string {
  if (cell === undefined) return "";
  if (cell instanceof Plain || typeof cell !== "string")
    return String(cell instanceof Plain ? cell.text : cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const lineOf = (cells: readonly Cell[]): string => `${cells.map(written).join(",")}\r\n`;

async function* linesOf({ columns, rows }: Table): AsyncGenerator<string> {
  yield lineOf(columns);
  for await (const row of rows) yield lineOf(row);
}

/** What cannot be read to its end is broken off, so that nobody takes a part for the whole. */
export function tableResponse(context: Context, table: Table, log: Log): Response {
  const lines = linesOf(table);
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        log.error({ request_id: context.get("requestId"), err: loggable(error) }, "an export was broken off");
        controller.error(error);
      }
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
  context.header("Content-Type", "text/csv; charset=utf-8");
  context.header("Content-Disposition", `attachment; filename="${table.name}"`);
  return context.body(stream);
}

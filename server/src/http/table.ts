/** Long tables as CSV (RFC 4180), sent while they are read. */
import type { Context } from "hono";
import { type Log, loggable } from "../deps.ts";
import { respond, setHeader } from "./headers.ts";

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

  /** @param name of the file: letters, digits, `-` and `.` */
  constructor(name: string, columns: readonly string[], rows: AsyncIterable<readonly Cell[]>) {
    this.name = name;
    this.columns = columns;
    this.rows = rows;
  }
}

/**
 * What a spreadsheet would take for a formula: somebody else has typed it. OWASP's list, with the full-width and small forms
 * that some spreadsheets take for the same; blanks and what is not seen are passed over, as some of them do.
 */
const SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫";
const FORMULA = new RegExp(`^[\\s\\p{Cc}\\p{Cf}]*[${SIGNS}]|^[\\t\\r\\n]`, "u");
/** Where a spreadsheet separates cells by another sign than ours, a cell can begin in the middle. */
const INNER_FORMULA = new RegExp(`([;\\t][\\s\\p{Cc}\\p{Cf}]*)(?=[${SIGNS}])`, "gu");

/** A NUL ends the text for some readers, and half of a surrogate pair is no text. */
const readable = (text: string): string => text.toWellFormed().replaceAll("\0", "\uFFFD");

function guarded(text: string): string {
  const inner = text.replace(INNER_FORMULA, "$1'");
  return FORMULA.test(text) ? `'${inner}` : inner;
}

function written(cell: Cell): string {
  if (cell === undefined) return "";
  if (cell instanceof Plain) return cell.text;
  if (typeof cell !== "string") return String(cell);
  const text = readable(guarded(cell));
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const lineOf = (cells: readonly Cell[]): string => `${cells.map(written).join(",")}\r\n`;

/** Characters that are sent together: a row alone is hardly worth a packet. */
const CHUNK = 16_384;

async function* chunksOf({ columns, rows }: Table): AsyncGenerator<string, undefined> {
  let text = lineOf(columns);
  for await (const row of rows) {
    text += lineOf(row);
    if (text.length < CHUNK) continue;
    yield text;
    text = "";
  }
  yield text;
}

/**
 * Nothing is read before somebody takes it, but for the beginning: what fails at once is refused as any other request. What
 * cannot be read to its end is broken off, so that nobody takes a part for the whole.
 */
export async function tableResponse(context: Context, table: Table, log: Log): Promise<Response> {
  const isHead = context.req.method === "HEAD";
  const chunks = chunksOf(table);
  let first = isHead ? undefined : await chunks.next();
  setHeader(context, "Content-Type", "text/csv; charset=utf-8");
  setHeader(context, "Content-Disposition", `attachment; filename="${table.name}"`);
  if (isHead) return respond(context, null, 200);
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = first ?? (await chunks.next());
          first = undefined;
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          const fields = { request_id: context.get("requestId"), err: loggable(error) };
          log.error(fields, "an export was broken off");
          controller.error(error);
        }
      },
      // Whoever asked has gone away.
      cancel: () => chunks.return(undefined).then(() => undefined),
    },
    { highWaterMark: 0 },
  );
  return respond(context, stream, 200);
}

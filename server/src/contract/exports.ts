/** Lists as CSV files, as Retainly documents them. What can be asked for beyond that is ours. */
import { z } from "zod";
import { wholeNumber } from "./paging.ts";
import { scopeQuery } from "./scope.ts";

/** What is sent if nobody says how much. */
export const LATEST = 5_000;
export const MOST_ROWS = 50_000;

export const ExportQuery = z.object({
  limit: wholeNumber(1, MOST_ROWS, LATEST).describe(
    "So many of the latest rows; or, with `after`, of those that come after it",
  ),
  after: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      "`X-Next-After` of the file before, or the id of its last row: for files that do not hold everything",
    ),
  ...scopeQuery,
});

/** @param columns as its first line names them */
export const fileOf = (columns: readonly string[]) =>
  z.unknown().meta({
    type: "string",
    description:
      "CSV as of RFC 4180 in UTF-8, with a first line that names the columns, the latest row first. What is not known is empty. What a spreadsheet would take for a formula begins with an apostrophe.",
    example: `${columns.join(",")}\r\n`,
  });

export const EXPORT_HEADERS = {
  "X-Has-More": "`true` if there are older rows than those in the file",
  "X-Next-After":
    "What `after` takes to go on with them, whatever becomes of the rows meanwhile. Absent if there are none",
};

export const AMOUNT_HEADERS = {
  ...EXPORT_HEADERS,
  "X-Currency-Skipped":
    "How many rows of the file have no amount, because it is in another currency than the workspace's",
};

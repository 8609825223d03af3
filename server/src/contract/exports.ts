/** Lists as CSV files, as Retainly documents them. What can be asked for beyond that is ours. */
import { z } from "zod";

/** What is sent if nobody says how much. */
export const LATEST = 5_000;
export const MOST_ROWS = 50_000;

export const ExportQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_ROWS)
    .default(LATEST)
    .describe("So many of the latest rows; or, with `after`, of those that come after it"),
  after: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe("Id of the last row of the file before: for files that do not hold everything"),
  environment: z.enum(["prod", "sandbox"]).optional().describe("`prod` unless said otherwise"),
  workspace_id: z.string().max(255).optional().describe("Refused if it is another one than the key's"),
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
};

export const AMOUNT_HEADERS = {
  ...EXPORT_HEADERS,
  "X-Currency-Skipped":
    "How many rows of the file have no amount, because it is in another currency than the workspace's",
};

/** Long lists come in pages, latest first. */
import { z } from "zod";

/** A number in a query, in digits alone: `0x10`, `1e1` and nothing at all are none. @param otherwise if it is left out */
export const wholeNumber = (least: number, most: number, otherwise: number) =>
  z
    .preprocess(
      (text) => (/^\d+$/.test(String(text)) ? Number(text) : undefined),
      z.int("a whole number, in digits").min(least).max(most),
    )
    .default(otherwise)
    // The document has no defaults of what is read from text, unless it is told.
    .meta({ override: { default: otherwise } });

/** Skipping takes longer the more there is to skip. */
export const MOST_SKIPPED = 100_000;

const limit = wholeNumber(1, 200, 50);

/** What is asked for, in a query. */
export const page = {
  limit,
  offset: wholeNumber(0, MOST_SKIPPED, 0).describe("How many of the first ones are left out"),
};

/** What comes beside the `data` of a page. */
export const pageFields = {
  total: z.int().min(0).describe("How many there are on all pages together"),
  limit: z.int().min(1),
  offset: z.int().min(0),
  has_more: z.boolean().describe("Whether any come after these"),
};

/** Of lists without an end: each page is as quick as the first, and nothing is counted. */
export const stretch = {
  limit,
  after: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe("Id of the last one of the page before; the latest ones if it is left out"),
};

export const stretchFields = { limit: pageFields.limit, has_more: pageFields.has_more };

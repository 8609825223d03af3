/** Long lists come in pages, latest first. */
import { z } from "zod";

/** What is asked for, in a query. */
export const page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).default(0).describe("How many of the first ones are left out"),
};

/** What comes beside the `data` of a page. */
export const pageFields = {
  total: z.int().min(0).describe("How many there are on all pages together"),
  limit: z.int().min(1),
  offset: z.int().min(0),
  has_more: z.boolean().describe("Whether any come after these"),
};

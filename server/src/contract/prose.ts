/** Texts of the business, as flow definitions hold them. */
import { z } from "zod";

const MERGE_FIELD =
  /^(customer\.(name|firstName|email)|plan\.name|price|period\.end|attributes\.[\w-]{1,40})$/;

/** A misspelt merge field would always show its fallback, or nothing. */
const prose = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .superRefine((text, context) => {
      for (const [, field = ""] of text.matchAll(/\{\{\s*([^|}]*?)\s*(?:\||\}\})/g)) {
        if (!MERGE_FIELD.test(field))
          context.addIssue({ code: "custom", message: `"${field}" is no merge field` });
      }
    });

/** By what they are for. */
export const words = {
  title: prose(200),
  body: prose(2000),
  /** On a button, or of a reason. */
  label: prose(80),
  /** A question, or an item of a list. */
  line: prose(200),
  /** Of a plan. */
  note: prose(300),
} as const;

export type WordKind = keyof typeof words;

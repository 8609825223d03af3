/** Fields that callers of the API fill with what they like, and how far that goes. */
import { z } from "zod";
import type { FlatObject } from "../store/store.ts";

/** Code points, which is what OpenAPI counts: an emoji is one character and not two. */
const lengthOf = (value: string): number => Array.from(value).length;

/** Half of a surrogate pair is no text, and a database may refuse a NUL. */
const isStorable = (value: string): boolean => value.isWellFormed() && !value.includes("\0");

/** Free text, of as many lines as it takes. */
export const prose = (most: number) =>
  z
    .string()
    .refine((value) => lengthOf(value) <= most, { error: `at most ${most} characters`, abort: true })
    .refine(isStorable, { error: "not well-formed text", abort: true })
    .meta({ maxLength: most });

/** Text of one line. */
export const line = (most: number, least: 0 | 1 = 0) =>
  prose(most)
    .refine((value) => !/\p{Cc}/u.test(value), "control characters are not allowed")
    .refine((value) => lengthOf(value) >= least, "must not be empty")
    .meta({ maxLength: most, ...(least ? { minLength: least } : {}) });

/** Enough for any customer, and far from where sums of many would no longer be exact. */
export const MOST_MRR = 1_000_000_000;

/** Major units: 129.99 */
export const mrr = z.number().min(0).max(MOST_MRR);

/** Beyond these years an instant has no usual way to be written. */
const isWritable = (at: number): boolean => /^\d{4}-/.test(new Date(at).toISOString());

/** Milliseconds, from `2027-05-14T11:41:00+02:00`. */
export const instant = z.iso
  .datetime({
    offset: true,
    error: "an ISO 8601 date and time with its offset, such as 2027-05-14T09:41:00Z",
    abort: true,
  })
  .refine((text) => isWritable(Date.parse(text)), "out of range")
  .transform((text) => Date.parse(text));

const MOST_KEYS = 50;
const LONGEST_KEY = 40;
const LONGEST_VALUE = 500;

export const hasRoom = (metadata: FlatObject): boolean => Object.keys(metadata).length <= MOST_KEYS;
export const NO_ROOM = `at most ${MOST_KEYS} keys`;

const key = line(LONGEST_KEY, 1);
const value = z.union([prose(LONGEST_VALUE), z.number(), z.boolean(), z.null()], {
  error: `a string of at most ${LONGEST_VALUE} characters, a number, a boolean or null`,
});

const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/**
 * Flat: strings, numbers, booleans and null by key. Every key is looked at; a record of zod's would leave out `__proto__`
 * without a word.
 */
export const metadata = z
  .unknown()
  .meta({
    type: "object",
    maxProperties: MOST_KEYS,
    propertyNames: { minLength: 1, maxLength: LONGEST_KEY },
    additionalProperties: { type: ["string", "number", "boolean", "null"], maxLength: LONGEST_VALUE },
  })
  .transform((given, context): FlatObject => {
    const issue = (message: string, ...path: string[]) =>
      context.addIssue({ code: "custom", message, path, input: given });
    if (!isObject(given)) {
      issue("a flat object");
      return z.NEVER;
    }
    const entries = Object.entries(given);
    if (entries.length > MOST_KEYS) issue(NO_ROOM);
    for (const [name, each] of entries.slice(0, MOST_KEYS)) {
      const fault = key.safeParse(name).error ?? value.safeParse(each).error;
      if (fault) issue(fault.issues[0]?.message ?? "", name);
    }
    return given as FlatObject;
  });

/** Language tags. */
import { z } from "zod";

/** Longer than any tag in use, shorter than what would be worth storing. */
const LONGEST = 35;

/** The usual spelling of a BCP 47 tag, `de-AT`; undefined for what is none. */
export function canonicalLocale(text: string | undefined): string | undefined {
  if (!text || text.length > LONGEST) return undefined;
  try {
    return Intl.getCanonicalLocales(text.replaceAll("_", "-"))[0];
  } catch {
    return undefined;
  }
}

export const Locale = z
  .string()
  .refine((text) => canonicalLocale(text) !== undefined, "a language tag such as de or pt-BR");

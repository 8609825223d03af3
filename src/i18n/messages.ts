/** The catalogue of texts. A language is plain data, so that it can be a lazy file, or come from a server. */
import { en } from "./en.ts";
import { chain } from "./tags.ts";

/** Forms by plural category of the language, for `count`. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

export type MessageKey = keyof typeof en;

/** Every key of English, with the plural forms that the language needs. */
export type Messages = { readonly [Key in MessageKey]: (typeof en)[Key] extends string ? string : Plural };

const languages: Record<string, Messages> = { en };

/** Makes a language known; elements that are drawn afterwards use it. */
export function addLanguage(language: string, messages: Messages): void {
  languages[language.toLowerCase()] = messages;
}

export const isKnown = (tag: string): boolean => Object.hasOwn(languages, tag);

/**
 * The texts for a locale, and the locale for numbers and dates beside them. A sentence in one language with a date in
 * another is worse than either: where the texts fall back to English, dates do too.
 */
export function messagesFor(wanted: string | null | undefined): { locale: string; messages: Messages } {
  const { locale, tags } = chain(wanted);
  const tag = tags.find(isKnown);
  return tag ? { locale, messages: languages[tag] as Messages } : { locale: "en", messages: en };
}

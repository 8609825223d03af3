/** Words that a business puts in place of the widgets' own, for one language. */
import { z } from "zod";
import { en } from "../../../src/i18n/en.ts";
import { hub } from "../../../src/i18n/hub/en.ts";
import { canonicalLocale } from "./locale.ts";

const FORMS: readonly string[] = ["zero", "one", "two", "few", "many", "other"];
const MOST_KEYS = 400;
const LONGEST = 2000;

const placeholders = (text: string): string[] =>
  Array.from(text.matchAll(/\{\{\s*([^}]*?)\s*\}\}/g), ([, name]) => name as string);

const english: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {
  ...en,
  ...hub,
};

/** The English text or texts of a key; undefined where a business has nothing to say. */
function original(key: string): string[] | undefined {
  // The direction of writing is a fact about the language.
  if (key === "dir") return undefined;
  const [name = "", form] = key.split(/\.(.*)/s);
  const text = Object.hasOwn(english, name) ? english[name] : undefined;
  if (typeof text === "string") return form === undefined ? [text] : undefined;
  return text && form !== undefined && FORMS.includes(form) ? Object.values(text) : undefined;
}

function faultOf(key: string, text: string): string | undefined {
  const texts = original(key);
  if (!texts) {
    const isPlural = Object.hasOwn(english, key) && key !== "dir";
    return isPlural
      ? `has a form for each plural: ${key}.one, ${key}.other, …`
      : "the widgets have no such text";
  }
  const known = new Set(texts.flatMap(placeholders));
  const wrong = placeholders(text).find((name) => !known.has(name));
  return wrong === undefined ? undefined : `"${wrong}" is no placeholder of this text`;
}

/** Keys are those of the widgets' texts, a plural form as `month.one`. */
export const MessagesDefinition = z
  .record(z.string(), z.string().trim().min(1).max(LONGEST))
  .superRefine((messages, context) => {
    const entries = Object.entries(messages);
    if (entries.length > MOST_KEYS)
      context.addIssue({ code: "custom", message: `at most ${MOST_KEYS} texts` });
    for (const [key, text] of entries) {
      const message = faultOf(key, text);
      if (message) context.addIssue({ code: "custom", path: [key], message });
    }
  });

export type MessagesDefinition = z.output<typeof MessagesDefinition>;

/** `*` stands for all languages. @returns the usual spelling, undefined for what is no language */
export const messagesLocale = (text: string): string | undefined =>
  text === "*" ? text : canonicalLocale(text);

/** Texts, money and dates in one locale. */
import { own } from "../api/own.ts";
import type { Price } from "../api/wire.ts";
import { minorDigits } from "../flow/offers.ts";
import { type MessageKey, messagesFor } from "./messages.ts";

/** What `{{name}}` stands for. */
export type Values = Readonly<Record<string, unknown>>;

/** Finds `{{name}}` and `{{name|what to say without it}}`. */
export const FIELD = /\{\{([^{}|]+)(?:\|([^{}]*))?\}\}/g;

/** The text of one field. Only plain values count, and an empty one is as good as none. */
export function fieldText(values: Values, name: string, otherwise = ""): string {
  const value = Object.hasOwn(values, name.trim()) ? values[name.trim()] : "";
  return ["string", "number", "boolean"].includes(typeof value) && value !== "" ? `${value}` : otherwise;
}

/** For places that hold plain text only, such as the label of a button. */
export const fill = (text: string, values: Values): string =>
  text.replace(FIELD, (_, name: string, otherwise?: string) => fieldText(values, name, otherwise));

export type Format = ReturnType<typeof createFormat>;

const RTL_LETTERS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

/** Between invisible marks, a value that runs the other way leaves the sentence around it as it is. */
const isolated = (value: unknown, rtl: boolean): unknown =>
  value === undefined || RTL_LETTERS.test(`${value}`) === rtl ? value : `\u2068${value}\u2069`;

/** @param words of the business in place of ours, by key; a plural form as `key.one` */
export function createFormat(
  wanted: string | null | undefined,
  words: Readonly<Record<string, string>> = {},
) {
  const { locale, messages } = messagesFor(wanted);
  // For the first of each kind the engine reads its tables, which takes longer than to draw a step: what shows none waits
  // for none.
  let long: Intl.DateTimeFormat | undefined;
  const rtl = messages.dir === "rtl";
  const given = (key: string): string | undefined => (Object.hasOwn(words, key) ? words[key] : undefined);

  const isolate = (value: string): string => `${isolated(value, rtl)}`;

  function wording(key: MessageKey, count: unknown): string {
    const message = messages[key];
    if (typeof message === "string") return given(key) ?? message;
    // Languages without a singular may still have words for exactly one.
    const form = count === 1 && message.one ? "one" : new Intl.PluralRules(locale).select(Number(count));
    return given(`${key}.${form}`) ?? given(`${key}.other`) ?? message[form] ?? message.other;
  }

  function t(key: MessageKey, values: Values = {}): string {
    const isolates = Object.entries(values).map(([name, value]) => [
      name,
      isolated(typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : value, rtl),
    ]);
    return fill(wording(key, values.count), Object.fromEntries(isolates));
  }

  /** `amount` is in minor units, of which every currency has its own number. */
  function money(amount: number, currency: string): string {
    const digits = minorDigits(currency);
    const value = amount / 10 ** digits;
    const style = { style: "currency", currency } as const;
    // A fraction is never left out, even where whole amounts are usual.
    const format = new Intl.NumberFormat(
      locale,
      own(value % 1 ? { ...style, minimumFractionDigits: digits } : style),
    );
    // Left alone, a sign such as US$ would be turned round among right-to-left text.
    const part = (each: Intl.NumberFormatPart) =>
      rtl && each.type === "currency" ? isolated(each.value, rtl) : each.value;
    return format.formatToParts(value).map(part).join("");
  }

  return {
    locale,
    t,
    /** Whether there is a text of this name. */
    knows: (key: string): key is MessageKey => Object.hasOwn(messages, key),
    money,
    date(at: number): string {
      long ??= new Intl.DateTimeFormat(locale, own({ dateStyle: "long" }));
      return long.format(at);
    },
    time: (at: number): string =>
      new Intl.DateTimeFormat(locale, own({ dateStyle: "long", timeStyle: "short" })).format(at),
    list: (items: readonly string[]): string => new Intl.ListFormat(locale).format(items.map(isolate)),
    isolate,
    percent: (off: number): string =>
      new Intl.NumberFormat(locale, own({ style: "percent", maximumFractionDigits: 2 })).format(off / 100),
    /** "$37.50 per month" */
    per: ({ currency, interval, intervalCount }: Omit<Price, "id" | "amount">, amount: number): string =>
      t(interval, { count: intervalCount, price: money(amount, currency) }),
  };
}

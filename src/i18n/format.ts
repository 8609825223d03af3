/** Texts, money and dates in one locale. */
import type { Price } from "../api/wire.ts";
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

export function createFormat(wanted: string | null | undefined) {
  const { locale, messages } = messagesFor(wanted);
  const plural = new Intl.PluralRules(locale);
  const long = new Intl.DateTimeFormat(locale, { dateStyle: "long" });

  function t(key: MessageKey, values: Values = {}): string {
    const message = messages[key];
    if (typeof message === "string") return fill(message, values);
    return fill(message[plural.select(Number(values.count))] ?? message.other, values);
  }

  /** `amount` is in minor units, of which every currency has its own number. */
  function money(amount: number, currency: string): string {
    const format = new Intl.NumberFormat(locale, { style: "currency", currency });
    return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  }

  return {
    locale,
    t,
    money,
    date: (at: number): string => long.format(at),
    percent: (off: number): string =>
      new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }).format(off / 100),
    /** "$37.50 per month" */
    per: ({ currency, interval, intervalCount }: Omit<Price, "id" | "amount">, amount: number): string =>
      t(interval, { count: intervalCount, price: money(amount, currency) }),
  };
}

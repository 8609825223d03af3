/** One reminder as text and as a page: the built-in words, or those of the business. It loads nothing and follows nobody. */
import { minorDigits } from "../../../src/flow/offers.ts";
import type { RemindedClass, ReminderSettings } from "../store/store.ts";
import { css, html, INK, type Markup, mailPage, small } from "./mail-html.ts";
import { type ReminderLanguage, reminderLanguage, reminderWords } from "./reminder-words.ts";

interface Reminder {
  reminded: RemindedClass;
  /** Minor units. */
  amount: number;
  currency: string;
  /** As the customer's browser asked for it. */
  language: string | undefined;
  /** Name of the business. */
  workspace: string;
  settings: Pick<ReminderSettings, "url" | "words">;
}

/** What words may name. */
const PLACES = /\{(amount|url|workspace)\}/g;

const dark = `  .button { background: #f3f4f6 !important; }
  .label { color: #17181c !important; }
`;

export function reminderMail(reminder: Reminder): { subject: string; text: string; html: string } {
  const { reminded, settings, workspace: name } = reminder;
  const language = reminderLanguage(reminder.language);
  const words = reminderWords[language];
  // What somebody has called it must stay in its line.
  const workspace = name.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  const values: Values = { amount: amountIn(language, reminder), url: settings.url, workspace };
  const { subject, text } = { ...words[reminded], ...settings.words?.[reminded] };
  const title = filled(subject, values);
  const footer = filled(words.footer, values);
  const paragraphs = text.trim().split(/\n\s*\n/);
  return {
    subject: title,
    text: `${filled(text.trim(), values)}\n\n-- \n${footer}\n`,
    html: mailPage({
      language,
      subject: title,
      workspace,
      title,
      preview: filled(paragraphs.find((each) => each.includes("{amount}")) ?? "", values),
      body: html`${paragraphs.map((each) => paragraph(each, values, words.button))}`,
      footer: small(footer),
      dark,
    }),
  };
}

type Values = Record<"amount" | "url" | "workspace", string>;

const isPlace = (name: string): name is keyof Values =>
  name === "amount" || name === "url" || name === "workspace";

/** In one pass: what a name holds is never taken for a place. */
const filled = (text: string, values: Values): string =>
  text.replace(PLACES, (found, name: string) => (isPlace(name) ? values[name] : found));

function amountIn(language: ReminderLanguage, { amount, currency }: Reminder): string {
  const digits = minorDigits(currency);
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

const link = (url: string): Markup =>
  html`<a class="ink" href="${url}" style="word-break:break-all;text-decoration:underline;${css(INK)}">${url}</a>`;

function paragraph(text: string, values: Values, label: string): Markup {
  if (text.trim() === "{url}") {
    const style =
      "display:inline-block;padding:12px 20px;font-size:15px;font-weight:600;text-decoration:none";
    return html`<p style="margin:20px 0"><a class="button label" href="${values.url}" style="${style};border-radius:8px;background:#17181c;${css(INK.replace("#17181c", "#ffffff"))}">${label}</a></p>
`;
  }
  const parts = text.split(/(\{url\}|\n)/).map((part) => {
    if (part === "{url}") return link(values.url);
    return part === "\n" ? html`<br>` : html`${filled(part, values)}`;
  });
  return html`<p class="ink" style="margin:8px 0;font-size:15px;line-height:1.5;word-break:break-word;${css(INK)}">${parts}</p>
`;
}

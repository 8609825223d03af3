/**
 * Pages for mail programs: tables, and every rule in the element itself, because some of them drop a style sheet. The sheet
 * only adds what cannot be said in an element: how it looks in the dark. They load nothing from anywhere.
 */

export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Markup | readonly Markup[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? "");

function said(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return escaped(`${value}`);
}

/** Rules of ours, never of somebody else's. */
export const css = (...rules: string[]): Markup => new Markup(rules.join(";"));

/** Only what is written here is markup; values are text. */
export const html = (strings: TemplateStringsArray, ...values: Value[]): Markup =>
  new Markup(String.raw({ raw: strings }, ...values.map(said)));

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
export const INK = `color:#17181c;${FONT}`;
export const SOFT = `color:#5a5f6b;${FONT}`;

export const small = (text: string): Markup =>
  html`<p class="soft" style="margin:6px 0;font-size:13px;line-height:1.5;${css(SOFT)}">${text}</p>`;

interface Page {
  language: string;
  subject: string;
  /** Whom it is from. */
  workspace: string;
  title: string;
  /** What lists of mails show beside the subject. */
  preview: string;
  body: Markup;
  footer: Markup;
  /** What else looks different in the dark. */
  dark: string;
}

export function mailPage({ language, subject, workspace, title, preview, body, footer, dark }: Page): string {
  const sheet = `
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #101114 !important; }
  .card { background: #1b1d22 !important; border-color: #33363e !important; }
  .ink { color: #f3f4f6 !important; }
  .soft { color: #b3b8c3 !important; }
${dark}}
`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>${new Markup(sheet)}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f1f2f5">
<div style="display:none;max-height:0;overflow:hidden">${preview}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f1f2f5"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border:1px solid #dfe1e7;border-radius:12px"><tr><td style="padding:28px 24px;text-align:left">
<p class="soft" style="margin:0;font-size:13px;line-height:1.5;word-break:break-word;${css(SOFT)}"><bdi>${workspace}</bdi></p>
<h1 class="ink" style="margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600;${css(INK)}">${title}</h1>
${body}
</td></tr></table>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px"><tr><td style="padding:16px 24px;text-align:left">${footer}</td></tr></table>
</td></tr></table>
</body>
</html>
`.text;
}

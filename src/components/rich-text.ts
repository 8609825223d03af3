/**
 * Text of a business as templates, never as HTML: `**bold**`, `*em*`, `[text](https://…)`, line breaks, `- ` lists and
 * merge fields. Values go in after the text was taken apart, as text in a <bdi>, so a name can neither become markup
 * nor turn the direction of its sentence.
 */
import { html, nothing } from "lit";
import { FIELD, fieldText, type Values } from "../i18n/format.ts";

const MARK = /\*\*(.+?)\*\*|\*(\S(?:.*?\S)?)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** The address if a customer may be sent there: never a script, never a page of the host by accident. */
export function safeUrl(url: string): string | undefined {
  const { protocol = "", href = "" } = URL.canParse(url) ? new URL(url) : {};
  return ["https:", "mailto:", "tel:"].includes(protocol) ? href : undefined;
}

/** Attributes that keep the flow open behind a link. */
export const target = (href: string) => (href.startsWith("https:") ? "_blank" : nothing);

/** Merge fields only: titles and labels. */
export function plain(text: string, values: Values): unknown[] {
  const parts: unknown[] = [];
  let from = 0;
  for (const { 0: whole, 1: name, 2: otherwise, index } of text.matchAll(FIELD)) {
    parts.push(text.slice(from, index), html`<bdi>${fieldText(values, name as string, otherwise)}</bdi>`);
    from = index + whole.length;
  }
  return [...parts, text.slice(from)];
}

function inline(text: string, values: Values): unknown[] {
  const parts: unknown[] = [];
  let from = 0;
  for (const { 0: whole, 1: strong, 2: em, 3: label, 4: url, index } of text.matchAll(MARK)) {
    const inner = inline((strong ?? em ?? label) as string, values);
    const href = url && safeUrl(url);
    parts.push(
      plain(text.slice(from, index), values),
      strong
        ? html`<strong>${inner}</strong>`
        : em
          ? html`<em>${inner}</em>`
          : href
            ? html`<a part="link" href=${href} target=${target(href)} rel="noopener">${inner}</a>`
            : inner,
    );
    from = index + whole.length;
  }
  return [...parts, plain(text.slice(from), values)];
}

export function rich(text: string, values: Values): unknown[] {
  const blocks: { list: boolean; lines: unknown[] }[] = [];
  for (const line of text.trim().split(/\r?\n/)) {
    const list = /^\s*- /.test(line);
    // An empty line ends a block.
    if (blocks.at(-1)?.list !== list || !line.trim()) blocks.push({ list, lines: [] });
    if (line.trim()) blocks.at(-1)?.lines.push(inline(list ? line.replace(/^\s*- /, "") : line, values));
  }
  return blocks.map(({ list, lines }) =>
    list
      ? html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`
      : lines.length
        ? html`<p>${lines.map((line, index) => [index ? html`<br>` : nothing, line])}</p>`
        : nothing,
  );
}

/** A report as a page for mail programs. */
import { css, html, INK, type Markup, mailPage, SOFT, small } from "./mail-html.ts";
import type { ReportWords } from "./report-mail.ts";

const EDGE = "border-bottom:1px solid #dfe1e7";
const NUMBER = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums";

const dark = `  .edge { border-color: #33363e !important; }
  .groove { background: #2b2e35 !important; }
  .bar { background: #4fb58c !important; }
`;

const heading = (text: string): Markup =>
  html`<h2 class="ink" style="margin:32px 0 8px;font-size:16px;line-height:1.4;font-weight:600;${css(INK)}">${text}</h2>`;

const paragraph = (text: string, style = INK, name = "ink"): Markup =>
  html`<p class="${name}" style="margin:8px 0;font-size:15px;line-height:1.5;${css(style)}">${text}</p>`;

/** Columns: what it is, now, before. */
function figures({ figures: rows, now: column, before }: ReportWords): Markup {
  if (!rows.length) return html``;
  const head = (text: string) =>
    html`<th scope="col" class="soft edge" style="padding:6px 0 6px 12px;font-size:13px;font-weight:400;${css(EDGE, NUMBER, SOFT)}">${text}</th>`;
  const row = ({ label, now, before: was }: ReportWords["figures"][number]) => html`<tr>
<th scope="row" class="ink edge" style="padding:8px 0;font-size:15px;line-height:1.4;font-weight:400;text-align:left;${css(EDGE, INK)}">${label}</th>
<td class="ink edge" style="padding:8px 0 8px 12px;font-size:15px;font-weight:600;${css(EDGE, NUMBER, INK)}">${now}</td>
<td class="soft edge" style="padding:8px 0 8px 12px;font-size:15px;${css(EDGE, NUMBER, SOFT)}">${was}</td>
</tr>`;
  return html`<table width="100%" cellpadding="0" cellspacing="0" style="margin:16px 0;border-collapse:collapse">
<thead><tr><td class="edge" style="${css(EDGE)}"></td>${head(column)}${head(before)}</tr></thead>
<tbody>${rows.map(row)}</tbody>
</table>`;
}

/** A bar is a cell with a colour: images would have to be loaded. */
function bar(share: number): Markup {
  const width = Math.max(1, Math.round(100 * share));
  const rest =
    width < 100
      ? html`<td class="groove" style="background:#eceef2;font-size:0;line-height:0">&nbsp;</td>`
      : html``;
  return html`<table role="presentation" aria-hidden="true" width="100%" cellpadding="0" cellspacing="0" style="margin:4px 0 0;border-collapse:collapse"><tr><td class="bar" width="${width}%" height="6" style="width:${width}%;height:6px;background:#1f7a57;font-size:0;line-height:0">&nbsp;</td>${rest}</tr></table>`;
}

function reasons({ reasons: rows, moreReasons }: ReportWords): Markup {
  if (!rows.length) return html``;
  const row = ({ label, count, share, kept, mrr }: ReportWords["reasons"][number]) => html`<tr>
<td style="padding:8px 0">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>
<td class="ink" style="font-size:15px;line-height:1.4;word-break:break-word;${css(INK)}">${label}</td>
<td class="ink" style="padding-left:12px;font-size:15px;font-weight:600;${css(NUMBER, INK)}">${count}</td>
</tr></table>
${bar(share)}
<div class="soft" style="padding-top:4px;font-size:13px;line-height:1.4;${css(SOFT)}">${kept} · ${mrr} a month</div>
</td>
</tr>`;
  return html`${heading("Why customers wanted to leave")}
<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse">${rows.map(row)}</table>
${moreReasons ? paragraph(moreReasons, SOFT, "soft") : html``}`;
}

function issues({ issues: rows, moreIssues }: ReportWords): Markup {
  if (!rows.length) return html``;
  const row = ({ title, why, state }: ReportWords["issues"][number]) => html`<tr>
<td class="edge" style="padding:10px 0;word-break:break-word;${css(EDGE)}">
<div class="ink" style="font-size:15px;line-height:1.4;font-weight:600;${css(INK)}">${title}</div>
<div class="ink" style="padding-top:2px;font-size:15px;line-height:1.5;${css(INK)}">${why}</div>
<div class="soft" style="padding-top:2px;font-size:13px;line-height:1.5;${css(SOFT)}">${state}</div>
</td>
</tr>`;
  return html`${heading("Issues")}
<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse">${rows.map(row)}</table>
${moreIssues ? paragraph(moreIssues, SOFT, "soft") : html``}`;
}

export function reportHtml(words: ReportWords): string {
  const { subject, workspace, period, lead, health, notes, footer } = words;
  return mailPage({
    language: "en",
    subject,
    workspace,
    title: period,
    preview: lead,
    body: html`${paragraph(lead)}
${figures(words)}
${paragraph(health)}
${reasons(words)}
${issues(words)}
${heading("About these figures")}
${notes.map(small)}`,
    footer: small(footer),
    dark,
  });
}

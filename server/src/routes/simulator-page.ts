/** What the simulator's pages have in common: the document, its style, its policy, and what is said when there is nothing. */
import { html, raw } from "hono/html";
import { simulatorStyle } from "./simulator-style.ts";

export type Html = ReturnType<typeof html>;

/** Papercrane's mark, drawn in place: the policy lets no image in. */
const crane = html`<svg viewBox="0 0 40 40" width="36" height="36" aria-hidden="true" focusable="false">
  <path fill="#d9432b" d="M14 25 21 3l6.5 19.5z" />
  <path fill="#a92c18" d="M21 3 10.5 17.5 14 25z" />
  <path fill="#ef7c63" d="M27.5 22.5 36 9l-4.5 18z" />
  <path fill="#a92c18" d="m36 9 3.5 5.5-4.7-.7z" />
  <path fill="#ef7c63" d="M1 13.5 14 25l-3.5 5.5z" />
  <path fill="#c23822" d="m14 25 13.5-2.5 4 4.5-11.2 9.5-9.8-6z" />
  <path fill="#f09b86" d="m14 25 6.3 11.5-9.8-6z" />
</svg>`;

interface Page {
  title: string;
  /** Class of the body. */
  kind: "sheet" | "payment" | "message";
  main: Html;
  /** Whether it is kept as a file, where there is no style sheet beside it. */
  alone?: boolean;
}

/** @returns the whole document */
export function simulatorPage({ title, kind, main, alone }: Page): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${title} · Papercrane</title>
    ${alone ? html`<style>${raw(simulatorStyle)}</style>` : html`<link rel="stylesheet" href="../style.css">`}
  </head>
  <body class="${kind}">
    <main>
      <p class="brand">${crane} Papercrane</p>
      ${main}
      <footer>
        <p>Papercrane is a demo business, and its billing is simulated: no money moves.${kind === "sheet" ? " Dates are in UTC." : ""}</p>
      </footer>
    </main>
  </body>
</html>
`;
}

/**
 * No script, no image, nothing from elsewhere.
 * @param target origin that a form's answer leads to: browsers hold redirections to the rule for forms
 */
export function simulatorPolicy(target?: string): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "base-uri 'none'",
    `form-action ${target === undefined ? "'none'" : `'self' ${target}`}`,
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Why there is nothing to show, and the way back where it is known. */
export function simulatorMessage(title: string, text: string, back?: string): Html {
  return simulatorPage({
    title,
    kind: "message",
    main: html`<h1>${title}</h1>
      <p>${text}</p>
      ${back === undefined ? "" : html`<p class="actions"><a class="button" href="${back}">Back to where you came from</a></p>`}`,
  });
}

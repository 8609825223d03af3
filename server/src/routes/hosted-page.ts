/**
 * The document of a hosted page. What a customer needs when no script runs is in it; everything else is made by
 * `hosted.js` once it has taken the session id out of the address.
 */
import { html } from "hono/html";
import { createFormat } from "../../../src/i18n/format.ts";
import { createHubFormat, loadHubLanguage } from "../../../src/i18n/hub/languages.ts";
import { loadLanguage } from "../../../src/i18n/languages.ts";
import { linkWords } from "../domain/link-words.ts";
import { messagesOf } from "../domain/words.ts";
import type { WorkspaceRow } from "../store/store.ts";

/** What is shown; in messages to the page around it a hub is called `subscription`. */
export type HostedPage = "retention" | "subscription";

/** Why there is nothing to show: what is wrong with the session id or the link, or that nobody can tell now. */
export type Refusal = "missing" | "invalid" | "expired" | "used" | "unavailable";

interface Content {
  page: HostedPage;
  /** Language of the customer. */
  locale: string;
  /** Whose session it is, if it is anybody's. */
  workspace: WorkspaceRow | undefined;
  /** The session id, where the address does not hold it. */
  session: string | undefined;
  refusal: Refusal | undefined;
  /** From the page to where the style sheets and scripts are. */
  base?: "" | "../" | undefined;
  /** Present where the page leads back to the business: as soon as the flow is over, or when the customer has read how. */
  back?: "decided" | "closed" | undefined;
  /** Where the business is, for a customer who finds nothing here any more. */
  home?: string | undefined;
  /** Whether it leads back at once: the customer has decided before. */
  isDecided?: boolean | undefined;
}

/** An address cannot bring fields of its own. */
const mailto = (address: string, subject: string, body: string): string =>
  `mailto:${encodeURIComponent(address).replace("%40", "@")}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;

type Html = ReturnType<typeof html>;

/** A cross, of the size of the flow's own. */
const cross = html`<svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true"><path d="m4 4 10 10M14 4 4 14" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/></svg>`;

/** @returns the whole document */
export async function hostedPage(content: Content): Promise<Html> {
  const { page, locale, workspace, session, refusal, isDecided, home, base = "" } = content;
  await Promise.all([loadLanguage(locale), loadHubLanguage(locale)]);
  const words = workspace && messagesOf(workspace.settings, locale);
  const { t, locale: lang } = createFormat(locale, words);
  const back = refusal ? undefined : content.back;
  const email = workspace?.settings.fallbackEmail;
  const name = workspace ? ` · ${workspace.name}` : "";
  const isOver = refusal && refusal !== "unavailable";
  const link = linkWords(lang);
  const trouble =
    isOver && content.back
      ? refusal === "used"
        ? link.used
        : link.over
      : isOver
        ? { title: t("expired"), body: t("expiredBody") }
        : { title: t("unavailable"), body: t("unavailableBody") };
  const title = refusal
    ? trouble.title
    : page === "retention"
      ? t("leave")
      : createHubFormat(locale, words).t("hub_title", { count: 1 });
  const data = [
    email ? html` data-email="${email}"` : "",
    refusal ? html` data-refusal="${refusal}"` : "",
    session ? html` data-session="${session}"` : "",
    back ? html` data-back="${back}"` : "",
    isDecided ? html` data-decided=""` : "",
  ];
  const subject = page === "retention" ? t("mailSubject") : title;
  const text = page === "retention" ? t("mailText") : "";
  const mail = email
    ? html`<p>${t("mailBody")} <a href="${mailto(email, subject, text)}">${email}</a></p>`
    : "";
  const retry = html`<p class="retry"><button type="button">${t("retry")}</button></p>`;
  const brand = workspace && brandOf(workspace, base);
  const closing = html`<button id="close" type="button" aria-label="${t("close")}" hidden>${cross}</button>`;
  // What a way back has to say: that it is being looked for, that it cannot be had now, that the link leads nowhere.
  const wayBack = html`<p id="moment" role="status" data-words="${t("loading")}"></p>
    <section id="failed" class="words" role="alert" hidden>
      <h2 tabindex="-1">${t("unavailable")}</h2>
      <p>${t("faultRetry")}</p>
      ${retry}
      ${mail}
    </section>
    <section id="used" class="words" role="alert" hidden>
      <h2 tabindex="-1">${link.over.title}</h2>
      <p>${link.over.body}</p>
      ${mail}
    </section>`;
  return html`<!doctype html>
<html lang="${lang}" dir="${t("dir")}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${title}${name}</title>
    <link rel="stylesheet" href="${base}hosted.css">
    ${brand?.style ?? ""}
    <script type="module" src="${base}hosted.js"></script>
    ${refusal || isDecided ? "" : html`<script type="module" src="${base}embed.js"></script>`}
  </head>
  <body class="${page}" data-page="${page}"${data}>
    ${brand ? html`<header><h1>${brand.name}</h1>${back ? closing : ""}</header>` : ""}
    <main></main>
    ${back ? wayBack : ""}
    <section id="help" class="words" role="alert">
      <h2>${trouble.title}</h2>
      <p>${trouble.body}</p>
      ${home ? html`<p><a href="${home}" rel="noreferrer">${new URL(home).host}</a></p>` : ""}
      ${isOver ? "" : retry}
      ${mail}
    </section>
  </body>
</html>
`;
}

/** The name or the sign of the business, and the style sheet with its colour. */
function brandOf({ id, name, settings: { branding = {} } }: WorkspaceRow, base: string) {
  const folder = `${base}branding/${encodeURIComponent(id)}`;
  return {
    style: branding.color ? html`<link rel="stylesheet" href="${folder}.css">` : undefined,
    name: branding.logo ? html`<img class="logo" src="${folder}/logo" alt="${name}">` : name,
  };
}

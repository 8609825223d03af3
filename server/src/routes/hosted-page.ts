/**
 * The document of a hosted page. What a customer needs when no script runs is in it; everything else is made by
 * `hosted.js` once it has taken the session id out of the address.
 */
import { html } from "hono/html";
import { createFormat } from "../../../src/i18n/format.ts";
import { createHubFormat, loadHubLanguage } from "../../../src/i18n/hub/languages.ts";
import { loadLanguage } from "../../../src/i18n/languages.ts";
import { messagesOf } from "../domain/words.ts";
import type { WorkspaceRow } from "../store/store.ts";

/** What is shown; in messages to the page around it a hub is called `subscription`. */
export type HostedPage = "retention" | "subscription";

/** Why there is nothing to show: what is wrong with the session id, or that nobody can tell now. */
export type Refusal = "missing" | "invalid" | "expired" | "unavailable";

interface Content {
  page: HostedPage;
  /** Language of the customer. */
  locale: string;
  /** Whose session it is, if it is anybody's. */
  workspace: WorkspaceRow | undefined;
  /** The session id, where the address does not hold it. */
  session: string | undefined;
  refusal: Refusal | undefined;
}

/** An address cannot bring fields of its own. */
const mailto = (address: string, subject: string, body: string): string =>
  `mailto:${encodeURIComponent(address).replace("%40", "@")}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;

type Html = ReturnType<typeof html>;

/** @returns the whole document */
export async function hostedPage({ page, locale, workspace, session, refusal }: Content): Promise<Html> {
  await Promise.all([loadLanguage(locale), loadHubLanguage(locale)]);
  const words = workspace && messagesOf(workspace.settings, locale);
  const { t, locale: lang } = createFormat(locale, words);
  const email = workspace?.settings.fallbackEmail;
  const name = workspace ? ` · ${workspace.name}` : "";
  const isOver = refusal && refusal !== "unavailable";
  const trouble = isOver
    ? (["expired", "expiredBody"] as const)
    : (["unavailable", "unavailableBody"] as const);
  const title = refusal
    ? t(trouble[0])
    : page === "retention"
      ? t("leave")
      : createHubFormat(locale, words).t("hub_title", { count: 1 });
  const data = [
    email ? html` data-email="${email}"` : "",
    refusal ? html` data-refusal="${refusal}"` : "",
    session ? html` data-session="${session}"` : "",
  ];
  const subject = page === "retention" ? t("mailSubject") : title;
  const text = page === "retention" ? t("mailText") : "";
  return html`<!doctype html>
<html lang="${lang}" dir="${t("dir")}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${title}${name}</title>
    <link rel="stylesheet" href="hosted.css">
    <script type="module" src="hosted.js"></script>
    ${refusal ? "" : html`<script type="module" src="embed.js"></script>`}
  </head>
  <body class="${page}" data-page="${page}"${data}>
    ${workspace ? html`<header><h1>${workspace.name}</h1></header>` : ""}
    <main></main>
    <section id="help" role="alert">
      <h2>${t(trouble[0])}</h2>
      <p>${t(trouble[1])}</p>
      ${isOver ? "" : html`<p class="retry"><button type="button">${t("retry")}</button></p>`}
      ${email ? html`<p>${t("mailBody")} <a href="${mailto(email, subject, text)}">${email}</a></p>` : ""}
    </section>
  </body>
</html>
`;
}

/** Language tags: which texts fit a locale. */

/** Norwegian is written Bokmål unless somebody says otherwise, and read by those who write Nynorsk. */
const ALIASES: Record<string, string> = { no: "nb", nn: "nb" };

/**
 * The tags to look for, best first and in lower case: the exact tag, then ever shorter ones. Chinese is told apart by
 * its script, which a region implies.
 */
export function chain(wanted: string | null | undefined): { locale: string; tags: string[] } {
  let locale = "en";
  try {
    locale = Intl.getCanonicalLocales(wanted?.replaceAll("_", "-") || "en")[0] as string;
  } catch {}
  const { language, script } = new Intl.Locale(locale).maximize();
  const tags: string[] = [];
  for (let tag = locale; tag; tag = tag.slice(0, Math.max(0, tag.lastIndexOf("-")))) tags.push(tag);
  tags.splice(-1, 0, `${language}-${script}`);
  const alias = ALIASES[language];
  if (alias) tags.push(alias);
  return { locale, tags: tags.map((tag) => tag.toLowerCase()) };
}

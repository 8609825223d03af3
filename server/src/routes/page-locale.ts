import { spoken } from "../../../src/i18n/languages.ts";
import { canonicalLocale } from "../contract/locale.ts";

/** The page's wish, else the first language of the browser that the widgets speak, else English. */
export function localeOf(wanted: string | undefined, accepted = ""): string {
  const ranked = accepted
    .split(",")
    .map((each) => {
      const [tag = "", quality = "1"] = each.trim().split(/\s*;\s*q=/i);
      return { tag, quality: Number(quality) || 0 };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag);
  const tags = [wanted, ...ranked].map(canonicalLocale).filter((tag) => tag !== undefined);
  return tags.find((tag) => /^en\b/.test(tag) || spoken(tag) !== "en") ?? "en";
}

/** The languages beside English: one file each, loaded when a customer needs it. */
import { addLanguage, isKnown, type Messages } from "./messages.ts";
import { chain } from "./tags.ts";

const loaders: Readonly<Record<string, () => Promise<{ messages: Messages }>>> = {
  ar: () => import("./ar.ts"),
  cs: () => import("./cs.ts"),
  da: () => import("./da.ts"),
  de: () => import("./de.ts"),
  el: () => import("./el.ts"),
  es: () => import("./es.ts"),
  fi: () => import("./fi.ts"),
  fr: () => import("./fr.ts"),
  he: () => import("./he.ts"),
  hu: () => import("./hu.ts"),
  it: () => import("./it.ts"),
  ja: () => import("./ja.ts"),
  ko: () => import("./ko.ts"),
  nb: () => import("./nb.ts"),
  nl: () => import("./nl.ts"),
  pl: () => import("./pl.ts"),
  pt: () => import("./pt.ts"),
  ro: () => import("./ro.ts"),
  sv: () => import("./sv.ts"),
  tr: () => import("./tr.ts"),
  uk: () => import("./uk.ts"),
  "zh-hans": () => import("./zh-Hans.ts"),
  "zh-hant": () => import("./zh-Hant.ts"),
};

/** Tags of all languages. */
export const languages: readonly string[] = ["en", ...Object.keys(loaders)];

/** The locale as asked for if the widgets speak its language, else English. */
export function spoken(wanted: string | null | undefined): string {
  const { locale, tags } = chain(wanted);
  return tags.some((tag) => isKnown(tag) || Object.hasOwn(loaders, tag)) ? locale : "en";
}

/** Loads the texts for a locale, unless they are there. Where they cannot be had, the customer reads English. */
export async function loadLanguage(wanted: string | null | undefined): Promise<void> {
  for (const tag of chain(wanted).tags) {
    if (isKnown(tag)) return;
    const load = loaders[tag];
    if (!load) continue;
    try {
      addLanguage(tag, (await load()).messages);
    } catch {}
    return;
  }
}

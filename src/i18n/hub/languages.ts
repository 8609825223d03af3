/** The hub's texts beside those of the flow. A language is one file in this folder, loaded when a customer needs it. */
import { createFormat, type Format, type Values } from "../format.ts";
import { loadLanguage } from "../languages.ts";
import { addLanguage, isKnown, type MessageKey, messagesFor, type Plural } from "../messages.ts";
import { chain } from "../tags.ts";
import { hub as en } from "./en.ts";

export type HubKey = keyof typeof en;

/** Every key of English, with the plural forms that the language needs. */
export type HubMessages = { readonly [Key in HubKey]: (typeof en)[Key] extends string ? string : Plural };

export type HubFormat = Omit<Format, "t"> & { t(key: MessageKey | HubKey, values?: Values): string };

/** By tag in lower case; those of `i18n/languages.ts`. */
const loaders: Readonly<Record<string, () => Promise<{ hub: HubMessages }>>> = {
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

const languages: Record<string, HubMessages> = { en };

/** Makes a language known; hubs that are drawn afterwards use it. */
export function addHubLanguage(language: string, messages: HubMessages): void {
  languages[language.toLowerCase()] = messages;
}

const isOurs = (tag: string): boolean => Object.hasOwn(languages, tag) || Object.hasOwn(loaders, tag);

/** The locale as asked for if the hub speaks its language, else English. */
export function spokenInHub(wanted: string | null | undefined): string {
  const { locale, tags } = chain(wanted);
  return tags.some(isOurs) ? locale : "en";
}

/** Loads the texts for a locale, unless they are there. Where they cannot be had, the customer reads English. */
export async function loadHubLanguage(wanted: string | null | undefined): Promise<void> {
  const tag = chain(wanted).tags.find(isOurs);
  if (!tag) return;
  try {
    const [module] = await Promise.all([loaders[tag]?.(), loadLanguage(wanted)]);
    if (module) addHubLanguage(tag, module.hub);
  } catch {}
}

/** @param words of the business in place of ours, by key; a plural form as `key.one` */
export function createHubFormat(
  wanted: string | null | undefined,
  words?: Readonly<Record<string, string>>,
): HubFormat {
  const { locale, tags } = chain(wanted);
  // Half in one language and half in another is worse than English: both lists have to be there.
  const found = tags.find((each) => Object.hasOwn(languages, each) && isKnown(each));
  const tag = found ?? "en";
  addLanguage(tag, { ...messagesFor(tag).messages, ...languages[tag] });
  return createFormat(found ? locale : "en", words) as HubFormat;
}

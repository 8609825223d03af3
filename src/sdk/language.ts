/** Which language is spoken around what the class draws itself, and its one word that the elements have in all of them. */
import { loadLabels } from "../lazy.ts";
import type { RenumerateConfig } from "./types.ts";

export const languageOf = ({ locale }: RenumerateConfig): string =>
  locale || (document.body.closest<HTMLElement>("[lang]")?.lang ?? "");

export const isEnglish = (language: string): boolean => !language || /^en\b/i.test(language);

/** Writes the label; a moment later in the language, where that is not English. */
export function writeLabel(element: HTMLElement, language: string): void {
  element.textContent = "Cancel Subscription";
  if (!isEnglish(languageOf({}))) element.lang = "en";
  if (isEnglish(language)) return;
  loadLabels().then(
    ({ labelFor }) => Object.assign(element, labelFor(language)),
    () => {},
  );
}

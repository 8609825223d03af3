/** Every country in a language. The names are the browser's own, so that they need no list of ours. */

/**
 * Codes that have names and are no place to send an invoice to: groups, places that post finds under their country, test
 * data, and what was given up. Not every browser knows of the last.
 */
const OTHERS =
  "AN BU CP CQ CS CT DD DG DY EA EU EZ FQ FX HV IC JT MI NH NQ NT PC PU PZ QO QU RH SU TP UK UN VD WK XA XB YD YU ZR ZZ";

type Country = readonly [code: string, name: string];

let known: { locale: string; list: readonly Country[] } | undefined;

const namesIn = (locale: string) => new Intl.DisplayNames(locale, { type: "region", fallback: "none" });

/** As it is written where it is none. */
export function countryName(locale: string, code: string): string {
  try {
    return namesIn(locale).of(code) ?? code;
  } catch {
    return code;
  }
}

/** In the order of the language. */
export function countries(locale: string): readonly Country[] {
  if (known?.locale !== locale) {
    const names = namesIn(locale);
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    const { compare } = new Intl.Collator(locale);
    const list = letters
      .flatMap((first) => letters.map((second) => first + second))
      .flatMap((code) => {
        const name = names.of(code);
        return name && !OTHERS.includes(code) ? [[code, name] as const] : [];
      })
      .sort((one, other) => compare(one[1], other[1]));
    known = { locale, list };
  }
  return known.list;
}

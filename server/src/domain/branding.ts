/**
 * How the hosted pages look: what a business may give, and the colours that follow from its one colour. Contrast is that
 * of WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for what says which option is chosen (1.4.11).
 */
import type { Branding } from "../store/store.ts";

/** Bytes. */
const LARGEST_LOGO = 65_536;
const TEXT = 4.5;
const SIGN = 3;

/** What the colour stands on: the flow's and the hub's backgrounds and raised areas, as the widgets have them. */
const GROUNDS = { light: ["#ffffff", "#f6f7f9"], dark: ["#1c1d21", "#25272c"] } as const;

/** Thrown with words for whoever gave it. */
export class BrandingError extends Error {}

/** @throws BrandingError */
export function parseBranding({
  color,
  logo,
}: {
  color?: string | undefined;
  logo?: Uint8Array | undefined;
}): Branding {
  const branding: Branding = {};
  if (color !== undefined) {
    if (!/^#[0-9a-f]{6}$/i.test(color)) throw new BrandingError("a color is # and six digits: #5b21b6");
    branding.color = color.toLowerCase();
  }
  if (logo) {
    if (logo.length > LARGEST_LOGO) throw new BrandingError("a logo has at most 64 kB");
    const type = imageType(logo);
    if (!type) throw new BrandingError("a logo is a PNG, JPEG, WebP or SVG image");
    branding.logo = { type, base64: Buffer.from(logo).toString("base64") };
  }
  return branding;
}

/** By what is in it, whatever the file is called. */
function imageType(bytes: Uint8Array): string | undefined {
  const begin = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (begin.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (begin.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (begin.startsWith("RIFF") && begin.endsWith("WEBP")) return "image/webp";
  return isSvg(bytes) ? "image/svg+xml" : undefined;
}

/** XML in UTF-8 whose first element is `svg`, after whatever may come before one. */
function isSvg(bytes: Uint8Array): boolean {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return false;
  }
  const before = /^(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s+svg\b[^[>]*(?:\[[^\]]*\]\s*)?>)/is;
  for (let found = before.exec(text); found; found = before.exec(text)) text = text.slice(found[0].length);
  return /^<svg[\s/>]/.test(text);
}

export interface Colors {
  accent: string;
  /** Of the text on it. */
  text: string;
}

/** The business's colour as it can be told from what it stands on, and black or white for what is written on it. */
export function colorsOf(color: string): { light: Colors; dark: Colors } {
  return { light: legible(color, GROUNDS.light, 0), dark: legible(color, GROUNDS.dark, 255) };
}

function legible(color: string, grounds: readonly string[], towards: 0 | 255): Colors {
  let accent = color;
  for (let step = 1; grounds.some((ground) => contrast(accent, ground) < SIGN); step++)
    accent = mix(color, towards, step / 64);
  return { accent, text: contrast(accent, "#ffffff") >= TEXT ? "#ffffff" : "#000000" };
}

const channels = (color: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

const mix = (color: string, towards: number, share: number): string =>
  `#${channels(color)
    .map((each) =>
      Math.round(each + (towards - each) * share)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((each) => {
    const share = each / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Between 1 and 21, of two colours as `#rrggbb`. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/**
 * One picture of every state of the flow and of the hub in every kind of window, put together on sheets for people to
 * look at.
 *
 *     npm run contact-sheet                                   all states, all kinds of windows
 *     npm run contact-sheet -- --only survey,hub-paused       some states
 *     npm run contact-sheet -- --of hub                       those of the flow, or those of the hub
 *     npm run contact-sheet -- --variants phone,dark          some kinds of windows
 *     npm run contact-sheet -- --languages                    what has most text, in all languages
 *     npm run contact-sheet -- --out some/folder              default: contact-sheet
 *
 * The same code gives the same pixels on one machine. Ends with status 1 if something is wrong that a program can see.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import {
  type Gallery,
  type Kind,
  kindOf,
  openGallery,
  smallPhone,
  type Variant,
  variants,
  type Walk,
} from "./gallery.ts";

interface Picture {
  caption: string;
  png: Buffer;
}

interface Sheet {
  name: string;
  /** Pixels of one picture. */
  width: number;
  pictures: Picture[];
}

const { values } = parseArgs({
  options: {
    out: { type: "string", default: path.join(import.meta.dirname, "../contact-sheet") },
    only: { type: "string" },
    of: { type: "string" },
    variants: { type: "string" },
    languages: { type: "boolean", default: false },
  },
});

/** Pixels: wide enough for a row, and what screens and viewers still take. */
const SHEET_WIDTH = 3900;
const SHEET_HEIGHT = 14_000;

/** Of the caption above a picture, and of the gap between two. */
const CAPTION = 26;
const GAP = 12;

const WORDIEST = "survey-plain,confirm,hub-everything,hub-plan-preview,hub-change-failed";

const faults: string[] = [];

/** Those that were named, or all of them. */
function chosen(named: string | undefined, all: readonly string[]): readonly string[] {
  const names = named?.split(",") ?? all;
  const unknown = names.find((each) => !all.includes(each));
  if (unknown) throw new Error(`There is no "${unknown}", only ${all.join(", ")}`);
  return names;
}

/** The beginning of a state, and its end where not all of it fits. */
async function take(walk: Walk, name: string, where: string, locale?: string): Promise<Picture[]> {
  for (const fault of await walk.show(name, locale)) faults.push(`${where} ${name}: ${fault}`);
  const pictures = [{ caption: name, png: await walk.photograph() }];
  if (await walk.scrollToEnd()) pictures.push({ caption: `${name} (end)`, png: await walk.photograph() });
  return pictures;
}

/** A PNG says at its beginning how tall it is. */
const heightOf = ({ png }: Picture): number => png.readUInt32BE(20);

/** Each picture goes where there is room, and a new sheet begins when there is none. */
function arrange({ width, pictures }: Sheet): Picture[][][] {
  const columns = Math.max(1, Math.min(pictures.length, Math.floor(SHEET_WIDTH / (width + GAP))));
  const sheets: { columns: Picture[][]; heights: number[] }[] = [];
  for (const picture of pictures) {
    const height = heightOf(picture) + CAPTION + GAP;
    let sheet = sheets.at(-1);
    let least = Math.min(...(sheet?.heights ?? []));
    if (!sheet || (least > 0 && least + height > SHEET_HEIGHT)) {
      sheet = { columns: Array.from({ length: columns }, () => []), heights: Array(columns).fill(0) };
      sheets.push(sheet);
      least = 0;
    }
    const at = sheet.heights.indexOf(least);
    sheet.columns[at]?.push(picture);
    sheet.heights[at] = least + height;
  }
  return sheets.map((sheet) => sheet.columns);
}

const figure = ({ caption, png }: Picture): string =>
  `<figure><figcaption>${caption}</figcaption><img src="data:image/png;base64,${png.toString("base64")}"></figure>`;

async function compose(browser: Browser, sheet: Sheet): Promise<string[]> {
  const { name, width } = sheet;
  const files: string[] = [];
  for (const [index, columns] of arrange(sheet).entries()) {
    const page = await browser.newPage({
      viewport: { width: columns.length * (width + GAP) + GAP, height: 100 },
    });
    await page.setContent(`<!doctype html><style>
      body { margin: ${GAP}px; display: flex; gap: ${GAP}px; background: #888; font: bold 16px sans-serif }
      div { width: ${width}px } figure { margin: 0 0 ${GAP}px } img { display: block }
      figcaption { height: ${CAPTION}px; white-space: nowrap; overflow: hidden }
    </style>${columns.map((column) => `<div>${column.map(figure).join("")}</div>`).join("")}`);
    await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
    const file = path.join(values.out, `${name}${index ? `-${index + 1}` : ""}.png`);
    writeFileSync(file, await page.screenshot({ fullPage: true }));
    await page.close();
    files.push(file);
  }
  return files;
}

const widthOf = ({ options }: Variant): number => options.viewport?.width ?? 0;

/** One sheet for each kind of states, as far as there are any. */
function sheetsOf(name: string, variant: Variant, taken: ReadonlyMap<Kind, Picture[]>): Sheet[] {
  return [...taken].map(([kind, pictures]) => ({
    name: kind === "flow" ? name : `${kind}-${name}`,
    width: widthOf(variant),
    pictures,
  }));
}

function add(taken: Map<Kind, Picture[]>, name: string, pictures: readonly Picture[]): void {
  const kind = kindOf(name);
  taken.set(kind, [...(taken.get(kind) ?? []), ...pictures]);
}

const isWanted = (name: string): boolean => !values.of || kindOf(name) === values.of;

async function statesIn(variant: Variant, gallery: Gallery): Promise<Sheet[]> {
  const walk = await gallery.enter(variant);
  const taken = new Map<Kind, Picture[]>();
  const names = chosen(values.only, walk.known).filter((name) => walk.names.includes(name));
  for (const name of names.filter(isWanted)) add(taken, name, await take(walk, name, variant.name));
  await walk.close();
  return sheetsOf(variant.name, variant, taken);
}

async function languages(gallery: Gallery): Promise<Sheet[]> {
  const walk = await gallery.enter(smallPhone);
  const taken = new Map<Kind, Picture[]>();
  for (const language of walk.languages) {
    for (const name of chosen(values.only ?? WORDIEST, walk.known).filter(isWanted)) {
      const pictures = await take(walk, name, language, language);
      const captioned = pictures.map(({ caption, png }) => ({ caption: `${language} ${caption}`, png }));
      add(taken, name, captioned);
    }
  }
  await walk.close();
  return sheetsOf("languages", smallPhone, taken);
}

/** Two at once: the browser takes pictures on another core than the one it draws on. */
async function variantsOf(gallery: Gallery): Promise<Sheet[]> {
  const named = chosen(
    values.variants,
    variants.map(({ name }) => name),
  );
  const rest = [...variants.filter(({ name }) => named.includes(name)).entries()];
  const sheets: Sheet[][] = [];
  const work = async () => {
    for (let next = rest.shift(); next; next = rest.shift())
      sheets[next[0]] = await statesIn(next[1], gallery);
  };
  await Promise.all([work(), work()]);
  return sheets.flat();
}

const began = performance.now();
mkdirSync(values.out, { recursive: true });
const gallery = await openGallery();
try {
  const sheets = values.languages ? await languages(gallery) : await variantsOf(gallery);
  for (const sheet of sheets) {
    const files = await compose(gallery.browser, sheet);
    console.log(`${files.join(", ")} (${sheet.pictures.length} pictures)`);
  }
} finally {
  await gallery.close();
}
console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;

/**
 * One picture of every state of the flow in every kind of window, put together on sheets for people to look at.
 *
 *     npm run contact-sheet                                   all states, all kinds of windows
 *     npm run contact-sheet -- --only survey,confirm          some states
 *     npm run contact-sheet -- --variants phone,dark          some kinds of windows
 *     npm run contact-sheet -- --languages                    survey and confirmation in all languages
 *     npm run contact-sheet -- --out some/folder              default: contact-sheet
 *
 * The same code gives the same pixels on one machine. Ends with status 1 if something is wrong that a program can see.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { type Gallery, openGallery, smallPhone, type Variant, variants, type Walk } from "./gallery.ts";

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
    variants: { type: "string" },
    languages: { type: "boolean", default: false },
  },
});

/** Pixels: wide enough for a row, and what screens and viewers still take. */
const SHEET_WIDTH = 3900;

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

async function compose(browser: Browser, { name, width, pictures }: Sheet): Promise<string> {
  const columns = Math.min(pictures.length, Math.floor(SHEET_WIDTH / (width + 12)));
  const page = await browser.newPage({ viewport: { width: columns * (width + 12) + 12, height: 100 } });
  const figures = pictures.map(
    ({ caption, png }) =>
      `<figure><figcaption>${caption}</figcaption><img src="data:image/png;base64,${png.toString("base64")}"></figure>`,
  );
  await page.setContent(`<!doctype html><style>
    body { margin: 12px; display: grid; grid-template-columns: repeat(${columns}, ${width}px); gap: 12px;
      background: #888; font: bold 16px sans-serif }
    figure { margin: 0 } img { display: block } figcaption { padding: 2px 0 4px; white-space: nowrap; overflow: hidden }
  </style>${figures.join("")}`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  const file = path.join(values.out, `${name}.png`);
  writeFileSync(file, await page.screenshot({ fullPage: true }));
  await page.close();
  return file;
}

const widthOf = ({ options }: Variant): number => options.viewport?.width ?? 0;

async function statesIn(variant: Variant, gallery: Gallery): Promise<Sheet> {
  const walk = await gallery.enter(variant);
  const pictures: Picture[] = [];
  for (const name of chosen(values.only, walk.names))
    pictures.push(...(await take(walk, name, variant.name)));
  await walk.close();
  return { name: variant.name, width: widthOf(variant), pictures };
}

async function languages(gallery: Gallery): Promise<Sheet> {
  const walk = await gallery.enter(smallPhone);
  const pictures: Picture[] = [];
  for (const language of walk.languages) {
    for (const name of chosen(values.only ?? "survey-plain,confirm", walk.names)) {
      const taken = await take(walk, name, language, language);
      pictures.push(...taken.map(({ caption, png }) => ({ caption: `${language} ${caption}`, png })));
    }
  }
  await walk.close();
  return { name: "languages", width: widthOf(smallPhone), pictures };
}

/** Two at once: the browser takes pictures on another core than the one it draws on. */
async function variantsOf(gallery: Gallery): Promise<Sheet[]> {
  const named = chosen(
    values.variants,
    variants.map(({ name }) => name),
  );
  const rest = [...variants.filter(({ name }) => named.includes(name)).entries()];
  const sheets: Sheet[] = [];
  const work = async () => {
    for (let next = rest.shift(); next; next = rest.shift())
      sheets[next[0]] = await statesIn(next[1], gallery);
  };
  await Promise.all([work(), work()]);
  return sheets;
}

const began = performance.now();
mkdirSync(values.out, { recursive: true });
const gallery = await openGallery();
try {
  const sheets = values.languages ? [await languages(gallery)] : await variantsOf(gallery);
  for (const sheet of sheets) {
    console.log(`${await compose(gallery.browser, sheet)} (${sheet.pictures.length} pictures)`);
  }
} finally {
  await gallery.close();
}
console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;

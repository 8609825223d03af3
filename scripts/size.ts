/**
 * What a page pays: builds the embed, prints its files and parts, and fails above the figures in bench/budget.json.
 * `--record` writes smaller figures down; a larger one is raised by hand, in a change that says why.
 *
 *     npm run size
 *     npm run size -- --record
 */
import { hash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, type InlineConfig, minifySync, normalizePath, type Rolldown } from "vite";
import { flag, Refusal, refuseOthers, split, understood, usageOf, valuesOf } from "./command-line.ts";

/** What has a record, in bytes after brotli 11. */
const measured = {
  eager: "before anybody clicks: embed.js and what it imports",
  flow: "everything that a finished cancel flow has loaded",
  hub: "everything that a page with a subscription hub has loaded",
  manage: "what a hub loads beyond that when somebody is about to change something in it",
  sdk: "renumerate.js, the class as a module, without embed.js",
  umd: "renumerate.umd.js, the class as a classic script, without embed.js",
  react: "the class and the React components in a page's own bundle, without React",
};

export type Figures = Readonly<Record<keyof typeof measured, number>>;

const names = Object.keys(measured) as (keyof Figures)[];

/** How many files a cancel flow asks for: the entry and the dialog. */
const REQUESTS = 2;

type Chunk = Pick<
  Rolldown.OutputChunk,
  "fileName" | "imports" | "dynamicImports" | "facadeModuleId" | "moduleIds"
>;

/** Lazy code that a cancel flow never asks for. Anything else that is lazy counts. */
const notInFlow =
  /\/src\/(components\/(subscription-hub|hub\/manage)|i18n\/(hub\/[\w-]+|(?!en\.)[\w-]+))\.ts$/;

/** What must not be loaded before somebody clicks, and what must not be loaded at all. */
const neverEager = /\/node_modules\/(lit|lit-\w+|@lit\/.+)\/|\/src\/(flow\/machine|api\/client)\.ts$/;
const never = /\/node_modules\/zod\/|\/src\/api\/contract\.ts$/;

/** What the flow is made of; a module belongs to the first part that it fits. */
const parts: Readonly<Record<string, RegExp>> = {
  "button and loader": /\/src\/(\w+|components\/cancel-button)\.ts$/,
  Lit: /\/node_modules\//,
  "style sheet": /\/components\/styles\.ts$/,
  "dialog and steps": /\/src\/components\//,
  "texts, money, dates": /\/src\/i18n\//,
  "machine and offers": /\/src\/flow\/(machine|offers)\.ts$/,
  "contract: shapes and checker": /\/src\/api\/(check|wire)\.ts$/,
  "client, outbox, controller": /\/src\/(api|flow)\//,
};

/** A bundler may drop an element as unused: a small figure means nothing then. */
const expected = ["/src/components/cancel-button.ts", "/src/components/retention-modal.ts"];

function reached(
  chunks: readonly Chunk[],
  next: (chunk: Chunk) => string[],
  isStart = ({ fileName }: Chunk) => fileName === "embed.js",
): Chunk[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set(chunks.filter(isStart));
  for (const chunk of found) {
    for (const name of next(chunk)) {
      const imported = byName.get(name);
      if (imported) found.add(imported);
    }
  }
  return [...found];
}

const isRoot = ({ facadeModuleId }: Chunk, name: string) =>
  normalizePath(facadeModuleId ?? "").endsWith(`/src/components/${name}.ts`);

/**
 * The static graph of the entry; that of a flow, with every lazy root less those that no flow needs; that of a hub, with its
 * root alone; and what its changes add to that.
 */
export function graphs(chunks: readonly Chunk[]): Record<"eager" | "flow" | "hub" | "manage", Chunk[]> {
  const skipped = new Set(
    chunks
      .filter((chunk) => notInFlow.test(normalizePath(chunk.facadeModuleId ?? "")))
      .map((c) => c.fileName),
  );
  const hub = reached(
    chunks,
    (chunk) => chunk.imports,
    (chunk) => chunk.fileName === "embed.js" || isRoot(chunk, "subscription-hub"),
  );
  return {
    eager: reached(chunks, (chunk) => chunk.imports),
    flow: reached(chunks, (chunk) => [
      ...chunk.imports,
      ...chunk.dynamicImports.filter((name) => !skipped.has(name)),
    ]),
    hub,
    manage: reached(
      chunks,
      (chunk) => chunk.imports,
      (chunk) => isRoot(chunk, "hub/manage"),
    ).filter((chunk) => !hub.includes(chunk)),
  };
}

/** A file more is a journey more before a customer can go on. */
export function scattered(flow: readonly Chunk[]): string[] {
  const files = flow.map(({ fileName }) => fileName);
  return files.length > REQUESTS ? [`a flow asks for more than ${REQUESTS} files: ${files.join(", ")}`] : [];
}

/** One line for each module that is where it must not be, or missing. */
export function misplaced({ eager, flow }: { eager: readonly Chunk[]; flow: readonly Chunk[] }): string[] {
  const modules = (chunks: readonly Chunk[]) => chunks.flatMap((chunk) => chunk.moduleIds).map(normalizePath);
  const loaded = modules(flow);
  return [
    ...modules(eager)
      .filter((id) => neverEager.test(id))
      .map((id) => `loaded before the click: ${id}`),
    ...loaded.filter((id) => never.test(id)).map((id) => `must never reach a browser: ${id}`),
    ...expected
      .filter((end) => !loaded.some((id) => id.endsWith(end)))
      .map((end) => `not in the bundle: ${end}`),
  ];
}

/** One line for each module that is in two files: a page with both would load it twice. */
export function doubled(chunks: readonly Pick<Chunk, "fileName" | "moduleIds">[]): string[] {
  const places = chunks.flatMap(({ fileName, moduleIds }) => moduleIds.map((id) => ({ id, fileName })));
  return [...Map.groupBy(places, ({ id }) => id)]
    .filter(([, files]) => files.length > 1)
    .map(([id, files]) => `in ${files.map(({ fileName }) => fileName).join(" and ")}: ${id}`);
}

/** One line for each figure above the record. */
export function exceeded(now: Figures, budget: Figures): string[] {
  return names
    .filter((name) => now[name] > budget[name])
    .map((name) => `${name}: ${now[name]} bytes, ${now[name] - budget[name]} more than the record`);
}

/** The record after this build: it only falls. */
export function lowered(now: Figures, budget: Figures): Figures {
  return Object.fromEntries(
    names.map((name) => [name, Math.min(now[name], budget[name] ?? now[name])]),
  ) as Figures;
}

const brotli = (code: string) =>
  brotliCompressSync(code, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(code),
    },
  }).length;

/**
 * What each part adds: the flow with it, less the flow without it. Parts share words and idioms that brotli writes only
 * once, so they add up to less than the whole.
 */
function shares(chunks: readonly Rolldown.OutputChunk[]): { part: string; raw: number; brotli: number }[] {
  const modules = chunks.flatMap((chunk) =>
    Object.entries(chunk.modules).map(([id, { code }]) => ({
      part: Object.keys(parts).find((name) => parts[name]?.test(normalizePath(id))),
      code: minifySync("module.js", code ?? "", { compress: false, mangle: { toplevel: true } }).code,
    })),
  );
  const without = (part?: string) =>
    modules
      .filter((each) => each.part !== part)
      .map(({ code }) => code)
      .join("\n");
  const whole = without("");
  return Object.keys(parts).map((part) => ({
    part,
    raw: Buffer.byteLength(whole) - Buffer.byteLength(without(part)),
    brotli: brotli(whole) - brotli(without(part)),
  }));
}

type Built = (Rolldown.OutputChunk | Rolldown.OutputAsset)[];

async function built(config: InlineConfig): Promise<Built> {
  const outputs = (await build({ logLevel: "warn", ...config })) as Rolldown.RolldownOutput[];
  return outputs.flatMap(({ output }) => output);
}

const isChunk = (file: Built[number]) => file.type === "chunk";

/**
 * The build as it ships, but with names of chunks that look like hashes and depend on nothing: otherwise each change
 * of a lazy chunk would change the compressed size of the entry that names it by a byte or two.
 */
function buildToMeasure(): Promise<Built> {
  const chunkFileNames = ({ name }: { name: string }) =>
    `${name}-${hash("sha256", name, "base64url").slice(0, 8)}.js`;
  return built({ mode: "embed", build: { write: false, rolldownOptions: { output: { chunkFileNames } } } });
}

/** What a page's bundler makes of the React components, less what the page has already. */
async function bundleToMeasure(): Promise<string> {
  const files = await built({
    configFile: false,
    build: {
      write: false,
      target: "es2022",
      lib: { formats: ["es"], entry: "src/react/index.ts", fileName: () => "own.js" },
      rolldownOptions: {
        external: /^(lit|react|react-dom)($|\/)/,
        checks: { moduleLevelDirective: false },
        output: { minify: true, comments: false },
      },
    },
  });
  const own = reached(
    files.filter(isChunk),
    (chunk) => chunk.imports,
    (chunk) => chunk.fileName === "own.js",
  );
  return (own as Rolldown.OutputChunk[]).map(({ code }) => code).join("\n");
}

/** Bytes as they are, after gzip 9 and after brotli 11. */
export interface Weight {
  raw: number;
  gzip: number;
  brotli: number;
}

const weigh = (code: string): Weight => ({
  raw: Buffer.byteLength(code),
  gzip: gzipSync(code, { level: 9 }).length,
  brotli: brotli(code),
});

const sum = (weights: readonly Weight[]): Weight => ({
  raw: weights.reduce((total, { raw }) => total + raw, 0),
  gzip: weights.reduce((total, { gzip }) => total + gzip, 0),
  brotli: weights.reduce((total, { brotli }) => total + brotli, 0),
});

/** Builds, and weighs what is built. */
export async function measureSizes() {
  const built = await buildToMeasure();
  const chunks = built.filter(isChunk);
  const loaded = graphs(chunks);
  const scripts = built.filter((file) => file.type === "asset" && file.fileName.endsWith(".js"));
  const files = [
    ...chunks.map((chunk) => {
      const groups = (["eager", "flow", "hub", "manage"] as const).filter((name) =>
        loaded[name].includes(chunk),
      );
      return { file: chunk.fileName, "loaded in": groups.join(", "), ...weigh(chunk.code) };
    }),
    ...[
      ...scripts.map((script) => [script.fileName, String((script as Rolldown.OutputAsset).source)] as const),
      ["react, in a bundle", await bundleToMeasure()] as const,
    ].map(([file, code]) => ({ file, "loaded in": "", ...weigh(code) })),
  ];
  const of = (name: string): Weight => files.find(({ file }) => file === name) ?? sum([]);
  const all = (part: readonly Chunk[]) => sum(part.map(({ fileName }) => of(fileName)));
  const weights: Readonly<Record<keyof Figures, Weight>> = {
    eager: all(loaded.eager),
    flow: all(loaded.flow),
    hub: all(loaded.hub),
    manage: all(loaded.manage),
    sdk: of("renumerate.js"),
    umd: of("renumerate.umd.js"),
    react: of("react, in a bundle"),
  };
  const parts = shares(chunks.filter((chunk) => loaded.flow.includes(chunk)));
  return { chunks, files, loaded, weights, parts };
}

const takes = { record: flag("writes smaller figures into bench/budget.json") };

async function main(): Promise<void> {
  const { record } = await understood(
    () => ["npm run size -- [options]\n", ...usageOf(takes)].join("\n"),
    () => {
      const { words, given } = split(process.argv.slice(2), Object.keys(takes));
      if (words.length) throw new Refusal(`There is nothing called ${words.join(" ")} here`);
      refuseOthers(given, [takes]);
      return valuesOf(given, takes);
    },
  );
  const { chunks, files, loaded, weights, parts } = await measureSizes();
  const now = Object.fromEntries(names.map((name) => [name, weights[name].brotli])) as Figures;
  const file = new URL("../bench/budget.json", import.meta.url);
  const budget: Figures = JSON.parse(readFileSync(file, "utf8"));
  console.table(files);
  console.table(parts);
  for (const name of names)
    console.log(`${name.padEnd(5)} ${now[name]} bytes of brotli, record ${budget[name]}: ${measured[name]}`);
  if (record) {
    writeFileSync(file, `${JSON.stringify(lowered(now, budget), null, 2)}\n`);
  }
  const faults = [
    ...misplaced(loaded),
    ...scattered(loaded.flow),
    ...doubled(chunks),
    ...exceeded(now, budget),
  ];
  for (const fault of faults) console.error(fault);
  if (faults.length) process.exitCode = 1;
}

if (import.meta.main) await main();

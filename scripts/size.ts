/**
 * What a page pays: builds the embed, prints its files and parts, and fails above the figures in bench/budget.json.
 * `--record` writes smaller figures down; a larger one is raised by hand, in a change that says why.
 */
import { hash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, minifySync, normalizePath, type Rolldown } from "vite";

/** Bytes after brotli 11. */
export interface Figures {
  /** Before anybody clicks: embed.js and what it imports. */
  readonly eager: number;
  /** Everything that a finished cancel flow has loaded. */
  readonly flow: number;
}

type Chunk = Pick<
  Rolldown.OutputChunk,
  "fileName" | "imports" | "dynamicImports" | "facadeModuleId" | "moduleIds"
>;

/** Lazy code that a cancel flow never asks for. Anything else that is lazy counts. */
const notInFlow = /\/src\/(components\/subscription-hub|i18n\/(?!en\.)[\w-]+)\.ts$/;

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

function reached(chunks: readonly Chunk[], next: (chunk: Chunk) => string[]): Chunk[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set(chunks.filter((chunk) => chunk.fileName === "embed.js"));
  for (const chunk of found) {
    for (const name of next(chunk)) {
      const imported = byName.get(name);
      if (imported) found.add(imported);
    }
  }
  return [...found];
}

/** The static graph of the entry, and that of a flow: with every lazy root less those that no flow needs. */
export function graphs(chunks: readonly Chunk[]): { eager: Chunk[]; flow: Chunk[] } {
  const skipped = new Set(
    chunks
      .filter((chunk) => notInFlow.test(normalizePath(chunk.facadeModuleId ?? "")))
      .map((c) => c.fileName),
  );
  return {
    eager: reached(chunks, (chunk) => chunk.imports),
    flow: reached(chunks, (chunk) => [
      ...chunk.imports,
      ...chunk.dynamicImports.filter((name) => !skipped.has(name)),
    ]),
  };
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

/** One line for each figure above the record. */
export function exceeded(now: Figures, budget: Figures): string[] {
  return (["eager", "flow"] as const)
    .filter((name) => now[name] > budget[name])
    .map((name) => `${name}: ${now[name]} bytes, ${now[name] - budget[name]} more than the record`);
}

/** The record after this build: it only falls. */
export function lowered(now: Figures, budget: Figures): Figures {
  return { eager: Math.min(now.eager, budget.eager), flow: Math.min(now.flow, budget.flow) };
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

/**
 * The build as it ships, but with names of chunks that look like hashes and depend on nothing: otherwise each change
 * of a lazy chunk would change the compressed size of the entry that names it by a byte or two.
 */
async function buildToMeasure(): Promise<Rolldown.OutputChunk[]> {
  const chunkFileNames = ({ name }: { name: string }) =>
    `${name}-${hash("sha256", name, "base64url").slice(0, 8)}.js`;
  const outputs = (await build({
    mode: "embed",
    logLevel: "warn",
    build: { write: false, rolldownOptions: { output: { chunkFileNames } } },
  })) as Rolldown.RolldownOutput[];
  return outputs.flatMap(({ output }) => output).filter((file) => file.type === "chunk");
}

async function main(): Promise<void> {
  const chunks = await buildToMeasure();
  const { eager, flow } = graphs(chunks);
  const sizes = chunks.map((chunk) => ({
    file: chunk.fileName,
    "loaded in": eager.includes(chunk) ? "eager, flow" : flow.includes(chunk) ? "flow" : "",
    raw: Buffer.byteLength(chunk.code),
    gzip: gzipSync(chunk.code, { level: 9 }).length,
    brotli: brotli(chunk.code),
  }));
  const sum = (part: readonly Chunk[]) =>
    sizes.reduce((total, row, index) => total + (part.includes(chunks[index] as Chunk) ? row.brotli : 0), 0);
  const now: Figures = { eager: sum(eager), flow: sum(flow) };

  const file = new URL("../bench/budget.json", import.meta.url);
  const budget: Figures = JSON.parse(readFileSync(file, "utf8"));
  console.table(sizes);
  console.table(shares(chunks.filter((chunk) => flow.includes(chunk))));
  for (const name of ["eager", "flow"] as const) {
    console.log(`${name.padEnd(5)} ${now[name]} bytes of brotli, record ${budget[name]}`);
  }
  if (process.argv.includes("--record")) {
    writeFileSync(file, `${JSON.stringify(lowered(now, budget), null, 2)}\n`);
  }
  const faults = [...misplaced({ eager, flow }), ...exceeded(now, budget)];
  for (const fault of faults) console.error(fault);
  if (faults.length) process.exitCode = 1;
}

if (import.meta.main) await main();

import { createHash } from "node:crypto";
import path from "node:path";
import { build, defineConfig, type Logger, type Plugin, type Rolldown, type UserConfig } from "vite";

/** Elements that npm users can import one by one; the same names are subpaths in package.json's exports. */
const elements = ["cancel-button", "retention-modal", "subscription-hub"];

const shared = {
  // Stay dependencies of the page, so that there is one copy of each.
  external: /^(lit|react|react-dom)($|\/)/,
  // "use client" stays at the top of the entry for React, whatever the warning fears.
  checks: { moduleLevelDirective: false },
};

const entries = { index: "src/index.ts", react: "src/react/index.ts" };

/** For bundlers. */
const npm: UserConfig = {
  build: {
    outDir: "dist/npm",
    sourcemap: true,
    minify: false,
    lib: {
      formats: ["es"],
      entry: {
        ...entries,
        embed: "src/embed.ts",
        ...Object.fromEntries(elements.map((name) => [`components/${name}`, `src/components/${name}.ts`])),
      },
    },
    // File by file, so that whoever bundles it sees which have effects and leaves out the others.
    rolldownOptions: { ...shared, output: { preserveModules: true, preserveModulesRoot: "src" } },
  },
};

/** Lit cannot be required, so what needs it is the file for bundlers, and arrives by `import()` from require()d code, too. */
const lazyModules: Plugin = {
  name: "lazy-modules",
  enforce: "pre",
  resolveId(source, importer, { kind }) {
    if (kind !== "dynamic-import" || !importer?.endsWith("/src/lazy.ts")) return null;
    return { id: source.replace(/^\.(.+)\.ts$/, "../npm$1.js"), external: true };
  },
};

/** For `require()`. */
const cjs: UserConfig = {
  plugins: [lazyModules],
  build: {
    outDir: "dist/cjs",
    sourcemap: true,
    minify: false,
    lib: { formats: ["cjs"], entry: entries },
    rolldownOptions: {
      ...shared,
      output: { entryFileNames: "[name].cjs", chunkFileNames: "[name].cjs" },
    },
  },
};

/**
 * Layout of templates and style sheets is for those who read the source. A line break does as well as one with
 * indentation in HTML and CSS, and in CSS none is needed.
 */
const compact: Plugin = {
  name: "compact-templates",
  enforce: "pre",
  transform(code, id) {
    if (!/\/src\/components\/.+\.ts$/.test(id)) return null;
    const flush = code.replace(/\n\s+/g, "\n");
    return id.endsWith("styles.ts")
      ? flush.replace(/\s*([{};,])\s*|(:) /g, "$1$2").replaceAll(";}", "}")
      : flush;
  },
};

/**
 * Lit tells the page its versions in three global lists, in which pages that use Lit themselves would find ours, and
 * keeps what decorators know in a global map.
 */
const globals: readonly [RegExp, string][] = [
  [/\(\w+\.(litHtml|litElement|reactiveElement)Versions\?\?=\[\]\)\.push\("[^"]+"\)/, "0"],
  [/Symbol\.metadata\?\?=Symbol\("metadata"\),\w+\.litPropertyMetadata\?\?=new WeakMap;/, ""],
  [/this\[Symbol\.metadata\]/, "null"],
];

const noGlobals: Plugin = {
  name: "no-globals",
  transform: (code, id) =>
    /\/node_modules\/@?lit/.test(id)
      ? globals.reduce((clean, [written, instead]) => clean.replace(written, instead), code)
      : null,
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      const left =
        chunk.type === "chunk" && /\b\w+Versions\b|litPropertyMetadata|Symbol\.metadata/.exec(chunk.code);
      if (left) this.error(`${chunk.fileName} has ${left[0]}: Lit has changed, and \`globals\` must follow`);
    }
  },
};

/** Gives each request for a lazy chunk the address that `once` of src/lazy.ts wants for it. */
const askAgain: Plugin = {
  name: "ask-again",
  renderChunk(code, chunk) {
    const out = code.replace(/\(_again\) => (import\((["'`])\.\/[^"'`]+\2)\)/g, "(again) => $1 + again)");
    const isEntry = chunk.moduleIds.some((id) => id.endsWith("/src/lazy.ts"));
    if (isEntry && /import\((["'`])[^"'`]+\1\)/.test(out))
      this.error("an import() that cannot be asked for again");
    return out;
  },
};

/**
 * A chunk from which another one takes something exports more than its module does, so the bundler hands on an object
 * that has the module's own names alone, and puts the code for that into the entry. Who loads a chunk of ours looks
 * for a name or for nothing: more names do no harm.
 */
const noNamespaces: Plugin = {
  name: "no-namespaces",
  renderChunk(code) {
    const out = code
      .replace(/\.then\(\((\w+)\) => \1\.\w+\)/g, "")
      .replace(/var __defProp = .*\nvar __exportAll = [\s\S]*?\n\};\n/, "")
      .replace(/var \w+ = \/\* @__PURE__ \*\/ __exportAll\(\{[^}]*\}\);\n/g, "")
      .replace(/(?:\w+ as __exportAll|__exportAll as \w+|\w+_exports as \w+)(?:, | (?=\}))/g, "");
    if (out.includes("__exportAll")) this.error("an object of exports that nobody needs");
    return out;
  },
};

/** Scripts beside `embed.js`: built each on its own, so that they add neither a byte nor a request to it. */
const scripts = [
  { fileName: "renumerate.js", entry: "src/umd/script.ts", format: "es" },
  { fileName: "renumerate.umd.js", entry: "src/umd/script.ts", format: "iife" },
  { fileName: "hosted.js", entry: "src/hosted.ts", format: "es" },
] as const;

/**
 * What these scripts load later is what `embed.js` loads later. They ask it instead of naming its chunks: a page may be
 * older than the server, and chunks of one release with the `embed.js` of another do not fit. Only a chunk that needs
 * nothing else may be named.
 *
 * @param bundle what `embed.js` is made of
 */
function laterFromEmbed(bundle: Rolldown.OutputBundle): Plugin {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const asked = (source: string) => {
    const chunk = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(`/src/${source}`)));
    if (chunk?.isEntry || chunk?.imports.length === 0) return `import(beside("${chunk.fileName}"))`;
    const loader = path.basename(source, ".ts").replace(/(?:^|-)(\w)/g, (_, letter) => letter.toUpperCase());
    return `import(beside("embed.js")).then((embed) => embed.load${loader}(timeout))`;
  };
  return {
    name: "later-from-embed",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/src/lazy.ts")) return null;
      const out = `import { beside } from "./umd/address.ts";\n${code}`
        .replace("load(again)", "load(again, timeout)")
        .replace(
          /\(_again\) => import\("\.\/([^"]+)"\)/g,
          (_, source) => `(again, timeout) => ${asked(source)}`,
        );
      if (/import\("/.test(out) || !out.includes("load(again, timeout)"))
        this.error("an import() that `embed.js` cannot answer");
      return out;
    },
  };
}

async function buildScript(
  root: string,
  bundle: Rolldown.OutputBundle,
  { fileName, entry, format }: (typeof scripts)[number],
): Promise<string> {
  const outputs = (await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    plugins: [laterFromEmbed(bundle)],
    // A classic script asks the document for its address.
    define: format === "iife" ? { "import.meta.url": "undefined" } : {},
    build: {
      target: "es2022",
      write: false,
      lib: { formats: [format], name: "Renumerate", entry, fileName: () => fileName },
      rolldownOptions: { output: { minify: true, comments: false, codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput[];
  return outputs.map(({ output }) => output[0].code).join();
}

function withScripts(): Plugin {
  let root: string;
  return {
    name: "with-scripts",
    configResolved(config) {
      root = config.root;
    },
    async generateBundle(_, bundle) {
      for (const script of scripts)
        this.emitFile({
          type: "asset",
          fileName: script.fileName,
          source: await buildScript(root, bundle, script),
        });
    },
  };
}

/** Prints what a script tag's `integrity` says of each entry. */
function integrity(): Plugin {
  let logger: Logger;
  return {
    name: "integrity",
    configResolved(config) {
      logger = config.logger;
    },
    writeBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        const code =
          file.type === "chunk" ? file.isEntry && file.code : /\.js$/.test(file.fileName) && file.source;
        if (!code) continue;
        logger.info(`sha384-${createHash("sha384").update(code).digest("base64")}  ${file.fileName}`);
      }
    },
  };
}

/** For a script tag: everything inside, a tiny entry with a stable name, the rest in chunks that may be cached forever. */
const embed: UserConfig = {
  plugins: [compact, noGlobals, noNamespaces, askAgain, withScripts(), integrity()],
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: "dist/embed",
    // Dropping the notices from the code is fair because they travel next to it.
    license: { fileName: "LICENSES.txt" },
    // Library mode, because pages need no preload helper. On its own it keeps whitespace, hence output.minify.
    lib: { formats: ["es"], entry: { embed: "src/embed.ts" } },
    rolldownOptions: {
      // The lazy chunks take what they share from the entry: one request instead of two before somebody clicks.
      preserveEntrySignatures: "allow-extension",
      // The entry holds the button, whose loader in lazy.ts is for npm. `npm run size` finds code in the wrong place.
      checks: { ineffectiveDynamicImport: false },
      output: { minify: true, comments: false, chunkFileNames: "[name]-[hash].js" },
    },
  },
};

export default defineConfig(({ mode }) => ({
  publicDir: false,
  build: { target: "es2022" },
  ...{ npm, cjs, embed }[mode],
}));

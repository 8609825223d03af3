import { defineConfig, type Plugin, type UserConfig } from "vite";

/** Elements that npm users can import one by one; the same names are subpaths in package.json's exports. */
const elements = ["cancel-button", "retention-modal"];

/** For bundlers: Lit stays a dependency of the page, so that there is one copy of it. */
const npm: UserConfig = {
  build: {
    outDir: "dist/npm",
    sourcemap: true,
    minify: false,
    lib: {
      formats: ["es"],
      entry: {
        index: "src/index.ts",
        embed: "src/embed.ts",
        ...Object.fromEntries(elements.map((name) => [name, `src/components/${name}.ts`])),
      },
    },
    rolldownOptions: { external: /^lit($|\/)/, output: { chunkFileNames: "chunks/[name]-[hash].js" } },
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
    return id.endsWith("/styles.ts")
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

/** Gives each request for a lazy chunk the address that src/lazy.ts wants for it. */
const askAgain: Plugin = {
  name: "ask-again",
  renderChunk(code, chunk) {
    if (!chunk.moduleIds.some((id) => id.endsWith("/src/lazy.ts"))) return null;
    const out = code.replace(/\(\) => (import\((["'`])\.\/[^"'`]+\2)\)/g, "(again) => $1 + again)");
    if (/import\((["'`])[^"'`]+\1\)/.test(out)) this.error("an import() that cannot be asked for again");
    return out;
  },
};

/** For a script tag: everything inside, a tiny entry with a stable name, the rest in chunks that may be cached forever. */
const embed: UserConfig = {
  plugins: [compact, noGlobals, askAgain],
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
  ...{ npm, embed }[mode],
}));

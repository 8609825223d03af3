/**
 * Who may import whom, as a table. Biome's noRestrictedImports sees the text of a specifier, not the file it names, so
 * arrows between folders are checked here, on what the compiler of the build (oxc) parses.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSync, Visitor } from "vite";

/** Globs of files from the root, or names of packages; a leading `!` takes away. */
type Patterns = readonly string[];

interface Rule {
  readonly files: Patterns;
  /** All that these files may import. */
  readonly only?: Patterns;
  /** What these files must not import. */
  readonly never?: Patterns;
  /** Allowed all the same with `import type`, which leaves nothing in the running code. */
  readonly types?: Patterns;
  /** False: no `import()`. */
  readonly dynamic?: false;
  readonly why: string;
}

/** These are the interfaces, with the errors that belong to them. */
const implementations = [
  "server/src/{store,billing,outbox}/**",
  "!server/src/store/{store,figures,visits,exports,webhooks,personal-data,recovery-lists}.ts",
  "!server/src/billing/{provider,billing-event}.ts",
];

const rules: readonly Rule[] = [
  {
    files: ["src/**"],
    never: ["server/**", "@renumerate/server", "node:*", "test/**", "scripts/**"],
    why: "src/ runs in a browser and stands alone",
  },
  {
    files: [
      "src/**",
      "!src/lazy.ts",
      "!src/components/hub/later.ts",
      "!src/i18n/languages.ts",
      "!src/i18n/hub/languages.ts",
    ],
    dynamic: false,
    why: "src/lazy.ts, hub/later.ts and the two languages.ts of src/i18n alone load code later",
  },
  {
    files: ["src/**", "!src/api/contract.ts"],
    never: ["zod", "src/api/contract.ts"],
    why: "zod stays out of the browser and of published types: import src/api/wire.ts",
  },
  { files: ["src/api/contract.ts"], only: ["zod"], why: "the contract is the root of everything" },
  { files: ["src/api/check.ts", "src/events.ts"], only: [], why: "this file imports nothing" },
  {
    files: ["src/api/hub-wire.ts"],
    only: ["src/api/wire.ts"],
    types: ["src/api/check.ts"],
    why: "this file is only data",
  },
  { files: ["src/api/wire.ts"], only: [], types: ["src/api/check.ts"], why: "this file is only data" },
  {
    files: ["src/flow/**", "!src/flow/{flow-controller,deliveries}.ts"],
    only: ["src/flow/**", "!src/flow/{flow-controller,deliveries}.ts"],
    types: ["src/api/wire.ts"],
    why: "the flow runs in a browser, in Node and in a test without set-up",
  },
  {
    files: ["src/components/cancel-button.ts"],
    only: ["src/{events,define,lazy}.ts"],
    types: ["src/components/retention-modal.ts"],
    why: "the button is all that a page loads before somebody clicks",
  },
  {
    files: ["src/sdk/**"],
    only: ["src/sdk/**", "src/{events,lazy}.ts"],
    types: ["src/components/**"],
    why: "the class is a shell over the elements, and is there before any of their code",
  },
  {
    files: ["src/react/**"],
    only: ["src/{react,sdk}/**", "react"],
    types: ["src/events.ts"],
    why: "the React components are a shell over the class, which alone knows how elements are loaded",
  },
  {
    files: ["src/hosted.ts", "src/hosted/**"],
    only: ["src/hosted/**"],
    types: ["src/{events,lazy,define}.ts", "src/components/**"],
    why: "the hosted pages load the embed beside this script: what they shared would be a file more for every page",
  },
  {
    files: ["server/{src,bin}/**"],
    // The English texts say which words a business may replace; the tags, in which order languages are looked for. Pages
    // that the server writes are in the customer's language, as the elements are.
    never: [
      "src/**",
      "!src/api/{contract,wire}.ts",
      "!src/flow/**",
      "!src/i18n/{en,tags,format,languages}.ts",
      "!src/i18n/hub/{en,languages}.ts",
      "src/flow/{flow-controller,deliveries}.ts",
    ],
    why: "the server shares the contract, the flow and the texts with the browser, nothing else",
  },
  {
    files: ["server/src/{domain,routes,http,contract}/**", "server/src/{app,deps}.ts"],
    never: implementations,
    types: implementations,
    why: "only main knows implementations; the rest is handed their interfaces",
  },
  {
    files: ["server/src/**", "!server/src/billing/stripe/**"],
    never: ["stripe"],
    why: "one folder knows Stripe's library: everything else speaks of billing",
  },
  {
    files: ["server/src/**", "!server/src/{main,cli}.ts"],
    never: ["server/src/{main,cli}.ts"],
    why: "main stands on top",
  },
  {
    files: ["server/src/{domain,routes,http,contract}/**"],
    never: ["kysely", "pg", "node:sqlite"],
    why: "what is above the store speaks no SQL",
  },
  {
    files: ["server/src/domain/**"],
    never: [...implementations, "server/src/{http,routes}/**", "server/src/app.ts", "hono"],
    why: "the domain knows interfaces, and nothing of HTTP",
  },
];

interface Import {
  readonly specifier: string;
  readonly kind: "value" | "type" | "dynamic";
}

export function importsOf(file: string, code: string): Import[] {
  const { program, errors } = parseSync(file, code);
  if (errors[0]) throw new SyntaxError(`${file}: ${errors[0].message}`);
  const imports: Import[] = [];
  const add = (source: unknown, kind: Import["kind"]) => {
    const value = (source as { value?: unknown } | null)?.value;
    if (typeof value === "string") imports.push({ specifier: value, kind });
  };
  new Visitor({
    // `import { type A }` counts as a value: with verbatimModuleSyntax the import statement itself stays.
    ImportDeclaration: (node) => add(node.source, node.importKind ?? "value"),
    ExportNamedDeclaration: (node) => add(node.source, node.exportKind ?? "value"),
    ExportAllDeclaration: (node) => add(node.source, node.exportKind ?? "value"),
    ImportExpression: (node) => add(node.source, "dynamic"),
    TSImportType: (node) => add(node.source, "type"),
  }).visit(program);
  return imports;
}

function matches(target: string, patterns: Patterns): boolean {
  const hit = (glob: string) => path.posix.matchesGlob(target, glob);
  return (
    patterns.some((glob) => !glob.startsWith("!") && hit(glob)) &&
    !patterns.some((glob) => glob.startsWith("!") && hit(glob.slice(1)))
  );
}

/** The file from the root, or the name of the package without the path inside it. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith(".")) return path.posix.join(path.posix.dirname(file), specifier);
  return specifier.match(/^(node:.+|@[^/]+\/[^/]+|[^/]+)/)?.[0] ?? specifier;
}

/** One line for each arrow of this file that points the wrong way. */
export function violations(file: string, code: string): string[] {
  const own = rules.filter((rule) => matches(file, rule.files));
  return importsOf(file, code).flatMap(({ specifier, kind }) => {
    const target = targetOf(file, specifier);
    const broken = own.find((rule) => {
      if (kind === "dynamic" && rule.dynamic === false) return true;
      if (kind === "type" && rule.types && matches(target, rule.types)) return false;
      return (rule.only && !matches(target, rule.only)) || (rule.never && matches(target, rule.never));
    });
    return broken ? [`${file} must not import ${target}: ${broken.why}`] : [];
  });
}

if (import.meta.main) {
  const files = globSync(["src/**/*.{ts,tsx}", "server/{src,bin}/**/*.{ts,js}"]);
  const found = files.flatMap((file) => violations(file.replaceAll("\\", "/"), readFileSync(file, "utf8")));
  for (const line of found) console.error(line);
  if (found.length) process.exit(1);
  console.log(`Imports of ${files.length} files follow the rules.`);
}

/** Examples that import the package, bundled as their readers bundle them. */
import { build, type Rolldown } from "vite";

const root = new URL("../../", import.meta.url).pathname;

/** @returns the files of a bundle, by name; the entry is `entry.js` */
export async function bundle(name: string, code: string): Promise<Map<string, string>> {
  // As if it lay here: what it imports is looked for from here. The file itself is not needed.
  const entry = `${root}test/e2e/${name}`;
  const result = (await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: {
      alias: [
        { find: /^@renumerate\/js$/, replacement: `${root}src/index.ts` },
        { find: /^@renumerate\/js\/react$/, replacement: `${root}src/react/index.ts` },
      ],
    },
    plugins: [
      {
        name: "example",
        enforce: "pre",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? code : null),
      },
    ],
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: {
        input: entry,
        output: { entryFileNames: "entry.js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  })) as Rolldown.RolldownOutput;
  return new Map(
    result.output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file.code]] : [])),
  );
}

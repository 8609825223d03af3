/** Other copies of the widgets, built in memory: what a page may have beside the one that the server gives it. */
import { build, type Plugin, type Rolldown } from "vite";

/** File names and what is in them. */
export type Files = ReadonlyMap<string, string>;

const root = new URL("../../..", import.meta.url).pathname;

async function filesOf(config: Parameters<typeof build>[0]): Promise<Files> {
  const outputs = (await build({ root, logLevel: "error", ...config })) as Rolldown.RolldownOutput[];
  const chunks = outputs.flatMap(({ output }) => output).filter((file) => file.type === "chunk");
  return new Map(chunks.map(({ fileName, code }) => [fileName, code]));
}

/** The embed as another release has it. */
export function release(version: string): Promise<Files> {
  const renamed: Plugin = {
    name: "another-version",
    enforce: "pre",
    transform: (code, id) =>
      id.endsWith("/src/define.ts") ? code.replace(/VERSION = "[^"]+"/, `VERSION = "${version}"`) : null,
  };
  return filesOf({ mode: "embed", plugins: [renamed], build: { write: false } });
}

/** `own.js` of a page that has bundled the button from npm. */
export function bundle(): Promise<Files> {
  return filesOf({
    configFile: false,
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      lib: { formats: ["es"], entry: { own: "src/components/cancel-button.ts" } },
    },
  });
}

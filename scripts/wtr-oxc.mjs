/**
 * Compiles TypeScript for @web/test-runner with the transformer of the build, so that tests and build agree on the
 * language. Imports need no resolving: they name the `.ts` file.
 */
import { fileURLToPath } from "node:url";
import { transformWithOxc } from "vite";

const inline = (map) =>
  `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;

/** @returns {import("@web/test-runner").TestRunnerPlugin} */
export function oxc() {
  const root = new URL("../", import.meta.url);
  return {
    name: "oxc",
    resolveMimeType: ({ path }) => (path.endsWith(".ts") ? "js" : undefined),
    async transform({ path, body }) {
      if (!path.endsWith(".ts")) return undefined;
      const file = fileURLToPath(new URL(`.${path}`, root));
      const { code, map } = await transformWithOxc(String(body), file, {
        lang: "ts",
        sourcemap: true,
        target: "es2022",
      });
      return { body: code + inline(map) };
    },
  };
}

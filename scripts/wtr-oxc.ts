import { fileURLToPath } from "node:url";
import type { TestRunnerPlugin } from "@web/test-runner";
import { transformWithOxc } from "vite";

const root = new URL("../", import.meta.url);

/**
 * Compiles TypeScript for @web/test-runner with the transformer of the build, so that tests and build agree on the
 * language. Imports need no resolving: they name the `.ts` file.
 */
export function oxc(): TestRunnerPlugin {
  return {
    name: "oxc",
    resolveMimeType: ({ path }) => (path.endsWith(".ts") ? "js" : undefined),
    async transform({ path, body }) {
      if (!path.endsWith(".ts")) return undefined;
      const file = fileURLToPath(new URL(`.${path}`, root));
      const { code, map } = await transformWithOxc(String(body), file, { sourcemap: true, target: "es2022" });
      const inline = Buffer.from(JSON.stringify(map)).toString("base64");
      return { body: `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}` };
    },
  };
}

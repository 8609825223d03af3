/** Runs code of our documents in its own language, on what a file of JSON gives it; it prints JSON. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Backend, findBackend } from "../../scripts/backends.ts";

/** How a document calls a language, and how the language calls its files. */
export const languages: Readonly<
  Record<Backend, { heading: string; fence: string; extension: string; command: readonly string[] }>
> = {
  node: { heading: "Node", fence: "js", extension: "mjs", command: [] },
  python: { heading: "Python", fence: "python", extension: "py", command: [] },
  php: { heading: "PHP", fence: "php", extension: "php", command: ["-d", "display_errors=stderr"] },
  ruby: { heading: "Ruby", fence: "ruby", extension: "rb", command: ["-w"] },
  go: { heading: "Go", fence: "go", extension: "go", command: ["run"] },
};

/**
 * @param sources files of one program, the first of which begins; its argument names the file that `given` is in
 * @param within the folder that holds a folder for it; one of the project's own finds the project's packages
 */
export async function runProgram(
  backend: Backend,
  sources: readonly string[],
  given: unknown,
  within = tmpdir(),
): Promise<unknown> {
  const { extension, command } = languages[backend];
  const folder = mkdtempSync(join(within, "renumerate-program-"));
  try {
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const argument = file("given.json", JSON.stringify(given));
    const files = sources.map((text, at) => file(`main${at || ""}.${extension}`, text));
    const { stdout } = await promisify(execFile)(
      findBackend(backend) as string,
      [...command, ...files, argument],
      { cwd: folder, env: { ...process.env, LANG: "C.UTF-8" } },
    );
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

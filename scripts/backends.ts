/** Which languages a business's backend is tried out in, and where their programs are. */
import { aptInstall, findProgram } from "./find.ts";

export type Backend = "node" | "python" | "php" | "ruby" | "go";

export const backends: readonly Backend[] = ["node", "python", "php", "ruby", "go"];

/** Node is there: it runs this. */
const others = {
  python: { candidates: ["python3"], packages: ["python3"] },
  php: { candidates: ["php"], packages: ["php-cli"] },
  ruby: { candidates: ["ruby"], packages: ["ruby"] },
  go: { candidates: ["go", "/usr/lib/go/bin/go", "/usr/local/go/bin/go"], packages: ["golang-go"] },
};

/** The program that runs a language, if this machine has it. */
export const findBackend = (backend: Backend): string | undefined =>
  backend === "node" ? process.execPath : findProgram(others[backend].candidates);

export interface Choice {
  readonly backends: readonly Backend[];
  /** What was left out, and what would change that. */
  readonly notices: readonly string[];
}

/**
 * Decides once for a run of suites. What BACKENDS names, separated by commas, has to be there; in CI all have. Without
 * either, those are run that are found: compilers are more than a test should install unasked.
 */
export function chooseBackends(): Choice {
  const named = process.env.BACKENDS ? process.env.BACKENDS.split(",").map((name) => name.trim()) : undefined;
  for (const name of named ?? []) {
    if (!backends.includes(name as Backend))
      throw new Error(`BACKENDS names "${name}", and there are only ${backends.join(", ")}`);
  }
  const demanded = named || process.env.CI === "true";
  const mayInstall = process.env.CI === "true" || process.env.RENUMERATE_INSTALL === "1";
  const chosen: Backend[] = [];
  const notices: string[] = [];
  for (const backend of backends.filter((each) => !named || named.includes(each))) {
    const packages = backend === "node" ? [] : others[backend].packages;
    if (findBackend(backend) ?? (mayInstall && aptInstall(...packages) && findBackend(backend))) {
      chosen.push(backend);
      continue;
    }
    const how = `Debian: apt-get install ${packages.join(" ")}; RENUMERATE_INSTALL=1 does that as root`;
    if (demanded) throw new Error(`There is no ${backend} to run the examples of it (${how})`);
    notices.push(`Not run: examples in ${backend}, which was not found (${how}).`);
  }
  return { backends: chosen, notices };
}

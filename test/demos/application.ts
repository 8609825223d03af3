/** A demo application as somebody gets it who copies its folder and installs the published package. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

const root = path.join(import.meta.dirname, "../..");

/** With the Node that runs this first, because that is the one the tools of the frameworks want. */
const env = {
  ...process.env,
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
  CI: "true",
  NO_COLOR: "1",
  NG_CLI_ANALYTICS: "false",
};

interface Ended {
  status: number;
  /** Both outputs, without colours. */
  said: string;
}

function npm(folder: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile("npm", args, { cwd: folder, env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      const said = stripVTControlCharacters(stdout + stderr);
      resolve({ status: error ? Number(error.code ?? 1) : 0, said });
    });
  });
}

async function must(folder: string, ...args: string[]): Promise<string> {
  const { status, said } = await npm(folder, ...args);
  if (status !== 0) throw new Error(`npm ${args.join(" ")} ended with ${status}\n${said}`);
  return said;
}

/** Builds the package and packs it as it is published. */
export async function pack(): Promise<{ tarball: string; remove(): void }> {
  const folder = mkdtempSync(path.join(tmpdir(), "renumerate-package-"));
  await must(root, "run", "build");
  // It has just been built.
  await must(root, "pack", "--ignore-scripts", "--pack-destination", folder);
  const [name] = readdirSync(folder);
  return {
    tarball: path.join(folder, name as string),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Application {
  /** Where it lies. */
  folder: string;
  /** The built application. */
  dist: string;
  /** Runs a script of its package.json that has to succeed. */
  run(script: "check" | "build"): Promise<string>;
  /** Type-checks it with another text in one file, and puts the file back: what the check says, and the line of it. */
  checkWith(file: string, text: string, other: string): Promise<Ended & { line: number }>;
  remove(): void;
}

export async function install(name: string, tarball: string): Promise<Application> {
  const folder = mkdtempSync(path.join(tmpdir(), `renumerate-${name}-`));
  const isSource = (file: string) => !/\/(node_modules|dist|\.angular)$/.test(file);
  cpSync(path.join(root, "demo", name), folder, { recursive: true, filter: isSource });
  for (const file of ["package.json", "package-lock.json"].map((each) => path.join(folder, each)))
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("file:../..", `file:${tarball}`));
  await must(folder, "install", "--no-audit", "--no-fund", "--prefer-offline");
  return {
    folder,
    dist: path.join(folder, "dist"),
    run: (script) => must(folder, "run", script),
    async checkWith(file, text, other) {
      const address = path.join(folder, file);
      const source = readFileSync(address, "utf8");
      const at = source.indexOf(text);
      if (at < 0) throw new Error(`${file} of ${name} has no ${text}`);
      writeFileSync(address, source.replace(text, other));
      const ended = await npm(folder, "run", "check");
      writeFileSync(address, source);
      return { ...ended, line: source.slice(0, at).split("\n").length };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

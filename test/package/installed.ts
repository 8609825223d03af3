/** The package as somebody has it who installs it: packed, and unpacked beside the packages that it needs. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "../..");

/** What a page has that uses Lit, React and TypeScript. */
const neighbours = ["lit", "react", "react-dom", "@types/react", "@types/react-dom", "csstype"];

export interface Installed {
  /** Where a page's own files go. */
  folder: string;
  tarball: Buffer;
  /** Paths inside the package, without `package/`. */
  files: string[];
  /** Writes a file of the page and returns its path. */
  write(name: string, text: string): string;
  remove(): void;
}

/** Wants the package to be built. */
export function install(): Installed {
  const folder = mkdtempSync(path.join(tmpdir(), "renumerate-installed-"));
  const said = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(said) as [{ filename: string; files: { path: string }[] }];
  const file = path.join(folder, packed.filename);
  const target = path.join(folder, "node_modules/@renumerate/js");
  mkdirSync(target, { recursive: true });
  execFileSync("tar", ["-xzf", file, "-C", target, "--strip-components=1"]);
  for (const name of neighbours) {
    const link = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), link);
  }
  return {
    folder,
    tarball: readFileSync(file),
    files: packed.files.map((each) => each.path),
    write(name, text) {
      const written = path.join(folder, name);
      mkdirSync(path.dirname(written), { recursive: true });
      writeFileSync(written, text);
      return written;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/**
 * Every Node that is here: the one that runs the tests, and the first in PATH that does not come with this repository.
 * NODES names more, with commas between their paths.
 */
export function findNodes(): { version: string; file: string }[] {
  const folders = (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter((each) => !each.includes("node_modules"));
  const other = folders.map((each) => path.join(each, "node")).find((each) => existsSync(each));
  const files = [
    process.execPath,
    ...(other ? [other] : []),
    ...(process.env.NODES ?? "").split(",").filter(Boolean),
  ];
  const found = new Map(
    files.map((file) => [execFileSync(file, ["--version"], { encoding: "utf8" }).trim(), file]),
  );
  return [...found].map(([version, file]) => ({ version, file }));
}

/** Programs that the tests need but npm does not bring. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import path from "node:path";

/** The first of these that exists. A bare name is looked up in PATH; the rest may be globs. */
export function findProgram(candidates: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return candidates
    .flatMap((candidate) =>
      candidate.includes("/") ? globSync(candidate) : folders.map((folder) => path.join(folder, candidate)),
    )
    .find((file) => existsSync(file));
}

/** Whether apt has installed the packages. Only root on Debian or Ubuntu is asked: usually a container. */
export function aptInstall(...names: string[]): boolean {
  if (process.getuid?.() !== 0 || !findProgram(["apt-get"])) return false;
  console.error(`Installing ${names.join(" and ")} from apt …`);
  const apt = (...args: string[]) =>
    spawnSync("apt-get", ["-qq", ...args], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  return apt("update") && apt("install", "--yes", "--no-install-recommends", ...names);
}

/**
 * Builds of the embed that have been served, each in a folder that is named after what is in it: a page that has pinned
 * one finds it again after the server has been upgraded.
 */
import { createHash } from "node:crypto";
import {
  type Dirent,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { readFiles, type StaticFile } from "./files.ts";

export interface Build {
  /** `0.1.0-1a2b3c4d`: the version, and the beginning of a hash of all names and contents. */
  name: string;
  files: readonly StaticFile[];
}

/** So many stay, the latest to be the current one first. */
export const BUILDS_KEPT = 10;

const BUILD_NAME = /^(\w[\w.-]*)-[0-9a-f]{8}$/;
const DRAFT = ".draft-";
/** No start takes that long, ms: such a draft was left by one that was ended. */
const DRAFT_AGE = 3_600_000;

/** Undefined if the folder holds nothing, or is not there. */
export function readBuild(folder: string, version: string): Build | undefined {
  const files = readFiles(folder).sort((one, other) => (one.name < other.name ? -1 : 1));
  if (!files.length) return undefined;
  const hash = createHash("sha256");
  for (const { name, body } of files) hash.update(`${name}\n${body.length}\n`).update(body);
  return { name: `${version.replaceAll(/[^\w.-]/g, "-")}-${hash.digest("hex").slice(0, 8)}`, files };
}

/**
 * Puts the current build among the kept ones, whole or not at all, and takes away those that are one too many.
 * @param now ms
 * @throws what the file system says
 */
export function keepBuild(kept: string, { name, files }: Build, now: number): void {
  const folder = join(kept, name);
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  if (!keptBuild(kept, name)) {
    const draft = mkdtempSync(join(kept, DRAFT));
    for (const { name: file, body } of files) {
      mkdirSync(dirname(join(draft, file)), { recursive: true });
      writeFileSync(join(draft, file), body, { flush: true });
    }
    // Damaged, if it is there at all.
    rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(draft, folder);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      // Another start was quicker, with the same files.
      if (!keptBuild(kept, name)) throw error;
    }
  }
  utimesSync(folder, new Date(now), new Date(now));
  const old = foldersIn(kept).filter((each) => each.name !== name && BUILD_NAME.test(each.name));
  const left = foldersIn(kept).filter((each) => each.name.startsWith(DRAFT) && now - each.at > DRAFT_AGE);
  for (const each of [...old.slice(BUILDS_KEPT - 1), ...left])
    rmSync(join(kept, each.name), { recursive: true, force: true });
}

/** All of them that are as they were put there; what is damaged counts as missing. */
export function keptBuilds(kept: string): Build[] {
  return foldersIn(kept).flatMap(({ name }) => keptBuild(kept, name) ?? []);
}

function keptBuild(kept: string, name: string): Build | undefined {
  const version = BUILD_NAME.exec(name)?.[1];
  if (version === undefined) return undefined;
  try {
    const build = readBuild(join(kept, name), version);
    return build?.name === name ? build : undefined;
  } catch {
    return undefined;
  }
}

/** The latest first. */
function foldersIn(kept: string): { name: string; at: number }[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(kept, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, at: statSync(join(kept, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => other.at - one.at);
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Temporary {
  readonly path: string;
  remove(): void;
}

/** A folder of one's own. What is interrupted leaves none behind, as long as it leaves by `exit()`. */
export function temporaryFolder(name: string): Temporary {
  const folder = mkdtempSync(path.join(tmpdir(), `renumerate-${name}-`));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", clear);
  return {
    path: folder,
    remove() {
      process.off("exit", clear);
      clear();
    },
  };
}

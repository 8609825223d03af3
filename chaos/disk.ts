/** A disk that is full: a small file system of its own where this machine lets us mount one, or else nothing. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIZE = "256m";

export class Disk {
  readonly folder: string;
  readonly #isOwn: boolean;
  readonly #atExit = () => this.#removeNow();

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "renumerate-chaos-"));
    this.#isOwn = this.#mount();
    process.on("exit", this.#atExit);
  }

  #mount(): boolean {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "tmpfs", this.folder], {
        stdio: "ignore",
      });
      return true;
    } catch {
      return false;
    }
  }

  /** Leaves so many bytes free. @returns false where the file system is not ours to fill */
  fill(room: number): boolean {
    if (!this.#isOwn) return false;
    const { bavail, bsize } = statfsSync(this.folder);
    const size = Math.max(0, bavail * bsize - room);
    // tmpfs counts only what is written.
    execFileSync("fallocate", ["-l", String(Math.max(1, size)), this.#ballast]);
    return true;
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  get #ballast(): string {
    return join(this.folder, "ballast");
  }

  #removeNow(): void {
    if (this.#isOwn) {
      try {
        execFileSync("umount", ["-l", this.folder], { stdio: "ignore" });
      } catch {}
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  remove(): void {
    process.off("exit", this.#atExit);
    this.#removeNow();
  }
}

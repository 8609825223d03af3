/** What the figures were measured on. */
import { arch, cpus, release, totalmem, type } from "node:os";

export function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim()}, ${gigabytes} GB, ${type()} ${release()} ${arch()}`;
}

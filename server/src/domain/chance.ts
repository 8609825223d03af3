/** Chance of the system's own generator, fetched in larger pieces: asking it costs more than what is asked for. */
import { randomFillSync } from "node:crypto";

const pool = new Uint8Array(8192);
let used = pool.length;

/** @param length bytes. Nobody gets the same ones, and none is kept */
export function takeChance(length: number): Uint8Array {
  if (length > pool.length) return randomFillSync(new Uint8Array(length));
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const taken = pool.slice(used, used + length);
  pool.fill(0, used, used + length);
  used += length;
  return taken;
}

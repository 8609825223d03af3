import { tmpdir } from "node:os";
import path from "node:path";

/** `NODE_COMPILE_CACHE` of what tests start: every process would strip and compile the same files again. */
export const compiled = path.join(tmpdir(), "renumerate-compile-cache");

/** Loaded into the server beside its own program, so that it can be asked what it uses. */
import { answer } from "./answering.ts";

answer({ collect: () => globalThis.gc?.() });
process.channel?.unref();

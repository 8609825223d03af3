/**
 * The log, as lines of JSON on stderr. What is said in one turn of the event loop is written in one piece at its end: a
 * system call for each request would cost as much as answering it. A warning or an error is written at once, with all that
 * was said before it, and a process that ends by itself leaves nothing behind.
 */
import { pino } from "pino";
import type { Log } from "./deps.ts";
import type { Settings } from "./settings.ts";

/** Characters that are written without waiting for the end of the turn. */
const MOST = 65_536;

/** @param write takes it before it returns */
export function createLog(
  level: Settings["LOG_LEVEL"],
  write: (text: string) => void = toStderr(),
): Log & { flush(): void } {
  let waiting = "";
  let turn: NodeJS.Immediate | undefined;
  const flush = () => {
    clearImmediate(turn);
    turn = undefined;
    process.off("exit", flush);
    const text = waiting;
    waiting = "";
    if (text) write(text);
  };
  const lines = {
    write(line: string) {
      waiting += line;
      if (waiting.length >= MOST) return flush();
      if (turn) return;
      turn = setImmediate(flush);
      process.once("exit", flush);
    },
  };
  const logger = pino({ level, base: null }, lines);
  return {
    flush,
    info: (fields, message) => logger.info(fields, message),
    warn(fields, message) {
      logger.warn(fields, message);
      flush();
    },
    error(fields, message) {
      logger.error(fields, message);
      flush();
    },
  };
}

function toStderr(): (text: string) => void {
  const stderr = pino.destination({ fd: 2, sync: true });
  return (text) => void stderr.write(text);
}

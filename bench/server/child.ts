/** A process that does what it is asked over the channel to its parent: one question, one answer, by number. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Usage {
  /** Of the processor, so far, microseconds. */
  cpu: number;
  memory: NodeJS.MemoryUsage;
}

export interface Child {
  ask<Answer>(name: string, value?: unknown): Promise<Answer>;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

interface Reply {
  number: number;
  value?: unknown;
  error?: string;
}

/** Asks a process that answers with `answer` of answering.ts. */
export function asking(child: ChildProcess): Child {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const gone = once(child, "exit");
  let last = 0;
  child.on("message", ({ number, value, error }: Reply) => {
    const asked = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  void gone.then(([code]) => {
    for (const asked of waiting.values()) asked.reject(new Error(`The process has ended with ${code}`));
  });
  const ask = <Answer>(name: string, value?: unknown) => {
    const number = ++last;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(number, asked);
    child.send({ number, name, value });
    return asked.promise as Promise<Answer>;
  };
  return {
    ask,
    usage: () => ask<Usage>("usage"),
    async stop() {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** One of the programs of this folder. */
export const start = (program: string): Child =>
  asking(
    fork(fileURLToPath(new URL(program, import.meta.url)), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    }),
  );

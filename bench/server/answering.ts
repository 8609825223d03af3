/** The other end of child.ts. The channel alone keeps no process alive. */

type Handler = (value: never) => unknown;

interface Question {
  number: number;
  name: string;
  value: never;
}

/** Ends with whoever asks. */
export function answer(handlers: Readonly<Record<string, Handler>>): void {
  const all: Readonly<Record<string, Handler>> = { usage, ...handlers };
  process.on("message", async ({ number, name, value }: Question) => {
    try {
      process.send?.({ number, value: await all[name]?.(value) });
    } catch (error) {
      process.send?.({
        number,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.once("disconnect", () => process.exit());
}

function usage() {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, memory: process.memoryUsage() };
}

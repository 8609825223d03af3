/** Calls that are made in one breath become one. */

/** Answers in the order of what it was given, an Error to whom it has none for. */
export type Bulk<Arg, Result> = (all: readonly Arg[]) => Promise<readonly (Result | Error)[]>;

interface Call<Arg, Result> {
  arg: Arg;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Collects the calls of many, and starts what it makes of them once each of these many has nothing else to do. */
export class Breath {
  readonly #due: (() => void)[] = [];

  call<Arg, Result>(bulk: Bulk<Arg, Result>): (arg: Arg) => Promise<Result> {
    let calls: Call<Arg, Result>[] = [];
    const start = () => {
      const all = calls;
      calls = [];
      void answer(bulk, all);
    };
    return (arg) =>
      new Promise((resolve, reject) => {
        calls.push({ arg, resolve, reject });
        if (calls.length === 1) this.#add(start);
      });
  }

  #add(start: () => void): void {
    this.#due.push(start);
    if (this.#due.length > 1) return;
    // From a microtask, the next tick is when none is left: when everybody who could go on has done so.
    queueMicrotask(() =>
      process.nextTick(() => {
        for (const each of this.#due.splice(0)) each();
      }),
    );
  }
}

async function answer<Arg, Result>(
  bulk: Bulk<Arg, Result>,
  calls: readonly Call<Arg, Result>[],
): Promise<void> {
  try {
    const results = await bulk(calls.map(({ arg }) => arg));
    for (const [index, { resolve, reject }] of calls.entries()) {
      const result = results[index];
      if (result instanceof Error) reject(result);
      else resolve(result as Result);
    }
  } catch (error) {
    for (const { reject } of calls) reject(error);
  }
}

/** Rows that nearly every request asks for. They are shared by all that ask, and frozen. */
import type { Changes } from "./changes.ts";

type Read<Args extends readonly string[], Result> = (...args: Args) => Promise<Result>;

/** Answers of one kind that are kept; when there are more, all are forgotten. */
const MOST = 2000;

export interface Memory {
  /**
   * The same reading, which answers from memory where it can. What is not there is not remembered.
   * @param tables that it reads
   * @param read what it answers must depend on its arguments and on these tables alone
   */
  remembering<Args extends readonly string[], Result>(
    tables: readonly string[],
    read: Read<Args, Result>,
  ): Read<Args, Result>;
}

/** Kept as long as nobody has written to their tables. @param look finds out whether others have written; called before each answer */
export function createMemory(changes: Changes, look: () => void): Memory {
  return {
    remembering(tables, read) {
      const known = new Map<string, { at: number; result: unknown }>();
      return async (...args) => {
        look();
        const key = keyOf(args);
        const at = changes.count(tables);
        const found = known.get(key);
        if (found?.at === at) return found.result as Awaited<ReturnType<typeof read>>;
        const result = await read(...args);
        if (known.size >= MOST) known.clear();
        if (result === undefined) known.delete(key);
        else known.set(key, { at, result: frozen(result) });
        return result;
      };
    },
  };
}

/**
 * The same where others may write unseen: nothing is kept. Who asks while somebody else is being answered shares the next
 * answer with all who ask until then, so that it is never older than the question.
 */
export function createSharing(): Memory {
  return {
    remembering<Args extends readonly string[], Result>(_: readonly string[], read: Read<Args, Result>) {
      const asked = new Map<string, { now: Promise<Result>; next?: Promise<Result> }>();
      const ask = (key: string, args: Args): Promise<Result> => {
        const now = read(...args).then(frozen);
        const turn: { now: Promise<Result>; next?: Promise<Result> } = { now };
        asked.set(key, turn);
        // Of the next one `asked` has another entry by then.
        const over = () => void (turn.next === undefined && asked.delete(key));
        now.then(over, over);
        return now;
      };
      return async (...args: Args) => {
        const key = keyOf(args);
        const turn = asked.get(key);
        if (!turn) return ask(key, args);
        const again = () => ask(key, args);
        turn.next ??= turn.now.then(again, again);
        return turn.next;
      };
    },
  };
}

const keyOf = (args: readonly string[]): string =>
  args.length === 1 ? (args[0] as string) : JSON.stringify(args);

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}

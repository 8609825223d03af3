/** One after the other for what concerns the same thing, side by side for the rest. */
export type Queue = <Result>(about: string, work: () => Promise<Result>) => Promise<Result>;

/** Side by side, so many at a time, in the order in which they were given. */
export async function several<Each, Result>(
  most: number,
  all: readonly Each[],
  work: (each: Each) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = all.entries();
  const takeTurns = async () => {
    for (const [place, each] of left) results[place] = await work(each);
  };
  await Promise.all(Array.from({ length: most }, takeTurns));
  return results;
}

export function createQueue(): Queue {
  const last = new Map<string, Promise<unknown>>();
  return (about, work) => {
    const turn = (last.get(about) ?? Promise.resolve()).then(work, work);
    last.set(about, turn);
    const leave = () => {
      if (last.get(about) === turn) last.delete(about);
    };
    turn.then(leave, leave);
    return turn;
  };
}

/** One after the other for what concerns the same thing, side by side for the rest. */
export type Queue = <Result>(about: string, work: () => Promise<Result>) => Promise<Result>;

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

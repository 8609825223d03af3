/** Chance from one number: the same number gives the same scenario on every machine. */

export interface Random {
  /** A whole number from 0 to below this. */
  below(limit: number): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** True once in so many times. */
  once(inSo: number): boolean;
}

/** Mulberry32: small, and good enough for numbers that stand side by side. */
export function random(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: <Item>(items: readonly Item[]) => items[below(items.length)] as Item,
    once: (inSo) => below(inSo) === 0,
  };
}

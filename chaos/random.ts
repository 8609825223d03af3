/** Chance from one number: the same number gives the same scenario on every machine. */
import { seeded } from "../scripts/seeded.ts";

export interface Random {
  /** A whole number from 0 to below this. */
  below(limit: number): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** True once in so many times. */
  once(inSo: number): boolean;
}

export function random(seed: number): Random {
  // Seeds stand side by side, too.
  const next = seeded(Math.imul(seed + 1, 0x9e3779b1));
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: <Item>(items: readonly Item[]) => items[below(items.length)] as Item,
    once: (inSo) => below(inSo) === 0,
  };
}

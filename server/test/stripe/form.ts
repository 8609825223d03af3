/** What stands in a query or a form body, as Stripe reads it: `items[0][price]=price_1&expand[]=customer`. */
import { Refusal } from "./state.ts";

export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type FormParams = { [key: string]: FormValue };

type Node = Map<string, Node | string>;

const KEY = /^[^[\]]+(\[[^[\]]*\])*$/;

/** `a[0][b]` is a, 0, b; the empty brackets of `a[]` are the next free place. */
function pathOf(key: string): string[] {
  if (!KEY.test(key)) throw new Refusal(400, `Invalid request: the parameter ${key} cannot be read.`);
  return key.split(/\]?\[/).map((part) => part.replace(/\]$/, ""));
}

function insert(root: Node, key: string, value: string): void {
  const path = pathOf(key);
  let node = root;
  for (const [place, part] of path.entries()) {
    const name = part === "" ? String(node.size) : part;
    const last = place === path.length - 1;
    const there = node.get(name);
    if (last ? there instanceof Map : typeof there === "string") {
      throw new Refusal(400, `Invalid request: ${key} is given as a value and as a hash.`, { param: key });
    }
    if (last) {
      node.set(name, value);
    } else {
      const next = there instanceof Map ? there : new Map();
      node.set(name, next);
      node = next;
    }
  }
}

/** Numbered keys are a list, in the order of the numbers; metadata alone may have such keys of its own. */
function plain(node: Node | string, name: string): FormValue {
  if (typeof node === "string") return node;
  const entries = [...node].map(([key, value]): [string, FormValue] => [key, plain(value, key)]);
  if (name === "metadata" || !entries.every(([key]) => /^\d+$/.test(key))) return Object.fromEntries(entries);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}

/** @throws Refusal 400 */
export function decodeForm(text: string): FormParams {
  const root: Node = new Map();
  for (const [key, value] of new URLSearchParams(text)) insert(root, key, value);
  return Object.fromEntries([...root].map(([key, value]) => [key, plain(value, key)]));
}

/** What has come of it at Stripe, in a form in which two runs can be compared. */
import { isDeepStrictEqual } from "node:util";
import type { State } from "./state.ts";

const ID = /\b([a-z]+(?:_[a-z]+)*)_[0-9a-z]{14}\b/g;
const INSTANT = /(?<=[:"])(\d{10}|\d{13})(?![\d.])/g;
const HOUR = 3600;

/** The same for what differs in nothing but ids, keys of our own, and some minutes. */
export function comparable(value: unknown): unknown {
  const names = new Map<string, string>();
  const text = JSON.stringify(value)
    .replaceAll(/\b(act|chg|ses|evt)_[\w-]{22}(?:\.[0-9a-f]{8}~?)?/g, "$1")
    .replaceAll(ID, (id, prefix: string) => {
      const name = names.get(id) ?? `${prefix}_${names.size + 1}`;
      names.set(id, name);
      return name;
    })
    .replaceAll(INSTANT, (instant) => {
      const unit = instant.length === 10 ? HOUR : HOUR * 1000;
      return String(Math.floor(Number(instant) / unit) * unit);
    });
  return JSON.parse(text);
}

/**
 * All that has become different on Stripe's books. Its events tell of every step, and who is interrupted makes more steps;
 * nor does a mark that an action was begun matter where its effect is there.
 */
export function changesOf({ data }: State, before: State): unknown {
  const { events: _, ...objects } = data.objects;
  const changes = Object.entries(objects).flatMap(([name, all]) => {
    const known: Record<string, unknown> = before.data.objects[name as keyof typeof objects];
    return Object.entries(all).filter(([id, object]) => !isDeepStrictEqual(object, known[id]));
  });
  return comparable(Object.fromEntries(changes));
}

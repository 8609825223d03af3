/** What can be done to a credential that is good, so that it is another text. */
import { seeded } from "../../../../scripts/seeded.ts";

/** A whole number below this one. Made from a seed, so that a case can be had again. */
export type Pick = (below: number) => number;

export function pickFrom(seed: number): Pick {
  const next = seeded(seed);
  return (below) => Math.floor(next() * below);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PREFIXES = ["ret_", "sub_", "r10_", "dlv_", "tkt_", "rk_sk_", "rk_pk_", "whsec_", "rts_", "RET_", ""];
const ENDINGS = ["A", "=", "==", ".", ".e30", "-", "_", "AAAA", "0", "%00", "~", "'", "==A"];

export interface Given {
  good: string;
  /** Good ones of the same kind: somebody else's, or for something else. */
  others: readonly string[];
  /** Of which character something is done to, where it is done to one: all of them have their turn. */
  at: number;
  pick: Pick;
}

const replaced = (text: string, at: number, by: string, length = 1): string =>
  text.slice(0, at) + by + text.slice(at + length);
const letter = (pick: Pick): string => ALPHABET[pick(ALPHABET.length)] as string;

const ways: Readonly<Record<string, (given: Given) => string>> = {
  "a bit": ({ good, at, pick }) => {
    const first = pick(7);
    for (let step = 0; step < 7; step++) {
      const code = good.charCodeAt(at) ^ (1 << ((first + step) % 7));
      // What may stand in a header and is no blank.
      if (code > 0x20 && code < 0x7f) return replaced(good, at, String.fromCharCode(code));
    }
    return good;
  },
  "another letter": ({ good, at, pick }) => replaced(good, at, letter(pick)),
  "a letter more": ({ good, at, pick }) => replaced(good, at, letter(pick), 0),
  "a letter less": ({ good, at }) => replaced(good, at, ""),
  "two letters turned round": ({ good, at }) =>
    replaced(good, at, [...good.slice(at, at + 2)].reverse().join(""), 2),
  "the other case": ({ good, at }) => {
    const here = good.charAt(at);
    return replaced(good, at, here === here.toLowerCase() ? here.toUpperCase() : here.toLowerCase());
  },
  "all in the other case": ({ good, pick }) => (pick(2) ? good.toUpperCase() : good.toLowerCase()),
  "cut off at the end": ({ good, at }) => good.slice(0, at),
  "cut off at the beginning": ({ good, at }) => good.slice(at + 1),
  "something behind it": ({ good, pick }) => good + ENDINGS[pick(ENDINGS.length)],
  twice: ({ good, pick }) => `${good}${[",", ".", ""][pick(3)]}${good}`,
  // Of the last letter not every bit is used: another one may stand for the same bytes.
  "another last letter": ({ good, pick }) => good.slice(0, -1) + letter(pick),
  "the neighbour of the last letter": ({ good }) => {
    const last = ALPHABET.indexOf(good.at(-1) as string);
    return good.slice(0, -1) + (ALPHABET[last ^ 1] ?? "A");
  },
  "another alphabet": ({ good }) => good.replaceAll("-", "+").replaceAll("_", "/"),
  "another prefix": ({ good, pick }) =>
    `${PREFIXES[pick(PREFIXES.length)]}${good.replace(/^(\w{3}_|rk_[sp]k_)/, "")}`,
  "two joined": ({ good, others, at, pick }) => {
    const other = others[pick(others.length || 1)] ?? "";
    return good.slice(0, at) + other.slice(at);
  },
  "parts of two": ({ good, others, pick }) => {
    const one = good.split(".");
    const other = (others[pick(others.length || 1)] ?? "").split(".");
    const part = pick(one.length);
    return one.map((each, index) => (index === part ? (other[index] ?? "") : each)).join(".");
  },
  "no signature": ({ good }) => `${good.split(".").slice(0, -1).join(".")}.`,
};

export const wayNames: readonly string[] = Object.keys(ways);

/** Of an address they are no part, however they are written. */
const NO_PART = ["", ".", ".."];

/** Undefined where this way leads to the same text, to nothing, or to another good one. */
export function tampered(way: string, given: Given): string | undefined {
  const text = ways[way]?.(given);
  return text === undefined || text === given.good || NO_PART.includes(text) || given.others.includes(text)
    ? undefined
    : text;
}

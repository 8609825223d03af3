/** Values that nobody would send, and somebody does. */
import fc from "fast-check";
import { raw } from "./known.ts";
import { words } from "./valid.ts";

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "a\udfffb",
    "\u202egnp.exe",
    "\u200f\u061c",
    "\uffff",
    "\u0007\u001b[2J",
    "\ufeff",
    "👩‍👩‍👧‍👦".repeat(30),
    "e\u0301".repeat(200),
    "x".repeat(256),
    "x".repeat(5_001),
    "__proto__",
    "constructor",
    "toString",
    "null",
    "undefined",
    "../../etc/passwd",
    "%00",
    "%",
    "%ff",
    "%2e%2e%2f",
    "a/b",
    "a?b#c",
    "'; drop table sessions; --",
    '"><script>alert(1)</script>',
    "{{constructor}}",
    "a\r\nSet-Cookie: a=b",
    "1e400",
    "9007199254740993",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999-23:59",
    "+275760-09-13T00:00:00.001Z",
    "2027-02-30T00:00:00Z",
    "2027-05-14T09:41:00.123456789012345678901234567890Z",
    "https://shop.example@evil.example/",
    "https://shop.example.evil.example/\\..",
    "https://[::1",
    "javascript:alert(1)",
    "http://localhost:99999/",
    "https://xn--a/",
  ),
  // Halves of pairs and what is no character among them.
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
  words(0, 40),
);

const hostileNumber: fc.Arbitrary<unknown> = fc.constantFrom(
  ...["1e400", "-1e400", "-0", "-0.0", "9007199254740992", "9007199254740993", "9223372036854775808"].map(
    raw,
  ),
  ...["5e-324", "1.7976931348623157e308", "0.1", "1E+2", `1${"0".repeat(400)}`, `0.${"3".repeat(400)}`].map(
    raw,
  ),
  -1,
  0,
  1,
  2 ** 31,
  -(2 ** 31) - 1,
  8_640_000_000_000_001,
);

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  { weight: 4, arbitrary: hostileNumber },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { "": 0 }, { id: {} }),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(hostileText, hostileText, { maxKeys: 60, size: "+1" }) },
);

/** Something is done to one place of a value. */
export interface Spoil {
  /** Which place, counted through all of them. */
  at: number;
  how: "replace" | "remove" | "add" | "wrap";
  name: string;
  value: unknown;
}

export const spoil: fc.Arbitrary<Spoil> = fc.record({
  at: fc.noBias(fc.nat(1000)),
  how: fc.constantFrom("replace", "replace", "replace", "remove", "remove", "add", "wrap"),
  name: hostileText,
  value: hostile,
});

const isContainer = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);

function placesOf(value: unknown, here: { holder: Record<string, unknown>; key: string }[] = []) {
  if (!isContainer(value)) return here;
  for (const key of Object.keys(value)) {
    here.push({ holder: value, key });
    placesOf(value[key], here);
  }
  return here;
}

/** What is no plain list or object stays the same. */
function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (!isContainer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]));
}

/** @param whole what the value is in: a value of its own can be spoilt as a whole */
export function spoiled(whole: unknown, { at, how, name, value }: Spoil): unknown {
  const root = { value: copied(whole) };
  const places = placesOf(root);
  const { holder, key } = places[at % places.length] as (typeof places)[number];
  const set = (target: object, property: string, to: unknown) =>
    Object.defineProperty(target, property, {
      value: to,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  if (how === "replace") set(holder, key, value);
  else if (how === "wrap") set(holder, key, [holder[key]]);
  else if (how === "remove" && !Array.isArray(holder)) delete holder[key];
  else if (isContainer(holder[key])) set(holder[key], Array.isArray(holder[key]) ? "0" : name, value);
  return root.value;
}

/** Than any operation takes. */
const tooLong = (text: string): string => `${" ".repeat(600_000)}${text}`;

/** What is done to the text of a body, after it was written. */
export const torn: readonly ((text: string) => string | Uint8Array<ArrayBuffer>)[] = [
  () => "",
  () => "null",
  () => '"text"',
  () => "[]",
  () => "{}",
  () => "[".repeat(20_000),
  () => `{"a":`.repeat(5_000),
  () => `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  (text) => text.slice(0, -1),
  (text) => text.slice(0, Math.floor(text.length / 2)),
  (text) => `${text}}`,
  (text) => `\ufeff${text}`,
  (text) => `${text}\u0000`,
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace("{", '{"__proto__":{"admin":true},'),
  // Each name twice: the later one counts.
  (text) => text.replace(/^\{("[^"\\]*"):/, "{$1:null,$1:"),
  (text) => text.replace(/\}$/, ',"environment":"prod","environment":7}'),
  (text) =>
    text.replace(
      /"([^"\\]+)":/g,
      (_, name: string) => `"\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}":`,
    ),
  (text) => text.replace(/:"/, ':"\\ud800'),
  (text) => text.replace(/\d+/, "1e400"),
  (text) => `${" ".repeat(66_000)}${text}`,
  tooLong,
  (text) => new Uint8Array([...Buffer.from(text.slice(0, -1)), 0xc3, 0x28]),
  (text) => Uint8Array.from(Buffer.from(text, "utf16le")),
];

export const TOO_LONG = torn.indexOf(tooLong);

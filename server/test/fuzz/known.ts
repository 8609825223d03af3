/** What a caller knows: ids and tokens by the name of the field that they stand in. Each answer adds to it. */

/** Stands in a request for something that is known only when it is sent. */
export class Known {
  readonly name: string;
  readonly at: number;
  /** What it is while nothing is known by that name. */
  readonly otherwise: unknown;
  constructor(name: string, at: number, otherwise: unknown) {
    this.name = name;
    this.at = at;
    this.otherwise = otherwise;
  }
}

/** `session_id`, `sessionId` and the `id` of a `session` are one. */
const plain = (name: string) => name.replaceAll(/[_-]/g, "").toLowerCase();

/** As many of one name as are kept: those that were there from the beginning, and the newest. */
const MOST = 16;
const FIRST = 6;

export class Knowledge {
  readonly #byName = new Map<string, unknown[]>();
  readonly #never = new Set<unknown>();

  /** What is not to be known, because nobody could go on without it. */
  never(...values: string[]): void {
    for (const value of values) this.#never.add(value);
  }

  /** What was known before anything else by that name. */
  first = (name: string): unknown => this.#byName.get(plain(name))?.[0];

  add(name: string, ...values: (string | object)[]): void {
    const known = this.#byName.get(plain(name)) ?? [];
    for (const value of values)
      if (value !== "" && !this.#never.has(value) && !known.includes(value)) known.push(value);
    if (!known.length) return;
    if (known.length > MOST) known.splice(FIRST, known.length - MOST);
    this.#byName.set(plain(name), known);
  }

  get({ name, at, otherwise }: Known): unknown {
    const known = this.#byName.get(plain(name));
    return known ? known[at % known.length] : otherwise;
  }

  /** Everything in an answer that is text, by its field's name. */
  learn(value: unknown, name = "", parent = ""): void {
    if (typeof value === "string") {
      this.add(name, value);
      // The id of a `webhook_endpoint` is elsewhere its `endpoint_id`.
      if (name === "id")
        for (const each of [`${parent}_id`, parent, `${parent.split("_").at(-1)}_id`]) this.add(each, value);
      if (/token$/i.test(name)) this.add("token", value);
    } else if (Array.isArray(value)) {
      // Those of a list are called by its name in the singular.
      for (const each of value) this.learn(each, name.replace(/s$/, ""), parent);
    } else if (value) {
      // Some say themselves what they are.
      const { object = name } = value as { object?: unknown };
      for (const [key, each] of Object.entries(value)) this.learn(each, key, String(object));
    }
  }

  /** The value with what is known in place of what stands for it. */
  fill(value: unknown): unknown {
    if (value instanceof Known) return this.get(value);
    if (Array.isArray(value)) return value.map((each) => this.fill(each));
    if (value === null || typeof value !== "object" || isRaw(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, this.fill(each)]));
  }

  /** What may stand in no log: so long that it opens something. */
  secrets = (): string[] =>
    [...this.#byName.values()].flat().flatMap((each) => String(each).match(/[\w-]{40,}/g) ?? []);
}

const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
};

/** A number as it is written, which may be none that JavaScript has. */
export const raw = (text: string): object => rawJSON(text);
export const isRaw = (value: unknown): boolean => isRawJSON(value);

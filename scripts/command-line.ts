/** Command lines: what a command takes is declared once, and whatever else is given is refused before anything begins. */

/** What was asked for does not exist: said as it is, without a stack, and the command ends with 2. */
export class Refusal extends Error {}

export interface Option<Value> {
  readonly about: string;
  /** As one says it: "a whole number from 1 on". Without it the option stands alone. */
  readonly takes?: string;
  /** @returns undefined for what it does not take */
  read(given: string): Value | undefined;
}

/** By name, without the dashes. */
export type Takes = Readonly<Record<string, Option<unknown>>>;

export type Values<Taken extends Takes> = {
  readonly [Name in keyof Taken]?: Taken[Name] extends Option<infer Value> ? Value : never;
};

export const flag = (about: string): Option<true> => ({ about, read: () => true });

export const whole = (about: string, least = 1): Option<number> => ({
  about,
  takes: `a whole number from ${least} on`,
  read(given) {
    const number = Number(given);
    return /^\d+$/.test(given) && Number.isSafeInteger(number) && number >= least ? number : undefined;
  },
});

export const oneOf = <Word extends string>(about: string, words: readonly Word[]): Option<Word> => ({
  about,
  takes: words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${words.at(-1)}` : words.join(),
  read: (given) => words.find((word) => word === given),
});

/** @param least how many there have to be */
export const listOf = <Value>({ about, takes, read }: Option<Value>, least = 1): Option<Value[]> => ({
  about,
  takes: `${takes}, ${least > 1 ? `${least} or more of them` : "or several"} with commas between`,
  read(given) {
    const values = given.split(",").flatMap((each) => read(each.trim()) ?? []);
    return values.length === given.split(",").length && values.length >= least ? values : undefined;
  },
});

/** Undefined where an option has nothing after it. */
export type Given = ReadonlyMap<string, string | undefined>;

/** @param alone names of options that stand alone */
export function split(
  args: readonly string[],
  alone: readonly string[] = [],
): { words: string[]; given: Given } {
  const words: string[] = [];
  const given = new Map<string, string | undefined>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (!arg.startsWith("-")) {
      words.push(arg);
      continue;
    }
    const [name = "", ...rest] = (arg === "-h" ? "help" : arg.replace(/^--?/, "")).split("=");
    if (given.has(name)) throw new Refusal(`--${name} is there twice`);
    if (rest.length) given.set(name, rest.join("="));
    else given.set(name, name === "help" || alone.includes(name) ? "" : args[++at]);
  }
  return { words, given };
}

/** @throws Refusal a value that its option does not take. What nobody has declared here is left out. */
export function valuesOf<Taken extends Takes>(given: Given, taken: Taken): Values<Taken> {
  const values: Record<string, unknown> = {};
  for (const [name, { takes, read }] of Object.entries(taken)) {
    if (!given.has(name)) continue;
    const text = given.get(name);
    if (takes === undefined && text) throw new Refusal(`--${name} takes nothing, not ${text}`);
    const value = text === undefined ? undefined : read(text);
    if (value === undefined) throw new Refusal(`--${name} takes ${takes}, not ${text || "nothing"}`);
    values[name] = value;
  }
  return values as Values<Taken>;
}

/** @throws Refusal an option that nobody takes would be a run that somebody did not mean */
export function refuseOthers(given: Given, all: readonly Takes[]): void {
  const names = [...new Set(all.flatMap((taken) => Object.keys(taken)))];
  for (const name of given.keys())
    if (!names.includes(name)) {
      const others = names.length ? `only ${names.map((each) => `--${each}`).join(", ")}` : "nor any other";
      throw new Refusal(`There is no --${name} here, ${others}`);
    }
}

/** One line for each option. */
export const usageOf = (taken: Takes): string[] =>
  Object.entries(taken).map(
    ([name, { about, takes }]) => `  --${name.padEnd(12)} ${about}${takes ? `: ${takes}` : ""}`,
  );

/**
 * What a command reads before it does anything.
 * @param usage is printed where somebody asks for --help, and nothing is read then
 * @param words where they may ask: what is passed on to another command has a --help of its own
 */
export async function understood<Read>(
  usage: () => string | Promise<string>,
  read: () => Read | Promise<Read>,
  words: readonly string[] = process.argv.slice(2),
): Promise<Read> {
  if (words.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(await usage());
    process.exit(0);
  }
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(`${error.message}. --help says what there is.`);
    process.exit(2);
  }
}

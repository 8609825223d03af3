/** What a part of the benchmark is: something to measure, by itself or with the others. */
import type { Takes, Values } from "../scripts/command-line.ts";

/** Rows of cells, as they are printed and as the guides have them. */
export interface Table {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What is wanted of a figure. Only ratios, bytes and counts: a time is of one machine. */
export interface Aim {
  readonly what: string;
  readonly aim: string;
  readonly is: string;
  readonly met: boolean;
  /** Where the guide says why it is missed and what was tried. Whatever is missed without that ends the run with 1. */
  readonly explained?: string;
}

export interface Result {
  readonly tables: readonly Table[];
  readonly aims?: readonly Aim[];
  /** What the tables were made from. */
  readonly figures: unknown;
}

export interface Options<Taken extends Takes = Takes> {
  /** A run that takes a minute or so, to see that everything works: its figures mean little. */
  readonly short: boolean;
  /** `--name value` of the command line, of those that the part takes. */
  readonly values: Values<Taken>;
  log(line: string): void;
}

export interface Part<Taken extends Takes = Takes> {
  readonly title: string;
  /** Options of its own. */
  readonly takes?: Taken;
  /** Versions beside those of Node and the system: of browsers, of databases. */
  versions?(): Promise<Readonly<Record<string, string>>>;
  run(options: Options<Taken>): Promise<Result>;
}

/** So that what it is run with has the types of what it takes. */
export const partOf = <Taken extends Takes>(part: Part<Taken>): Part<Taken> => part;

/** What a run wrote down of one part. */
export interface Measured extends Result {
  readonly title: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** The day, YYYY-MM-DD. */
  readonly on: string;
}

/** @throws Error what has no figures would look like a run that went well */
export function checkMeasured({ tables }: Result): void {
  const rows = tables.flatMap((table) => table.rows);
  if (!tables.length || tables.some((table) => !table.rows.length)) throw new Error("nothing was measured");
  const empty = rows.find((cells) => cells.some((cell) => /\bNaN\b|\bInfinity\b|\bundefined\b/.test(cell)));
  if (empty) throw new Error(`nothing was measured of ${empty[0]}: ${empty.join(", ")}`);
}

/** What a part of the benchmark is: something to measure, by itself or with the others. */

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

export interface Options {
  /** A run that takes seconds, to see that everything works: its figures mean little. */
  readonly short: boolean;
  /** `--name value` of the command line, of those that the part takes. */
  readonly values: Readonly<Record<string, string>>;
  log(line: string): void;
}

export interface Part {
  readonly title: string;
  /** Names of options of its own. */
  readonly takes?: readonly string[];
  /** Versions beside those of Node and the system: of browsers, of databases. */
  versions?(): Promise<Readonly<Record<string, string>>>;
  run(options: Options): Promise<Result>;
}

/** What a run wrote down of one part. */
export interface Measured extends Result {
  readonly title: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** The day, YYYY-MM-DD. */
  readonly on: string;
}

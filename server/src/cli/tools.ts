/** What the commands have in common: what they read, what they print, how they refuse. */
import { readFileSync } from "node:fs";
import { Option } from "commander";
import type { LintIssue } from "../domain/flows.ts";

/** Ends with 1 and these words. */
export class Refused extends Error {}

export const environment = () =>
  new Option("--environment <name>", "prod or sandbox").choices(["prod", "sandbox"]).default("prod");
export const asJson = () => new Option("--json", "print one JSON value on standard output");

export function print(json: boolean | undefined, value: object, words: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : words}\n`);
}

export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new Refused(`${file}: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused(`${file} is not valid JSON: ${(error as Error).message}`);
  }
}

export type Checked<Good> = ({ ok: true } & Good) | { ok: false; issues: LintIssue[] };

/** Prints what is wrong with a definition, path by path, and refuses it. */
export function accepted<Good>(file: string, result: Checked<Good>, json: boolean | undefined): Good {
  if (result.ok) return result;
  print(
    json,
    { ok: false, issues: result.issues },
    result.issues.map(({ path, message }) => `${file}: ${path || "/"}: ${message}`).join("\n"),
  );
  throw new Refused(`${result.issues.length} ${result.issues.length === 1 ? "fault" : "faults"} found`);
}

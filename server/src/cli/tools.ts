/** What the commands have in common: what they read, what they print, how they refuse. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import type { StripeAccounts } from "../billing/stripe/accounts.ts";
import type { Deps } from "../deps.ts";
import type { LintIssue } from "../domain/flows.ts";
import type { WorkspaceRow } from "../store/store.ts";

/** What a command works on. */
export interface Opened {
  deps: Deps;
  /** As it was when the installation was opened. What changes it starts from what is stored by then. */
  workspace: WorkspaceRow;
  /** Absent where the simulator is billing. */
  stripe?: StripeAccounts;
}

/** Opens the installation for one command and closes it afterwards. */
export type Using = (work: (opened: Opened) => Promise<void>) => Promise<void>;

export type EnvironmentName = "prod" | "sandbox";

/** Ends with 1 and these words. */
export class Refused extends Error {}

export const environment = () =>
  new Option("--environment <name>", "prod or sandbox").choices(["prod", "sandbox"]).default("prod");
export const asJson = () => new Option("--json", "print one JSON value on standard output");

/** Of a key or a workspace. */
export const Name = z.string().trim().min(1, "a name").max(120);

/** A value that must fulfil the same rule as in the environment. */
export const valid =
  <Output>(schema: z.ZodType<Output>) =>
  (value: string): Output => {
    const { data, success, error } = schema.safeParse(value);
    if (!success) throw new InvalidArgumentError(error.issues[0]?.message ?? "");
    return data;
  };

export function print(json: boolean | undefined, value: object, words: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : words}\n`);
}

/** @throws Refused */
export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new Refused(`${file}: ${(error as Error).message}`);
  }
}

/** @throws Refused */
export function readJson(file: string): unknown {
  const text = readBytes(file).toString("utf8");
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

/** One line of what a check has to say. */
import { hideSecrets } from "./secrets.ts";

export interface Finding {
  /** `note`: worth knowing, nothing is in the way. */
  state: "ok" | "note" | "missing";
  about: string;
  says: string;
  /** What to do about it. */
  todo?: string;
}

export const ok = (about: string, says: string): Finding => ({ state: "ok", about, says });
export const note = (about: string, says: string, todo?: string): Finding => ({
  state: "note",
  about,
  says,
  ...(todo === undefined ? {} : { todo }),
});
export const lacks = (about: string, says: string, todo: string): Finding => ({
  state: "missing",
  about,
  says,
  todo,
});

/** Without what looks like a key. */
export const wordsOf = (error: unknown): string =>
  hideSecrets(error instanceof Error ? error.message : String(error));

/** What Stripe did not say, for a reason that is none of the account's. */
export const unanswered = (about: string, error: unknown): Finding =>
  lacks(about, `Stripe did not answer: ${wordsOf(error)}`, "try again in a moment");

/** Code blocks of the Renumerate client's own documentation, as they are printed there. */
import { read } from "./blocks.ts";

export type Quotation =
  | "guide-cancel-button.tsx"
  | "guide-hook.tsx"
  | "guide-mount-cancel-button.ts"
  | "guide-retention-session.ts"
  | "guide-show-retention-view.ts"
  | "page-retention-answer.json"
  | "page-retention-session.ts"
  | "page-subscription-answer.json"
  | "page-subscription-session.ts"
  | "reference-configuration"
  | "reference-retention-answer.json"
  | "reference-retention-session.ts"
  | "reference-subscription-answer.json"
  | "reference-subscription-session.ts";

export const quote = (name: Quotation): string => read(`test/fixtures/renumerate-docs/${name}.txt`);

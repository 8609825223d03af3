/** The table: what fails × when × what the customer sees. docs/faults.md tells the same to people. */
import type { Fault } from "../fault-proxy.ts";
import * as answers from "./answers.ts";
import * as faults from "./faults.ts";
import type { fallbacks, sights, verdicts } from "./sights.ts";
import type { Placing } from "./visit.ts";

export type SightName = keyof typeof sights;

export interface OpeningRow {
  /** First column of the table in docs/faults.md. */
  what: string;
  fault: Fault | "refused";
  /** What the customer sees if it befalls the flow itself, the site's own session endpoint, or the exchange of its token. */
  flow?: SightName;
  session?: SightName;
  exchange?: SightName;
}

const everywhere = (sight: SightName) => ({ flow: sight, session: sight, exchange: sight });
const atSession = (sight: SightName) => ({ flow: sight, session: sight });

export const opening: readonly OpeningRow[] = [
  { what: "nobody listens (port closed)", fault: "refused", ...everywhere("retry") },
  { what: "the connection is reset", fault: faults.reset, ...everywhere("retry") },
  { what: "the answer breaks off", fault: faults.answerLost, ...everywhere("retry") },
  { what: "no answer comes", fault: faults.hang, ...everywhere("retry") },
  { what: "the answer begins and never ends", fault: faults.hangAfterHeaders, ...atSession("retry") },
  { what: "the answer drips", fault: faults.drip, ...atSession("retry") },
  { what: "error 500 as JSON", fault: faults.error500, ...everywhere("retry") },
  { what: "error 500 as a page", fault: faults.page500, ...atSession("retry") },
  { what: "error 502 as a page", fault: faults.page502, ...atSession("retry") },
  { what: "error 502 of a gateway that knows no CORS", fault: faults.unreadable, ...everywhere("retry") },
  { what: "error 503 as a page", fault: faults.page503, ...atSession("retry") },
  { what: "error 404 as a page", fault: faults.page404, ...everywhere("retry") },
  { what: "too many requests", fault: faults.limited, ...atSession("retry") },
  { what: "too many requests, for a second", fault: faults.limitedShortly, ...atSession("retry") },
  { what: "too many requests, for two minutes", fault: faults.limitedLong, ...everywhere("later") },
  { what: "a page with status 200 (portal of a hotel)", fault: faults.portal, ...everywhere("retry") },
  { what: "an empty answer", fault: faults.empty, ...atSession("retry") },
  { what: "status 204", fault: faults.noContent, ...atSession("retry") },
  { what: "half of the JSON", fault: faults.truncated, ...atSession("retry") },
  {
    what: "JSON of another shape",
    fault: faults.wrongShape,
    ...everywhere("retry"),
    session: "final",
    exchange: "final",
  },
  { what: "JSON null", fault: faults.nothing, ...atSession("retry"), session: "final" },
  { what: "session_expired, and again after a new session", fault: faults.expired, ...everywhere("expired") },
  { what: "session_invalid", fault: faults.invalid, ...everywhere("expired") },
  { what: "origin_not_allowed", fault: faults.foreignOrigin, flow: "final", exchange: "final" },
  { what: "billing_unavailable", fault: faults.unavailable, ...atSession("retry") },
  { what: "JSON with `__proto__` everywhere", fault: answers.prototypes, ...everywhere("works") },
  { what: "50 MB of unknown fields", fault: answers.huge, flow: "either" },
  { what: "data that is nested 100 000 deep", fault: answers.deep, flow: "extra" },
  { what: "links with `javascript:` and `data:`", fault: answers.scripts, flow: "works" },
  { what: "HTML in every text", fault: answers.markup, flow: "marked" },
  { what: "infinite numbers", fault: answers.infinite, flow: "retry" },
  { what: "numbers as text", fault: answers.numbersAsText, flow: "retry" },
  { what: "dates and currencies that do not exist", fault: answers.impossible, flow: "undrawn" },
  { what: "only unknown kinds of steps", fault: answers.unknownSteps, flow: "shortened" },
  { what: "no steps", fault: answers.noSteps, flow: "shortened" },
  { what: "every step twice", fault: answers.twins, flow: "works" },
  { what: "a newer server: unknown steps, offers and fields", fault: answers.newer, flow: "works" },
  { what: "a newer server: an unknown outcome", fault: answers.newOutcome, flow: "retry" },
  { what: "an older server: no delivery token, no words", fault: answers.olderFlow, flow: "works" },
];

export interface DecisionRow {
  what: string;
  fault: Fault | "refused";
  accept?: keyof typeof verdicts;
  confirm?: keyof typeof verdicts;
}

const passing = { accept: "again", confirm: "queued" } as const;
const lapsed = { accept: "lapsed", confirm: "lapsed" } as const;
const final = { accept: "refused", confirm: "refused" } as const;

/** Accepting an offer, and confirming the cancellation. */
export const decisions: readonly DecisionRow[] = [
  { what: "nobody listens (port closed)", fault: "refused", ...passing },
  { what: "the connection is reset", fault: faults.reset, ...passing },
  { what: "it is carried out, and its answer is lost", fault: faults.answerLost, ...passing },
  { what: "no answer comes", fault: faults.hang, ...passing },
  { what: "the answer begins and never ends", fault: faults.hangAfterHeaders, ...passing },
  { what: "the answer drips", fault: faults.drip, ...passing },
  { what: "error 500 as JSON", fault: faults.error500, ...passing },
  { what: "error 500 as a page", fault: faults.page500, ...passing },
  { what: "error 502 of a gateway that knows no CORS", fault: faults.unreadable, ...passing },
  { what: "error 503 as a page", fault: faults.page503, ...passing },
  { what: "error 404 as a page", fault: faults.page404, ...passing },
  { what: "too many requests, for two minutes", fault: faults.limitedLong, ...passing },
  { what: "a page with status 200 (portal of a hotel)", fault: faults.portal, ...passing },
  { what: "an empty answer", fault: faults.empty, ...passing },
  { what: "half of the JSON", fault: faults.truncated, ...passing },
  { what: "JSON of another shape", fault: faults.wrongShape, ...passing },
  { what: "billing_unavailable", fault: faults.unavailable, ...passing },
  { what: "billing_rejected", fault: faults.rejected, ...final },
  { what: "origin_not_allowed", fault: faults.foreignOrigin, ...final },
  { what: "session_expired", fault: faults.expired, ...lapsed },
  { what: "session_invalid", fault: faults.invalid, ...lapsed },
  {
    what: "dates and currencies that do not exist",
    fault: answers.impossibleSettlement,
    accept: "hidden",
    confirm: "hidden",
  },
];

export interface CodeRow {
  what: string;
  fault: Fault | "refused";
}

/** Of the code itself: what the customer sees follows from the tag alone. */
export const code: readonly CodeRow[] = [
  { what: "nobody listens (port closed)", fault: "refused" },
  { what: "the connection is reset", fault: faults.reset },
  { what: "no answer comes", fault: faults.hang },
  { what: "the file breaks off", fault: faults.answerLost },
  { what: "half of the file", fault: faults.truncated },
  { what: "error 500 as a page", fault: faults.page500 },
  { what: "error 404 as a page", fault: faults.page404 },
  { what: "a page with status 200 (portal of a hotel)", fault: faults.portal },
  { what: "an empty file", fault: faults.emptyScript },
];

export type FallbackName = keyof typeof fallbacks;

/** The tags that the code is missing from, and what is left of each. */
export const tags: readonly (Placing & { part: "script" | "chunk"; words: string; sight: FallbackName })[] = [
  {
    part: "script",
    element: "button",
    children: true,
    words: "the script, for a button with content of its own",
    sight: "own",
  },
  {
    part: "script",
    element: "dialog",
    children: true,
    words: "the script, for a dialog with content of its own",
    sight: "own",
  },
  {
    part: "chunk",
    element: "button",
    children: true,
    words: "the dialog's code, for a button with content of its own",
    sight: "own",
  },
  {
    part: "chunk",
    element: "button",
    words: "the dialog's code, for a button with an address",
    sight: "mail",
  },
  {
    part: "chunk",
    element: "button",
    email: false,
    words: "the dialog's code, for a button with neither",
    sight: "bare",
  },
  {
    part: "chunk",
    element: "inline",
    children: true,
    words: "the dialog's code, for a flow in the page with content of its own",
    sight: "own",
  },
];

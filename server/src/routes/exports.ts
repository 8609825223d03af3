/** The latest visits, payment attempts and saves as CSV files, for a business's own server. */
import { AMOUNT_HEADERS, EXPORT_HEADERS, ExportQuery, fileOf } from "../contract/exports.ts";
import { DEFAULT_CURRENCY } from "../domain/currency.ts";
import {
  attemptLine,
  type Exported,
  exportAttempts,
  exportSaves,
  exportSessions,
  saveLine,
  sessionLine,
} from "../domain/exports.ts";
import { Answer, keyRoute, type Route } from "../http/route.ts";
import { type Cell, Plain, Table } from "../http/table.ts";

/** What a machine has made of a number or an instant; all else is guarded. */
const PLAIN: readonly string[] = ["amount", "started_at", "completed_at", "attempted_at", "occurred_at"];

const SESSION_COLUMNS = [
  "id",
  "email",
  "reason",
  "outcome",
  "offer_type",
  "offer_accepted",
  "started_at",
  "completed_at",
] as const;
const attemptColumns = (currency: string) =>
  ["id", "email", `amount_${currency}`, "status", "decline_code", "attempted_at"] as const;
const saveColumns = (currency: string) =>
  ["id", "event_type", `mrr_impact_${currency}`, "occurred_at"] as const;

type Line = Readonly<Record<string, string | boolean | undefined>>;

async function* cellsOf<Row>(
  rows: AsyncIterable<Row>,
  lineOf: (row: Row) => Line,
): AsyncGenerator<readonly Cell[]> {
  for await (const row of rows)
    yield Object.entries(lineOf(row)).map(([name, value]) =>
      typeof value === "string" && PLAIN.includes(name) ? new Plain(value) : value,
    );
}

/** @param columns in the order in which `lineOf` has them */
function fileWith<Row>(
  name: string,
  columns: readonly string[],
  { rows, next, skipped }: Exported<Row>,
  lineOf: (row: Row) => Line,
  hasAmounts = true,
): Answer<Table> {
  return new Answer(new Table(`${name}-export.csv`, columns, cellsOf(rows, lineOf)), {
    headers: {
      "X-Has-More": String(next !== undefined),
      ...(next === undefined ? {} : { "X-Next-After": next }),
      ...(hasAmounts ? { "X-Currency-Skipped": String(skipped) } : {}),
    },
  });
}

const shared = {
  method: "get",
  scope: "analytics:read",
  query: ExportQuery,
  media: "text/csv",
  refusals: ["parameter_invalid", "workspace_mismatch"],
} as const;

const OTHER_CURRENCY =
  "Amounts are in the workspace's currency, and the name of their column ends with it. A row in another currency has none, and is counted in `X-Currency-Skipped`.";

export const exportRoutes: readonly Route[] = [
  keyRoute(
    {
      ...shared,
      path: "/api/exports/sessions",
      operationId: "export_sessions",
      summary: "The latest visits to cancel flows",
      description: "Latest first, by when they began. A visit that is still open has no outcome.",
      reply: fileOf(SESSION_COLUMNS),
      replyHeaders: EXPORT_HEADERS,
    },
    async ({ deps, key, workspace, query }) => {
      const sessions = await exportSessions(deps, { key, workspace }, query);
      return fileWith("sessions", SESSION_COLUMNS, sessions, sessionLine, false);
    },
  ),
  keyRoute(
    {
      ...shared,
      path: "/api/exports/recovery",
      operationId: "export_recovery",
      summary: "The latest attempts to collect payments that had failed",
      description: OTHER_CURRENCY,
      reply: fileOf(attemptColumns(DEFAULT_CURRENCY)),
      replyHeaders: AMOUNT_HEADERS,
    },
    async ({ deps, key, workspace, query }) => {
      const attempts = await exportAttempts(deps, { key, workspace }, query);
      const { currency } = attempts;
      return fileWith("recovery", attemptColumns(currency), attempts, (row) => attemptLine(row, currency));
    },
  ),
  keyRoute(
    {
      ...shared,
      path: "/api/exports/saves",
      operationId: "export_saves",
      summary: "What has kept revenue lately",
      description: `Visits whose customers have stayed, cancellations that were taken back, and invoices that were paid after all. ${OTHER_CURRENCY}`,
      reply: fileOf(saveColumns(DEFAULT_CURRENCY)),
      replyHeaders: AMOUNT_HEADERS,
    },
    async ({ deps, key, workspace, query }) => {
      const saves = await exportSaves(deps, { key, workspace }, query);
      const { currency } = saves;
      return fileWith("saves", saveColumns(currency), saves, (row) => saveLine(row, currency));
    },
  ),
];

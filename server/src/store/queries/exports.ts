import type { Kysely } from "kysely";
import type { ExportQueries } from "../exports.ts";
import type { Schema } from "../schema.ts";

export function exportQueries(_db: Kysely<Schema>): ExportQueries {
  return {} as ExportQueries;
}

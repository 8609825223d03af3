import type { Kysely } from "kysely";
import type { Schema } from "../schema.ts";
import type { VisitQueries } from "../visits.ts";

export function visitQueries(_db: Kysely<Schema>): VisitQueries {
  return {} as VisitQueries;
}

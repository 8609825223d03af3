import type { Kysely } from "kysely";
import type { FigureQueries } from "../figures.ts";
import type { Schema } from "../schema.ts";

export function figureQueries(_db: Kysely<Schema>): FigureQueries {
  return {} as FigureQueries;
}

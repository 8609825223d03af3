import type { Kysely } from "kysely";
import type { Home } from "./differences.ts";
import type { FigureUpkeep } from "./figures.ts";
import type { Schema } from "./schema.ts";

export function figureUpkeep(_db: Kysely<Schema>, _home: Home): FigureUpkeep {
  return {} as FigureUpkeep;
}

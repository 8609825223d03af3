import type { Kysely } from "kysely";
import type { Home } from "./differences.ts";
import type { PersonalDataUpkeep } from "./personal-data.ts";
import type { Schema } from "./schema.ts";

export function personalDataUpkeep(_db: Kysely<Schema>, _home: Home): PersonalDataUpkeep {
  return {} as PersonalDataUpkeep;
}

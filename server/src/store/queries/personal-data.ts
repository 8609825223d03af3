import type { Kysely } from "kysely";
import type { PersonalDataQueries } from "../personal-data.ts";
import type { Schema } from "../schema.ts";

export function personalDataQueries(_db: Kysely<Schema>): PersonalDataQueries {
  return {} as PersonalDataQueries;
}

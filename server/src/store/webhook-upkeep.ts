import type { Kysely } from "kysely";
import type { Home } from "./differences.ts";
import type { Schema } from "./schema.ts";
import type { WebhookUpkeep } from "./webhooks.ts";

export function webhookUpkeep(_db: Kysely<Schema>, _home: Home): WebhookUpkeep {
  return {} as WebhookUpkeep;
}

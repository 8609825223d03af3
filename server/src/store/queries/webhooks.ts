import type { Kysely } from "kysely";
import type { Schema } from "../schema.ts";
import type { WebhookQueries } from "../webhooks.ts";

export function webhookQueries(_db: Kysely<Schema>): WebhookQueries {
  return {} as WebhookQueries;
}

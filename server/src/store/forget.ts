/** What is kept for a while only. */
import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";
import type { Store } from "./store.ts";

type Forgetting = Pick<Store, "forgetMails" | "forgetCancelLinks" | "forgetIssueWeeks">;

/** One statement each, and never so much that others wait for it. */
export function forgetQueries(db: Kysely<Schema>): Forgetting {
  return {
    async forgetMails(before, limit) {
      const over = db.selectFrom("mails").select("id").where("settled_at", "<", before).limit(limit);
      const { numDeletedRows } = await db
        .deleteFrom("mails")
        .where("id", "in", over)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },

    async forgetCancelLinks(before, limit) {
      const over = db.selectFrom("cancel_links").select("id").where("expires_at", "<", before).limit(limit);
      const { numDeletedRows } = await db
        .deleteFrom("cancel_links")
        .where("id", "in", over)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },

    async forgetIssueWeeks(before, limit) {
      const { numDeletedRows } = await db
        .deleteFrom("issue_weeks")
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple("workspace_id", "environment", "reason", "week"),
            "in",
            selectFrom("issue_weeks")
              .select(["workspace_id", "environment", "reason", "week"])
              .where("week", "<", before)
              .limit(limit)
              .$asTuple("workspace_id", "environment", "reason", "week"),
          ),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}

import type { Kysely } from "kysely";
import type { Home } from "./differences.ts";
import { actionQueries } from "./queries/actions.ts";
import { billingEventQueries } from "./queries/billing-events.ts";
import { cancelLinkQueries } from "./queries/cancel-links.ts";
import { changeQueries } from "./queries/changes.ts";
import { eventQueries } from "./queries/events.ts";
import { exportQueries } from "./queries/exports.ts";
import { figureQueries } from "./queries/figures.ts";
import { flowQueries } from "./queries/flows.ts";
import { issueQueries } from "./queries/issues.ts";
import { keyQueries } from "./queries/keys.ts";
import { ledgerQueries } from "./queries/ledger.ts";
import { ledgerFigures } from "./queries/ledger-figures.ts";
import { mailQueries } from "./queries/mails.ts";
import { personalDataQueries } from "./queries/personal-data.ts";
import { recoveryQueries } from "./queries/recoveries.ts";
import { recoveryListQueries } from "./queries/recovery-lists.ts";
import { sessionQueries } from "./queries/sessions.ts";
import { visitQueries } from "./queries/visits.ts";
import { webhookQueries } from "./queries/webhooks.ts";
import { workspaceQueries } from "./queries/workspaces.ts";
import type { Schema } from "./schema.ts";
import type { Queries, Transaction } from "./store.ts";

/** @param db the database, or a transaction of it; publishFlow and what adds events of sessions want a transaction. */
export function queries(db: Kysely<Schema>, home: Home): Queries {
  return {
    ...workspaceQueries(db),
    ...keyQueries(db),
    ...flowQueries(db, home),
    ...sessionQueries(db),
    ...actionQueries(db),
    ...changeQueries(db),
    ...ledgerQueries(db),
    ...ledgerFigures(db),
    ...cancelLinkQueries(db),
    ...issueQueries(db),
    ...mailQueries(db),
    ...eventQueries(db, home),
    ...billingEventQueries(db),
    ...recoveryQueries(db),
    ...recoveryListQueries(db),
    ...figureQueries(db),
    ...visitQueries(db),
    ...exportQueries(db),
    ...webhookQueries(db, home),
    ...personalDataQueries(db),
  };
}

export function transactionQueries(tx: Kysely<Schema>, home: Home): Transaction {
  const all = queries(tx, home);
  const lock = async (...keys: string[]) => {
    for (const key of keys) await home.lock(tx, key);
  };
  return {
    ...all,
    lock,
    async lockedSession(id, ...before) {
      await lock(...before, `session:${id}`);
      return all.session(id);
    },
  };
}

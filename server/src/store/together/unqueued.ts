/** A transaction on PostgreSQL whose queries need not wait for each other. */
import { type ConnectionProvider, type Dialect, type Driver, type Kysely, Transaction } from "kysely";
import type { Schema } from "../schema.ts";

/**
 * Kysely sends the next query of a transaction when the one before is answered. The connection takes them as they come, and
 * the database carries them out in that order, so all that are asked at once cost one way there and back. Whoever asks must
 * have all answers before the transaction ends.
 */
export async function unqueued(tx: Kysely<Schema>): Promise<Kysely<Schema>> {
  const queued = tx.getExecutor();
  const connection = await queued.provideConnection(async (own) => own);
  const provider: ConnectionProvider = { provideConnection: (use) => use(connection) };
  // Only who begins or ends something asks for these, and it is a transaction already.
  const [driver, dialect] = [{} as Driver, {} as Dialect];
  return new Transaction<Schema>({
    config: { dialect },
    driver,
    dialect,
    executor: queued.withConnectionProvider(provider),
  });
}

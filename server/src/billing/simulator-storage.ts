/** Where the simulator keeps its things: three small tables of JSON, apart from everything the domain stores. */
import type { Kysely } from "kysely";
import type { Memory } from "../store/memory.ts";
import type { Schema } from "../store/schema.ts";
import type { BillingEvent } from "./billing-event.ts";
import type {
  SimulatedCustomer,
  SimulatedInvoice,
  SimulatedPrice,
  SimulatedProduct,
  SimulatedPromoCode,
  StoredSubscription,
} from "./simulator-model.ts";

export interface SimulatorObjects {
  product: SimulatedProduct;
  price: SimulatedPrice;
  customer: SimulatedCustomer;
  subscription: StoredSubscription;
  invoice: SimulatedInvoice;
  promo_code: SimulatedPromoCode;
  /** What nobody has heard yet. */
  news: BillingEvent;
}

export type ObjectType = keyof SimulatorObjects;

/** What is remembered of an executed action. */
export interface SimulatedRequest {
  /** The action in a canonical form, to be compared. */
  action: string;
  at: number;
}

/** The rows of one scope. */
export interface SimulatorRows {
  get<Type extends ObjectType>(type: Type, id: string): Promise<SimulatorObjects[Type] | undefined>;
  /** In no particular order; shared with others who ask, as each of the objects is. */
  list<Type extends ObjectType>(type: Type, customerId?: string): Promise<readonly SimulatorObjects[Type][]>;
  /** Inserts or replaces by id. */
  put<Type extends ObjectType>(type: Type, objects: readonly SimulatorObjects[Type][]): Promise<void>;
  remove(type: ObjectType, ids: readonly string[]): Promise<void>;
  request(key: string): Promise<SimulatedRequest | undefined>;
  insertRequest(key: string, request: SimulatedRequest): Promise<void>;
  /** By how many milliseconds the scope's clock runs ahead of the real one. */
  ahead(): Promise<number>;
  setAhead(ms: number): Promise<void>;
}

export interface SimulatorStorage {
  /** @param scope `workspaceId/environment` */
  rows(scope: string): SimulatorRows;
  /** All or nothing, and one at a time per scope, whichever process it runs in. */
  transaction<T>(scope: string, work: (rows: SimulatorRows) => Promise<T>): Promise<T>;
}

/** SQLite binds at most 32,766 values to a statement; PostgreSQL 65,535. */
const ROWS_PER_INSERT = 1000;

/** @param memory of this database */
export function simulatorStorage(db: Kysely<Schema>, memory?: Memory): SimulatorStorage {
  const rows = memory ? rememberedRows(db, memory) : (scope: string) => rowsOf(db, scope);
  return {
    rows,
    transaction: (scope, work) =>
      db.transaction().execute(async (tx) => {
        // Writing the clock's row first makes every other writer of this scope wait, on both databases alike.
        await tx
          .insertInto("simulator_clocks")
          .values({ scope, ahead: 0 })
          .onConflict((on) =>
            on.column("scope").doUpdateSet((row) => ({ ahead: row.ref("simulator_clocks.ahead") })),
          )
          .execute();
        return work(rowsOf(tx, scope));
      }),
  };
}

/** The readings that a session begins with, from memory where they can be. */
function rememberedRows(db: Kysely<Schema>, { remembering }: Memory): SimulatorStorage["rows"] {
  const objects = ["simulator_objects"];
  const get = remembering(objects, (scope: string, type: string, id: string) =>
    rowsOf(db, scope).get(type as ObjectType, id),
  );
  const all = remembering(objects, (scope: string, type: string) =>
    rowsOf(db, scope).list(type as ObjectType),
  );
  const owned = remembering(objects, (scope: string, type: string, customerId: string) =>
    rowsOf(db, scope).list(type as ObjectType, customerId),
  );
  const ahead = remembering(["simulator_clocks"], (scope: string) => rowsOf(db, scope).ahead());
  // What is stored under a type is of that type.
  return (scope) => ({
    ...rowsOf(db, scope),
    get: (type, id) => get(scope, type, id) as ReturnType<SimulatorRows["get"]> as never,
    list: (type, customerId) =>
      (customerId === undefined ? all(scope, type) : owned(scope, type, customerId)) as never,
    ahead: () => ahead(scope),
  });
}

function rowsOf(db: Kysely<Schema>, scope: string): SimulatorRows {
  return {
    async get<Type extends ObjectType>(type: Type, id: string) {
      const row = await db
        .selectFrom("simulator_objects")
        .select("data")
        .where("scope", "=", scope)
        .where("type", "=", type)
        .where("id", "=", id)
        .executeTakeFirst();
      return row && (JSON.parse(row.data) as SimulatorObjects[Type]);
    },
    async list<Type extends ObjectType>(type: Type, customerId?: string) {
      let query = db
        .selectFrom("simulator_objects")
        .select("data")
        .where("scope", "=", scope)
        .where("type", "=", type);
      if (customerId !== undefined) query = query.where("customer_id", "=", customerId);
      return (await query.execute()).map((row) => JSON.parse(row.data) as SimulatorObjects[Type]);
    },
    async put(type, objects) {
      const rows = objects.map((object) => ({
        scope,
        type,
        id: object.id,
        customer_id: "customerId" in object && type !== "news" ? object.customerId : null,
        data: JSON.stringify(object),
      }));
      for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
        await db
          .insertInto("simulator_objects")
          .values(rows.slice(from, from + ROWS_PER_INSERT))
          .onConflict((on) =>
            on.columns(["scope", "type", "id"]).doUpdateSet((row) => ({ data: row.ref("excluded.data") })),
          )
          .execute();
      }
    },
    async remove(type, ids) {
      for (let from = 0; from < ids.length; from += ROWS_PER_INSERT) {
        await db
          .deleteFrom("simulator_objects")
          .where("scope", "=", scope)
          .where("type", "=", type)
          .where("id", "in", ids.slice(from, from + ROWS_PER_INSERT))
          .execute();
      }
    },
    async request(key) {
      const row = await db
        .selectFrom("simulator_requests")
        .select("data")
        .where("scope", "=", scope)
        .where("key", "=", key)
        .executeTakeFirst();
      return row && (JSON.parse(row.data) as SimulatedRequest);
    },
    async insertRequest(key, request) {
      await db
        .insertInto("simulator_requests")
        .values({ scope, key, data: JSON.stringify(request) })
        .execute();
    },
    async ahead() {
      const row = await db
        .selectFrom("simulator_clocks")
        .select("ahead")
        .where("scope", "=", scope)
        .executeTakeFirst();
      return row?.ahead ?? 0;
    },
    async setAhead(ms) {
      await db
        .insertInto("simulator_clocks")
        .values({ scope, ahead: ms })
        .onConflict((on) => on.column("scope").doUpdateSet({ ahead: ms }))
        .execute();
    },
  };
}

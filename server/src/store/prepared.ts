/** Queries that are built once: to build one and write it down as SQL takes several times as long as to run it. */
import { type Compilable, type CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
import type { Schema } from "./schema.ts";
import { storable } from "./storable.ts";

/** Where a value will be. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type Given<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/**
 * @param build called once for each database that is open. `given` stands for a value of that name
 * @returns the query for all values
 */
export function prepared<Values extends Record<string, unknown>>() {
  return <Row>(
    build: (db: Kysely<Schema>, given: Given<Values>) => Compilable<Row>,
  ): ((db: Kysely<Schema>, values: Values) => Promise<Row[]>) => {
    // The adapter is one object per database, and the same inside a transaction.
    const known = new WeakMap<object, CompiledQuery<Row>>();
    return async (db, values) => {
      const { adapter } = db.getExecutor();
      let query = known.get(adapter);
      if (!query) {
        query = build(db, (name) => sql`${new Place(name)}`).compile();
        known.set(adapter, query);
      }
      const parameters = query.parameters.map((each) =>
        each instanceof Place ? storable(values[each.name]) : each,
      );
      const { rows } = await db.executeQuery<Row>({ ...query, parameters });
      return rows;
    };
  };
}

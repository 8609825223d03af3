/** Which tables of one database were written, counted: as long as a count is the same, what was read before still holds. */
import type { CompiledQuery, RootOperationNode } from "kysely";

export class Changes {
  #all = 0;
  readonly #tables = new Map<string, number>();

  /** @param table undefined: nobody knows which */
  note(table: string | undefined): void {
    if (table === undefined) this.#all++;
    else this.#tables.set(table, (this.#tables.get(table) ?? 0) + 1);
  }

  /** Counts go up alone, so that their sum is the same only if each of them is. */
  count(tables: readonly string[]): number {
    return tables.reduce((sum, table) => sum + (this.#tables.get(table) ?? 0), this.#all);
  }
}

/** What a query writes to: `none`, a table, or undefined if that cannot be told. */
export function writtenBy({ query, sql }: Pick<CompiledQuery, "query" | "sql">): "none" | string | undefined {
  // A query within another may write as well.
  if ("with" in query && query.with) return undefined;
  return query.kind === "RawNode" ? rawly(sql) : plainly(query);
}

function plainly(query: RootOperationNode): "none" | string | undefined {
  switch (query.kind) {
    case "SelectQueryNode":
      return "none";
    case "InsertQueryNode":
      return query.into?.table.identifier.name;
    case "UpdateQueryNode":
      return nameOf(query.table);
    case "DeleteQueryNode":
      return query.from.froms.length === 1 ? nameOf(query.from.froms[0]) : undefined;
    default:
      return undefined;
  }
}

function nameOf(node: unknown): string | undefined {
  const { kind, table } = Object(node) as { kind?: string; table?: { identifier: { name: string } } };
  return kind === "TableNode" ? table?.identifier.name : undefined;
}

function rawly(sql: string): "none" | string | undefined {
  if (/^\s*select\b/i.test(sql)) return "none";
  return /^\s*(?:insert into|update|delete from) "?(\w+)"?/i.exec(sql)?.[1];
}

/** What the double does, from several tables. */
import type { Operation, Operations } from "./state.ts";

/** @throws Error if two tables have the same request */
export function merged(all: readonly Operations[]): Operations {
  const operations: Record<string, Operation> = {};
  for (const [name, operation] of all.flatMap((table) => Object.entries(table))) {
    if (operations[name]) throw new Error(`${name} is there twice`);
    operations[name] = operation;
  }
  return operations;
}

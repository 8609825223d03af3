/** What integrators hear of, written down in the transaction that caused it, with its deliveries. */
import type { EventType } from "../contract/event-types.ts";
import type { Deps } from "../deps.ts";
import type { Json, Queries, Scope } from "../store/store.ts";

export interface Announcement {
  type: EventType;
  /** Billing's clock, where billing is concerned: when it became known here. */
  at: number;
  sessionId?: string | undefined;
  /** As it is sent; what is undefined is left out. */
  data: object;
}

/** @returns the id that every delivery of it carries */
export async function publish(
  { newId }: Pick<Deps, "newId">,
  tx: Queries,
  { workspaceId, environment }: Scope,
  { type, at, sessionId, data }: Announcement,
): Promise<string> {
  const id = newId("evt");
  await tx.insertEvent({
    id,
    workspaceId,
    environment,
    type,
    ...(sessionId === undefined ? {} : { sessionId }),
    data: JSON.parse(JSON.stringify(data)) as Json,
    at,
  });
  return id;
}

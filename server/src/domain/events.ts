/** What integrators hear of, written down in the transaction that caused it, with its deliveries. */
import type { EventType } from "../contract/event-types.ts";
import type { EventData } from "../contract/events.ts";
import type { Deps } from "../deps.ts";
import type { Json, Queries, Scope } from "../store/store.ts";

export interface Announcement<Type extends EventType> {
  type: Type;
  /** Billing's clock, where billing is concerned: when it became known here. */
  at: number;
  sessionId?: string | undefined;
  /** As it is sent; what is undefined is left out. */
  data: EventData<Type>;
}

/** It goes to the one endpoint that is tried, and to nobody who has asked for all there is. */
const TOLD_TO_NOBODY: readonly EventType[] = ["webhook.test"];

/** Every payload that is about a customer names them at its top, in Retainly's words or in RetentBase's. */
function customerIn(data: Json): { customerId?: string } {
  const { customer_id, userId } = data as { customer_id?: Json; userId?: Json };
  const id = customer_id ?? userId;
  return typeof id === "string" ? { customerId: id } : {};
}

/** @returns the id that every delivery of it carries */
export async function publish<Type extends EventType>(
  { newId, clock }: Pick<Deps, "newId" | "clock">,
  tx: Queries,
  { workspaceId, environment }: Scope,
  { type, at, sessionId, data }: Announcement<Type>,
): Promise<string> {
  const id = newId("evt");
  const told = sessionId === undefined ? {} : { sessionId };
  const written = JSON.parse(JSON.stringify(data)) as Json;
  await tx.insertEvent(
    { id, workspaceId, environment, type, ...customerIn(written), ...told, data: written, at },
    { now: clock(), to: TOLD_TO_NOBODY.includes(type) ? "nobody" : "subscribers" },
  );
  return id;
}

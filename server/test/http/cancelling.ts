/** What a business sends that keeps its cancellations here. */
import { defaultFlow } from "../../src/domain/default-flow.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { Scope } from "../../src/store/store.ts";
import type { Asked, Reply, World } from "../harness.ts";

export const PATH = "/api/v1/cancellations";
export const at = (eventId: string): string => `${PATH}/${encodeURIComponent(eventId)}`;

/** The shortest report. */
export const least = { eventId: "evt_1", reasonKey: "too_expensive" };

export const report = (world: World, json: unknown, more: Asked = {}): Promise<Reply> =>
  world.request(PATH, { key: world.key, json, ...more });

export const update = (world: World, eventId: string, json: unknown, more: Asked = {}): Promise<Reply> =>
  world.request(at(eventId), { key: world.key, method: "PATCH", json, ...more });

export const read = (world: World, eventId: string, query = "", more: Asked = {}): Promise<Reply> =>
  world.request(`${at(eventId)}${query}`, { key: world.key, ...more });

export const sandboxOf = (world: World): Scope => ({ ...world.scope, environment: "sandbox" });

/** A flow in the sandbox, so that it has reasons, and a key of it. */
export async function openSandbox(world: World): Promise<string> {
  await world.publish(defaultFlow, sandboxOf(world));
  const { key } = await createKey(world.deps, { ...sandboxOf(world), kind: "secret", name: "sandbox" });
  return key;
}

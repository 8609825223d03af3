/** A business's server that looks after its endpoints. */
import assert from "node:assert/strict";
import type { EventType } from "../../src/contract/event-types.ts";
import { secretsThatSign } from "../../src/domain/webhook-secrets.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { Reply, World } from "../harness.ts";

export const MANY = "/api/v1/webhook-endpoints";
export const hook = "https://hooks.example/retention";

export interface Endpoint extends Record<string, unknown> {
  id: string;
  secret: string;
}

export interface Delivery extends Record<string, unknown> {
  id: string;
  status: string;
}

export const calling = (world: World, key = world.key) => ({
  get: (path: string): Promise<Reply> => world.request(path, { key }),
  post: (path: string, json?: object): Promise<Reply> => world.request(path, { method: "POST", key, json }),
  patch: (path: string, json: object): Promise<Reply> => world.request(path, { method: "PATCH", key, json }),
  remove: (path: string): Promise<Reply> => world.request(path, { method: "DELETE", key }),
});

export async function made(world: World, json: object = { url: hook }, key = world.key): Promise<Endpoint> {
  const reply = await calling(world, key).post(MANY, json);
  assert.equal(reply.status, 201, reply.text);
  return reply.body as unknown as Endpoint;
}

export async function deliveries(world: World, id: string, query = ""): Promise<Delivery[]> {
  const reply = await calling(world).get(`${MANY}/${id}/deliveries${query}`);
  assert.equal(reply.status, 200, reply.text);
  return reply.body.data as Delivery[];
}

/** Something has happened. @returns its id */
export async function happens(
  { deps, scope, clock }: World,
  type: EventType = "cancel.saved",
): Promise<string> {
  const id = deps.newId("evt");
  await deps.store.insertEvent({
    ...scope,
    id,
    type,
    data: { session_id: "ses_1", offer: null },
    at: clock.now,
  });
  return id;
}

/** What messages to it are signed with now. */
export async function signing({ deps, scope, clock }: World, id: string): Promise<string[]> {
  const row = await deps.store.webhookEndpoint(scope, id);
  return secretsThatSign(deps, row ?? assert.fail(`no ${id}`), clock.now);
}

export const sandboxKey = async ({ deps, scope }: World): Promise<string> =>
  (await createKey(deps, { ...scope, environment: "sandbox", kind: "secret", name: "box" })).key;

/** Everything that one can try with an endpoint and a delivery: first what reads, then what writes. */
export async function enter(
  { get, post, patch, remove }: ReturnType<typeof calling>,
  id: string,
  delivery: string,
): Promise<Reply[]> {
  const one = `${MANY}/${id}`;
  const sent = `/api/v1/webhook-deliveries/${delivery}`;
  return [
    ...(await Promise.all([get(one), get(`${one}/deliveries`), get(sent)])),
    await patch(one, { description: "mine" }),
    await post(`${one}/rotate-secret`, {}),
    await post(`${one}/test`),
    await post(`${sent}/replay`),
    await remove(one),
  ];
}

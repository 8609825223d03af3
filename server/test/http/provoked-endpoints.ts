/** Refusals of webhook endpoints and API keys, provoked as a business's server would. */
import type { ProblemCode } from "../../src/domain/problem.ts";
import type { Reply, World } from "../harness.ts";
import { calling, hook, MANY, made } from "./webhooks.ts";

export const provokedEndpoints: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  api_key_not_found: (world) => calling(world).remove("/api/v1/api-keys/key_nobody"),
  webhook_endpoint_not_found: (world) => calling(world).get(`${MANY}/whe_nobody`),
  async webhook_endpoint_limit(world) {
    for (let count = 0; count < 16; count++) await made(world);
    return calling(world).post(MANY, { url: hook });
  },
  async webhook_endpoint_disabled(world) {
    const { id } = await made(world);
    await calling(world).patch(`${MANY}/${id}`, { status: "disabled" });
    return calling(world).post(`${MANY}/${id}/test`);
  },
  webhook_url_not_allowed(world) {
    world.deps.outgoing.allowPrivate = false;
    return calling(world).post(MANY, { url: "https://127.0.0.1/" });
  },
  webhook_delivery_not_found: (world) => calling(world).get("/api/v1/webhook-deliveries/whd_nobody"),
};

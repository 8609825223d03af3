/** Refusals of exports and of requests about one customer's data. */
import type { ProblemCode } from "../../src/domain/problem.ts";
import { john, type Reply, type World } from "../harness.ts";

export const provokedExports: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  workspace_mismatch: (world) =>
    world.request("/api/exports/saves?workspace_id=ws_another", { key: world.key }),
  async customer_busy(world) {
    const visit = await world.visit(john);
    visit.select("too_expensive").next();
    world.billing.plan = { execute: { when: "before", throws: "unknown", times: 1 } };
    await visit.cancel();
    return world.request(`/api/v1/customers/data?customer_id=${john}`, { key: world.key, method: "DELETE" });
  },
};

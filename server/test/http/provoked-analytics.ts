/** Refusals of what reads figures and visits, provoked as a business's server would. */
import type { ProblemCode } from "../../src/domain/problem.ts";
import type { Reply, World } from "../harness.ts";

export const provokedAnalytics: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  workspace_mismatch: (world) =>
    world.request("/api/v1/analytics?workspace_id=ws_of_somebody_else", { key: world.key }),
};

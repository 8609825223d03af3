/** Refusals of what is read of failed payments, provoked as a business's own server would. */
import type { ProblemCode } from "../../src/domain/problem.ts";
import type { Reply, World } from "../harness.ts";

export const provokedRecoveries: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  recovery_not_found: (world) => world.request("/api/v1/recoveries/rec_nothing", { key: world.key }),
};

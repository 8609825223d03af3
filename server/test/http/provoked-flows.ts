/** Refusals of the flow endpoints, provoked as their callers would. */
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { ProblemCode } from "../../src/domain/problem.ts";
import { john, type Reply, type World } from "../harness.ts";
import { call, names, start } from "./flowing.ts";

export const provokedFlows: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  session_mismatch: async (world) =>
    call(world, "start", { ...names, customer_id: "cus_amara" }, await world.mint(john)),
  subscription_ending: (world) =>
    call(world, "start", { ...names, subscription_id: ids.cancelling, customer_id: "cus_priya" }),
  offer_unknown: async (world) =>
    call(world, "save", {
      session_id: await start(world),
      offer_accepted: "discount",
      offer_value: { percent: 90, duration_months: 12 },
    }),
};

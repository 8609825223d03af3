import { z } from "zod";
import { openRoute, type Route } from "../http/route.ts";

const Health = z
  .object({ status: z.enum(["ok", "down"]), version: z.string(), time: z.string().describe("ISO 8601, UTC") })
  .meta({ id: "Health" });

export const healthRoutes: readonly Route[] = [
  openRoute(
    {
      method: "get",
      path: "/api/health",
      operationId: "get_health",
      summary: "Whether the server and its database answer",
      reply: Health,
    },
    async ({ deps }) => {
      await deps.store.ping();
      return { status: "ok" as const, version: deps.version, time: new Date(deps.clock()).toISOString() };
    },
  ),
];

/** Whether everything works: for a load balancer, and for whoever watches over the installation. */
import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { isoOf } from "../domain/dates.ts";
import { Problem } from "../domain/problem.ts";
import { basicHealth, type Checks, deepHealth, statusOf } from "../domain/system-health.ts";
import { bearer, keyOf } from "../http/credentials.ts";
import { Answer, openRoute, type Route } from "../http/route.ts";
import type { KeyRow } from "../store/store.ts";

const date = z.string().meta({ format: "date-time" }).describe("ISO 8601, UTC");
const instant = date.nullable();
const count = z.int().min(0);

const Health = z
  .object({
    status: z
      .enum(["ok", "degraded", "down"])
      .describe("`degraded`: it serves, and something needs attention. `down` is answered with 503"),
    version: z.string(),
    time: date,
    checks: z
      .object({
        database: z.object({ status: z.enum(["ok", "down"]), latency_ms: count.optional() }),
        stripe: z
          .object({
            status: z.enum(["ok", "unconfigured", "degraded"]),
            webhook_secret: z.boolean(),
            api_key: z.boolean(),
            last_event_at: instant,
            unprocessed: count.describe("Events that were received and wait to be processed"),
          })
          .optional(),
        notifications: z
          .object({
            status: z.enum(["ok", "unconfigured", "degraded"]),
            transport: z.enum(["smtp", "none"]),
            last_sent_at: instant,
            failed_24h: count,
          })
          .optional(),
        webhooks: z
          .object({
            status: z.enum(["ok", "degraded"]),
            pending: count.describe(
              "Jobs, and messages to endpoints, of which no more than 10,000 are counted",
            ),
            failing: count.describe(
              "Jobs that have failed three times, and endpoints that take nothing at present, which are no fault of ours",
            ),
            oldest_pending_seconds: count,
            disabled_endpoints: count.describe(
              "Endpoints that get nothing any more, because nothing got through; no fault of ours",
            ),
          })
          .optional()
          .describe("All that is carried out after a request, and what is on its way to endpoints"),
      })
      .optional()
      .describe("Of `deep=1`. While the database is down, nothing else is known"),
  })
  .meta({ id: "Health" });

const Depth = z.object({
  deep: z.enum(["0", "1"]).optional().describe("`1`: every part, which needs a secret key or HEALTH_TOKEN"),
});

export const healthRoutes: readonly Route[] = [
  openRoute(
    {
      method: "get",
      path: "/api/health",
      operationId: "get_health",
      summary: "Whether the server and its database answer",
      description:
        "With `deep=1` each part is checked: Stripe, notifications and the pipeline of webhooks. Then a secret key is needed, " +
        "in any of its headers, or what `HEALTH_TOKEN` says as `Authorization: Bearer` or `X-API-Key`. A database that does " +
        "not answer is answered with 503 and `status` `down`.",
      query: Depth,
      reply: Health,
      statuses: { 503: "The database does not answer." },
      guarded: true,
      refusals: ["key_invalid", "conflicting_credentials", "secret_key_in_browser", "rate_limited"],
    },
    async ({ deps, query, headers }) => {
      if (query.deep !== "1") {
        const { status, ...rest } = answer(deps, await basicHealth(deps));
        return reply({ status, version: rest.version, time: rest.time });
      }
      return reply(answer(deps, await deepHealth(deps, () => watcher(headers, deps))));
    },
  ),
];

const answer = (deps: Deps, checks: Checks) => ({
  status: statusOf(checks),
  version: deps.version,
  time: isoOf(deps.clock()),
  checks,
});

const reply = <Body extends { status: string }>(body: Body): Answer<Body> =>
  new Answer(body, { status: body.status === "down" ? 503 : 200 });

/**
 * Who may see how the parts are. Nothing is asked of the database for the token: it must work when that does not.
 * @returns undefined for the token
 * @throws Problem key_invalid, conflicting_credentials, secret_key_in_browser
 */
async function watcher(headers: Headers, deps: Deps): Promise<KeyRow | undefined> {
  const key = hasToken(headers, deps.healthToken) ? undefined : (await keyOf(headers, deps)).key;
  if (headers.get("origin")) throw new Problem("secret_key_in_browser");
  return key;
}

/** Several credentials that differ are for keyOf to refuse. */
function hasToken(headers: Headers, token: string | undefined): boolean {
  const given = [bearer(headers), headers.get("x-api-key")].filter((value) => !!value) as string[];
  if (!token || !given.length || headers.get("x-brand-key")) return false;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return given.every((each) => timingSafeEqual(digest(each), digest(token)));
}

/** The OpenAPI document, made from the rows that the router itself serves. */
import { z } from "zod";
import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import { ErrorBody } from "../../../src/api/contract.ts";
import type { FieldFault, ProblemCode } from "../domain/problem.ts";
import { JSON_TYPE } from "../http/body.ts";
import { errors } from "../http/errors.ts";
import type { Route } from "../http/route.ts";

const errorList = z
  .array(
    z.object({
      param: z.string(),
      code: z.enum(["parameter_missing", "parameter_invalid", "parameter_unknown"]),
      message: z.string(),
    }) satisfies z.ZodType<FieldFault>,
  )
  .optional()
  .describe("All fields at fault; the first of them is named beside");

/** What an integrator's request is refused with: every field at fault is named. */
const ApiError = z
  .object({ error: ErrorBody.shape.error.extend({ errors: errorList }) })
  .meta({ id: "ApiError" });

const PlainError = z
  .object({
    error: z.string(),
    type: z.string(),
    code: z.string(),
    param: z.string().optional(),
    request_id: z.string(),
    errors: errorList,
  })
  .meta({ id: "PlainError" });

/** Refusals that a route's own checks bring. */
function refusalsOf(route: Route): ProblemCode[] {
  const codes: ProblemCode[] = [...(route.refusals ?? []), "internal_error"];
  if (route.auth === "key")
    codes.push("key_invalid", "conflicting_credentials", "rate_limited", "secret_key_in_browser");
  if (route.scope) codes.push("insufficient_scope");
  if (route.writes) codes.push("workspace_read_only");
  if (route.notInDemo) codes.push("demo_workspace");
  if (route.auth === "session") codes.push("session_invalid", "session_expired");
  if (route.auth === "session" || route.auth === "body") codes.push("rate_limited", "origin_not_allowed");
  if (route.body) {
    codes.push(
      "content_type_unsupported",
      "body_too_large",
      "body_malformed",
      "parameter_missing",
      "parameter_invalid",
    );
    codes.push("parameter_unknown");
  }
  if (route.query || route.params) codes.push("parameter_invalid");
  return [...new Set(codes)];
}

function responsesOf(route: Route) {
  const byStatus = Map.groupBy(refusalsOf(route), (code) => errors[code].status);
  const failures = [...byStatus]
    .sort(([one], [other]) => one - other)
    .map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\`: ${errors[code].message}`).join("\n\n"),
        content: { "application/json": { schema: route.plainErrors ? PlainError : ApiError } },
      },
    ]);
  const success = (description: string) => ({
    description,
    content: { "application/json": { schema: route.reply } },
    ...(route.replyHeaders
      ? {
          headers: Object.fromEntries(
            Object.entries(route.replyHeaders).map(([name, about]) => [
              name,
              { description: about, schema: { type: "string" as const } },
            ]),
          ),
        }
      : {}),
  });
  return {
    "200": success("OK"),
    ...(route.created ? { "201": success(route.created) } : {}),
    ...Object.fromEntries(failures),
  };
}

/** Nothing for a credential in the body: OpenAPI has no word for it, so the operation's description says it. */
function securityOf({ auth, delivery, guarded }: Route): Record<string, []>[] {
  const keys: Record<string, []>[] = [{ brandKey: [] }, { apiKey: [] }, { bearer: [] }];
  if (guarded) return [{}, ...keys];
  if (auth === "key") return keys;
  if (auth !== "session") return [];
  return [{ session: [] }, ...(delivery ? [{ delivery: [] as [] }] : [])];
}

export function openApiDocument(
  routes: readonly Route[],
  info: { version: string; publicUrl: string },
): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const { operationId, summary, description, contentTypes = [JSON_TYPE] } = route;
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [route.method]: {
        operationId,
        summary,
        ...(description ? { description } : {}),
        security: securityOf(route),
        ...(route.query || route.params
          ? {
              requestParams: {
                ...(route.query ? { query: route.query as z.ZodObject } : {}),
                ...(route.params ? { path: route.params as z.ZodObject } : {}),
              },
            }
          : {}),
        ...(route.body
          ? {
              requestBody: {
                required: true,
                content: Object.fromEntries(contentTypes.map((type) => [type, { schema: route.body }])),
              },
            }
          : {}),
        responses: responsesOf(route),
      },
    };
  }
  const header = (name: string) => ({ type: "apiKey" as const, in: "header" as const, name });
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Renumerate",
      version: info.version,
      description: "Open, self-hosted subscription retention.",
    },
    servers: [{ url: info.publicUrl }],
    paths,
    components: {
      securitySchemes: {
        brandKey: header("X-Brand-Key"),
        apiKey: header("X-API-Key"),
        bearer: { type: "http", scheme: "bearer", description: "The secret key" },
        session: { type: "http", scheme: "bearer", description: "A session id (ret_…, sub_… or r10_…)" },
        delivery: { type: "http", scheme: "bearer", description: "A delivery token (dlv_…)" },
      },
    },
  });
}

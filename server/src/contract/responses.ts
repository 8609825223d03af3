/** What the document says of a route's answers. */
import { z } from "zod";
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
  if (route.auth === "key" || route.auth === "either")
    codes.push("key_invalid", "conflicting_credentials", "rate_limited", "secret_key_in_browser");
  if (route.scope) codes.push("insufficient_scope");
  if (route.writes) codes.push("workspace_read_only");
  if (route.notInDemo) codes.push("demo_workspace");
  if (route.auth === "session" || route.auth === "either") codes.push("session_invalid", "session_expired");
  if (route.auth === "session" || route.auth === "either" || route.auth === "body")
    codes.push("rate_limited", "origin_not_allowed");
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

const whole = { type: "integer" as const, minimum: 0 };

/** Headers that come with the answers of many routes. */
export const HEADERS = {
  "RateLimit-Limit": { description: "Requests that are taken in a minute", schema: whole },
  "RateLimit-Remaining": { description: "Of these, how many are left now", schema: whole },
  "RateLimit-Reset": { description: "Seconds until one more is taken than now", schema: whole },
  "Retry-After": { description: "Seconds until a request is taken again", schema: whole },
  "WWW-Authenticate": { description: "`Bearer`", schema: { type: "string" as const } },
};

type HeaderName = keyof typeof HEADERS;

const COUNTED = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"] as const;
const OF_STATUS: Readonly<Record<string, readonly HeaderName[]>> = {
  401: ["WWW-Authenticate"],
  429: [...COUNTED, "Retry-After"],
};

const named = (names: readonly HeaderName[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** A refusal for each status, with its codes. */
function failuresOf(route: Route) {
  const byStatus = Map.groupBy(refusalsOf(route), (code) => String(errors[code].status));
  const schema = route.plainErrors ? PlainError : ApiError;
  return [...byStatus].map(([status, codes]) => {
    const headers = OF_STATUS[status];
    const response = {
      description: codes.map((code) => `\`${code}\`: ${errors[code].message}`).join("\n\n"),
      ...(headers ? { headers: named(headers) } : {}),
      content: { "application/json": { schema } },
    };
    return [status, response] as const;
  });
}

/** What is no refusal. Who asks without a credential is not counted. */
function repliesOf({ auth, reply: schema, media, replyHeaders = {}, success = 200, statuses = {} }: Route) {
  const text = { type: "string" as const };
  const own = Object.entries(replyHeaders).map(
    ([name, description]) => [name, { description, schema: text }] as const,
  );
  const counted = auth === "none" ? {} : named(COUNTED);
  const response = (description: string, headers: object) => ({
    description,
    ...(Object.keys(headers).length ? { headers } : {}),
    content: { [media ?? JSON_TYPE]: { schema } },
  });
  const others = Object.entries(statuses).map(
    ([status, description]) => [status, response(description, counted)] as const,
  );
  const said = success === 200 ? "OK" : "Created";
  return [[String(success), response(said, { ...counted, ...Object.fromEntries(own) })] as const, ...others];
}

export const responsesOf = (route: Route) => Object.fromEntries([...repliesOf(route), ...failuresOf(route)]);

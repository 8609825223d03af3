/**
 * A route is one row: what it takes, what it answers, what it can refuse. The same row serves the router and the
 * OpenAPI document. Every route passes its checks in this order: address 404, method 405, credential 401, rate 429,
 * scope and origin 403, content type 415, size 413, body 400, and only then the domain.
 */
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { Deps } from "../deps.ts";
import type { ProblemCode } from "../domain/problem.ts";
import { Problem } from "../domain/problem.ts";
import type { SessionClaims } from "../domain/session-token.ts";
import type { KeyRow, WorkspaceRow } from "../store/store.ts";
import { allowOrigin, preflight } from "./cors.ts";
import { keyOf, sessionOf } from "./credentials.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface Env {
  Variables: { requestId: string; workspaceId?: string; plainErrors?: boolean };
}

interface Spec<Body extends z.ZodType, Query extends z.ZodType, Reply extends z.ZodType> {
  method: "get" | "post";
  path: `/${string}`;
  operationId: string;
  summary: string;
  description?: string;
  body?: Body;
  query?: Query;
  reply: Reply;
  /** Refusals beyond those that the checks themselves bring. */
  refusals?: readonly ProblemCode[];
  /** Bytes; 64 kB unless said otherwise. */
  maxBody?: number;
  /** Refusals are `{error: "words"}`, as this dialect documents them. */
  plainErrors?: boolean;
}

interface Given<Body, Query> {
  deps: Deps;
  body: Body;
  query: Query;
  requestId: string;
}

type Handler<Body, Query, Reply, Who> = (given: Given<Body, Query> & Who) => Promise<Reply>;

type KeyCaller = { key: KeyRow; workspace: WorkspaceRow };
type SessionCaller = { claims: SessionClaims; workspace: WorkspaceRow };

export interface Route extends Spec<z.ZodType, z.ZodType, z.ZodType> {
  auth: "none" | "key" | "session";
  handle: Handler<never, never, unknown, object>;
}

type Builder<Who> = <Body extends z.ZodType, Query extends z.ZodType, Reply extends z.ZodType>(
  spec: Spec<Body, Query, Reply>,
  handle: Handler<z.output<Body>, z.output<Query>, z.input<Reply>, Who>,
) => Route;

const builder =
  <Who>(auth: Route["auth"]): Builder<Who> =>
  (spec, handle) => ({ ...spec, auth, handle: handle as unknown as Route["handle"] });

/** Open to everyone. */
export const openRoute = builder<object>("none");
/** For a business's own server, with a secret key. */
export const keyRoute = builder<KeyCaller>("key");
/** For a widget in a browser, with a session id; answers CORS. */
export const sessionRoute = builder<SessionCaller>("session");

const MAX_BODY = 65_536;

export function mount(app: Hono<Env>, routes: readonly Route[], deps: Deps, limit: RateLimit): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const methods = here.map(({ method }) => method.toUpperCase());
    app.all(path, (context) => {
      const method = context.req.method === "HEAD" ? "get" : context.req.method.toLowerCase();
      if (method === "options")
        return preflight(
          context,
          methods,
          here.some(({ auth }) => auth === "session"),
        );
      const route = here.find((each) => each.method === method);
      if (!route) {
        context.header("Allow", methods.join(", "));
        throw new Problem("method_not_allowed");
      }
      return run(context, route, deps, limit);
    });
  }
}

async function run(context: Context<Env>, route: Route, deps: Deps, limit: RateLimit): Promise<Response> {
  if (route.plainErrors) context.set("plainErrors", true);
  const who = await authenticate(context, route, deps, limit);
  const given = {
    deps,
    ...who,
    requestId: context.get("requestId"),
    query: route.query ? parse(route.query, context.req.query()) : {},
    body: route.body ? parse(route.body, await readJson(context.req.raw, route.maxBody)) : undefined,
  };
  context.header("Cache-Control", "no-store");
  return context.json((await route.handle(given as never)) as object);
}

async function authenticate(
  context: Context<Env>,
  route: Route,
  deps: Deps,
  limit: RateLimit,
): Promise<object> {
  if (route.auth === "none") return {};
  if (route.auth === "key") {
    const caller = await keyOf(context.req.raw.headers, deps);
    limit(context, `key:${caller.key.id}`, deps.limits.perKey);
    if (context.req.header("origin")) throw new Problem("secret_key_in_browser");
    context.set("workspaceId", caller.workspace.id);
    return caller;
  }
  // The browser must be able to read a refusal, so the page's origin is answered even before it is judged.
  allowOrigin(context);
  const caller = await sessionOf(context.req.raw.headers, deps);
  limit(context, `session:${caller.claims.tokenId}`, deps.limits.perSession);
  context.set("workspaceId", caller.workspace.id);
  allowOrigin(context, caller.workspace, deps.publicUrl);
  return caller;
}

/** @throws Problem content_type_unsupported, body_too_large, body_malformed */
export async function readJson(request: Request, max = MAX_BODY): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Problem("content_type_unsupported");
  const text = await readText(request, max);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("body_malformed", { cause });
  }
}

/** Counts what really arrives: a length header can be absent or wrong. */
async function readText(request: Request, max: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > max) throw new Problem("body_too_large");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > max) throw new Problem("body_too_large");
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new Problem("body_malformed", { cause });
  }
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  let issue = result.error.issues[0] as z.core.$ZodIssue;
  const path = [...issue.path];
  // Within a union the issue that matters is the one of the member that came furthest.
  while (issue.code === "invalid_union" && issue.errors.length) {
    const deepest = issue.errors
      .flat()
      .reduce((best, each) => (each.path.length > best.path.length ? each : best));
    path.push(...deepest.path);
    issue = deepest;
  }
  if (issue.code === "unrecognized_keys") {
    const param = [...path, issue.keys[0] as string].map(String).join("/");
    throw new Problem("parameter_unknown", { param, message: `${param} is not a known parameter.` });
  }
  const param = path.map(String).join("/");
  const absent =
    issue.code === "invalid_type" && issue.input === undefined && /received undefined/.test(issue.message);
  throw new Problem(absent ? "parameter_missing" : "parameter_invalid", {
    param,
    message: absent ? `${param} is required.` : `${param || "The body"}: ${issue.message}`,
  });
}

/**
 * A route is one row: what it takes, what it answers, what it can refuse. The same row serves the router and the
 * OpenAPI document. Every route passes its checks in this order: address 404, method 405, credential 401, rate 429,
 * scope and origin 403, content type 415, size 413, body 400, and only then the domain. Where the credential is in the
 * body, that has to be read first: 415, 413 and what is no JSON come before 401, the body's fields stay last.
 */
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { Deps } from "../deps.ts";
import type { ProblemCode } from "../domain/problem.ts";
import { Problem } from "../domain/problem.ts";
import type { SessionClaims } from "../domain/session-token.ts";
import type { KeyRow, WorkspaceRow } from "../store/store.ts";
import { parse, readJson } from "./body.ts";
import { allowOrigin, isListed, preflight } from "./cors.ts";
import { type Caller, keyOf, sessionOf } from "./credentials.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface Env {
  Variables: { requestId: string; workspaceId?: string; plainErrors?: boolean };
}

interface Spec<Body extends z.ZodType, Query extends z.ZodType, Reply extends z.ZodType> {
  method: "get" | "post";
  path: `/${string}`;
  /** Where older clients of the dialect ask for the same; not in the document. */
  aliases?: readonly `/${string}`[];
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
  /** What the body may call itself; `application/json` unless said otherwise. */
  contentTypes?: readonly string[];
  /** A delivery token will do as well as a session id. */
  delivery?: true;
  /** Refusals are `{error: "words"}`, as this dialect documents them. */
  plainErrors?: boolean;
  /** Of requests that are counted by what they ask for as well: as what, and how many a minute. */
  counted?: (
    given: { body: z.output<Body> } & SessionCaller,
  ) => { as: string; perMinute: number } | undefined;
}

interface Given<Body, Query> {
  deps: Deps;
  body: Body;
  query: Query;
  requestId: string;
}

type Handler<Body, Query, Reply, Who> = (given: Given<Body, Query> & Who) => Promise<Reply>;

type KeyCaller = { key: KeyRow; workspace: WorkspaceRow };
type SessionCaller = {
  claims: SessionClaims;
  workspace: WorkspaceRow;
  /** Of the page that asks, if it is configured; absent where no page does. */
  origin?: string;
};

/** Finds the credential in a body that nothing has checked yet. @throws Problem */
type Identify<Who> = (body: unknown, deps: Deps) => Promise<Caller & Who>;

export interface Route extends Omit<Spec<z.ZodType, z.ZodType, z.ZodType>, "counted"> {
  auth: "none" | "key" | "session" | "body";
  identify?: Identify<object>;
  counted?: ((given: never) => { as: string; perMinute: number } | undefined) | undefined;
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
/** For a page in a browser that carries its credential in the body; answers CORS. */
export const bodyRoute =
  <Who>(identify: Identify<Who>): Builder<Caller & Who> =>
  (spec, handle) => ({
    ...builder<Caller & Who>("body")(spec, handle),
    identify: identify as Identify<object>,
  });

const inBrowser = ({ auth }: Route) => auth === "session" || auth === "body";

export function mount(app: Hono<Env>, routes: readonly Route[], deps: Deps, limit: RateLimit): void {
  const addresses = ({ path, aliases = [] }: Route) => [path, ...aliases];
  for (const path of new Set(routes.flatMap(addresses))) {
    const here = routes.filter((route) => addresses(route).includes(path));
    const methods = here.map(({ method }) => method.toUpperCase());
    app.all(path, (context) => {
      const method = context.req.method === "HEAD" ? "get" : context.req.method.toLowerCase();
      if (method === "options") return preflight(context, methods, here.some(inBrowser));
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
  // The browser must be able to read a refusal, so the page's origin is answered even before it is judged.
  if (inBrowser(route)) allowOrigin(context);
  const read = () => readJson(context.req.raw, route.maxBody, route.contentTypes);
  const early = route.identify && (await read());
  const who = await authenticate(context, route, deps, limit, early);
  const given = {
    deps,
    ...who,
    requestId: context.get("requestId"),
    query: route.query ? parse(route.query, context.req.query()) : {},
    body: route.body ? parse(route.body, route.identify ? early : await read()) : undefined,
  };
  const counted = route.counted?.(given as never);
  if (counted) limit(context, counted.as, counted.perMinute);
  context.header("Cache-Control", "no-store");
  return context.json((await route.handle(given as never)) as object);
}

async function authenticate(
  context: Context<Env>,
  route: Route,
  deps: Deps,
  limit: RateLimit,
  body: unknown,
): Promise<object> {
  if (route.auth === "none") return {};
  const { headers } = context.req.raw;
  if (route.auth === "key") {
    const caller = await keyOf(headers, deps);
    limit(context, `key:${caller.key.id}`, deps.limits.perKey);
    if (context.req.header("origin")) throw new Problem("secret_key_in_browser");
    context.set("workspaceId", caller.workspace.id);
    return caller;
  }
  const caller = await (route.identify?.(body, deps) ?? sessionOf(headers, deps, route.delivery));
  limit(context, caller.counted.as, caller.counted.perMinute);
  context.set("workspaceId", caller.workspace.id);
  allowOrigin(context, caller.workspace, deps.publicUrl);
  const origin = context.req.header("origin");
  // What a request says of its own address is for its sender to choose.
  const isKnown = origin !== undefined && isListed(origin, caller.workspace, deps.publicUrl);
  return { ...caller, ...(isKnown ? { origin } : {}) };
}

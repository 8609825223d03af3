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
import { isAllowed, type KeyScope } from "../domain/scopes.ts";
import type { SessionClaims } from "../domain/session-token.ts";
import type { KeyRow, WorkspaceRow } from "../store/store.ts";
import { addressOf } from "./address.ts";
import { JSON_TYPE, parse, readJson, TEXT_TYPE, typeOf } from "./body.ts";
import { allowOrigin, isListed, preflight } from "./cors.ts";
import { type Caller, isSessionId, keyOf, senderOf, sessionOf } from "./credentials.ts";
import { respond, setHeader } from "./headers.ts";
import type { RateLimit } from "./rate-limit.ts";
import { Table, tableResponse } from "./table.ts";

export interface Env {
  Variables: { requestId: string; workspaceId?: string; plainErrors?: boolean };
}

/** Of an answer that is no refusal. */
export type ReplyStatus = 200 | 201 | 502 | 503;

interface Spec<
  Body extends z.ZodType,
  Query extends z.ZodType,
  Params extends z.ZodType,
  Reply extends z.ZodType,
> {
  method: "get" | "post" | "patch" | "delete";
  /** `:name` stands for a part that `params` describes. */
  path: `/${string}`;
  /** Where older clients of the dialect ask for the same; not in the document. */
  aliases?: readonly `/${string}`[];
  operationId: string;
  summary: string;
  description?: string;
  body?: Body;
  /** Where there is none it is `{}`. */
  optionalBody?: true;
  query?: Query;
  params?: Params;
  reply: Reply;
  /** `text/csv`: the handler answers with a Table, and `reply` describes the text. JSON unless said otherwise. */
  media?: "text/csv";
  /** What `reply` is answered with unless the handler says otherwise; 200 if it is absent. */
  success?: 200 | 201;
  /** Statuses beside that which `reply` is answered with, each with what it says. */
  statuses?: Readonly<Partial<Record<Exclude<ReplyStatus, 200>, string>>>;
  /** Headers of a success that say more than the body, each with what it says. */
  replyHeaders?: Readonly<Record<string, string>>;
  /** What a secret key must be allowed to do for this; where any will do, it is absent. `*`: only one that may do everything. */
  scope?: KeyScope | "*";
  /** Refused while the workspace is read-only. */
  writes?: true;
  /** Refused in a workspace that is for demonstration. */
  notInDemo?: true;
  /** Refusals beyond those that the checks themselves bring. */
  refusals?: readonly ProblemCode[];
  /** Bytes; 64 kB unless said otherwise. */
  maxBody?: number;
  /** Open, but for what a credential opens, which the handler checks: wrong ones are counted by network address. */
  guarded?: true;
  /** A delivery token will do as well as a session id. */
  delivery?: true;
  /** Refusals are `{error: "words"}`, as this dialect documents them. */
  plainErrors?: boolean;
  /** Of requests that are counted by what they ask for as well: as what, and how many a minute. */
  counted?: (
    given: { body: z.output<Body> } & SessionCaller,
  ) => { as: string; perMinute: number } | undefined;
}

interface Given<Body, Query, Params> {
  deps: Deps;
  body: Body;
  query: Query;
  params: Params;
  requestId: string;
  headers: Headers;
}

/** An answer that is not simply a body. */
export class Answer<Reply> {
  readonly body: Reply;
  readonly status: ReplyStatus | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    body: Reply,
    { status, headers = {} }: { status?: ReplyStatus; headers?: Answer<Reply>["headers"] } = {},
  ) {
    this.body = body;
    this.status = status;
    this.headers = headers;
  }
}

type Handler<Body, Query, Params, Reply, Who> = (
  given: Given<Body, Query, Params> & Who,
) => Promise<Reply | Answer<Reply>>;

export type KeyCaller = { key: KeyRow; workspace: WorkspaceRow };
export type SessionCaller = {
  claims: SessionClaims;
  workspace: WorkspaceRow;
  /** Of the page that asks, if it is configured; absent where no page does. */
  origin?: string;
};

/** Finds the credential in a body that nothing has checked yet. @throws Problem */
type Identify<Who> = (body: unknown, deps: Deps) => Promise<Caller & Who>;

export interface Route extends Omit<Spec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>, "counted"> {
  auth: "none" | "key" | "session" | "body" | "either";
  identify?: Identify<object>;
  counted?: ((given: never) => { as: string; perMinute: number } | undefined) | undefined;
  handle: Handler<never, never, never, unknown, object>;
}

type Builder<Who> = <
  Body extends z.ZodType,
  Query extends z.ZodType,
  Params extends z.ZodType,
  Reply extends z.ZodType,
>(
  spec: Spec<Body, Query, Params, Reply>,
  handle: Handler<z.output<Body>, z.output<Query>, z.output<Params>, z.input<Reply>, Who>,
) => Route;

const builder =
  <Who>(auth: Route["auth"]): Builder<Who> =>
  (spec, handle) => ({ ...spec, auth, handle: handle as unknown as Route["handle"] });

/** Open to everyone. */
export const openRoute = builder<object>("none");
/** For a business's own server, with a secret key. */
export const keyRoute = builder<KeyCaller>("key");
/**
 * For a widget in a browser, with a session id; answers CORS. What spares a page the preflight is taken as well: a POST of
 * `text/plain` that has the session id as `token` beside the fields of the body, or of the query where the method is GET.
 */
export const sessionRoute = builder<SessionCaller>("session");
/** For a business's own server with a secret key, or a page in a browser with a session id; answers CORS. */
export const eitherRoute = builder<KeyCaller | SessionCaller>("either");
/** For a page in a browser that carries its credential in the body; answers CORS. */
export const bodyRoute =
  <Who>(identify: Identify<Who>): Builder<Caller & Who> =>
  (spec, handle) => ({
    ...builder<Caller & Who>("body")(spec, handle),
    identify: identify as Identify<object>,
  });

const inBrowser = ({ auth }: Route) => auth === "session" || auth === "body" || auth === "either";

export function mount(app: Hono<Env>, routes: readonly Route[], deps: Deps, limit: RateLimit): void {
  const addresses = ({ path, aliases = [] }: Route) => [path, ...aliases];
  for (const path of new Set(routes.flatMap(addresses))) {
    const here = routes.filter((route) => addresses(route).includes(path));
    const methods = here.map(({ method }) => method.toUpperCase());
    app.all(path, (context) => {
      const method = context.req.method === "HEAD" ? "get" : context.req.method.toLowerCase();
      if (method === "options") return preflight(context, methods, here.some(inBrowser));
      const route = here.find((each) => each.method === method) ?? here.find((each) => isText(context, each));
      if (!route) {
        setHeader(context, "Allow", methods.join(", "));
        throw new Problem("method_not_allowed");
      }
      return run(context, route, deps, limit);
    });
  }
}

/** Whether a page says all in a body of text, its session id included. */
const isText = (context: Context, { auth }: Route): boolean =>
  auth === "session" && context.req.method === "POST" && typeOf(context) === TEXT_TYPE;

/** What the body of a page says beside its credential. */
function fieldsOf(body: unknown): object {
  const { token: _, ...fields } = Object(body);
  return fields;
}

async function run(context: Context<Env>, route: Route, deps: Deps, limit: RateLimit): Promise<Response> {
  if (route.plainErrors) context.set("plainErrors", true);
  // The browser must be able to read a refusal, so the page's origin is answered even before it is judged.
  if (inBrowser(route)) allowOrigin(context);
  const asText = isText(context, route);
  const saysWho = asText || !!route.identify;
  const read = () =>
    readJson(context, {
      ...(route.maxBody === undefined ? {} : { max: route.maxBody }),
      ...(saysWho ? { types: [JSON_TYPE, TEXT_TYPE] } : {}),
      ...(route.optionalBody ? { absent: {} } : {}),
    });
  const { headers } = context.req.raw;
  const early = saysWho ? await read() : undefined;
  const who = await authenticate(context, route, deps, limit, early);
  const sent = saysWho || !route.body ? early : await read();
  const fields = asText ? fieldsOf(sent) : undefined;
  const given = {
    deps,
    ...who,
    requestId: context.get("requestId"),
    headers,
    params: route.params ? parse(route.params, paramsOf(context)) : {},
    query: route.query ? parse(route.query, (!route.body && fields) || context.req.query()) : {},
    body: route.body ? parse(route.body, fields ?? sent) : undefined,
  };
  const counted = route.counted?.(given as never);
  if (counted) await limit(context, counted.as, counted.perMinute);
  setHeader(context, "Cache-Control", "no-store");
  const handle = () => route.handle(given as never);
  const reply = await (route.guarded ? countingForged(context, deps, limit, handle) : handle());
  const {
    body,
    status = route.success ?? 200,
    headers: more,
  } = reply instanceof Answer ? reply : new Answer(reply);
  for (const [name, value] of Object.entries(more)) setHeader(context, name, value);
  if (body instanceof Table) return tableResponse(context, body, deps.log);
  setHeader(context, "Content-Type", JSON_TYPE);
  return respond(context, JSON.stringify(body), status);
}

/**
 * The router leaves what is not well-formed as it is, where it would pass for text that was meant so.
 *
 * @throws Problem parameter_invalid
 */
function paramsOf(context: Context<Env>): Record<string, string> {
  const params: Record<string, string> = context.req.param();
  try {
    decodeURIComponent(new URL(context.req.url).pathname);
    return params;
  } catch (cause) {
    const param = Object.keys(params).join("/");
    const message = `${param}: not well-formed percent-encoding`;
    throw new Problem("parameter_invalid", { param, message, cause });
  }
}

async function authenticate(
  context: Context<Env>,
  route: Route,
  deps: Deps,
  limit: RateLimit,
  early: unknown,
): Promise<object> {
  if (route.auth === "none") return {};
  const { headers } = context.req.raw;
  if (route.auth === "key" || (route.auth === "either" && !isSessionId(headers))) {
    const caller = await countingForged(context, deps, limit, () => keyOf(headers, deps));
    await limit(context, `key:${caller.key.id}`, deps.limits.perKey, "shared");
    if (context.req.header("origin")) throw new Problem("secret_key_in_browser");
    context.set("workspaceId", caller.workspace.id);
    if (route.scope && !isAllowed(caller.key, route.scope)) throw new Problem("insufficient_scope");
    checkStatus(route, caller.workspace);
    return caller;
  }
  const identify =
    route.identify ??
    ((body: unknown, deps: Deps) =>
      body === undefined ? sessionOf(headers, deps, route.delivery) : senderOf(body, deps, route.delivery));
  const caller = await countingForged(context, deps, limit, () => identify(early, deps));
  await limit(context, caller.counted.as, caller.counted.perMinute);
  context.set("workspaceId", caller.workspace.id);
  allowOrigin(context, caller.workspace, deps.publicUrl);
  checkStatus(route, caller.workspace);
  const origin = context.req.header("origin");
  // What a request says of its own address is for its sender to choose.
  const isKnown = origin !== undefined && isListed(origin, caller.workspace, deps.publicUrl);
  return { ...caller, ...(isKnown ? { origin } : {}) };
}

/** @throws Problem demo_workspace, workspace_read_only */
function checkStatus({ notInDemo, writes }: Route, { status }: WorkspaceRow): void {
  if (notInDemo && status === "demo") throw new Problem("demo_workspace");
  if (writes && status === "read_only") throw new Problem("workspace_read_only");
}

/** Credentials that nobody of ours has made: whoever holds one that is merely too old shall get a new one. */
const FORGED: readonly ProblemCode[] = [
  "key_invalid",
  "conflicting_credentials",
  "session_invalid",
  "handshake_malformed",
  "handshake_invalid",
];

/** Who tries one credential after the other is slowed down; whoever else comes from there with a good one is not. */
async function countingForged<Who>(
  context: Context<Env>,
  { limits }: Deps,
  limit: RateLimit,
  identify: () => Promise<Who>,
): Promise<Who> {
  try {
    return await identify();
  } catch (error) {
    if (error instanceof Problem && FORGED.includes(error.code))
      await limit(context, `address:${addressOf(context)}`, limits.perAddress);
    throw error;
  }
}

/** Cross-origin access of widgets. Credentials are bearer tokens, never cookies, so no ambient authority is shared. */
import type { Context } from "hono";
import { Problem } from "../domain/problem.ts";
import type { WorkspaceRow } from "../store/store.ts";
import { respond, setHeader } from "./headers.ts";

const HEADERS = "authorization, content-type, idempotency-key";
const DAY = "86400";

/** A preflight carries no credential, so it cannot be judged by workspace: the request that follows is. */
export function preflight(context: Context, methods: readonly string[], widget: boolean): Response {
  setHeader(context, "Allow", [...methods, "OPTIONS"].join(", "));
  const origin = context.req.header("origin");
  if (widget && origin) {
    setHeader(context, "Access-Control-Allow-Origin", origin);
    setHeader(context, "Access-Control-Allow-Methods", methods.join(", "));
    // Whatever a page's own wrapper around fetch adds, such as a trace id, must not keep a customer from leaving.
    setHeader(
      context,
      "Access-Control-Allow-Headers",
      context.req.header("access-control-request-headers") ?? HEADERS,
    );
    setHeader(context, "Access-Control-Max-Age", DAY);
    setHeader(context, "Vary", "Origin");
  }
  return respond(context, null, 204);
}

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) < 65_536;

/** `https://shop.example`, or `http://localhost:*` for any port of one host. */
function matches(pattern: string, origin: string): boolean {
  return pattern.endsWith(":*")
    ? origin === pattern.slice(0, -2) ||
        (origin.startsWith(pattern.slice(0, -1)) && isPort(origin.slice(pattern.length - 1)))
    : origin === pattern;
}

/** Whether it is configured: the server's own as the world reaches it, or one that the workspace lists. */
export const isListed = (origin: string, { settings }: WorkspaceRow, publicUrl: string): boolean =>
  [new URL(publicUrl).origin, ...settings.allowedOrigins].some((pattern) => matches(pattern, origin));

/** @throws Problem origin_not_allowed once the workspace is known and does not list the page's origin */
export function allowOrigin(context: Context, workspace?: WorkspaceRow, publicUrl?: string): void {
  const origin = context.req.header("origin");
  if (!origin) return;
  if (workspace) {
    // A name that somebody else has pointed at us says the same of host and origin; only a loopback name is nobody else's.
    const { origin: own, hostname } = new URL(context.req.url);
    const isOwn = origin === own && LOOPBACK.has(hostname);
    if (!isOwn && !isListed(origin, workspace, publicUrl as string)) throw new Problem("origin_not_allowed");
  }
  setHeader(context, "Access-Control-Allow-Origin", origin);
  setHeader(
    context,
    "Access-Control-Expose-Headers",
    "Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset",
  );
  setHeader(context, "Vary", "Origin");
}

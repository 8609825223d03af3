/**
 * The hosted page that a link leads to, and the way back from it. The address is the credential: it is neither logged nor
 * passed on, and the page may not be framed. A customer always gets a page; what is wrong is said by the status.
 */
import type { Context, Hono } from "hono";
import { ReturnRequest } from "../contract/cancel-links.ts";
import { type Deps, loggable } from "../deps.ts";
import { findCancelLink, type Opening, openCancelLink } from "../domain/cancel-links.ts";
import { completeCancelLink, type FoundLink, wayBack } from "../domain/cancel-result.ts";
import { isOwn } from "../domain/link-ids.ts";
import { Problem } from "../domain/problem.ts";
import { addressOf } from "../http/address.ts";
import { parse, readJson } from "../http/body.ts";
import { createRateLimit, type RateLimit } from "../http/rate-limit.ts";
import type { Env } from "../http/route.ts";
import { hostedPage } from "./hosted-page.ts";
import { localeOf } from "./page-locale.ts";

const STATUS = { invalid: 404, used: 410, expired: 410, unavailable: 503 } as const;

const POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html",
].join("; ");

const MAX_BODY = 1024;

export function mountHostedCancel(app: Hono<Env>, deps: Deps): void {
  const limit = createRateLimit(deps);
  app.all("/cancel/:token", (context) => {
    checkMethod(context, "GET", "HEAD");
    return show(context, deps, limit);
  });
  app.all("/cancel/:token/return", (context) => {
    checkMethod(context, "POST");
    return leadBack(context, deps, limit);
  });
}

function checkMethod(context: Context<Env>, ...methods: string[]): void {
  if (methods.includes(context.req.method)) return;
  context.header("Allow", methods.join(", "));
  throw new Problem("method_not_allowed");
}

/**
 * Who tries one address after the other is slowed down. Who has a good one is counted by it alone: behind a proxy all
 * customers come from one place, and none may keep the others from leaving.
 */
async function count(
  context: Context<Env>,
  { limits }: Deps,
  limit: RateLimit,
  found: FoundLink | undefined,
): Promise<void> {
  if (found) context.set("workspaceId", found.workspace.id);
  if (found) await limit(context, `link:${found.link.id}`, limits.perSession);
  else await limit(context, `address:${addressOf(context)}`, limits.perAddress);
}

const find = (context: Context<Env>, deps: Deps) => findCancelLink(deps, context.req.param("token") ?? "");

/** To look whether there is a page opens nothing, nor does fetching one that nobody may want to see. */
const isLook = ({ req }: Context<Env>): boolean =>
  req.method === "HEAD" || /\bprefetch\b/i.test(req.header("sec-purpose") ?? req.header("purpose") ?? "");

async function show(context: Context<Env>, deps: Deps, limit: RateLimit): Promise<Response> {
  context.header("Cache-Control", "no-store");
  context.header("X-Robots-Tag", "noindex");
  context.header("Content-Security-Policy", POLICY);
  let found: FoundLink | undefined;
  let opening: Opening | { refusal: keyof typeof STATUS };
  let isTooMuch = false;
  try {
    found = await find(context, deps);
    await count(context, deps, limit, found);
    opening = found ? await openCancelLink(deps, found, isLook(context)) : { refusal: "invalid" };
  } catch (error) {
    isTooMuch = error instanceof Problem && error.code === "rate_limited";
    if (!isTooMuch) {
      const code = error instanceof Problem ? error.code : undefined;
      const about = { request_id: context.get("requestId"), link: found?.link.id, code };
      deps.log.error({ ...about, err: loggable(error) }, "hosted link failed");
    }
    opening = { refusal: "unavailable" };
  }
  const { session, refusal } =
    opening === "decided" ? {} : { session: undefined, refusal: undefined, ...opening };
  const page = await hostedPage({
    page: "retention",
    locale: localeOf(context.req.query("locale"), context.req.header("accept-language")),
    workspace: found?.workspace,
    session,
    refusal,
    home: found && refusal && homeOf(deps, found),
    isDecided: opening === "decided",
    base: "../",
    back: found && isOwn(found.link) ? "decided" : "closed",
  });
  return context.html(page, isTooMuch ? 429 : refusal ? STATUS[refusal] : 200);
}

/** Of a host that is listed still. */
function homeOf(deps: Deps, found: FoundLink): string | undefined {
  try {
    return new URL(wayBack(deps, found)).origin;
  } catch {
    return undefined;
  }
}

async function leadBack(context: Context<Env>, deps: Deps, limit: RateLimit): Promise<Response> {
  context.header("Cache-Control", "no-store");
  const found = await find(context, deps);
  await count(context, deps, limit, found);
  if (!found) throw new Problem("cancel_session_not_found");
  const belief = parse(ReturnRequest, await readJson(context, { max: MAX_BODY })) as ReturnRequest;
  const url = await completeCancelLink(deps, found, belief);
  return url === undefined ? context.json({}, 202) : context.json({ url });
}

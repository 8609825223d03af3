/**
 * Pages that show a flow or a hub by their address alone, for a frame or a link: `/retention` and `/subs`. A customer
 * always gets a page, with words and, where the workspace is known, a mail link; what is wrong is said by the status.
 *
 * Who follows a link is sent on to an address that holds a ticket in place of the session id, because browsers list the
 * addresses of links, and a script cannot take one out of that list. A ticket can be used as often as the browser likes
 * while it holds: browsers load pages twice on their own account. Who comes back from a page elsewhere has a ticket that
 * holds for longer, and is sent on to one of these as well.
 */
import type { Context, Hono } from "hono";
import { type Deps, loggable } from "../deps.ts";
import { Problem } from "../domain/problem.ts";
import {
  openSession,
  openTicket,
  type SessionClaims,
  sealSession,
  sealTicket,
} from "../domain/session-token.ts";
import type { Env } from "../http/route.ts";
import type { WorkspaceRow } from "../store/store.ts";
import { type HostedPage, hostedPage, type Refusal } from "./hosted-page.ts";
import { hostedStyle } from "./hosted-style.ts";
import { localeOf } from "./page-locale.ts";

/** As the hosted pages of the client are called. */
const ADDRESSES = [
  ["/retention", "retention"],
  ["/subs", "subscription"],
] as const;

/** How long a ticket holds, ms: a browser follows a redirection at once. */
const TICKET_TTL = 60_000;

/** How long the way back from a page elsewhere holds, ms. */
const RETURN_TTL = 3_600_000;

export function mountHosted(app: Hono<Env>, deps: Deps): void {
  for (const [path, page] of ADDRESSES) app.get(path, (context) => show(context, deps, page));
  app.get("/hosted.css", (context) =>
    context.body(hostedStyle, 200, {
      "Content-Type": "text/css; charset=utf-8",
      "Cache-Control": "no-cache",
    }),
  );
}

async function show(context: Context<Env>, deps: Deps, page: HostedPage): Promise<Response> {
  context.header("Cache-Control", "no-store");
  const { session_id: id, ticket } = context.req.query();
  const listed = context.req.header("sec-fetch-dest") === "document" ? lasting(deps, id, ticket) : undefined;
  if (listed) return context.redirect(withTicket(deps, context.req.url, listed), 303);
  const { workspace, session, refusal } = await visitorOf(deps, id, ticket, context.get("requestId"));
  if (workspace) context.set("workspaceId", workspace.id);
  const wanted = context.req.query("locale");
  const locale = localeOf(wanted, context.req.header("accept-language"));
  context.header("Content-Security-Policy", policy(workspace));
  const status = refusal === "unavailable" ? 503 : refusal ? 401 : 200;
  if (status === 401) context.header("WWW-Authenticate", "Bearer");
  return context.html(await hostedPage({ page, locale, workspace, session, refusal }), status);
}

/**
 * The session that could be had with an address from a browser's list, for longer than a ticket of a minute allows. What
 * may be wrong with an address otherwise, the page says.
 */
function lasting({ keys, clock }: Deps, id: string | undefined, ticket = ""): string | undefined {
  try {
    const ticketed = id ? undefined : openTicket(keys.session, ticket);
    if (ticketed && ticketed.expiresAt <= clock() + TICKET_TTL) return undefined;
    const session = ticketed?.sessionId ?? (id as string);
    return openSession(keys.session, session, clock()).prefix === "dlv_" ? undefined : session;
  } catch {
    return undefined;
  }
}

/** @returns relative to the page: what a proxy calls it is not known here */
function withTicket({ keys, clock }: Deps, address: string, id: string): string {
  const { searchParams } = new URL(address);
  searchParams.delete("session_id");
  searchParams.set("ticket", sealTicket(keys.session, id, clock() + TICKET_TTL));
  return `?${searchParams}`;
}

/**
 * The address of a hub as a customer who leaves for a page elsewhere can come back to: a hosted hub has taken its session
 * out of the address, so it gets a ticket for this session. Any other address stays as it is.
 */
export function returnAddress(
  { keys, clock, publicUrl }: Deps,
  claims: SessionClaims,
  address: string,
): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.origin + url.pathname !== new URL(`${publicUrl}/subs`).href) return address;
  url.searchParams.delete("session_id");
  url.searchParams.set(
    "ticket",
    sealTicket(keys.session, sealSession(keys.session, "sub_", claims), clock() + RETURN_TTL),
  );
  return url.href;
}

interface Visitor {
  workspace?: WorkspaceRow;
  /** What the ticket holds, while there is something to show for it. */
  session?: string;
  refusal?: Refusal;
}

async function visitorOf(
  { keys, clock, store, log }: Deps,
  id: string | undefined,
  ticket: string | undefined,
  requestId: string,
): Promise<Visitor> {
  if (!id && !ticket) return { refusal: "missing" };
  let session: string | undefined;
  try {
    const ticketed = id ? undefined : openTicket(keys.session, ticket as string);
    // It is asked as if no time had passed: one that has expired still says whose page this is.
    const opened = openSession(keys.session, ticketed?.sessionId ?? (id as string), 0);
    const isOver = clock() >= Math.min(opened.expiresAt, ticketed?.expiresAt ?? Infinity);
    if (!isOver) session = ticketed?.sessionId;
    const workspace = opened.prefix === "dlv_" ? undefined : await store.workspace(opened.workspaceId);
    if (!workspace) return { refusal: "invalid" };
    return isOver ? { workspace, refusal: "expired" } : { workspace, session };
  } catch (error) {
    if (error instanceof Problem) return { refusal: "invalid" };
    log.error({ request_id: requestId, err: loggable(error) }, "hosted page failed");
    // Trying again may be after the ticket's time.
    return { session, refusal: "unavailable" };
  }
}

/** What is no origin of letters, digits and a port could add a rule of its own. */
const ORIGIN = /^https?:\/\/[\w.-]+(:(\d+|\*))?$/;

/**
 * A page of ours runs under the policy that we promise to work under. It may be framed by the pages that may use its
 * session. Without a workspace it holds nothing but a message: in whatever frame, that is better than an empty one.
 */
function policy(workspace: WorkspaceRow | undefined): string {
  const ancestors = workspace
    ? ["'self'", ...workspace.settings.allowedOrigins.filter((origin) => ORIGIN.test(origin))]
    : ["*"];
  return [
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${ancestors.join(" ")}`,
    "require-trusted-types-for 'script'",
    "trusted-types lit-html",
  ].join("; ");
}

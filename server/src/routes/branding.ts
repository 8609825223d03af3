/**
 * What a business gives the hosted pages: a style sheet with its colour, and its logo. Public, because everybody who can
 * see such a page sees both; what a workspace has not is not found.
 */
import { createHash } from "node:crypto";
import type { Context, Hono } from "hono";
import type { Deps } from "../deps.ts";
import { colorsOf } from "../domain/branding.ts";
import type { Env } from "../http/route.ts";
import type { Branding } from "../store/store.ts";

/** A vector image is a document: opened by itself it runs nothing, loads nothing, and belongs to no origin. */
const LOGO_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

export function mountBranding(app: Hono<Env>, { store }: Pick<Deps, "store">): void {
  const brandingOf = async (id: string): Promise<Branding> =>
    (await store.workspace(id))?.settings.branding ?? {};

  app.get("/branding/:file{[\\w-]+\\.css}", async (context) => {
    const { color } = await brandingOf(context.req.param("file").slice(0, -".css".length));
    if (!color) return context.notFound();
    return send(context, "text/css; charset=utf-8", Buffer.from(styleOf(color)));
  });
  app.get("/branding/:workspaceId/logo", async (context) => {
    const { logo } = await brandingOf(context.req.param("workspaceId"));
    if (!logo) return context.notFound();
    context.header("Content-Security-Policy", LOGO_POLICY);
    return send(context, logo.type, Buffer.from(logo.base64, "base64"));
  });
}

function styleOf(color: string): string {
  const { light, dark } = colorsOf(color);
  return `:root {
  --renumerate-accent: light-dark(${light.accent}, ${dark.accent});
  --renumerate-accent-text: light-dark(${light.text}, ${dark.text});
}
`;
}

/** Kept by the browser, and asked for again each time: a change is seen at once. */
function send(context: Context<Env>, type: string, body: Buffer): Response {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  context.header("ETag", etag);
  context.header("Cache-Control", "no-cache");
  if (context.req.header("if-none-match") === etag) return context.body(null, 304);
  context.header("Content-Type", type);
  return context.body(new Uint8Array(body));
}

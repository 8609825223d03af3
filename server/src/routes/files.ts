/** Files that an installation serves: the embed and the demo. Read once at the start: they are few, small and fixed. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import type { Hono } from "hono";
import type { Env } from "../http/route.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".txt": "text/plain; charset=utf-8",
};

/** A page of ours runs under the policy that we promise to work under. */
const PAGE_POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/**
 * @param folder absolute path; one that does not exist serves nothing
 * @param prefix `/` or `/demo/`; `index.html` answers at the prefix itself
 */
export function serveFiles(app: Hono<Env>, folder: string, prefix: string): void {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true }).map(String);
  } catch {
    return;
  }
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (!type) continue;
    const body = readFileSync(join(folder, name));
    const small = /^(text|image\/svg)/.test(type) ? brotliCompressSync(body) : undefined;
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const address = prefix + name.replaceAll("\\", "/").replace(/^index\.html$/, "");
    app.get(address, (context) => {
      context.header("ETag", etag);
      context.header("Vary", "Accept-Encoding");
      // A name with a hash never means anything else; the others are asked for again each time.
      context.header(
        "Cache-Control",
        /-[\w-]{8,}\.js$/.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
      );
      if (type.startsWith("text/html")) context.header("Content-Security-Policy", PAGE_POLICY);
      // Pages on other origins load the embed as modules.
      else context.header("Access-Control-Allow-Origin", "*");
      context.header("Cross-Origin-Resource-Policy", "cross-origin");
      if (context.req.header("if-none-match") === etag) return context.body(null, 304);
      context.header("Content-Type", type);
      if (small && /\bbr\b/.test(context.req.header("accept-encoding") ?? "")) {
        context.header("Content-Encoding", "br");
        return context.body(new Uint8Array(small));
      }
      return context.body(new Uint8Array(body));
    });
  }
}

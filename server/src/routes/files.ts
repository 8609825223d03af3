/** Files that an installation serves: the embed and the demo. Read once at the start: they are few, small and fixed. */
import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
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

/** Names become addresses: nothing that a router or a file system could take for more than a name. */
const PLAIN_NAME = /^\w[\w.-]*$/;

/** With a hash in it: such a name never means anything else. */
export const HASHED_NAME = /-[\w-]{8,}\.js$/;

export interface StaticFile {
  /** Relative to its folder, with `/`. */
  name: string;
  type: string;
  body: Buffer;
}

/**
 * The files of a folder and of those in it: regular ones, of kinds that we know, with plain names.
 * @param folder absolute path; one that does not exist holds nothing
 * @param prefix what their names begin with
 */
export function readFiles(folder: string, prefix = ""): StaticFile[] {
  let entries: Dirent[];
  try {
    // Not `recursive`: that goes where symbolic links lead to.
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    if (!PLAIN_NAME.test(entry.name)) return [];
    const path = join(folder, entry.name);
    const name = prefix + entry.name;
    if (entry.isDirectory()) return readFiles(path, `${name}/`);
    const type = TYPES[extname(name)];
    return entry.isFile() && type ? [{ name, type, body: readFileSync(path) }] : [];
  });
}

/**
 * @param from what to serve, or the absolute path of its folder
 * @param prefix `/` or `/demo/`; `index.html` answers at the prefix itself
 * @param forever whether nothing at these addresses will ever change; else that goes for hashed names alone
 */
export function serveFiles(
  app: Hono<Env>,
  from: string | readonly StaticFile[],
  prefix: string,
  forever = false,
): void {
  for (const { name, type, body } of typeof from === "string" ? readFiles(from) : from) {
    const isText = /^(text|image\/svg)/.test(type);
    // Worth its time only for what somebody asks for.
    let small: Buffer | undefined;
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    app.get(prefix + name.replace(/^index\.html$/, ""), (context) => {
      context.header("ETag", etag);
      context.header("Vary", "Accept-Encoding");
      // What has no hash in its name is asked for again each time.
      context.header(
        "Cache-Control",
        forever || HASHED_NAME.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
      );
      if (type.startsWith("text/html")) context.header("Content-Security-Policy", PAGE_POLICY);
      // Pages on other origins load the embed as modules.
      else context.header("Access-Control-Allow-Origin", "*");
      context.header("Cross-Origin-Resource-Policy", "cross-origin");
      if (context.req.header("if-none-match") === etag) return context.body(null, 304);
      context.header("Content-Type", type);
      if (isText && /\bbr\b/.test(context.req.header("accept-encoding") ?? "")) {
        small ??= brotliCompressSync(body);
        context.header("Content-Encoding", "br");
        return context.body(new Uint8Array(small));
      }
      return context.body(new Uint8Array(body));
    });
  }
}

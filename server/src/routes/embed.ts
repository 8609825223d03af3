/** The embed at its addresses: the present one at `/embed.js`, and every kept build at an address that never changes. */
import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { type Deps, loggable } from "../deps.ts";
import type { Env } from "../http/route.ts";
import { keepBuild, keptBuilds, readBuild } from "./builds.ts";
import { HASHED_NAME, serveFiles } from "./files.ts";

/** What `/embed.json` answers. */
export interface EmbedIndex {
  version: string;
  /** Every script of the present build, by name. */
  files: Record<string, { url: string; integrity: string }>;
}

/**
 * @param folders.built the present build, as absolute path; there may be none yet
 * @param folders.kept where builds stay for pages that have pinned them; made when it is needed
 */
export function mountEmbed(
  app: Hono<Env>,
  { clock, log, publicUrl, version }: Pick<Deps, "clock" | "log" | "publicUrl" | "version">,
  { built, kept }: { built: string; kept: string },
): void {
  const current = readBuild(built, version);
  if (current) {
    try {
      keepBuild(kept, current, clock());
    } catch (error) {
      log.warn({ err: loggable(error) }, "this build of the widgets cannot be kept for later");
    }
  }
  const earlier = keptBuilds(kept).filter(({ name }) => name !== current?.name);
  const builds = current ? [current, ...earlier] : earlier;
  for (const { name, files } of builds) serveFiles(app, files, `/embed/${name}/`, true);
  serveFiles(app, current?.files ?? [], "/");
  // A page that was opened before an upgrade still asks for the parts of its own build.
  for (const { files } of earlier)
    serveFiles(
      app,
      files.filter((file) => HASHED_NAME.test(file.name)),
      "/",
    );

  const scripts = current?.files.filter(({ name }) => name.endsWith(".js")) ?? [];
  const index: EmbedIndex = {
    version,
    files: Object.fromEntries(
      scripts.map(({ name, body }) => [
        name,
        {
          url: `${publicUrl}/embed/${current?.name}/${name}`,
          integrity: `sha384-${createHash("sha384").update(body).digest("base64")}`,
        },
      ]),
    ),
  };
  app.get("/embed.json", (context) => {
    context.header("Access-Control-Allow-Origin", "*");
    context.header("Cross-Origin-Resource-Policy", "cross-origin");
    context.header("Cache-Control", "no-cache");
    return context.json(index);
  });
}

import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const types: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
};

/** Serves a built application; what its development server would forward goes to the server of the demo. */
export async function serve(folder: string, server: string): Promise<{ url: string; close(): void }> {
  const site = createServer(async (incoming, outgoing) => {
    const { pathname } = new URL(incoming.url as string, "http://site");
    if (/^\/(v1|demo\/api)\//.test(pathname)) {
      const { method, headers } = incoming;
      const forwarded = request(new URL(incoming.url as string, server), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on("error", () => outgoing.destroy());
      incoming.pipe(forwarded);
      return;
    }
    const file = path.join(folder, pathname === "/" ? "index.html" : path.normalize(pathname));
    const body = await readFile(file).catch(() => undefined);
    outgoing.writeHead(body ? 200 : 404, { "Content-Type": types[path.extname(file)] ?? "text/plain" });
    outgoing.end(body);
  });
  await new Promise<void>((resolve) => site.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(site.address() as AddressInfo).port}`,
    close() {
      site.close();
      site.closeAllConnections();
    },
  };
}

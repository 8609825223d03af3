/** Serves the sources to a browser as the development server does, but never writes, bundles or reloads anything. */
import { createServer } from "vite";

export interface DevSite {
  /** Ends with a slash. */
  readonly url: string;
  close(): Promise<void>;
}

export async function serveSources(): Promise<DevSite> {
  const server = await createServer({
    root: `${import.meta.dirname}/..`,
    configFile: false,
    logLevel: "warn",
    appType: "mpa",
    // Lit needs no bundling, and comes as it ships: without the checks of its development build.
    optimizeDeps: { noDiscovery: true },
    resolve: { conditions: ["production", "module", "browser"] },
    server: { host: "localhost", port: 0, hmr: false, watch: null },
  });
  await server.listen();
  return { url: server.resolvedUrls?.local[0] as string, close: () => server.close() };
}

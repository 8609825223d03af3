/** The only file that reads the environment, opens the database and listens. */
import { hkdfSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve as listen } from "@hono/node-server";
import { pino } from "pino";
import { createApp } from "./app.ts";
import { createSimulator, type Simulator } from "./billing/simulator.ts";
import { seedDemo } from "./billing/simulator-seed.ts";
import { simulatorStorage } from "./billing/simulator-storage.ts";
import type { Deps } from "./deps.ts";
import { ensureWorkspace, randomText } from "./domain/workspaces.ts";
import { startWorker } from "./outbox/worker.ts";
import { mountDemo } from "./routes/demo.ts";
import { serveFiles } from "./routes/files.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { openStore } from "./store/database.ts";
import type { Scope, WorkspaceRow } from "./store/store.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Made once, kept beside the database, readable by its owner alone. */
function masterSecret({ RENUMERATE_SECRET, DATA_DIR }: Settings): string {
  if (RENUMERATE_SECRET) return RENUMERATE_SECRET;
  const file = join(DATA_DIR, "secret");
  try {
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(file, "utf8").trim();
}

const derive = (secret: string, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, "", `renumerate:${purpose}:v1`, 32));

export interface Installation {
  settings: Settings;
  deps: Deps;
  workspace: WorkspaceRow;
  /** Present only on the very first start. */
  created?: { publicKey: string; privateKey: string };
  simulator(scope: Scope): Simulator;
}

/** Opens everything that a command needs, and makes the first workspace if there is none. */
export async function open(environment: NodeJS.ProcessEnv = process.env): Promise<Installation> {
  const settings = parseSettings(environment);
  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 });
  const { DATABASE_URL: url, DATA_DIR } = settings;
  const { store, db } = await openStore(url ? { url } : { file: join(DATA_DIR, "renumerate.db") });
  const storage = simulatorStorage(db);
  const simulator = ({ workspaceId, environment }: Scope) =>
    createSimulator({ storage, scope: `${workspaceId}/${environment}`, clock: Date.now });
  const deps: Deps = {
    store,
    billing: simulator,
    clock: Date.now,
    newId: (prefix) => `${prefix}_${randomText(22)}`,
    keys: { session: derive(masterSecret(settings), "session") },
    limits: {
      perKey: settings.RATE_LIMIT_PER_MINUTE,
      perSession: settings.RATE_LIMIT_PER_MINUTE * 2,
      sessionTtl: settings.SESSION_TTL_MINUTES,
      billingTimeout: settings.BILLING_TIMEOUT_SECONDS * 1000,
      idle: settings.IDLE_MINUTES,
    },
    log: pino({ level: settings.LOG_LEVEL, base: null }, pino.destination({ fd: 2, sync: true })),
    publicUrl: settings.PUBLIC_URL,
    version,
  };
  const first = await ensureWorkspace(deps, {
    name: "Demo",
    settings: {
      fallbackEmail: settings.FALLBACK_EMAIL,
      allowedOrigins: settings.ALLOWED_ORIGINS,
      returnHosts: settings.RETURN_HOSTS,
      ...(settings.DEFAULT_RETURN_URL ? { defaultReturnUrl: settings.DEFAULT_RETURN_URL } : {}),
    },
    publicKey: settings.RENUMERATE_PUBLIC_KEY,
    privateKey: settings.RENUMERATE_PRIVATE_KEY,
  });
  for (const environment of ["prod", "sandbox"] as const) {
    await seedDemo(storage, `${first.workspace.id}/${environment}`, Date.now());
  }
  return { settings, deps, simulator, ...first };
}

/** Serves until it is told to stop, then finishes what is in hand. @returns where it listens, and how to stop it */
export async function serve(installation: Installation): Promise<{ url: string; stop(): Promise<void> }> {
  const { settings, deps, workspace, simulator } = installation;
  const scope: Scope = { workspaceId: workspace.id, environment: "prod" };
  const app = createApp(deps, (each) => {
    serveFiles(each, join(root, "dist/embed"), "/");
    serveFiles(each, join(root, "demo/html"), "/");
    mountDemo(each, deps, scope, simulator(scope));
  });
  if (!existsSync(join(root, "dist/embed/embed.js"))) {
    deps.log.warn({}, "dist/embed is missing: run npm run build:embed to serve the widgets");
  }
  const server = await new Promise<ReturnType<typeof listen>>((resolve, reject) => {
    const listening = listen({ fetch: app.fetch, hostname: settings.HOST, port: settings.PORT }, () =>
      resolve(listening),
    );
    listening.once("error", reject);
  });
  const worker = startWorker(deps);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : settings.PORT;
  return {
    url: settings.PORT ? settings.PUBLIC_URL : `http://${settings.HOST}:${port}`,
    async stop() {
      // What is in hand is answered; a connection that is merely kept alive is not waited for.
      const idle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearInterval(idle);
      await worker.stop();
      await deps.store.close();
    },
  };
}

/** The only file that reads the environment, opens the database and listens. */
import { hkdfSync, randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve as listen } from "@hono/node-server";
import { createApp } from "./app.ts";
import { chooseBilling } from "./billing/choose.ts";
import { createSimulator, type Simulator } from "./billing/simulator.ts";
import { seedDemo } from "./billing/simulator-seed.ts";
import { simulatorStorage } from "./billing/simulator-storage.ts";
import { noBilling, type StripeAccounts } from "./billing/stripe/accounts.ts";
import { connectStripe, warningsOf } from "./connect-stripe.ts";
import type { Deps } from "./deps.ts";
import { ensureWorkspace, hashKey, randomText } from "./domain/workspaces.ts";
import { demoPlans, firstWorkspace, followPort } from "./first-workspace.ts";
import { connectionLimits, protect } from "./http/limits.ts";
import { createLog } from "./log.ts";
import { createMailer } from "./outbox/mailer.ts";
import { names } from "./outbox/names.ts";
import { startWorker } from "./outbox/worker.ts";
import { mountDemo } from "./routes/demo.ts";
import { mountEmbed } from "./routes/embed.ts";
import { serveFiles } from "./routes/files.ts";
import { mountSimulator } from "./routes/simulator.ts";
import { type LinkDeps, simulatorPages } from "./routes/simulator-links.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { openStore } from "./store/database.ts";
import type { Scope, WorkspaceRow } from "./store/store.ts";
import type { Tls } from "./tls.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const SHORTEST_SECRET = 32;

/** As long as senders usually wait, ms. */
const WEBHOOK_TIMEOUT = 15_000;

/** Part of that, ms: the rest is for the connection. */
const NAME_TIMEOUT = 5_000;

/** Made once, kept beside the database, readable by its owner alone. */
function masterSecret({ RENUMERATE_SECRET, DATA_DIR }: Settings): string {
  if (RENUMERATE_SECRET) return RENUMERATE_SECRET;
  const file = join(DATA_DIR, "secret");
  if (!existsSync(file)) {
    // Whole or not at all: written aside, then given its name, which only one of several starts can do.
    const draft = `${file}.${randomBytes(6).toString("hex")}`;
    writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600, flush: true });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft);
    }
  }
  const secret = readFileSync(file, "utf8").trim();
  if (secret.length < SHORTEST_SECRET) {
    throw new Error(
      `${file} is damaged: it must hold at least ${SHORTEST_SECRET} characters. Restore or delete it.`,
    );
  }
  return secret;
}

const derive = (secret: string, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", secret, "", `renumerate:${purpose}:v1`, 32));

export interface Installation {
  settings: Settings;
  tls: Tls | undefined;
  deps: Deps;
  workspace: WorkspaceRow;
  /** Present only on the very first start. */
  created?: { publicKey: string; privateKey: string };
  simulator(scope: Scope): Simulator;
  /** Of the simulator's own pages. */
  links: LinkDeps;
  /** Absent where the simulator is billing. */
  stripe?: StripeAccounts;
}

/** Whether billing is simulated there. A sandbox is, until it has a key of its own. */
const isSimulated = (scope: Scope, stripe: StripeAccounts | undefined): boolean =>
  !stripe || (scope.environment === "sandbox" && !stripe.account(scope));

/** Opens everything that a command needs, and makes the first workspace if there is none. */
export async function open(
  environment: NodeJS.ProcessEnv = process.env,
  tls?: Tls | undefined,
): Promise<Installation> {
  const settings = parseSettings(environment, !!tls);
  // The database holds what customers wrote: nobody but the owner reads what we make.
  process.umask(0o077);
  try {
    mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`DATA_DIR cannot be used: ${(error as Error).message}`);
  }
  // First of all, so that a faulty file of keys leaves no database open. It asks for the rest when there is some.
  const stripe = connectStripe(settings, {
    store: { workspace: (id) => store.workspace(id) },
    clock: Date.now,
    first: () => first.workspace.id,
    warn: (fields, message) => deps.log.warn(fields, message),
  });
  const { DATABASE_URL: url, DATABASE_POOL: connections, DATA_DIR } = settings;
  const { store, db, memory } = await openStore(
    url ? { url, connections } : { file: join(DATA_DIR, "renumerate.db") },
  ).catch((error) => {
    throw new Error(`${url ? "DATABASE_URL" : "DATA_DIR"}: the database cannot be opened: ${error.message}`);
  });
  const secret = masterSecret(settings);
  const storage = simulatorStorage(db, memory);
  const links: LinkDeps = {
    key: derive(secret, "simulator"),
    clock: Date.now,
    base: () => deps.publicUrl,
  };
  const simulators = new Map<string, Simulator>();
  const simulator = (of: Scope): Simulator => {
    const scope = `${of.workspaceId}/${of.environment}`;
    const found = simulators.get(scope);
    if (found) return found;
    const { workspaceId, environment } = of;
    const pages = simulatorPages(links, { workspaceId, environment });
    const made = createSimulator({ storage, scope, clock: Date.now, pages });
    simulators.set(scope, made);
    return made;
  };
  const connected = (scope: Scope) => {
    if (isSimulated(scope, stripe?.accounts)) return simulator(scope);
    return stripe?.accounts.billing(scope) ?? noBilling(scope.environment);
  };
  const limit = settings.BILLING_TIMEOUT_SECONDS * 1000;
  const { SMTP_URL: smtp, MAIL_FROM: from, HEALTH_TOKEN: healthToken } = settings;
  const deps: Deps = {
    store,
    billing: chooseBilling({ store, clock: Date.now, limit }, connected),
    ...(stripe ? { webhooks: stripe.webhooks } : {}),
    clock: Date.now,
    newId: (prefix) => `${prefix}_${randomText(22)}`,
    keys: {
      session: derive(secret, "session"),
      signing: derive(secret, "signing"),
      result: derive(secret, "result"),
      webhook: derive(secret, "webhook"),
    },
    limits: {
      perKey: settings.RATE_LIMIT_PER_MINUTE,
      perSession: settings.RATE_LIMIT_PER_MINUTE * 2,
      perAddress: settings.RATE_LIMIT_PER_MINUTE * 2,
      linkTtl: settings.CANCEL_LINK_TTL_SECONDS,
      sessionTtl: settings.SESSION_TTL_MINUTES,
      idle: settings.IDLE_MINUTES,
      webhook: WEBHOOK_TIMEOUT,
    },
    outgoing: { allowPrivate: settings.ALLOW_PRIVATE_WEBHOOKS, resolve: names({ limit: NAME_TIMEOUT }) },
    cancelAtBilling: settings.FLOWS_CANCEL,
    ...(settings.RETAIN_MONTHS ? { retainMonths: settings.RETAIN_MONTHS } : {}),
    ...(smtp && from ? { mailer: createMailer({ url: smtp, from }) } : {}),
    ...(healthToken ? { healthToken } : {}),
    log: createLog(settings.LOG_LEVEL),
    publicUrl: settings.PUBLIC_URL,
    version,
  };
  const first = await ensureWorkspace(deps, firstWorkspace(settings, !stripe));
  for (const environment of ["prod", "sandbox"] as const) {
    const scope = { workspaceId: first.workspace.id, environment };
    if (isSimulated(scope, stripe?.accounts))
      await seedDemo(storage, `${scope.workspaceId}/${environment}`, Date.now());
  }
  for (const words of await warningsOf(settings, stripe, { store, first: first.workspace, demoPlans }))
    deps.log.warn({}, words);
  if (!deps.mailer && (await store.workspaces()).some(({ settings: { reports } }) => reports)) {
    deps.log.warn({}, "SMTP_URL is not set: the reports that are to be sent by mail are not sent");
  }
  const given = settings.RENUMERATE_PRIVATE_KEY;
  if (given && !(await store.keyByHash(hashKey(given)))) {
    deps.log.warn(
      {},
      "RENUMERATE_PRIVATE_KEY is no key of this installation: it is only taken by the first start",
    );
  }
  if (url && !settings.RENUMERATE_SECRET) {
    deps.log.warn(
      {},
      "RENUMERATE_SECRET is not set: servers on other machines would not accept this one's sessions",
    );
  }
  return {
    settings,
    tls,
    deps,
    simulator,
    links,
    ...first,
    ...(stripe ? { stripe: stripe.accounts } : {}),
  };
}

const LONGEST_STOP = 10_000;

/** Whether it can be reached from nowhere else, as far as its settings say. */
const isOfThisMachine = ({ HOST, PUBLIC_URL }: Settings): boolean =>
  [HOST, new URL(PUBLIC_URL).hostname].every((host) => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host));

/**
 * Serves until it is told to stop, then finishes what is in hand.
 * @param built folder of the widgets as they were built
 * @returns where it listens, and how to stop it
 */
export async function serve(
  installation: Installation,
  built = join(root, "dist/embed"),
): Promise<{ url: string; stop(): Promise<void> }> {
  const { settings, tls, deps, workspace, simulator, links, stripe } = installation;
  const scope: Scope = { workspaceId: workspace.id, environment: "prod" };
  // Whoever reaches the demo's pages can make sessions and read the ledger: not beside a real business, nor for the world.
  const isDemo = !stripe && (settings.DEMO ?? (isOfThisMachine(settings) ? "on" : "off")) === "on";
  if (!stripe && settings.DEMO === undefined && !isDemo) {
    deps.log.warn(
      {},
      "The demo's pages are not served, because others can reach this server: DEMO=on serves them",
    );
  }
  const app = createApp(deps, (each) => {
    mountEmbed(each, deps, { built, kept: join(settings.DATA_DIR, "embed") });
    if (isDemo) {
      serveFiles(each, join(root, "demo/html"), "/");
      mountDemo(each, deps, scope, simulator(scope));
    }
    const sandbox: Scope = { workspaceId: workspace.id, environment: "sandbox" };
    if (isSimulated(sandbox, stripe)) mountSimulator(each, { links, simulator, log: deps.log });
  });
  if (!existsSync(join(built, "embed.js"))) {
    deps.log.warn({}, "dist/embed is missing: run npm run build:embed to serve the widgets");
  }
  const server = await new Promise<ReturnType<typeof listen>>((resolve, reject) => {
    const where = { fetch: app.fetch, hostname: settings.HOST, port: settings.PORT };
    // Who connects and says nothing must not hold up the end for longer than others may.
    const secure = {
      createServer: createSecureServer,
      serverOptions: { ...connectionLimits, ...tls, handshakeTimeout: LONGEST_STOP },
    };
    const plain = { serverOptions: connectionLimits };
    const listening = listen({ ...where, ...(tls ? secure : plain) }, () => resolve(listening));
    protect(listening as Server);
    listening.once("error", reject);
  });
  const worker = startWorker(deps);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : settings.PORT;
  const url = settings.PORT ? settings.PUBLIC_URL : `${tls ? "https" : "http"}://${settings.HOST}:${port}`;
  // Addresses are handed out with it, and which port was free is known only now.
  if (new URL(deps.publicUrl).port === "0") deps.publicUrl = url;
  if (!stripe) await followPort(deps, settings, workspace.id);
  return {
    url,
    async stop() {
      // What is in hand is answered; a connection that is merely kept alive is not waited for.
      const idle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
      // Nor is a request that only trickles in.
      const late = setTimeout(
        () => "closeAllConnections" in server && server.closeAllConnections(),
        LONGEST_STOP,
      );
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearInterval(idle);
      clearTimeout(late);
      await worker.stop();
      deps.mailer?.close();
      await deps.store.close();
    },
  };
}

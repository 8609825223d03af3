/** Whether the parts of this installation work: what monitoring asks for. */
import { type Deps, loggable } from "../deps.ts";
import type { KeyRow, Scope } from "../store/store.ts";
import type { WebhookEndpointRow } from "../store/webhooks.ts";
import { isoOf } from "./dates.ts";
import { Problem } from "./problem.ts";
import { isNeglected } from "./timetable.ts";

export interface Checks {
  database: { status: "ok" | "down"; latency_ms?: number };
  stripe?: {
    status: "ok" | "unconfigured" | "degraded";
    webhook_secret: boolean;
    api_key: boolean;
    last_event_at: string | null;
    unprocessed: number;
  };
  notifications?: {
    status: "ok" | "unconfigured" | "degraded";
    transport: "smtp" | "none";
    last_sent_at: string | null;
    failed_24h: number;
  };
  webhooks?: {
    status: "ok" | "degraded";
    pending: number;
    failing: number;
    oldest_pending_seconds: number;
    disabled_endpoints: number;
  };
}

/** Longer than a database that works ever takes, shorter than monitoring waits. ms */
const PATIENCE = 3_000;
const DAY = 86_400_000;
/** What is due for longer than this, ms, nobody is working on. */
const LATE = 300_000;
/** A job may fail once or twice: billing is away for half a minute now and then. */
const TRIES = 3;

/** Whether the database answers. */
export async function basicHealth(deps: Deps): Promise<Checks> {
  return (await answered(deps, () => databaseOf(deps))) ?? down;
}

/**
 * All parts, as far as this credential reaches: a key to its workspace, a key of the sandbox to the sandbox.
 * @param identify finds the key; absent is whoever runs the installation
 * @throws Problem those of `identify`
 */
export async function deepHealth(deps: Deps, identify: () => Promise<KeyRow | undefined>): Promise<Checks> {
  const all = async (): Promise<Checks> => {
    const key = await identify();
    const { database } = await databaseOf(deps);
    const [stripe, notifications, webhooks] = await Promise.all([
      stripeOf(deps, key),
      notificationsOf(deps, key),
      webhooksOf(deps, key),
    ]);
    return { database, stripe, notifications, webhooks };
  };
  return (await answered(deps, all)) ?? down;
}

const down: Checks = { database: { status: "down" } };

/** What is not configured is no fault. */
export function statusOf(checks: Checks): "ok" | "degraded" | "down" {
  if (checks.database.status === "down") return "down";
  return Object.values(checks).some(({ status }) => status === "degraded") ? "degraded" : "ok";
}

/** Undefined if the database fails or takes too long. @throws Problem */
async function answered<Result>(deps: Deps, work: () => Promise<Result>): Promise<Result | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (error instanceof Problem) throw error;
    deps.log.error({ err: loggable(error) }, "the database does not answer");
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function databaseOf({ store, clock }: Deps): Promise<Required<Pick<Checks, "database">>> {
  const asked = clock();
  await store.ping();
  return { database: { status: "ok", latency_ms: Math.max(0, clock() - asked) } };
}

type Reached = KeyRow | undefined;

const isReached = (key: Reached, { workspaceId, environment }: Scope): boolean =>
  !key ||
  (key.workspaceId === workspaceId && (key.environment === "prod" || key.environment === environment));

const latest = (times: readonly (number | undefined)[]): string | null => {
  const last = Math.max(...times.filter((each) => each !== undefined));
  return Number.isFinite(last) ? isoOf(last) : null;
};

async function stripeOf(deps: Deps, key: Reached): Promise<Required<Checks>["stripe"]> {
  // An account is listed once there is a key for it.
  const accounts = (deps.webhooks?.() ?? []).filter(({ scope }) => isReached(key, scope));
  const jobs = await jobsOf(deps, ["billing_event"]);
  const heard = await Promise.all(accounts.map(({ scope }) => deps.store.lastBillingEventAt(scope)));
  const connected = accounts.length > 0;
  const secrets = connected && accounts.every(({ hear }) => hear);
  const works = secrets && !jobs.stuck;
  return {
    status: !connected ? "unconfigured" : works ? "ok" : "degraded",
    webhook_secret: secrets,
    api_key: connected,
    last_event_at: latest(heard),
    unprocessed: jobs.open,
  };
}

async function notificationsOf(deps: Deps, key: Reached): Promise<Required<Checks>["notifications"]> {
  const { store, mailer, clock } = deps;
  const ids = key ? [key.workspaceId] : (await store.workspaces()).map(({ id }) => id);
  const all = await Promise.all(ids.map((id) => store.mailHealth(id, clock() - DAY)));
  const failed = all.reduce((sum, each) => sum + each.failed, 0);
  return {
    status: !mailer ? "unconfigured" : failed ? "degraded" : "ok",
    transport: mailer ? "smtp" : "none",
    last_sent_at: latest(all.map(({ lastSentAt }) => lastSentAt)),
    failed_24h: failed,
  };
}

/** All that is carried out after a request: the queue of jobs, what recurs, and what is on its way to endpoints. */
async function webhooksOf(deps: Deps, key: Reached): Promise<Required<Checks>["webhooks"]> {
  const { store, clock } = deps;
  const [jobs, sent, schedules] = await Promise.all([
    jobsOf(deps),
    store.deliveryHealth(clock()),
    store.schedules(),
  ]);
  const neglected = schedules.some((schedule) => isNeglected(schedule, clock()));
  const age = Math.max(jobs.age, ageOf(sent.oldestDueAt, clock()));
  // Endpoints that take nothing are the fault of whoever runs them, not of this installation.
  const { failing, disabled } = key ? await troubleOf(deps, key) : sent;
  return {
    status: jobs.failing || age > LATE || neglected ? "degraded" : "ok",
    pending: jobs.open + sent.open,
    failing: jobs.failing + failing,
    oldest_pending_seconds: Math.floor(age / 1000),
    disabled_endpoints: disabled,
  };
}

async function troubleOf({ store }: Deps, key: KeyRow): Promise<{ failing: number; disabled: number }> {
  const { workspaceId } = key;
  const endpoints = (await store.webhookEndpoints({ workspaceId })).filter((each) => isReached(key, each));
  const isGivenUp = ({ disabledReason: reason }: WebhookEndpointRow) => reason && reason !== "manual";
  const isFailing = ({ status, failingSince }: WebhookEndpointRow) =>
    status === "enabled" && failingSince !== undefined;
  return { failing: endpoints.filter(isFailing).length, disabled: endpoints.filter(isGivenUp).length };
}

/** What is due later is not waited for yet. */
const ageOf = (dueAt: number | undefined, now: number): number =>
  dueAt === undefined ? 0 : Math.max(0, now - dueAt);

/** Of all workspaces: they share one queue. */
async function jobsOf({ store, clock }: Deps, topics?: readonly string[]) {
  const { open, failing, oldestDueAt } = await store.jobHealth({
    tries: TRIES,
    ...(topics ? { topics } : {}),
  });
  const age = ageOf(oldestDueAt, clock());
  return { open, failing, age, stuck: failing > 0 || age > LATE };
}

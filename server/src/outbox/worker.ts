/**
 * Carries out what was written down: jobs of the outbox, messages to the business's own endpoints, and recurring schedules.
 * Any number of processes share them by leases; one that dies only delays its share.
 */
import { type Deps, loggable } from "../deps.ts";
import { foldFigures } from "../domain/analytics.ts";
import { forgetBillingEvents, processBillingEvent } from "../domain/billing-events.ts";
import { hearSimulated } from "../domain/billing-news.ts";
import { settleChange } from "../domain/change-settlement.ts";
import { detectIssues } from "../domain/issues.ts";
import { sweepIdle } from "../domain/ledger.ts";
import { deliverMail } from "../domain/mails.ts";
import { purgeCustomers } from "../domain/purge.ts";
import { giveUpSilent } from "../domain/recovery.ts";
import { remind } from "../domain/reminders.ts";
import { makeReports } from "../domain/reports.ts";
import { settlePending } from "../domain/settlement.ts";
import { isTooFar, nextRun, type ScheduleName, scheduleNames } from "../domain/timetable.ts";
import type { JobRow, Scope } from "../store/store.ts";
import { forgetEndpoints, forgetOld } from "./forget.ts";
import { couriers } from "./webhooks.ts";

const LEASE = 60_000;
const BATCH = 20;

/** Handlers by topic. One that throws is tried again later. */
type Topics = Readonly<Record<string, (deps: Deps, job: JobRow) => Promise<void>>>;

const billing: Topics = {
  /** A billing action whose request did not live to see its answer. */
  async settle(deps, job) {
    const { sessionId } = job.payload as { sessionId: string };
    const session = await deps.store.session(sessionId);
    if (!session) return;
    await settlePending(deps, session);
    const pending = (await deps.store.actions(sessionId)).some((action) => action.status === "pending");
    if (pending) throw new Error("billing has not answered yet");
  },
  /** The same of a change in a hub. */
  async change(deps, job) {
    const { changeId } = job.payload as { changeId: string };
    const row = await deps.store.change(changeId);
    if (row && (await settleChange(deps, row)).status === "pending")
      throw new Error("billing has not answered yet");
  },
  /** What billing has told. */
  async billing_event(deps, job) {
    const { id, ...scope } = job.payload as unknown as Scope & { id: string };
    await processBillingEvent(deps, scope, id);
  },
};

/** Side by side: a mail server that is slow must not keep a customer's decision from being carried out. */
const lanes: readonly Topics[] = [billing, { mail: deliverMail, reminder: remind }];

type Schedules = Readonly<Partial<Record<ScheduleName, (deps: Deps) => Promise<unknown>>>>;

const prompt = {
  sweep: sweepIdle,
  nonces: (deps) => deps.store.forgetNonces(deps.clock()),
  recoveries: giveUpSilent,
  figures: foldFigures,
  simulated: hearSimulated,
} satisfies Schedules;

/** May go through a lot: what is to happen every few seconds must not wait for it. */
const thorough = {
  issues: detectIssues,
  reports: makeReports,
  endpoints: forgetEndpoints,
  billing_events: forgetBillingEvents,
  forget: forgetOld,
  purge: purgeCustomers,
} satisfies Schedules;

/** Side by side; each schedule is in one of them. */
const rounds: readonly Schedules[] = [prompt, thorough] satisfies [
  Schedules,
  Record<Exclude<ScheduleName, keyof typeof prompt>, unknown>,
];

/** 5 s, 10 s, 20 s, … up to an hour. */
const backoff = (attempts: number): number => Math.min(3_600_000, 5_000 * 2 ** attempts);

/** Does everything that is due once, and what comes of it. @returns how many jobs and messages were claimed */
export async function tick(deps: Deps): Promise<number> {
  for (const round of rounds) await runSchedules(deps, round);
  const done = await Promise.all(lanes.map((lane) => doJobs(deps, lane)));
  const { dispatch, idle } = couriers(deps);
  await dispatch();
  return done.reduce((sum, count) => sum + count, await idle());
}

async function runSchedules(deps: Deps, round: Schedules): Promise<void> {
  const known = new Map((await deps.store.schedules()).map(({ name, nextAt }) => [name, nextAt]));
  for (const name of scheduleNames) {
    const work = round[name];
    if (!work) continue;
    const now = deps.clock();
    const nextAt = known.get(name);
    // A clock that ran ahead once must not stop it until then.
    if (nextAt === undefined || isTooFar(name, nextAt, now))
      await deps.store.ensureSchedule(name, nextRun(name, now));
    else if (nextAt <= now && (await deps.store.claimSchedule(name, now, LEASE)))
      await runSchedule(deps, name, work);
  }
}

async function runSchedule(
  deps: Deps,
  name: ScheduleName,
  work: (deps: Deps) => Promise<unknown>,
): Promise<void> {
  try {
    await work(deps);
  } catch (error) {
    // The jobs must not wait for it; it comes up again when its lease runs out.
    deps.log.warn({ schedule: name, err: loggable(error) }, "schedule will be retried");
    return;
  }
  await deps.store.finishSchedule(name, nextRun(name, deps.clock()));
}

async function doJobs(deps: Deps, topics: Topics): Promise<number> {
  const now = deps.clock();
  const jobs = await deps.store.claimJobs(now, LEASE, BATCH, Object.keys(topics));
  for (const job of jobs) {
    // Its lease must last for it: what is left is claimed again once that has run out.
    if (deps.clock() - now > LEASE / 2) break;
    try {
      await topics[job.topic]?.(deps, job);
      await deps.store.finishJob(job.id);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      deps.log.warn(
        { job: job.id, topic: job.topic, attempts: job.attempts, reason: message },
        "job will be retried",
      );
      await deps.store.retryJob(job.id, deps.clock() + backoff(job.attempts), message);
    }
  }
  return jobs.length;
}

/**
 * Works until stopped; nothing of one kind waits for anything of another. `stop()` waits for what is in hand, so that a
 * shutdown leaves nothing half done: of messages that is as long as one of them may take.
 */
export function startWorker(deps: Deps, every = 1_000): { stop(): Promise<void> } {
  let stopped = false;
  const { dispatch, idle } = couriers(deps, { isStopped: () => stopped });
  const kinds = [
    ...rounds.map((round) => () => runSchedules(deps, round)),
    ...lanes.map((lane) => () => doJobs(deps, lane)),
    dispatch,
  ];
  const loops = kinds.map((work) => startLoop(deps, work, every));
  return {
    async stop() {
      stopped = true;
      await Promise.all(loops.map((loop) => loop.stop()));
      await idle();
    },
  };
}

function startLoop(
  deps: Pick<Deps, "log">,
  work: () => Promise<unknown>,
  every: number,
): { stop(): Promise<void> } {
  let stopped = false;
  let current: Promise<unknown> = Promise.resolve();
  const turn = () => {
    if (stopped) return;
    current = work()
      .catch((error) => deps.log.error({ err: loggable(error) }, "worker tick failed"))
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, every);
      });
  };
  let timer = setTimeout(turn, 0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}

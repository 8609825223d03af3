/**
 * Carries out what was written down: jobs of the outbox and recurring schedules. Any number of processes share them by
 * leases; one that dies only delays its share.
 */
import { Cron } from "croner";
import { type Deps, loggable } from "../deps.ts";
import { forgetBillingEvents, processBillingEvent } from "../domain/billing-events.ts";
import { settleChange } from "../domain/change-settlement.ts";
import { detectIssues } from "../domain/issues.ts";
import { sweepIdle } from "../domain/ledger.ts";
import { deliverMail } from "../domain/mails.ts";
import { giveUpSilent } from "../domain/recovery.ts";
import { makeReports } from "../domain/reports.ts";
import { settlePending } from "../domain/settlement.ts";
import type { JobRow, Scope } from "../store/store.ts";

const LEASE = 60_000;
const BATCH = 20;

/** By topic. A handler that throws is tried again later. */
const topics: Readonly<Record<string, (deps: Deps, job: JobRow) => Promise<void>>> = {
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
  mail: deliverMail,
};

const schedules: Readonly<Record<string, { cron: string; run: (deps: Deps) => Promise<unknown> }>> = {
  sweep: { cron: "* * * * *", run: sweepIdle },
  nonces: { cron: "* * * * *", run: (deps) => deps.store.forgetNonces(deps.clock()) },
  recoveries: { cron: "17 * * * *", run: giveUpSilent },
  billing_events: { cron: "47 3 * * *", run: forgetBillingEvents },
  /** Of the ISO week that has just ended. */
  issues: { cron: "0 0 * * 1", run: detectIssues },
  /** When it is Monday, or the first of the month, differs from workspace to workspace. */
  reports: { cron: "*/5 * * * *", run: makeReports },
};

const nextRun = (cron: string, now: number): number =>
  new Cron(cron, { timezone: "UTC" }).nextRun(new Date(now))?.getTime() ?? now + LEASE;

/** 5 s, 10 s, 20 s, … up to an hour. */
const backoff = (attempts: number): number => Math.min(3_600_000, 5_000 * 2 ** attempts);

/** Does everything that is due once. @returns how many jobs were claimed */
export async function tick(deps: Deps): Promise<number> {
  const now = deps.clock();
  for (const [name, { cron, run }] of Object.entries(schedules)) {
    await deps.store.ensureSchedule(name, nextRun(cron, now));
    if (!(await deps.store.claimSchedule(name, now, LEASE))) continue;
    try {
      await run(deps);
    } catch (error) {
      // The jobs must not wait for it; it comes up again when its lease runs out.
      deps.log.warn({ schedule: name, err: loggable(error) }, "schedule will be retried");
      continue;
    }
    await deps.store.finishSchedule(name, nextRun(cron, deps.clock()));
  }
  const jobs = await deps.store.claimJobs(now, LEASE, BATCH);
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

/** Ticks until stopped. `stop()` waits for the tick in hand, so that a shutdown leaves nothing half done. */
export function startWorker(deps: Deps, every = 1_000): { stop(): Promise<void> } {
  let stopped = false;
  let current: Promise<unknown> = Promise.resolve();
  const turn = () => {
    if (stopped) return;
    current = tick(deps)
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

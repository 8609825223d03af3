/** What a process has started is taken down with it, however it leaves. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

const children = new Set<ChildProcess>();
const works = new Set<() => Promise<unknown>>();

/** Of what is done before leaving, ms: whoever has interrupted waits. */
const LIMIT = 5_000;

/** Until whoever else has heard of it has closed what is theirs, such as Playwright its browsers, ms. */
const OTHERS = 1_500;

const kill = () => {
  for (const child of children) child.kill("SIGKILL");
};

/** It ends with this process at the latest, before folders are removed that it writes into. */
export function endsWithUs(child: ChildProcess): void {
  if (!process.listeners("exit").includes(kill)) process.prependListener("exit", kill);
  children.add(child);
  child.once("exit", () => children.delete(child));
}

/**
 * What takes longer than `exit` allows.
 * @returns what to call once it has been done, or need not be done any more
 */
export function beforeLeaving(work: () => Promise<unknown>): () => void {
  works.add(work);
  return () => void works.delete(work);
}

async function leave(signal: NodeJS.Signals): Promise<void> {
  // What fails meanwhile, such as a word to a runner that has gone already, must not end it before it is done.
  if (!process.hasUncaughtExceptionCaptureCallback()) process.setUncaughtExceptionCaptureCallback(() => {});
  const gone = [...children].map((child) => once(child, "exit"));
  kill();
  const others = process.listenerCount(signal) > 1 ? [delay(OTHERS)] : [];
  const done = [...gone, ...others, ...[...works].map((work) => work())];
  await Promise.race([Promise.allSettled(done), delay(LIMIT)]);
  process.exit(130);
}

/** For a process that has no other way of its own to be interrupted: tests, which would else die on the spot. */
export function leaveTidily(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    if (!process.listeners(signal).includes(leave)) process.on(signal, leave);
}

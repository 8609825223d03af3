/** What a process has started is taken down with it, however it leaves. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

const children = new Set<ChildProcess>();
const works = new Set<() => Promise<unknown>>();

/** Of what is done before leaving, ms: whoever has interrupted waits. */
const LIMIT = 5_000;

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

async function leave(): Promise<void> {
  const gone = [...children].map((child) => once(child, "exit"));
  kill();
  await Promise.race([Promise.allSettled([...gone, ...[...works].map((work) => work())]), delay(LIMIT)]);
  process.exit(130);
}

/** For a process that has no other way of its own to be interrupted: tests, which would else die on the spot. */
export function leaveTidily(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    if (!process.listeners(signal).includes(leave)) process.on(signal, leave);
}

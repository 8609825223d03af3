/**
 * A fixed piece of work that is done in the page that is measured, right after the visit: what a task takes on a machine
 * that others use, too, says little; what it takes beside this says the same on every machine.
 */
import type { Page } from "playwright-core";
import type { Phases, Recording } from "./tasks.ts";

/**
 * Milliseconds that it takes at a quarter of the speed of the machine that limits were written on, a server of 2024. The
 * longest task that a customer does not notice (50 ms) is so many yardsticks, on whatever machine.
 */
const AT_QUARTER_SPEED = 12;

/** Milliseconds, as browsers themselves call a task long. */
export const LONG = 50;

/** The same without a unit of time: the limit on every machine. */
export const LONG_IN_YARDSTICKS = LONG / AT_QUARTER_SPEED;

/**
 * What CI holds journeys to: the longest task was 3.0 and 2.7 yardsticks when nothing else ran, and a busy machine adds
 * some. Whatever makes the longest a quarter longer is noticed.
 */
export const HELD_IN_YARDSTICKS = 3.6;

/** Makes, sorts, writes and reads a list, so that memory has a part in it, as it has in drawing. */
function work(): void {
  const rows = Array.from({ length: 6000 }, (_, at) => ({ at, name: `row ${(at * 7919) % 6000}` }));
  rows.sort((one, other) => (one.name < other.name ? -1 : 1));
  JSON.parse(JSON.stringify(rows));
}

const NAME = "the yardstick ";
const WARM_UP = 3;
const TIMES = 7;

/** At the end of a visit that is recorded. */
export async function doYardstick(page: Page, { phase }: Recording): Promise<void> {
  for (let time = -WARM_UP; time < TIMES; time++) {
    await phase(NAME + time);
    await page.evaluate(work);
  }
}

/** @returns milliseconds of the yardstick, and the phases without it */
export function takeYardstick(recorded: Phases): { yardstick: number; phases: Phases } {
  const phases = new Map(recorded);
  const times: number[] = [];
  for (const [name, { cpu }] of recorded) {
    if (!name.startsWith(NAME)) continue;
    phases.delete(name);
    if (Number(name.slice(NAME.length)) >= 0) times.push(cpu);
  }
  const yardstick = times.sort((one, other) => one - other)[TIMES >> 1];
  if (!yardstick) throw new Error("nothing was measured to compare with");
  return { yardstick, phases };
}

/** What every reader of Stripe's objects needs. */
import type { StripeSettings } from "./model.ts";

/** Whether it can be the id of anything: what comes from outside becomes a part of an address. */
export const isId = (id: string): boolean => /^[\w.@-]*\w[\w.@-]*$/.test(id) && id.length <= 255;

/** As it can be sent and stored: whoever cuts a text may cut a character in two, and a half is no text anywhere else. */
export const wellFormed = <Of extends object>(of: Of): Of =>
  Object.fromEntries(
    Object.entries(of).map(([key, value]) => {
      if (typeof value === "string") return [key, value.toWellFormed()];
      return [key, typeof value === "object" && value !== null ? wellFormed(value) : value];
    }),
  ) as Of;

/** Of what may or may not be expanded. */
export const idOf = (of: string | { id: string }): string => (typeof of === "string" ? of : of.id);

/** What may or may not be expanded, if it is. */
export const expanded = <T extends object>(of: string | T | null | undefined): T | undefined =>
  typeof of === "object" && of !== null ? of : undefined;

export const milliseconds = (seconds: number): number => seconds * 1000;

/** In another time than ours, on a clock or on none: nothing that is said of it would be true. */
export function isElsewhere(
  { test_clock: clock }: { test_clock?: string | { id: string } | null },
  { testClock }: StripeSettings,
): boolean {
  return (clock ? idOf(clock) : undefined) !== testClock;
}

/** Flow definitions for tests. */
import { defaultFlow } from "../../src/domain/default-flow.ts";

export const confirm = { type: "confirm", id: "confirm", effective: "period_end" } as const;

/** The offers at once, then the last question. */
export const offering = (...offers: object[]) => ({
  name: "Offers",
  steps: [{ type: "offer", id: "offer", offers }, confirm],
});

/** One reason for each list of offers. */
export const asking = (reasons: Record<string, object[]>) => ({
  name: "Reasons",
  steps: [
    {
      type: "survey",
      id: "why",
      reasons: Object.entries(reasons).map(([id, offers]) => ({ id, label: id, offers })),
    },
    confirm,
  ],
});

export const half = { type: "discount", id: "half", percentOff: 50, duration: "once" };
export const pause = { type: "pause", id: "pause", months: [1, 3], untilDate: { maxMonths: 6 } };

export { defaultFlow };

/** What a row stands for in the figures, and what it takes to get from one state of it to the next. */
import type { Figure } from "./figures.ts";
import type { LedgerRow, RecoveryRow, Scope } from "./store.ts";

/** So many more, or fewer, of one measure at one instant. */
export interface Point extends Scope, Figure {
  at: number;
}

type VisitFields = Pick<
  LedgerRow,
  keyof Scope | "startedAt" | "outcome" | "undoneAt" | "savedMrr" | "lostMrr" | "currency"
>;

/** What billing has ended by itself has not begun here, and stands for nothing. */
export function pointsOfVisit(row: VisitFields): Point[] {
  const { workspaceId, environment, startedAt: at, currency, savedMrr = 0, lostMrr = 0 } = row;
  if (at === undefined) return [];
  const of = { workspaceId, environment, currency, at, count: 1 };
  const end = row.undoneAt === undefined ? (row.outcome ?? "open") : "retained";
  const amount = end === "retained" ? savedMrr : end === "cancelled" ? lostMrr : 0;
  const visit: Point = { ...of, measure: `visits.${end}`, amount };
  return end === "retained" && lostMrr > 0
    ? [visit, { ...of, measure: "lowered", amount: lostMrr }]
    : [visit];
}

type RecoveryFields = Pick<
  RecoveryRow,
  keyof Scope | "status" | "amount" | "currency" | "firstFailedAt" | "recoveredAt"
>;

export function pointsOfRecovery(row: RecoveryFields): Point[] {
  const { workspaceId, environment, currency, firstFailedAt, recoveredAt } = row;
  const of = { workspaceId, environment, currency, count: 1 };
  const failure = { ...of, at: firstFailedAt, amount: 0 };
  const points: Point[] = [{ ...failure, measure: "failures" }];
  if (row.status !== "recovered") return points;
  points.push({ ...failure, measure: "failures.recovered" });
  if (recoveredAt !== undefined)
    points.push({ ...of, at: recoveredAt, measure: "recoveries", amount: row.amount });
  return points;
}

const placeOf = ({ workspaceId, environment, measure, currency, at }: Point): string =>
  JSON.stringify([workspaceId, environment, measure, currency, at]);

/** What is to be added; nothing where both stand for the same. */
export function differenceOf(before: readonly Point[], after: readonly Point[]): Point[] {
  const changes = new Map<string, Point>();
  const add = (point: Point, sign: 1 | -1) => {
    const place = placeOf(point);
    const { count, amount } = changes.get(place) ?? { count: 0, amount: 0 };
    changes.set(place, { ...point, count: count + sign * point.count, amount: amount + sign * point.amount });
  };
  for (const point of before) add(point, -1);
  for (const point of after) add(point, 1);
  return [...changes.values()].filter(({ count, amount }) => count !== 0 || amount !== 0);
}

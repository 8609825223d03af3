/** Random histories of visits and recoveries, and what they add up to, worked out from the rows in plain JavaScript. */
import { seeded } from "../../../scripts/seeded.ts";
import type { Figure } from "../../src/store/figures.ts";
import type { LedgerRow, Outcome, RecoveryRow, Scope } from "../../src/store/store.ts";
import { aLedgerRow, aRecovery, aReport, id } from "./rows.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Chance that a seed decides, so that what has failed can be seen again. */
export function chance(seed: number) {
  const next = seeded(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return { next, below, oneOf };
}
export type Chance = ReturnType<typeof chance>;

/** Instants that spans begin and end with, and those beside them, are as likely as any others. */
export function anInstant({ below, oneOf }: Chance): number {
  const year = Date.UTC(2027, 0, 1);
  const at = year + below(420) * DAY + below(24) * HOUR + oneOf([0, 0, 1, HOUR - 1, below(HOUR)]);
  const month = Date.UTC(2027, below(14), 1) + oneOf([-1, 0, 1]);
  return oneOf([at, at, at, month, Date.UTC(1969, 11, 31, 23) + below(2 * HOUR)]);
}

const outcomes: readonly (Outcome | undefined)[] = [undefined, "retained", "cancelled", "abandoned"];

/** As the domain fills it in: what an outcome is worth is decided with it. */
function decided(row: LedgerRow, { next, below, oneOf }: Chance): LedgerRow {
  const { outcome: _o, undoneAt: _u, savedMrr: _s, lostMrr: _l, ...rest } = row;
  const outcome = oneOf(outcomes);
  const isUndone = outcome === "cancelled" && next() < 0.3;
  const isRetained = outcome === "retained" || isUndone;
  const mrr = row.mrr ?? 0;
  const lost = isRetained && next() < 0.3 ? below(mrr) : 0;
  return {
    ...rest,
    ...(outcome ? { outcome } : {}),
    ...(isUndone ? { undoneAt: row.occurredAt + 1 } : {}),
    ...(isRetained ? { savedMrr: mrr - lost, ...(lost ? { lostMrr: lost } : {}) } : {}),
    ...(outcome === "cancelled" && !isUndone ? { lostMrr: mrr } : {}),
  };
}

/** A new one, or the next state of one there is: decided otherwise, dated otherwise, in another currency. */
export function nextVisit(scope: Scope, rows: readonly LedgerRow[], random: Chance, ends = false): LedgerRow {
  const { next, below, oneOf } = random;
  const currency = oneOf(["eur", "eur", "usd"]);
  if (rows.length && next() < 0.6) {
    const row = decided(oneOf(rows), random);
    const again = next() < 0.2 ? { ...row, currency } : row;
    return next() < 0.2 && row.startedAt !== undefined ? { ...again, startedAt: anInstant(random) } : again;
  }
  const at = anInstant(random);
  const fresh = { occurredAt: at, mrr: below(10_000), currency };
  // What ended at billing was no visit.
  const row = ends
    ? aLedgerRow(scope, "", { ...fresh, source: "stripe", undoneAt: at })
    : aReport(scope, { ...fresh, startedAt: at });
  const { sessionId: _, ...rest } = row;
  return ends ? rest : decided(row, random);
}

export function nextRecovery(scope: Scope, rows: readonly RecoveryRow[], random: Chance): RecoveryRow {
  const { next, below, oneOf } = random;
  const { recoveredAt: _, ...row } =
    rows.length && next() < 0.6
      ? oneOf(rows)
      : aRecovery(scope, { invoiceId: id("in"), currency: oneOf(["eur", "usd"]) });
  const firstFailedAt = next() < 0.3 || !rows.includes(row) ? anInstant(random) : row.firstFailedAt;
  const status = oneOf(["pending", "recovered", "failed"] as const);
  const recovered = status === "recovered" ? { recoveredAt: anInstant(random) } : {};
  return { ...row, status, firstFailedAt, amount: below(5_000), ...recovered };
}

type Counted = Pick<Figure, "measure" | "currency" | "amount"> & { at: number };

function* countedOf(visits: Iterable<LedgerRow>, recoveries: Iterable<RecoveryRow>): Generator<Counted> {
  for (const { startedAt: at, currency, outcome, undoneAt, savedMrr, lostMrr } of visits) {
    if (at === undefined) continue;
    const hasStayed = outcome === "retained" || undoneAt !== undefined;
    if (hasStayed) {
      yield { measure: "visits.retained", currency, at, amount: savedMrr ?? 0 };
      if (lostMrr) yield { measure: "lowered", currency, at, amount: lostMrr };
    } else if (outcome === "cancelled")
      yield { measure: "visits.cancelled", currency, at, amount: lostMrr ?? 0 };
    else yield { measure: outcome ? "visits.abandoned" : "visits.open", currency, at, amount: 0 };
  }
  for (const { currency, status, firstFailedAt, recoveredAt, amount } of recoveries) {
    yield { measure: "failures", currency, at: firstFailedAt, amount: 0 };
    if (status !== "recovered" || recoveredAt === undefined) continue;
    yield { measure: "failures.recovered", currency, at: firstFailedAt, amount: 0 };
    yield { measure: "recoveries", currency, at: recoveredAt, amount };
  }
}

/** What figures must be. @param monthly each month by itself */
export function sumsOf(
  visits: Iterable<LedgerRow>,
  recoveries: Iterable<RecoveryRow>,
  { from = -Infinity, to = Infinity, monthly = false }: { from?: number; to?: number; monthly?: boolean },
): (Figure & { month?: number })[] {
  const sums = new Map<string, Figure & { month?: number }>();
  for (const { at, amount, ...of } of countedOf(visits, recoveries)) {
    if (at < from || at >= to) continue;
    const date = new Date(at);
    const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    const place = { ...of, ...(monthly ? { month } : {}) };
    const key = JSON.stringify(place);
    const before = sums.get(key) ?? { count: 0, amount: 0 };
    sums.set(key, { ...place, count: before.count + 1, amount: before.amount + amount });
  }
  const order = ({ month = 0, measure, currency }: Figure & { month?: number }) =>
    [String(month).padStart(16), measure, currency].join(" ");
  return [...sums.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

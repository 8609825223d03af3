/** Invoices in order, and giving back what should not have been charged. Pure: invoices in, new and changed ones out. */
import type { SimulatedInvoice, SimulatedSubscription } from "./simulator-model.ts";

interface TakenBack {
  /** Refunds, and unpaid invoices that are void now. */
  changed: SimulatedInvoice[];
  /** How many invoices the subscription has with them. */
  counted: number;
  /** The end of the period that was paid for at `since`; 0 if none was. */
  paidUntil: number;
}

/** @param invoices the subscription's; those of periods that began later than `since` are taken back, once */
export function takeBack(
  subscription: SimulatedSubscription,
  invoices: readonly SimulatedInvoice[],
  since: number,
  now: number,
): TakenBack {
  const refunded = new Set(invoices.map((each) => each.refunds));
  const charges = invoices
    .filter((each) => each.refunds === undefined && each.status !== "void")
    .toSorted((one, other) => one.at - other.at || inOrder(one, other));
  const paid = charges.filter((each) => each.periodStart <= since).at(-1);
  let counted = subscription.invoices;
  const changed = charges
    .filter((each) => each.periodStart > since && each.amount > 0 && !refunded.has(each.id))
    .map((each) =>
      each.status === "paid" ? refund(each, ++counted, now) : { ...each, status: "void" as const },
    );
  return { changed, counted, paidUntil: paid?.periodEnd ?? 0 };
}

/** Numbers grow beyond four digits where every day is billed. */
const inOrder = (one: SimulatedInvoice, other: SimulatedInvoice): number =>
  one.number.length - other.number.length || (one.number < other.number ? -1 : 1);

/** The same order every time, also of what was written at one instant. */
export const newestFirst = (one: SimulatedInvoice, other: SimulatedInvoice): number =>
  other.at - one.at ||
  (one.subscriptionId === other.subscriptionId
    ? inOrder(other, one)
    : one.subscriptionId < other.subscriptionId
      ? -1
      : 1);

/**
 * Of an invoice that is stored and computed both: what is stored as open may have been collected since, and what is settled
 * stays so.
 */
export function known(
  stored: readonly SimulatedInvoice[],
  computed: readonly SimulatedInvoice[],
): SimulatedInvoice[] {
  const isOpen = ({ status }: SimulatedInvoice) => status === "open";
  return latest([...stored.filter(isOpen), ...computed, ...stored.filter((each) => !isOpen(each))]);
}

/** Where two forms of an invoice are given, the later one counts. */
export const latest = (invoices: readonly SimulatedInvoice[]): SimulatedInvoice[] => [
  ...new Map(invoices.map((each) => [each.id, each])).values(),
];

function refund(invoice: SimulatedInvoice, count: number, now: number): SimulatedInvoice {
  const { id, number, amount } = invoice;
  const numbered = (text: string, separator: string) => text.slice(0, text.lastIndexOf(separator) + 1);
  return {
    ...invoice,
    id: `${numbered(id, "_")}${count}`,
    number: `${numbered(number, "-")}${String(count).padStart(4, "0")}`,
    at: now,
    amount: -amount,
    status: "paid",
    refunds: id,
    ...(invoice.payment ? { payment: { ...invoice.payment, at: now } } : {}),
    lines: [{ description: `Refund of ${number}`, amount: -amount }],
  };
}

/** An invoice of the demo business, or its receipt, as one sheet to read, print or keep. */
import { html } from "hono/html";
import type { Address, PaymentMethod } from "../../../src/api/wire.ts";
import { createFormat } from "../../../src/i18n/format.ts";
import type { SimulatedCustomer, SimulatedInvoice } from "../billing/simulator-model.ts";
import type { InvoiceLink } from "./simulator-links.ts";
import { type Html, simulatorPage } from "./simulator-page.ts";

const { money } = createFormat("en");
const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });
const countries = new Intl.DisplayNames("en", { type: "region" });

interface Sheet {
  kind: InvoiceLink["kind"];
  invoice: SimulatedInvoice & { customer?: SimulatedCustomer };
  /** Number of the invoice that this one gives back. */
  refunded?: string;
  /** Whether it is kept as a file. */
  alone: boolean;
}

const STATES: Record<SimulatedInvoice["status"], string> = {
  paid: "Paid",
  open: "Due",
  void: "Void",
  uncollectible: "Written off",
};
const isDue = ({ status }: SimulatedInvoice): boolean => status === "open" || status === "paid";

/** What it is called: what gives money back is no invoice. */
const nameOf = ({ kind, invoice }: Sheet): string =>
  kind === "receipt" ? "Receipt" : invoice.amount < 0 ? "Credit note" : "Invoice";

/** Safe in a header and on every disk. */
export const fileName = (sheet: Sheet): string =>
  `papercrane-${nameOf(sheet).toLowerCase().replaceAll(" ", "-")}-${sheet.invoice.number.replace(/[^\w-]+/g, "-")}.html`;

/** @returns the whole document */
export function invoicePage(sheet: Sheet): Html {
  const { invoice, alone } = sheet;
  const { number, lines, currency, amount, status } = invoice;
  const name = nameOf(sheet);
  return simulatorPage({
    title: `${name} ${number}`,
    kind: "sheet",
    alone,
    main: html`<header>
        <h1>${name}</h1>
        <p class="state ${status}">${amount < 0 && status === "paid" ? "Paid back" : STATES[status]}</p>
      </header>
      <dl class="facts">${facts(sheet).map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
      <div class="parties">
        <section>
          <h2>From</h2>
          <p>Papercrane Studio</p>
          <p>12 Folding Lane</p>
          <p>Bristol BS1 4ZZ</p>
          <p>United Kingdom</p>
        </section>
        <section>
          <h2>To</h2>
          ${addressee(invoice).map((line) => html`<p><bdi>${line}</bdi></p>`)}
        </section>
      </div>
      <table>
        <thead><tr><th scope="col">Description</th><th scope="col">Amount</th></tr></thead>
        <tbody>${lines.map(
          (line) =>
            html`<tr><td><bdi>${line.description}</bdi></td><td>${money(line.amount, currency)}</td></tr>`,
        )}</tbody>
        <tfoot>
          <tr><th scope="row">Total</th><td>${money(amount, currency)}</td></tr>
          <tr class="sum"><th scope="row">${sumOf(sheet)}</th><td>${money(isDue(invoice) ? Math.abs(amount) : 0, currency)}</td></tr>
        </tfoot>
      </table>
      ${alone ? "" : html`<p class="actions"><a class="button" href="?download=1" download>Download</a></p>`}`,
  });
}

function sumOf({ invoice: { amount, status } }: Sheet): string {
  if (status !== "paid") return "Amount due";
  return amount < 0 ? "Amount paid back" : "Amount paid";
}

function facts({ kind, invoice, refunded }: Sheet): [string, Html | string][] {
  const { number, at, periodStart, periodEnd, payment } = invoice;
  const isReceipt = kind === "receipt";
  const all: [string, Html | string | undefined][] = [
    ["Number", html`<bdi>${number}</bdi>`],
    ["Date", day.format(at)],
    ["Gives back", refunded === undefined ? undefined : html`Invoice <bdi>${refunded}</bdi>`],
    ["Period", periodEnd > periodStart ? day.formatRange(periodStart, periodEnd) : undefined],
    // Of older ones only the day they were written is known.
    ["Paid on", isReceipt ? day.format(payment?.at ?? at) : undefined],
    ["Paid with", isReceipt && payment ? cardName(payment) : undefined],
  ];
  return all.filter((each): each is [string, Html | string] => each[1] !== undefined);
}

/** "Visa ending in 4242" */
export const cardName = ({ brand, last4 }: PaymentMethod): Html =>
  last4 === undefined ? html`<bdi>${brand}</bdi>` : html`<bdi>${brand}</bdi> ending in ${last4}`;

function addressee({ customer, customerId }: Sheet["invoice"]): string[] {
  const { name = customerId, email, address = {} } = customer ?? {};
  return [name, ...linesOf(address), email].filter((line) => line !== undefined && line !== "") as string[];
}

function linesOf({ line1, line2, city, postalCode, state, country }: Address): (string | undefined)[] {
  const town = [postalCode, city].filter(Boolean).join(" ");
  const place = [town, state].filter(Boolean).join(", ");
  return [line1, line2, place, country && nameOfCountry(country)];
}

/** A code that is none is shown as it is. */
function nameOfCountry(code: string): string {
  try {
    return countries.of(code) ?? code;
  } catch {
    return code;
  }
}

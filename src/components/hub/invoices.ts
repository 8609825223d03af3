/** What was charged, what was given back, and the documents about it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Invoice } from "../../api/wire.ts";
import type { HubFormat } from "../../i18n/hub/languages.ts";
import { help, patience } from "./help.ts";
import type { InvoicesController } from "./invoices-controller.ts";
import { ownerOf, type SectionView } from "./sections.ts";
import type { View } from "./view.ts";

export { InvoicesController } from "./invoices-controller.ts";

export function invoices(controller: InvoicesController, view: View): SectionView {
  controller.belongTo(ownerOf(view));
  const { isOpen, isBusy, list, added, fault, after, more } = controller;
  const { t } = view.format;
  const trouble = fault && t(list?.length ? "unavailable" : "hub_invoicesFailed");
  const isEmpty = !!list && !list.length && !fault;
  const news =
    trouble ?? (isEmpty ? t("hub_noInvoices") : added > 0 ? t("hub_moreShown", { count: added }) : nothing);
  const content = html`${list || fault ? nothing : skeleton}
    ${list?.length ? html`<ul role="list">${list.map((each) => row(each, view.format))}</ul>` : nothing}
    ${isEmpty ? html`<p>${t("hub_noInvoices")}</p>` : nothing}
    ${
      fault
        ? html`<div part="failure">
            <p class="error" part="error">${trouble}</p>
            ${patience(fault, view)}
            ${help(view, t("mailBody"), fault)}
          </div>`
        : nothing
    }
    ${
      fault || after
        ? html`<div class="actions" part="actions">
            <button type="button" part="button ${fault ? "retry" : "more"}" aria-disabled=${isBusy || nothing} @click=${more}>
              ${t(fault ? "retry" : "hub_more")}
            </button>
          </div>`
        : nothing
    }`;
  const status = isBusy ? t("loading") : news;
  return { isOpen, content: isOpen ? content : nothing, status: isOpen ? status : nothing };
}

const skeleton = html`<div class="skeleton" part="skeleton"><i></i><i></i></div>`;

const words = { paid: "Paid", open: "Open", void: "Void", uncollectible: "Uncollectible" } as const;

/** Hundreds are drawn with every change of the hub, and writing money and dates takes longer than all else. */
const drawn = new WeakMap<Invoice, readonly [HubFormat, TemplateResult]>();

function row(invoice: Invoice, format: HubFormat): TemplateResult {
  let known = drawn.get(invoice);
  if (known?.[0] !== format) {
    known = [format, draw(invoice, format)];
    drawn.set(invoice, known);
  }
  return known[1];
}

function draw(invoice: Invoice, format: HubFormat) {
  const { number, at, amount, currency, status, invoiceUrl, receiptUrl } = invoice;
  const { t, date, money } = format;
  const isRefund = amount < 0 && status !== "void";
  const day = date(at);
  const link = (key: "hub_invoice" | "hub_receipt", url = "") =>
    /^https?:\/\//i.test(url)
      ? html`<a
          part="link"
          href=${url}
          target="_blank"
          rel="noreferrer"
          aria-label=${t("hub_ofInvoice", { document: t(key), number: number ?? day })}
        >${t(key)}</a>`
      : nothing;
  return html`<li part="invoice" class=${isRefund ? "refund" : status} tabindex="-1">
    <span class="date">${day}</span>
    ${number ? html`<bdi>${number}</bdi>` : nothing}
    <strong><bdi>${money(amount, currency)}</bdi></strong>
    <span class="state" part="invoice-state">${t(isRefund ? "hub_refund" : `hub_invoice${words[status]}`)}</span>
    <span class="links">${link("hub_invoice", invoiceUrl)} ${link("hub_receipt", receiptUrl)}</span>
  </li>`;
}

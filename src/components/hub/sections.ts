/** What there is about a customer as a whole, below the cards: closed, until somebody wants to see it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Hub } from "../../api/wire.ts";
import { icon } from "../steps/parts.ts";
import { trouble } from "./help.ts";
import type { View } from "./view.ts";

/** What stands in a section, and what is said of it aloud. */
export interface SectionView {
  isOpen: boolean;
  content: unknown;
  status: unknown;
}

const sections = {
  invoices: ["history", "hub_history", "invoices"],
  billing_details: ["details", "hub_details", "details"],
} as const;

/** Always the same elements, whether its code is there yet or not: the focus stays where it is. */
export function section(kind: Hub["sections"][number], view: View): TemplateResult | typeof nothing {
  // That the address can be changed as well is for the form.
  if (kind === "billing_email") return nothing;
  const [id, label, name] = sections[kind];
  const { isOpen = false, content = nothing, status = nothing } = view.manager?.section(name, view) ?? {};
  const press = () => view.manage((manager) => manager[name].toggle(), { about: kind, name: id });
  const isWaiting = view.pressed?.about === kind;
  return html`<div class="box section" part=${id}>
    <h3>
      <button type="button" id=${id} part="button disclosure" aria-expanded=${isOpen} aria-disabled=${isWaiting || nothing} @click=${press}>
        <span>${view.format.t(label)}</span>${icon("m4.5 7 4.5 4.5L13.5 7")}
      </button>
    </h3>
    ${trouble(kind, view)}
    ${content}
    <p class="sr" role="status">${status}</p>
  </div>`;
}

/**
 * Whose data a hub shows, as far as it can be told: another answer means that what a section holds may be somebody
 * else's.
 */
export const ownerOf = ({ hub }: View): string | undefined =>
  hub && (hub.subscriptions.at(-1)?.id ?? hub.customer.email);

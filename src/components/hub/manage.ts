/**
 * What a customer does in a hub beyond reading it and leaving: changes, invoices, billing details. It comes when somebody
 * is about to do one of these, because most do none.
 */
import { DetailsController, details } from "./details.ts";
import type { HubState } from "./hub-controller.ts";
import { InvoicesController, invoices } from "./invoices.ts";
import { panel } from "./panel.ts";
import { PanelController, type PanelHost } from "./panel-controller.ts";
import type { SectionView } from "./sections.ts";
import type { View } from "./view.ts";

export class Manager {
  readonly panels: PanelController;
  readonly invoices: InvoicesController;
  readonly details: DetailsController;
  /** Draws what stands in place of a card's actions. */
  readonly panel = panel;

  constructor(host: PanelHost) {
    this.panels = new PanelController(host);
    this.invoices = new InvoicesController(host);
    this.details = new DetailsController(host);
  }

  section(kind: "invoices" | "details", view: View): SectionView {
    return kind === "invoices" ? invoices(this.invoices, view) : details(this.details, view);
  }

  /** Takes up what has been loaded, before it is drawn. */
  settle(state: HubState): void {
    this.panels.settle(state);
  }

  /** Drops all that is known of a customer. */
  forget(): void {
    this.panels.forget();
    this.invoices.forget();
    this.details.forget();
  }
}

import { Component, type ElementRef, signal, viewChild } from "@angular/core";
import type { CompleteDetail, ErrorDetail, SettledDetail, SubscriptionHub } from "@renumerate/js";
import { RENUMERATE_TAGS } from "@renumerate/js/angular";

/** An address of this shop's own backend. It knows who is signed in; the demo takes the customer from the address. */
const customer = new URLSearchParams(location.search).get("customer") ?? "cus_NffrFeUfNV2Hib";

const date = (at: number) => new Date(at).toLocaleDateString("en", { dateStyle: "long" });

@Component({
  selector: "app-billing",
  imports: [RENUMERATE_TAGS],
  templateUrl: "./billing.html",
})
export class Billing {
  readonly sessionUrl = `/demo/api/session?customer=${encodeURIComponent(customer)}`;
  readonly hub = viewChild.required<ElementRef<SubscriptionHub>>("hub");
  readonly outcome = signal("");
  readonly events = signal<readonly string[]>([]);

  cancelled({ detail }: CustomEvent<SettledDetail>): void {
    this.outcome.set(detail.cancelAt ? `Cancelled: yours until ${date(detail.cancelAt)}.` : "Cancelled.");
    this.note(`cancelled ${detail.subscriptionId}`);
    void this.hub().nativeElement.refresh();
  }

  retained({ detail }: CustomEvent<SettledDetail>): void {
    this.outcome.set(
      detail.offer ? `Thank you for staying: ${detail.offer.type}.` : "Thank you for staying.",
    );
    this.note(`retained ${detail.subscriptionId}`);
    void this.hub().nativeElement.refresh();
  }

  complete({ detail }: CustomEvent<CompleteDetail>): void {
    this.note(`complete ${detail.outcome}`);
  }

  failed({ detail }: CustomEvent<ErrorDetail>): void {
    this.note(`error ${detail.code}`);
  }

  private note(line: string): void {
    this.events.update((before) => [...before, line]);
  }
}

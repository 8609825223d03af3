import { LitElement } from "lit";
import "./retention-modal.ts";
import { define } from "../define.ts";

/** The subscriptions of one customer, and what can be done with them. */
export class SubscriptionHub extends LitElement {}

define("renumerate-subscription-hub", SubscriptionHub);

declare global {
  interface HTMLElementTagNameMap {
    "renumerate-subscription-hub": SubscriptionHub;
  }
}

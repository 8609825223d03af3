/** Where a customer of the demo business gives another card, as on a billing provider's own page. */
import { html } from "hono/html";
import type { PaymentMethod } from "../../../src/api/wire.ts";
import { createFormat } from "../../../src/i18n/format.ts";
import type { BilledSubscription } from "../billing/provider.ts";
import { cardName } from "./simulator-invoice.ts";
import { type Html, simulatorPage } from "./simulator-page.ts";

const { per } = createFormat("en");
const month = new Intl.DateTimeFormat("en", { month: "2-digit", year: "numeric", timeZone: "UTC" });

interface TestCard {
  brand: string;
  last4: string;
  /** What it is good for. */
  does: string;
  /** Months from now in which it expires. */
  expires: number;
  declines?: true;
}

/** By the name under which the form sends them. No number can be typed: nobody shall give a real one. */
const CARDS: Readonly<Record<string, TestCard>> = {
  visa: { brand: "Visa", last4: "4242", does: "Every payment goes through", expires: 40 },
  mastercard: { brand: "Mastercard", last4: "4444", does: "Every payment goes through", expires: 27 },
  expiring: { brand: "Visa", last4: "1881", does: "Every payment goes through until next month", expires: 1 },
  declined: {
    brand: "Visa",
    last4: "0002",
    does: "The bank declines every payment",
    expires: 30,
    declines: true,
  },
};

export type GivenCard = Required<PaymentMethod> & { declines?: true };

/** @param name as the form sends it @param now billing's clock @returns undefined for what is not on the page */
export function cardOf(name: unknown, now: number): GivenCard | undefined {
  if (typeof name !== "string" || !Object.hasOwn(CARDS, name)) return undefined;
  const { brand, last4, expires, declines } = CARDS[name] as TestCard;
  const date = new Date(now);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + expires, 1));
  return {
    brand,
    last4,
    expMonth: last.getUTCMonth() + 1,
    expYear: last.getUTCFullYear(),
    ...(declines ? { declines } : {}),
  };
}

interface Content {
  subscription: BilledSubscription;
  /** Whether the customer has others, which the card pays too. */
  several: boolean;
  returnUrl: string;
  /** Billing's clock. */
  now: number;
  /** What went wrong with the last attempt. */
  error?: string;
  /** What was chosen then. */
  chosen?: unknown;
}

/** @returns the whole document */
export function paymentPage({ subscription, several, returnUrl, now, error, chosen }: Content): Html {
  const { plan, price, paymentMethod } = subscription;
  const { host } = new URL(returnUrl);
  const focused = cardOf(chosen, now) ? chosen : Object.keys(CARDS)[0];
  return simulatorPage({
    title: `${error ? "Error: " : ""}Payment method`,
    kind: "payment",
    main: html`<header>
        <h1>Payment method</h1>
        <p>For <strong><bdi>${plan.name}</bdi></strong>, ${per(price, price.amount)}.${several ? " The card pays your other subscriptions too." : ""}</p>
        <p>${paymentMethod ? html`At present: ${described(paymentMethod)}.` : "At present there is none."}</p>
      </header>
      ${error ? html`<p id="error" class="error" role="alert">${error}</p>` : ""}
      <form method="post">
        <fieldset${error ? html` aria-describedby="error"` : ""}>
          <legend>Test card</legend>
          ${Object.entries(CARDS).map(([name, { does }]) => {
            const card = cardOf(name, now) as GivenCard;
            const state = [
              name === chosen ? html` checked` : "",
              error && name === focused ? html` autofocus` : "",
            ];
            return html`<label class="card">
            <input type="radio" name="card" value="${name}" required${state}>
            <span><strong>${cardName(card)}</strong> <span>${does}; expires ${expiry(card)}</span></span>
          </label>`;
          })}
        </fieldset>
        <p class="actions">
          <button type="submit">Save</button>
          <a class="button" href="${returnUrl}">Back without changes</a>
        </p>
        <p class="quiet">Both lead back to <bdi>${host}</bdi>. Saving charges nothing.</p>
      </form>`,
  });
}

const expiry = ({ expMonth, expYear }: { expMonth: number; expYear: number }): string =>
  month.format(Date.UTC(expYear, expMonth - 1));

/** "Visa ending in 4242, expires 09/2029" */
function described(method: PaymentMethod): Html {
  const { expMonth, expYear } = method;
  if (expMonth === undefined || expYear === undefined) return cardName(method);
  return html`${cardName(method)}, expires ${expiry({ expMonth, expYear })}`;
}

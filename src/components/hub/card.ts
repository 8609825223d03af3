/** One subscription: what it is, what it costs, and what can be done with it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Subscription } from "../../api/wire.ts";
import { facts, icon } from "../steps/parts.ts";
import { isCancellable, reducedPrice, rowsOf, standing } from "./facts.ts";
import type { View } from "./view.ts";

export function card(subscription: Subscription, index: number, view: View): TemplateResult {
  const { id, plan, status } = subscription;
  const { format, now, several, requested, cancel } = view;
  const { t } = format;
  const [kind, words] = standing(subscription, now, format);
  const isRequested = requested.includes(id);
  return html`<article
    part="card ${kind}"
    class=${kind}
    tabindex="-1"
    data-id=${id}
    aria-labelledby="plan-${index}"
    aria-describedby="state-${index}"
  >
    <header part="card-header">
      <h3 id="plan-${index}" part="plan">${plan.name}</h3>
      <p id="state-${index}" class="state" part="state ${kind}">${words}</p>
    </header>
    ${kind === "ended" ? nothing : price(subscription, view)}
    ${kind === "past-due" ? html`<p class="error" part="error">${t("hub_pastDueBody")}</p>` : nothing}
    ${
      isRequested
        ? html`<p class="said" part="note"><strong>${t("requested")}</strong> ${t("requestedBody")}</p>`
        : nothing
    }
    <div class="about">
      ${facts(rowsOf(subscription, format))}
      ${status === "cancelled" ? nothing : features(plan.features, view)}
    </div>
    ${
      isCancellable(subscription)
        ? html`<div class="actions" part="actions">
            <button
              type="button"
              id="cancel-${index}"
              part="button cancel"
              aria-haspopup="dialog"
              aria-labelledby=${several ? `cancel-${index} plan-${index}` : nothing}
              @click=${() => cancel(id)}
            >${t("leave")}</button>
          </div>`
        : nothing
    }
  </article>`;
}

function price(subscription: Subscription, { format: { t, money, per } }: View) {
  const { price } = subscription;
  const reduced = reducedPrice(subscription);
  return html`<p class="price" part="price">
    <strong>${per(price, reduced ?? price.amount)}</strong>
    ${
      reduced === undefined
        ? nothing
        : html`<span>${t("insteadOf", { price: money(price.amount, price.currency) })}</span>`
    }
  </p>`;
}

function features(names: readonly string[], { format: { t } }: View) {
  // Safari takes a list without markers for none.
  return names.length
    ? html`<div part="features">
        <h4>${t("hub_features")}</h4>
        <ul role="list">
          ${names.map((name) => html`<li>${icon("m4 9.5 3.5 3.5L14 5.5")}<span>${name}</span></li>`)}
        </ul>
      </div>`
    : nothing;
}

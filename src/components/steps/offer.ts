/** One entry for each kind of offer: a new kind does not compile until it is here. */
import { html, nothing } from "lit";
import type { Offer, PlanOption, Price } from "../../api/wire.ts";
import { pauseEnd } from "../../flow/offers.ts";
import { fill, type Values } from "../../i18n/format.ts";
import { plain, safeUrl, target } from "../rich-text.ts";
import { button, facts, options, type StepView, type View } from "./parts.ts";
import { custom } from "./questions.ts";

type Of<Type extends Offer["type"]> = Extract<Offer, { type: Type }>;

interface OfferView {
  content?: unknown;
  /** What the catalogue's title speaks of. */
  title?: Values;
  /** Offers that lead somewhere are taken with a link. */
  url?: string;
}

type Views = { readonly [Type in Offer["type"]]: (offer: Of<Type>, view: View) => OfferView };

const views: Views = {
  discount({ terms }, { config, format: { t, money, percent, per, date } }) {
    const { percentOff, amountOff, currency, duration, months, amount, discounted, fullPriceAt } = terms;
    // Where the price is not known, nothing is taken off it.
    const price = { ...(config.subscription.price as Price), currency };
    const off =
      percentOff === undefined ? money(amountOff ?? amount - discounted, currency) : percent(percentOff);
    return {
      title: { off },
      content: [
        html`<p class="price" part="price">
          <strong>${per(price, discounted)}</strong> <span>${t("insteadOf", { price: money(amount, currency) })}</span>
        </p>`,
        facts([
          [t("lasts"), t(duration, { count: months })],
          [
            t("fullPrice"),
            fullPriceAt !== undefined &&
              t("from", { price: money(amount, currency), date: date(fullPriceAt) }),
          ],
        ]),
      ],
    };
  },

  pause({ terms }, view) {
    const { state, node, send, format, busy, config } = view;
    const { t, date } = format;
    const choice = state.answers.choices[node.id] ?? {};
    const end = pauseEnd(terms, choice);
    const months = terms.months.map((count) => ({ value: `${count}`, label: t("repeating", { count }) }));
    return {
      content: [
        months.length
          ? options(view, "chips", t("length"), months, `${choice.months}`, (value) =>
              send({ type: "choose", choice: { months: Number(value) } }),
            )
          : nothing,
        terms.dates ? datePicker(t("untilDate"), terms.dates, choice.until, busy, view) : nothing,
        html`<div aria-live="polite">
          ${facts([
            // What is paid for is used up first: until when that is, not everybody has said.
            ...(config.subscription.periodEnd === undefined
              ? []
              : ([
                  [t("pauseStarts"), date(terms.startsAt)],
                  [t("resumes"), end !== undefined && date(end)],
                ] as const)),
          ])}
        </div>`,
      ],
    };
  },

  plan_change({ terms }, view) {
    const { state, node, send, format } = view;
    return {
      content: [
        options(
          view,
          "plans",
          format.t("plans"),
          terms.plans.map((plan) => ({
            value: plan.price.id,
            label: plan.name,
            detail: planDetail(plan, view),
          })),
          state.answers.choices[node.id]?.priceId,
          (priceId) => send({ type: "choose", choice: { priceId } }),
        ),
        facts([[format.t("newPrice"), format.date(terms.startsAt)]]),
      ],
    };
  },

  annual_switch({ terms: { plan, dueNow, saving } }, view) {
    const { t, money } = view.format;
    const { currency } = plan.price;
    return {
      content: [
        html`<div class="card" part="option"><span part="option-label">${plan.name}</span>${planDetail(plan, view)}</div>`,
        facts([
          [t("dueNow"), money(dueNow, currency)],
          [t("saving"), saving > 0 && money(saving, currency)],
        ]),
      ],
    };
  },

  trial_extension({ terms: { days, trialEnd } }, { config, format: { t, date } }) {
    const now = config.subscription.trialEnd;
    return {
      title: { count: days },
      content: facts([
        [t("trialEnds"), date(trialEnd)],
        [t("trialEndsNow"), now !== undefined && date(now)],
      ]),
    };
  },

  contact: ({ terms }) => terms,
  redirect: ({ terms }) => terms,
  custom: ({ terms }, view) => ({ content: custom(terms, view).content }),
};

function planDetail({ price, description, features }: PlanOption, { format, values }: View) {
  return html`<span part="option-price">${format.per(price, price.amount)}</span>
    ${description ? html`<small>${plain(description, values)}</small>` : nothing}
    ${features?.length ? html`<small>${format.list(features)}</small>` : nothing}`;
}

/** `YYYY-MM-DD` of the customer's own calendar, which is how the Swedes write it. */
const day = (at: number) => new Date(at).toLocaleDateString("sv");

/** Midnight of the customer's own calendar at that instant's day, or some days on. */
function midnight(at: number, days = 0): number {
  const date = new Date(at);
  return new Date(date.setDate(date.getDate() + days)).setHours(0, 0, 0, 0);
}

/**
 * A date is only ever one that the offer allows: what is typed outside is taken as the nearest allowed day, and shown
 * as such when the customer leaves the field. So the date that is seen is the date that is sent.
 */
function datePicker(
  label: string,
  { min, max }: { min: number; max: number },
  until: number | undefined,
  busy: boolean,
  { send }: View,
) {
  const shown = until === undefined ? "" : day(until);
  // The whole days between the limits, which are instants: west of Greenwich the first of them begins today.
  const first = midnight(min) < min ? midnight(min, 1) : midnight(min);
  const last = midnight(max);
  const choose = (value: string) => {
    const [year, month, date] = value.split("-").map(Number) as [number, number, number];
    if (value)
      send({
        type: "choose",
        choice: { until: Math.min(last, Math.max(first, +new Date(year, month - 1, date))) },
      });
  };
  return html`<label class="field" part="field">
    <span>${label}</span>
    <input
      type="date"
      part="date"
      min=${day(first)}
      max=${day(last)}
      .value=${shown}
      ?disabled=${busy}
      @change=${(event: Event) => choose((event.target as HTMLInputElement).value)}
      @blur=${(event: Event) => {
        (event.target as HTMLInputElement).value = shown;
      }}
    />
  </label>`;
}

export function offerStep(offer: Offer, view: View): StepView {
  const { node, format, send, values } = view;
  const { title, content, url } = (views[offer.type] as (offer: Offer, view: View) => OfferView)(offer, view);
  const own = node.step.type === "offer" ? node.step : undefined;
  const accept = offer.acceptLabel ?? format.t(`accept_${offer.type}`);
  const href = url && safeUrl(url);
  return {
    title: offer.title ?? own?.title ?? format.t(`offer_${offer.type}`, title),
    body: offer.body ?? own?.body,
    content,
    actions: [
      href
        ? html`<a
            class="primary"
            part="button primary"
            href=${href}
            target=${target(href)}
            rel="noopener"
            @click=${() => send({ type: "accept" })}
          >${fill(accept, values)}</a>`
        : url === undefined
          ? button(view, accept, { type: "accept" }, "primary")
          : nothing,
      button(view, offer.declineLabel ?? format.t("decline"), { type: "decline" }),
    ],
  };
}

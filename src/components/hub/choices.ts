/** What there is to choose before a change: plans, lengths, a date, a code. Nothing is ever preselected. */
import { html, nothing } from "lit";
import type { HubSubscription, PauseTerms, PlanOption } from "../../api/wire.ts";
import { facts, options, problem } from "../steps/parts.ts";
import { reducedPrice } from "./facts.ts";
import { type Panel, panelsOf } from "./panel-controller.ts";
import type { View } from "./view.ts";

export function choices(panel: Panel, subscription: HubSubscription, view: View): unknown {
  const { plan, price, actions } = subscription;
  const { action } = panel;
  if (action === "plan_change")
    return [
      facts([
        [
          view.format.t("hub_current"),
          `${view.format.isolate(plan.name)} · ${view.format.per(price, reducedPrice(subscription) ?? price.amount)}`,
        ],
      ]),
      plans(actions.plan_change?.plans ?? [], panel, view),
    ];
  const terms = (action === "pause" || action === "extend_pause") && actions[action];
  return terms ? pause(action, terms, panel, view) : action === "promo_code" ? code(panel, view) : nothing;
}

function radios(
  { busy, isMissing }: Panel,
  view: View,
  ...rest: Parameters<typeof options> extends [unknown, ...infer Rest] ? Rest : never
) {
  const base = {
    format: view.format,
    busy: busy === "change",
    missing: isMissing ? "choice_required" : undefined,
  };
  return options({ ...base, values: {} } as Parameters<typeof options>[0], ...rest);
}

function plans(all: readonly PlanOption[], panel: Panel, view: View) {
  const { t, per, list } = view.format;
  const { change } = panel;
  const items = all.map(({ price, name, description, features }) => ({
    value: price.id,
    label: name,
    detail: html`<span part="option-price">${per(price, price.amount)}</span>
      ${[description, features?.length && list(features)].map((each) => (each ? html`<small>${each}</small>` : nothing))}`,
  }));
  const chosen = change?.type === "plan_change" ? change.priceId : undefined;
  return radios(panel, view, "plans", t("plans"), items, chosen, (priceId) =>
    panelsOf(view).choose({ type: "plan_change", priceId }),
  );
}

function pause(type: "pause" | "extend_pause", { months, dates }: PauseTerms, panel: Panel, view: View) {
  const { t } = view.format;
  const { change } = panel;
  const chosen = change && "choice" in change ? change.choice.months : undefined;
  const items = months.map((count) => ({ value: `${count}`, label: t("repeating", { count }) }));
  const pick = (value: string) => panelsOf(view).choose({ type, choice: { months: Number(value) } });
  return [
    // With what was typed, the error is at the date.
    months.length
      ? radios(
          { ...panel, isMissing: panel.isMissing && !panel.text },
          view,
          "chips",
          t("length"),
          items,
          `${chosen}`,
          pick,
        )
      : nothing,
    dates ? until(type, dates, !months.length, panel, view) : nothing,
  ];
}

/** `YYYY-MM-DD` of the customer's own calendar, which is how the Swedes write it. */
const day = (at: number) => new Date(at).toLocaleDateString("sv");

/** Midnight of the customer's own calendar at that instant's day, or some days on. */
function midnight(at: number, days = 0): number {
  const date = new Date(at);
  return new Date(date.setDate(date.getDate() + days)).setHours(0, 0, 0, 0);
}

function until(
  type: "pause" | "extend_pause",
  { min, max }: { min: number; max: number },
  isAlone: boolean,
  panel: Panel,
  view: View,
) {
  const { t, date } = view.format;
  const panels = panelsOf(view);
  const { text, busy, isMissing } = panel;
  // The whole days between the limits, which are instants: west of Greenwich the first of them begins today.
  const first = midnight(min) < min ? midnight(min, 1) : midnight(min);
  const last = midnight(max);
  const error =
    isMissing &&
    (text ? t("hub_dateWrong", { first: date(first), last: date(last) }) : isAlone && t("choice_required"));
  const pick = ({ target }: Event) => {
    const { value } = target as HTMLInputElement;
    const [year, month, at] = value.split("-").map(Number) as [number, number, number];
    const until = +new Date(year, month - 1, at);
    panels.choose(until >= first && until <= last ? { type, choice: { until } } : undefined, value);
  };
  return html`<label class="field" part="field">
      <span>${t(isAlone ? "hub_until" : "untilDate")}</span>
      <input
        type="date"
        part="date"
        min=${day(first)}
        max=${day(last)}
        .value=${text}
        ?readonly=${busy === "change"}
        aria-invalid=${error ? "true" : nothing}
        aria-describedby=${error ? "error" : nothing}
        @change=${pick}
        @blur=${() => panels.complain()}
      />
    </label>
    ${problem(error || "")}`;
}

const wrong: Readonly<
  Record<string, "hub_codeInvalid" | "hub_codeExpired" | "hub_codeUsedUp" | "hub_codeElsewhere">
> = {
  promo_code_invalid: "hub_codeInvalid",
  promo_code_expired: "hub_codeExpired",
  promo_code_used_up: "hub_codeUsedUp",
  promo_code_not_applicable: "hub_codeElsewhere",
};

/** What is wrong with the code, where that is what is wrong. */
export const codeFault = ({ fault }: Panel) => wrong[fault?.code ?? ""];

function code(panel: Panel, view: View) {
  const { t } = view.format;
  const panels = panelsOf(view);
  const { text, busy, isMissing } = panel;
  const error = isMissing ? "hub_codeRequired" : codeFault(panel);
  const write = ({ target }: Event) => {
    const { value } = target as HTMLInputElement;
    const code = value.trim();
    panels.choose(code ? { type: "promo_code", code } : undefined, value);
  };
  return html`<label class="field" part="field">
      <span>${t("hub_code")}</span>
      <input
        part="code"
        maxlength="100"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        .value=${text}
        ?readonly=${busy === "change"}
        aria-invalid=${error ? "true" : nothing}
        aria-describedby=${error ? "error" : nothing}
        @input=${write}
      />
    </label>
    ${problem(error && t(error))}`;
}

/** Name, e-mail and address on a customer's invoices. */
import { html, nothing } from "lit";
import type { HubCustomer } from "../../api/wire.ts";
import type { HubKey } from "../../i18n/hub/languages.ts";
import { countries, countryName } from "./countries.ts";
import type { DetailsController } from "./details-controller.ts";
import { refusal } from "./help.ts";
import { ownerOf, type SectionView } from "./sections.ts";
import type { View } from "./view.ts";

export { DetailsController } from "./details-controller.ts";

type Field = readonly [name: string, label: HubKey, autocomplete: string, most: number];

/** As long as the contract takes them. */
const fields: readonly Field[] = [
  ["name", "hub_name", "name", 200],
  ["email", "hub_email", "email", 320],
  ["line1", "hub_line1", "address-line1", 200],
  ["line2", "hub_line2", "address-line2", 200],
  ["postalCode", "hub_postalCode", "postal-code", 20],
  ["city", "hub_city", "address-level2", 100],
  ["state", "hub_region", "address-level1", 100],
];

export function details(controller: DetailsController, view: View): SectionView {
  const known = view.hub?.customer ?? {};
  controller.belongTo(ownerOf(view), known);
  const { isOpen, isEdited, news, saved, edit } = controller;
  const { t } = view.format;
  const customer = saved ?? known;
  const content = isEdited
    ? form(controller, customer, view)
    : html`${lines(customer, view)}
        ${news ? html`<p class="said" part="note">${t(news)}</p>` : nothing}
        <div class="actions" part="actions">
          <button type="button" id="edit" part="button edit" aria-labelledby="edit details" @click=${edit}>${t("hub_edit")}</button>
        </div>`;
  return { isOpen, content: isOpen ? content : nothing, status: isOpen && news ? t(news) : nothing };
}

function lines({ name, email, address = {} }: HubCustomer, { format: { t, locale } }: View) {
  const { line1, line2, postalCode, city, state, country } = address;
  const town = [postalCode, city].filter(Boolean).join(" ");
  const all = [name, email, line1, line2, town, state, country && countryName(locale, country)].filter(
    Boolean,
  );
  return html`<div class="lines">${(all[0] ? all : [t("none")]).map((each) => html`<p><bdi>${each}</bdi></p>`)}</div>`;
}

function form(controller: DetailsController, customer: HubCustomer, view: View) {
  const { news, isWrong, fault, draft, save, write, press, back } = controller;
  const isBusy = !!news;
  const { t, locale } = view.format;
  const { name, email, address } = customer;
  const values: Readonly<Record<string, string | undefined>> = { name, email, ...address, ...draft };
  const { country = "" } = values;
  const list = countries(locale);
  // What billing has is kept, even if it is none of them.
  const others = [...new Set(["", country])].filter((code) => !list.some(([each]) => each === code));
  // Labels stand beside their fields: within, Safari would add what is typed to the name.
  const hasEmail = view.hub?.sections.includes("billing_email");
  const shown = fields.filter(([name]) => name !== "email" || hasEmail);
  return html`<form novalidate aria-labelledby="details" @submit=${save} @input=${write} @keydown=${press}>
    <div class="fields">
      ${shown.map(([name, label, autocomplete, most]) => {
        const isEmail = name === "email";
        const isBad = isEmail && isWrong;
        return html`<div class="field" part="field">
          <label for="billing-${name}">${t(label)}</label>
          <input
            id="billing-${name}"
            name=${name}
            part="input"
            type=${isEmail ? "email" : "text"}
            autocomplete="billing ${autocomplete}"
            maxlength=${most}
            .value=${values[name] ?? ""}
            ?required=${isEmail}
            ?readonly=${isBusy}
            aria-invalid=${isBad ? "true" : nothing}
            aria-describedby=${isBad ? "email-error" : nothing}
          />
          ${isBad ? html`<p id="email-error" class="error" part="error">${t("hub_emailWrong")}</p>` : nothing}
        </div>`;
      })}
      <div class="field" part="field">
        <label for="billing-country">${t("hub_country")}</label>
        <select id="billing-country" name="country" part="input" autocomplete="billing country">
          ${[...others.map((code) => [code, code]), ...list].map(
            ([code, name]) => html`<option value=${code} .selected=${code === country}>${name}</option>`,
          )}
        </select>
      </div>
    </div>
    ${fault ? refusal(fault, view.subscriptionId, view) : nothing}
    <div class="actions" part="actions">
      <button class="primary" part="button primary" aria-disabled=${isBusy || nothing}>${t("hub_save")}</button>
      <button type="button" part="button back" aria-disabled=${isBusy || nothing} @click=${back}>${t("back")}</button>
    </div>
  </form>`;
}

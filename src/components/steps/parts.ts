/** What the steps are made of. Every control exists once, so that all steps look, sound and behave alike. */
import { html, nothing, type TemplateResult } from "lit";
import type { FlowConfig } from "../../api/wire.ts";
import type { FlowNode, FlowState, MachineEvent, Requirement } from "../../flow/machine.ts";
import { type Format, fill, type Values } from "../../i18n/format.ts";
import { plain } from "../rich-text.ts";

export type Running = Extract<FlowState, { config: FlowConfig }>;

/** What can be said and done even without a flow. */
export interface Base {
  format: Format;
  send: (event: MachineEvent) => void;
  /** A decision is under way: nothing can be changed. */
  busy: boolean;
  /** Merge fields of the business's texts. */
  values: Values;
  /** Whom the customer can write to. */
  email: string;
  /** What the business can find the customer and the failure by. */
  reference: readonly string[];
  /** The browser says that there is no connection. */
  offline: boolean;
}

/** All that a step sees. */
export interface View extends Base {
  state: Running;
  config: FlowConfig;
  node: FlowNode;
  /** What keeps the step from going on; the frame says it, and the field it is about points there. */
  missing: Requirement | undefined;
}

/** A step as data; the modal puts it into its frame. Texts are the business's own or those of the catalogue. */
export interface StepView {
  /** Default: the flow's title, or the catalogue's for the kind of step. */
  title?: string;
  /** Default: the flow's text. */
  body?: string | undefined;
  content: unknown;
  /** The step's own actions. Default: Continue. */
  actions?: unknown;
  /** The footer's two buttons, where the step names or uses them itself. */
  keep?: string | undefined;
  leave?: string | undefined;
}

export const icon = (path: string, kind?: string) =>
  html`<svg viewBox="0 0 18 18" class=${kind ?? nothing} part=${kind ?? nothing} aria-hidden="true"><path d=${path} /></svg>`;

export function button(
  { send, busy, values }: Base,
  label: string,
  event: MachineEvent,
  kind: "primary" | "secondary" | "quiet" = "secondary",
): TemplateResult {
  return html`<button
    type="button"
    class=${kind}
    part="button ${kind}"
    aria-disabled=${busy || nothing}
    @click=${() => send(event)}
  >${fill(label, values)}</button>`;
}

export interface Option {
  value: string;
  label: string;
  detail?: unknown;
}

/** Native radios: arrow keys, one tab stop and forced colours come with them. Nothing is ever preselected. */
export function options(
  view: View,
  name: string,
  legend: string,
  items: readonly Option[],
  value: string | undefined,
  pick: (value: string) => void,
): TemplateResult {
  const { values, busy, missing } = view;
  const error = missing && missing !== "text_required";
  return html`<fieldset
    class=${name}
    part="options ${name}"
    role="radiogroup"
    aria-invalid=${error ? "true" : nothing}
    aria-describedby=${error ? "error" : nothing}
    ?disabled=${busy}
  >
    <legend>${legend}</legend>
    ${error ? problem(view.format.t(missing)) : nothing}
    ${items.map(
      (item) => html`<label part="option">
        <input
          type="radio"
          name=${name}
          .checked=${item.value === value}
          @change=${() => pick(item.value)}
        /><span><span part="option-label">${plain(item.label, values)}</span>${item.detail ?? nothing}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** Rows of a label and a fact; rows without a fact are left out. */
export function facts(rows: readonly (readonly [label: string, value: string | false | undefined])[]) {
  const known = rows.filter(([, value]) => value);
  return known.length
    ? html`<dl part="facts">${known.map(([label, value]) => html`<div><dt>${label}</dt><dd><bdi>${value}</bdi></dd></div>`)}</dl>`
    : nothing;
}

export function textField(view: View, label: string, hint?: string): TemplateResult {
  const { state, node, busy, missing, values, send } = view;
  const error = missing === "text_required";
  const described = [hint && "hint", error && "error"].filter(Boolean).join(" ");
  return html`<label class="field" part="field">
      <span>${plain(label, values)}</span>
      <textarea
        part="textarea"
        rows="3"
        maxlength="5000"
        .value=${state.answers.texts[node.id] ?? ""}
        aria-invalid=${error ? "true" : nothing}
        aria-describedby=${described || nothing}
        ?disabled=${busy}
        @input=${(event: InputEvent) => send({ type: "write", text: (event.target as HTMLTextAreaElement).value })}
      ></textarea>
    </label>
    ${hint ? html`<p id="hint" part="hint">${hint}</p>` : nothing}
    ${error ? problem(view.format.t(missing)) : nothing}`;
}

export const problem = (text: string | undefined) =>
  text ? html`<p id="error" class="error" part="error" role="alert">${text}</p>` : nothing;

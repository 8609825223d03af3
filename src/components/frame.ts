/** The frame of every step: heading, text, what the step shows and asks, its actions, and the two ways out. */
import { html, nothing, type TemplateResult } from "lit";
import { own } from "../api/own.ts";
import { currentNode, type FlowNode, type FlowState, type MachineEvent } from "../flow/machine.ts";
import { plain, rich } from "./rich-text.ts";
import { ended, failure, loading, queued, stepView, unavailable } from "./steps/index.ts";
import { type Base, button, icon, problem, type StepView, type View } from "./steps/parts.ts";
import { mergeValues } from "./values.ts";

export interface FrameOptions extends Pick<Base, "format" | "send" | "offline"> {
  state: FlowState;
  /** The page's own fallback address; the flow brings one too. */
  email: string;
  /** The page's own word for which subscription. */
  subscriptionId: string;
  /** In the page there is nothing to close. */
  inline: boolean;
  /** Another value than for the last step: all of it is drawn anew then. */
  turn: boolean;
}

/** Changes when another step is shown: it is drawn anew then, and its heading takes the focus. */
export const stepKey = (state: FlowState): string =>
  state.phase === "step" || state.phase === "deciding" ? state.path.join() : state.phase;

export function frame({ state, subscriptionId, inline, turn, ...options }: FrameOptions): TemplateResult {
  const { format, send } = options;
  const { t } = format;
  const { phase } = state;
  const busy = phase === "deciding";
  const undecided = busy || phase === "step";
  const config = "config" in state ? state.config : undefined;
  const fault = "fault" in state ? state.fault : undefined;
  const reference = [config?.subscription.id ?? subscriptionId, config?.session.id, fault?.requestId];
  const base: Base = {
    ...options,
    email: options.email || (config?.fallbackEmail ?? ""),
    reference: reference.filter((each) => !!each) as string[],
    busy,
    values: {},
  };
  const missing = phase === "step" ? state.missing : undefined;
  let node: FlowNode | undefined;
  let step: StepView;

  if ("config" in state) {
    const { config } = state;
    node = currentNode(state) as FlowNode;
    try {
      base.values = mergeValues(config, format);
      step =
        phase === "queued"
          ? queued(state.since, base)
          : stepView({ ...base, state, config, node, missing } as View);
    } catch (error) {
      // A step that cannot be drawn must not take the ways out with it.
      console.error(error);
      step =
        phase === "done"
          ? ended(state.settlement, base)
          : unavailable({ code: "render_failed", retryable: false }, base);
    }
  } else {
    step = phase === "unavailable" ? unavailable(state.fault, base, state) : loading(base);
  }

  step = own(step);
  const failed = phase === "step" && fault ? failure(fault, base) : nothing;
  // News about what follows stands before it; what went wrong stands with the buttons.
  const isChanged = fault?.code === "offer_changed";
  const corner = (name: "back" | "close", path: string) =>
    html`<button
      type="button"
      class="icon ${name}"
      part="icon ${name}"
      aria-label=${t(name)}
      aria-disabled=${(busy && name === "back") || nothing}
      @click=${() => send({ type: name })}
    >${icon(path)}</button>`;
  // It has two places that take turns, so that no step is drawn into the fields and the scrolling of another.
  const content = html`<div class="content" part="content">
    ${phase === "done" ? icon("m4 9.5 3.5 3.5L14 5.5", "mark") : nothing}
    <h2 id="title" part="heading" tabindex="-1" class=${phase}>${plain(step.title ?? "", base.values)}</h2>
    ${step.body ? html`<div class="body" part="body">${rich(step.body, base.values)}</div>` : nothing}
    ${isChanged ? failed : nothing}
    ${step.content}${missing === "value_required" ? problem(t(missing)) : nothing}
    ${isChanged ? nothing : failed}
    <div class="actions" part="actions">${step.actions}</div>
  </div>`;
  const exit = (label: string, event: MachineEvent) => button(base, label, event);

  return html`<div class="panel" part="panel" aria-busy=${busy || phase === "loading"}>
    <div class="header" part="header">
      ${undecided && state.path.length > 1 ? corner("back", "m11 4-5 5 5 5") : nothing}
      ${inline ? nothing : corner("close", "m4 4 10 10M14 4 4 14")}
    </div>
    ${turn ? content : nothing}${turn ? nothing : content}
    ${
      undecided
        ? html`<div class="footer" part="footer">
            ${exit(step.keep ?? t("keep"), { type: "keep" })}
            ${exit(step.leave ?? t("leave"), { type: node?.step.type === "confirm" ? "confirm" : "leave" })}
          </div>`
        : nothing
    }
  </div><p class="sr" role="status">${busy ? t("busy") : nothing}</p>`;
}

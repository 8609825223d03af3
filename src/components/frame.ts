/** The frame of every step: heading, text, what the step shows and asks, its actions, and the two ways out. */
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { currentNode, type FlowNode, type FlowState, type MachineEvent } from "../flow/machine.ts";
import type { Format } from "../i18n/format.ts";
import { plain, rich } from "./rich-text.ts";
import { help, loading, stepView, unavailable } from "./steps/index.ts";
import { button, problem, type StepView, type View } from "./steps/parts.ts";
import { mergeValues } from "./values.ts";

export interface FrameOptions {
  state: FlowState;
  format: Format;
  /** Fallback address of the page; without one, the flow's own. */
  email: string | undefined;
  send: (event: MachineEvent) => void;
  /** In the page there is nothing to close. */
  inline: boolean;
}

const icon = (path: string) => html`<svg viewBox="0 0 18 18" aria-hidden="true"><path d=${path} /></svg>`;

/** Changes when another step is shown: everything in it is then new, and the heading takes the focus. */
export const stepKey = (state: FlowState): string =>
  "path" in state && state.phase !== "done" ? state.path.join() : state.phase;

export function frame({ state, format, email, send, inline }: FrameOptions): TemplateResult {
  const { t } = format;
  const busy = state.phase === "deciding";
  let step: StepView;
  let view: View | undefined;
  let values = {};
  let fault: unknown;
  let footer: unknown = nothing;

  if ("config" in state) {
    const { config } = state;
    email ||= config.fallbackEmail;
    const node = currentNode(state) as FlowNode;
    const deciding = node.step.type === "confirm";
    const missing = state.phase === "step" ? state.missing : undefined;
    fault = state.phase === "step" && faultView(state, email, format, send);
    try {
      values = mergeValues(config, format);
      view = { state, config, node, busy, missing, format, values, send };
      step = stepView(view);
    } catch (error) {
      // A step that cannot be drawn must not take the way out with it.
      console.error(error);
      step = unavailable({ code: "", retryable: false }, email, format, send);
    }
    if (state.phase !== "done") {
      const action = (label: string, event: MachineEvent) =>
        button({ send, busy, values }, label, event, "secondary");
      footer = html`<footer part="footer">
        ${action(step.keep ?? t("keep"), { type: "keep" })}
        ${action(step.leave ?? t("leave"), { type: deciding ? "confirm" : "leave" })}
      </footer>`;
    }
  } else {
    step = state.phase === "unavailable" ? unavailable(state.fault, email, format, send) : loading(format);
  }

  const back = "path" in state && state.phase !== "done" && state.path.length > 1;
  return html`<div class="panel" part="panel" dir=${t("dir")} aria-busy=${busy || state.phase === "loading"}>
    <header part="header">
      ${back ? iconButton("back", t("back"), "M11 4 6 9l5 5", busy, () => send({ type: "back" })) : nothing}
      ${inline ? nothing : iconButton("close", t("close"), "m4 4 10 10M14 4 4 14", false, () => send({ type: "close" }))}
    </header>
    ${keyed(
      stepKey(state),
      html`<div class="content" part="content">
        <h2 id="title" part="heading" tabindex="-1">${plain(step.title, values)}</h2>
        ${step.body ? html`<div class="body" part="body">${rich(step.body, values)}</div>` : nothing}
        ${step.content ?? nothing}
        ${problem(view?.missing && t(view.missing))}${fault || nothing}
        ${step.actions ? html`<div class="actions" part="actions">${step.actions}</div>` : nothing}
      </div>`,
    )}
    ${footer}
    <p class="sr" role="status">${busy ? t("saving") : state.phase === "loading" ? t("loading") : nothing}</p>
  </div>`;
}

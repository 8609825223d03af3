/** What tests of the class share: instances, what they call back, and what a customer does in their dialogs. */
import { waitUntil } from "@open-wc/testing";
import type { RetentionModal } from "../../src/components/retention-modal.ts";
import { Renumerate } from "../../src/sdk/renumerate.ts";
import type { CallbackOptions, RenumerateConfig } from "../../src/sdk/types.ts";
import { click, closeAll, heading } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import { endExchange } from "./exchange.ts";

/** A server that is down, until it is up again. */
export const down = { status: 500, code: "internal_error" };

const made: Renumerate[] = [];

const { random } = Math;
// Waiting times before the next attempt are a share of chance.
beforeEach(() => {
  Math.random = () => 0;
});

/** An instance that talks to the server in this page. */
export function create<Config extends RenumerateConfig>(config: Config = {} as Config): Renumerate<Config> {
  const renumerate = new Renumerate<Config>({ apiUrl: location.origin, ...config } as never);
  made.push(renumerate);
  return renumerate;
}

/** After each test: nothing is left of what it has opened, kept or set. */
export async function leave(): Promise<void> {
  for (const renumerate of made.splice(0)) renumerate.cleanup();
  window.RENUMERATE_INSTANCE?.cleanup();
  Reflect.deleteProperty(window, "RENUMERATE_INSTANCE");
  Reflect.deleteProperty(window, "RENUMERATE_LOCAL");
  Math.random = random;
  closeAll();
  endExchange();
  sessionStorage.clear();
  for (const key of Object.keys(localStorage)) localStorage.removeItem(key);
  document.documentElement.lang = "en";
  document.documentElement.removeAttribute("dir");
  await settle();
}

export function container(id: string, parent: Element = document.body): HTMLElement {
  const element = document.createElement("div");
  element.id = id;
  parent.append(element);
  return element;
}

/** Callbacks that write down that they were called, and how it ended. */
export function recorder(name = ""): { calls: string[]; callbacks: Required<CallbackOptions> } {
  const calls: string[] = [];
  const note = (what: string) => calls.push(name ? `${name} ${what}` : what);
  return {
    calls,
    callbacks: {
      onComplete: (detail) => note(`complete:${detail.outcome}`),
      onRetained: () => note("retained"),
      onCancelled: () => note("cancelled"),
    },
  };
}

export const dialogs = (): HTMLDialogElement[] => [
  ...document.querySelectorAll<HTMLDialogElement>(".renumerate-dialog"),
];

export const dialogOf = (): HTMLDialogElement => {
  const [dialog, ...others] = dialogs();
  if (!dialog || others.length) throw new Error(`there are ${dialogs().length} dialogs`);
  return dialog;
};

export const cornerOf = (dialog: HTMLDialogElement = dialogOf()): HTMLButtonElement =>
  dialog.querySelector(".renumerate-dialog-close") as HTMLButtonElement;

export const boxes = (): HTMLElement[] => [
  ...document.querySelectorAll<HTMLElement>(".renumerate-error-content"),
];

export const buttonIn = (element: Element): HTMLButtonElement =>
  element.querySelector("button") as HTMLButtonElement;

const panelOf = (modal: RetentionModal | null) => modal?.shadowRoot?.querySelector("[part=panel]");

/** Waits until the flow shows something that can be acted on. */
export async function begun(dialog: HTMLDialogElement = dialogOf()): Promise<RetentionModal> {
  const find = () => dialog.querySelector("renumerate-retention-modal");
  await waitUntil(() => panelOf(find())?.ariaBusy === "false", "no flow came", { timeout: 8000 });
  return find() as RetentionModal;
}

export async function trouble(): Promise<HTMLElement> {
  await waitUntil(() => boxes().length, "no failure is shown", { timeout: 8000 });
  return boxes()[0] as HTMLElement;
}

/** From the first step to the decision, which the server has not answered yet. */
export async function confirm(modal: RetentionModal): Promise<void> {
  await click(modal, "Cancel subscription", "Cancel subscription");
}

export async function cancelled(modal: RetentionModal): Promise<void> {
  await confirm(modal);
  await waitUntil(() => heading(modal) === "Your subscription is cancelled", "it is not cancelled");
}

export async function kept(modal: RetentionModal): Promise<void> {
  await click(modal, "Keep subscription");
  await waitUntil(() => heading(modal) === "Your subscription continues", "it is not kept");
}

export async function gone(): Promise<void> {
  await waitUntil(() => !dialogs().length, "the dialog stays in the page");
}

/** What a call throws. */
export function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "nothing";
}

/** Exceptions that nobody has caught, instead of to the runner. */
export async function reported(act: () => unknown): Promise<string[]> {
  const messages: string[] = [];
  const handler = window.onerror;
  window.onerror = (_event, _source, _line, _column, error) => {
    messages.push(String(error?.message));
    return true;
  };
  try {
    await act();
    await settle();
  } finally {
    window.onerror = handler;
  }
  return messages;
}

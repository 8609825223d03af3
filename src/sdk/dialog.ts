/** One opening of the flow in a dialog of the page, with the classes that users of the Renumerate client know. */
import type { RetentionModal } from "../components/retention-modal.ts";
import type { CompleteDetail, ErrorDetail, SettledDetail } from "../events.ts";
import { loadRetentionModal } from "../lazy.ts";
import { isEnglish, languageOf, writeLabel } from "./language.ts";
import { dress, undress } from "./look.ts";
import { remembering } from "./sessions.ts";
import { troubleBox } from "./trouble.ts";
import type { RenumerateConfig } from "./types.ts";

/** What tells the flow whose it is. */
export interface Whose {
  sessionId?: string | undefined;
  subscriptionId?: string | undefined;
  getSession?: ((fresh: boolean) => Promise<string>) | undefined;
}

export interface OpeningOptions {
  whose: Whose;
  /** Asked anew for each attempt and each failure. */
  config: () => RenumerateConfig;
  apiUrl: string;
  onSettled(name: "retained" | "cancelled", detail: SettledDetail): void;
  /** The dialog is gone. */
  onClosed(): void;
  /** The dialog is gone, and how it ended is known: at once, unless billing is being asked. */
  onComplete(detail: CompleteDetail): void;
}

export interface Opening {
  readonly dialog: HTMLDialogElement;
  readonly whose: Whose;
  /** Takes the dialog off the page; the customer's own way of closing it. */
  close(): void;
  /** The same without telling anybody, now or later. */
  discard(): void;
}

/** An element with the flow that is to be shown: what `warm` has made, or a new one. */
export function flowFor(whose: Whose, config: RenumerateConfig, apiUrl: string): RetentionModal {
  const modal = document.createElement("renumerate-retention-modal");
  const { locale = "", fallbackEmail = "", colorScheme, timeout, debug = false } = config;
  modal.inline = true;
  Object.assign(modal, { apiUrl, locale, fallbackEmail, debug, timeout: timeout ?? null });
  if (colorScheme) modal.colorScheme = colorScheme;
  modal.subscriptionId = whose.subscriptionId ?? "";
  modal.sessionId = whose.sessionId ?? "";
  modal.getSession = whose.getSession && remembering(whose.getSession);
  return modal;
}

const stop = (event: Event) => event.stopPropagation();

let count = 0;

/** @param warmed a flow that has been fetched ahead */
export function openDialog(options: OpeningOptions, warmed?: RetentionModal): Opening {
  const { whose, config, apiUrl, onSettled, onClosed, onComplete } = options;
  const { colorScheme, timeout } = config();
  const language = languageOf(config());
  const focused = document.activeElement;
  const dialog = document.createElement("dialog");
  dialog.className = "renumerate-dialog";
  const content = document.createElement("div");
  content.className = "renumerate-dialog-content";
  const title = document.createElement("span");
  title.id = `renumerate-dialog-title-${++count}`;
  title.hidden = true;
  writeLabel(title, language);
  const corner = document.createElement("button");
  corner.type = "button";
  corner.className = "renumerate-dialog-close";
  corner.ariaLabel = "Close";
  corner.lang = "en";
  corner.textContent = "×";
  dialog.setAttribute("aria-labelledby", title.id);
  if (colorScheme) dialog.style.colorScheme = colorScheme === "auto" ? "light dark" : colorScheme;
  content.append(title, corner);
  dialog.append(content);

  let modal: RetentionModal | undefined;
  let isOver = false;
  let isClosed = false;
  let isDiscarded = false;
  let isCompleted = false;
  /** The flow has said how it ended, or nothing can be decided in it. */
  let isTold = true;
  let outcome: CompleteDetail["outcome"] = "abandoned";
  const ends: (() => void)[] = [];

  function end(): void {
    isOver = true;
    watch.disconnect();
    for (const each of ends) each();
    // Before it leaves the page, so that nothing of the flow is taken for a page that was left.
    modal?.close();
    // Also of a page that has taken the dialog away by itself.
    dialog.close();
    dialog.remove();
    undress(dialog);
    // Safari does not focus a button that is clicked, so the dialog alone would not know where to go back to.
    if (focused instanceof HTMLElement && focused !== document.body) focused.focus();
  }

  function complete(): void {
    // What a decision of an earlier visit leads to later is no second end.
    if (isDiscarded || isCompleted) return;
    isCompleted = true;
    onComplete({ outcome });
  }

  function close(): void {
    if (isOver) return;
    end();
    onClosed();
    isClosed = true;
    if (isTold) complete();
  }

  function fail(): void {
    isTold = true;
    content.ariaBusy = null;
    const box = troubleBox({
      lines: ["We're having trouble loading the cancellation form."],
      email: config().fallbackEmail,
      write: "Please email us at {} to cancel your subscription.",
      contact: "Please contact support to cancel your subscription.",
      reference: whose.subscriptionId ?? "",
      retry() {
        corner.focus();
        void begin();
      },
    });
    content.append(box);
    // As with every step of the flow; and it may have gone with a flow that had it.
    box.querySelector("h2")?.focus();
  }

  function show(flow: RetentionModal): void {
    // Somebody else's element of that name, or one whose code has failed once and is not run again.
    if (typeof flow.show !== "function") throw new TypeError("This is no flow");
    modal = flow;
    let hasBegun = false;
    const on = <Detail>(name: string, hear: (detail: Detail) => void) =>
      flow.addEventListener(`renumerate-${name}`, (event) => {
        // Of a flow that has failed and been replaced, only what billing has done counts.
        if (flow === modal || name === "retained" || name === "cancelled")
          hear((event as CustomEvent<Detail>).detail);
      });
    on("step", () => {
      hasBegun = true;
      isTold = false;
    });
    for (const name of ["retained", "cancelled"] as const)
      on<SettledDetail>(name, (detail) => isDiscarded || onSettled(name, detail));
    on<CompleteDetail>("complete", (detail) => {
      isTold = true;
      // Who has taken an offer and leaves a second round undecided has still taken it.
      if (detail.outcome !== "abandoned") outcome = detail.outcome;
      if (isClosed) complete();
    });
    on("close", close);
    on<ErrorDetail>("error", ({ retryable, waiting }) => {
      flow.fallbackEmail = config().fallbackEmail ?? "";
      // The service is down. In other languages, and when there is more to say, the element says it itself.
      if (retryable && !hasBegun && waiting === undefined && !isOver && isEnglish(language)) {
        const failed = modal;
        modal = undefined;
        failed?.close();
        failed?.remove();
        fail();
      }
    });
    content.ariaBusy = null;
    content.append(flow);
    flow.show();
  }

  async function begin(): Promise<void> {
    content.ariaBusy = "true";
    try {
      const { lockScroll, fitViewport } = await loadRetentionModal(timeout);
      if (isOver) return;
      if (!ends.length) ends.push(lockScroll(document), fitViewport(dialog));
      const flow = warmed ?? flowFor(whose, config(), apiUrl);
      warmed = undefined;
      show(flow);
    } catch {
      if (!isOver) fail();
    }
  }

  corner.onclick = close;
  dialog.addEventListener("close", ({ target }) => {
    if (target === dialog) close();
  });
  // The page's shortcuts cannot see that it is a field that is typed into.
  for (const name of ["keydown", "keypress", "keyup"]) dialog.addEventListener(name, stop);
  // A page can take the dialog away, with whatever it is in; one that is moved leaves the top layer.
  const watch = new MutationObserver(() => {
    if (!dialog.isConnected) close();
    else if (dialog.open && !dialog.matches(":modal")) {
      dialog.open = false;
      dialog.showModal();
    }
  });
  dress(dialog);
  document.body.append(dialog);
  dialog.showModal();
  watch.observe(document, { childList: true, subtree: true });
  void begin();
  return {
    dialog,
    whose,
    close,
    discard() {
      isDiscarded = true;
      if (!isOver) end();
    },
  };
}

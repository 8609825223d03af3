/**
 * The script of the hosted pages, `/retention`, `/subs` and `/cancel/…`: it takes the session id out of the address or the
 * page, makes the page's element, and tells the page around the frame what happens, or leads back to the business. The
 * elements come with `embed.js`, which runs after this one; nothing is shared with it, so that the embed stays one file.
 */
import type { RetentionModal } from "./components/retention-modal.ts";
import type { ErrorDetail } from "./events.ts";
import { forget, mean, onRead, reopened, session, subscription, tidy } from "./hosted/address.ts";
import { entrust, hear, isFramed, isKnown, measure, PATIENCE, takenOver, tell } from "./hosted/around.ts";
import { leadBack, type Moment } from "./hosted/way-back.ts";

/** Milliseconds after which code that has not come counts as lost. */
const LONGEST_WAIT = 10_000;

const { page: iframe = "", email: fallbackEmail = "", refusal, back, decided } = document.body.dataset;
const main = document.querySelector("main") as HTMLElement;
const help = document.querySelector("#help") as HTMLElement;

let isLost = false;

/** The page around may have something better to show than a frame in which nothing can be done. Said once. */
function giveUp(): void {
  if (!isLost) tell("catastrophic-failure", { iframe });
  isLost = true;
}

/** The page's own words stand in for an element until it is known, and if it never is. */
function standIn(tag: string): void {
  const lost = () => {
    help.className = "shown";
    if (!fallbackEmail) giveUp();
  };
  const timer = setTimeout(lost, LONGEST_WAIT);
  document.querySelector("script[src$='embed.js']")?.addEventListener("error", lost);
  void customElements.whenDefined(tag).then(() => {
    clearTimeout(timer);
    help.hidden = true;
  });
}

/** Whether anything was shown that can be worked with: what fails after that is told where it fails. */
let isShown = false;
let failures = 0;

function failed({ retryable, waiting }: ErrorDetail): void {
  // Words about a cancellation that is on its way are better than any that the page around has.
  if (isShown || waiting !== undefined || main.firstElementChild?.shadowRoot?.querySelector("[part~=card]"))
    return;
  failures++;
  if (!retryable || (failures > 1 && !fallbackEmail)) giveUp();
}

function showRetention(): void {
  const subscriptionId = subscription();
  // The address of a link says nothing that has to be taken out of it, and brings the session again while it holds.
  if (!back) tidy();
  const flow = document.createElement("renumerate-retention-modal");
  // As a property: attributes are for everybody's eyes.
  Object.assign(flow, { sessionId: session, subscriptionId, fallbackEmail });
  flow.toggleAttribute("inline", true);
  flow.toggleAttribute("open", true);
  if (back) leadBack(flow, back as Moment);
  else
    flow.addEventListener("renumerate-close", () => {
      tell("close-dialog");
      if (!isFramed) history.back();
      // Whoever is still here sees how it ended, not an empty page.
      setTimeout(() => flow.show(), PATIENCE);
    });
  main.append(flow);
}

function showHub(): void {
  tidy();
  const hub = document.createElement("renumerate-subscription-hub");
  Object.assign(hub, { sessionId: session, fallbackEmail });
  // Before it is known there is nothing to bring up to date.
  const refresh = () => void hub.refresh?.();
  let asked = new AbortController();
  let own: RetentionModal | undefined;
  const taken = () => {
    asked.abort();
    own?.close();
  };

  hub.addEventListener("renumerate-cancel-request", (event) => {
    const { subscriptionId } = event.detail;
    // Where nobody can be asked, or who is asked could not know which one is meant, the hub opens the flow itself.
    if (!isKnown() || !mean(subscriptionId)) return;
    event.preventDefault();
    asked = new AbortController();
    void takenOver(asked.signal).then((isTaken) => {
      if (isTaken) return;
      forget();
      own = document.createElement("renumerate-retention-modal");
      // The hub is where the focus goes back to, and hears that it has to load anew.
      Object.assign(own, { sessionId: session, subscriptionId, fallbackEmail, opener: hub });
      document.body.append(own);
      own.show();
    });
    entrust("cancel-subscription", { sessionId: session, subscriptionId });
  });
  onRead(taken);
  hear({ "cancel-subscription-accepted": taken, "on-complete": refresh });
  // It comes back as it was left; what holds may have changed.
  addEventListener("pageshow", ({ persisted }) => persisted && refresh());
  main.append(hub);
}

function start(): void {
  measure(iframe, [main, help]);
  for (const work of ["step", "cancel-request"] as const)
    document.addEventListener(`renumerate-${work}`, () => {
      isShown = true;
    });
  document.addEventListener("renumerate-error", ({ detail }) => {
    // Another tab has used the link: the server has the words for that.
    if (back && ["session_completed", "session_expired"].includes(detail.code)) location.reload();
    failed(detail);
  });
  for (const outcome of ["retained", "cancelled", "complete"] as const)
    document.addEventListener(`renumerate-${outcome}`, () => tell(`on-${outcome}`));
  const retry = help.querySelector("button");
  if (retry) retry.onclick = () => location.reload();
  if (refusal) {
    if (session) tidy();
    giveUp();
  } else if (decided !== undefined) {
    leadBack(undefined, "decided");
  } else if (iframe === "subscription") {
    standIn("renumerate-subscription-hub");
    showHub();
  } else {
    standIn("renumerate-retention-modal");
    showRetention();
  }
}

document.documentElement.classList.toggle("framed", isFramed);
if (refusal !== "missing" || !reopened()) start();

/** What the address of a hosted page says, and where it is kept when it is not there any more. */

/** Where a hub leaves word of which subscription is meant, for the frame that the page around opens next. */
const MEANT = "renumerate-meant";
/** Milliseconds for which that holds: the frame is opened by the same click. */
const MEANT_FOR = 60_000;

const parameters = new URLSearchParams(location.search);
// Where the address holds a ticket, the page holds the session: for longer than the ticket, and until it is read here.
const { session: held } = document.body.dataset;
if (held) {
  delete document.body.dataset.session;
  parameters.delete("ticket");
  parameters.set("session_id", held);
}
export const session = parameters.get("session_id") ?? "";

/** Not the id itself: its end tells sessions apart and opens nothing. */
const whose = session.slice(-24);

/**
 * The parameters go on with this entry of the tab's history, which no list of addresses shows and no request carries. The
 * language stays, for whoever leaves this page for another one and comes back.
 */
export function tidy(): void {
  const locale = parameters.get("locale");
  const kept = locale ? `?${new URLSearchParams({ locale })}` : "";
  history.replaceState(`?${parameters}`, "", location.pathname + kept);
}

/** Loads an entry that was tidied up as it was loaded the first time. @returns whether there is something to load */
export function reopened(): boolean {
  const { state } = history;
  if (typeof state !== "string") return false;
  location.replace(location.pathname + state);
  return true;
}

/** Which subscription the flow is about; a client of the older kind hands on a hub's session alone. */
export function subscription(): string {
  const id = parameters.get("subscription_id") ?? "";
  if (id) return id;
  try {
    const meant = JSON.parse(sessionStorage.getItem(MEANT) ?? "{}");
    if (meant.whose !== whose || Date.now() - meant.at > MEANT_FOR) return "";
    forget();
    parameters.set("subscription_id", meant.id);
    return meant.id;
  } catch {
    return "";
  }
}

/** @returns whether the frame that is opened next will know */
export function mean(id: string): boolean {
  try {
    sessionStorage.setItem(MEANT, JSON.stringify({ whose, id, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(MEANT);
  } catch {}
}

/** Calls when a frame beside this one has read what was left for it. */
export function onRead(work: () => void): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === MEANT && newValue === null) work();
  });
}

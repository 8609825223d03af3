/** What is not there from the start: where it comes from, and what is left to offer if it does not come. */

/** Set by the entry of the script tag. Bundled code has no server of its own to talk to, so there it stays empty. */
export const defaults = { apiUrl: "" };

/**
 * Loaded once. A failure, or no answer within `timeout` milliseconds, is forgotten, so that the next call asks again.
 * Firefox remembers for the life of a page that an address has failed (Chromium and WebKit do not), so the build of the
 * script tag appends it to the address wherever `_again` is taken.
 */
export function once<Module>(
  load: (again: string) => Promise<Module>,
): (timeout?: number) => Promise<Module> {
  let pending: Promise<Module> | undefined;
  let again = "";
  return (timeout = 10_000) => {
    pending ??= new Promise<Module>((resolve, reject) => {
      const timer = setTimeout(reject, timeout);
      // An empty file is no module of ours.
      void load(again)
        .then((module) => (Object.keys(module as object)[0] ? resolve(module) : reject()), reject)
        .then(() => clearTimeout(timer));
      again += "?";
    }).catch((error: unknown) => {
      pending = undefined;
      throw error;
    });
    return pending;
  };
}

export const loadCancelButton = /* @__PURE__ */ once((_again) => import("./components/cancel-button.ts"));
export const loadRetentionModal = /* @__PURE__ */ once((_again) => import("./components/retention-modal.ts"));
export const loadSubscriptionHub = /* @__PURE__ */ once(
  (_again) => import("./components/subscription-hub.ts"),
);
export const loadLabels = /* @__PURE__ */ once((_again) => import("./i18n/labels.ts"));

/** What other tabs are still at is theirs, but for a cancellation: this one waits behind them with it. */
const hear = ({ newValue }: StorageEvent) => {
  if (newValue?.includes("decidedAt")) deliverLeftovers();
};

/**
 * Sends what an earlier visit, or another tab that has gone, could not. Nothing is loaded unless there is something; the
 * entries are those of `api/shelf.ts`. Called by every element that joins a page.
 */
export function deliverLeftovers(): void {
  addEventListener("storage", hear);
  try {
    if (`${Object.keys(localStorage)}`.includes("renumerate:"))
      loadRetentionModal().then(
        (modal) => modal.deliverLeftovers(),
        () => {},
      );
  } catch {}
}

/**
 * The last way out is a mail. All of it is encoded, so that the address cannot bring fields of its own.
 *
 * @param body lines that end with `\n`; in a mail that is CRLF (RFC 6068, section 5)
 */
export const mailto = (address: string, subject: string, body = ""): string => {
  const text = body && `&body=${encodeURIComponent(body).replaceAll("%0A", "%0D%0A")}`;
  return `mailto:${encodeURIComponent(address).replace("%40", "@")}?subject=${encodeURIComponent(subject)}${text}`;
};

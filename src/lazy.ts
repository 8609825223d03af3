/** What is not there from the start: where it comes from, and what is left to offer if it does not come. */

/** Set by the entry of the script tag. Bundled code has no server of its own to talk to, so there it stays empty. */
export const defaults = { apiUrl: "" };

/** Loaded once; forgotten on failure, so that the next click tries again. */
function once<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let pending: Promise<Module> | undefined;
  return () => {
    pending ??= load().catch((error: unknown) => {
      pending = undefined;
      throw error;
    });
    return pending;
  };
}

export const loadCancelButton = /* @__PURE__ */ once(() => import("./components/cancel-button.ts"));
export const loadRetentionModal = /* @__PURE__ */ once(() => import("./components/retention-modal.ts"));

/** The last way out is a mail. The address is encoded, so that it cannot bring fields of its own. */
export const mailto = (address: string, subject: string): string =>
  `mailto:${encodeURIComponent(address).replace("%40", "@")}?subject=${encodeURIComponent(subject)}`;

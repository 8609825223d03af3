/**
 * Entry of the script tag: `<script type="module" src="https://…/embed.js">`. The button is part of it; the code of any
 * other element is loaded when its tag first appears in the document. Tags in shadow roots are not looked for: nobody
 * is told of them. They become alive with the first click on a button, or by `loadRetentionModal()`, which is exported.
 */
import "./components/cancel-button.ts";
import { defaults, loadRetentionModal, loadSubscriptionHub } from "./lazy.ts";

export { loadRetentionModal, loadSubscriptionHub };

const later = new Map<string, () => Promise<unknown>>([
  ["renumerate-retention-modal", loadRetentionModal],
  ["renumerate-subscription-hub", loadSubscriptionHub],
]);

function look(): void {
  for (const [tag, load] of later) {
    if (!document.querySelector(tag)) continue;
    // A failed load is not repeated here: the tag's own content is the fallback until somebody reloads.
    later.delete(tag);
    // Another copy may have been faster.
    if (!customElements.get(tag)) load().catch(() => {});
  }
}

// Importing this file must work where there is no DOM.
if (globalThis.document) {
  defaults.apiUrl = new URL(import.meta.url).origin;
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  look();
}

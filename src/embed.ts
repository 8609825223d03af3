/**
 * Entry of the script tag: `<script type="module" src="https://…/embed.js">`. The button is part of it; the code of any
 * other element is loaded when its tag first appears in the document.
 */
import "./components/cancel-button.ts";
import { defaults, loadRetentionModal } from "./lazy.ts";

defaults.apiUrl = new URL(import.meta.url).origin;

const later: Record<string, () => Promise<unknown>> = { "renumerate-retention-modal": loadRetentionModal };

// Live collections: looking into one costs next to nothing, however often the page changes.
let waiting = Object.keys(later).map((tag) => document.getElementsByTagName(tag));

function look(): void {
  waiting = waiting.filter(([found]) => {
    // A failed load is not repeated here: the tag's own content is the fallback until somebody reloads.
    if (found) void later[found.localName]?.().catch(() => {});
    return !found;
  });
  if (!waiting.length) observer.disconnect();
}

const observer = new MutationObserver(look);
observer.observe(document, { childList: true, subtree: true });
look();

/**
 * Entry of the npm package: types, and loaders that register an element when they are called. To register one at once,
 * import its file instead: `import "@renumerate/js/cancel-button"`.
 */
export type { CancelButton } from "./components/cancel-button.ts";
export type { RetentionModal } from "./components/retention-modal.ts";
export { VERSION } from "./define.ts";
export type * from "./events.ts";
export { loadCancelButton, loadRetentionModal } from "./lazy.ts";

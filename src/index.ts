/**
 * Entry of the npm package: the class, types, and loaders that register an element when they are called. To register one at once,
 * import its file instead: `import "@renumerate/js/cancel-button"`.
 */
export type { CancelButton } from "./components/cancel-button.ts";
export type { RetentionModal } from "./components/retention-modal.ts";
export type { SubscriptionHub } from "./components/subscription-hub.ts";
export { VERSION } from "./define.ts";
export type * from "./events.ts";
export { loadCancelButton, loadRetentionModal, loadSubscriptionHub } from "./lazy.ts";
export { Renumerate } from "./sdk/renumerate.ts";
export type * from "./sdk/types.ts";

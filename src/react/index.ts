"use client";

/** Entry of the React components: `@renumerate/js/react`. */
export type { CallbackOptions, RenumerateConfig, SdkSession } from "../sdk/types.ts";
export { CancelButton, type CancelButtonProps } from "./cancel-button.ts";
export { type RenumerateContextValue, useRenumerateContext } from "./context.ts";
export { RenumerateProvider, type RenumerateProviderProps } from "./provider.ts";
export { SubscriptionHub, type SubscriptionHubProps } from "./subscription-hub.ts";
export { type RenumerateHook, type UseRenumerateOptions, useRenumerate } from "./use-renumerate.ts";

import { useCallback, useMemo } from "react";
import type { Renumerate } from "../sdk/renumerate.ts";
import type { CallbackOptions, TokenConfig } from "../sdk/types.ts";
import { useProvided } from "./context.ts";
import { useLive } from "./latest.ts";

export interface UseRenumerateOptions {
  /** `ret_…` or `sub_…`; not used with `getAuthToken`. */
  sessionId?: string | undefined;
  /** With `getAuthToken`: which subscription; the first that runs by default. */
  subscriptionId?: string | undefined;
  /** Before those of the provider, one by one. */
  callbacks?: CallbackOptions | undefined;
}

export interface RenumerateHook {
  /**
   * Opens the retention flow. The same function as long as session id and subscription id are the same.
   * @throws Error when the session id is none
   */
  open: () => void;
  /** With `getAuthToken`: there is a session. Without, always. */
  isReady: boolean;
}

/** @throws Error outside of a provider */
export const useRenumerate = (options: UseRenumerateOptions = {}): RenumerateHook =>
  useOpening("useRenumerate", options);

/** @param who is named in the error */
export function useOpening(
  who: string,
  { sessionId, subscriptionId, callbacks }: UseRenumerateOptions,
): RenumerateHook {
  const { context, isToken } = useProvided(who);
  const { instance, session, isSessionLoading } = context;
  const own = useLive(callbacks);
  const open = useCallback(() => {
    if (isToken) void (instance as Renumerate<TokenConfig>).showRetentionView(subscriptionId, own);
    else instance.showRetentionView(sessionId as string, own);
  }, [instance, isToken, sessionId, subscriptionId, own]);
  const isReady = !isToken || (!isSessionLoading && session !== null);
  return useMemo(() => ({ open, isReady }), [open, isReady]);
}

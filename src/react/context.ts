import { createContext, useContext } from "react";
import type { Renumerate } from "../sdk/renumerate.ts";
import type { SdkSession } from "../sdk/types.ts";

export interface RenumerateContextValue {
  /** The provider's own; what it opens uses the provider's configuration. */
  instance: Renumerate;
  /** With `getAuthToken`: the session that the provider has established. */
  session: SdkSession | null;
  /** With `getAuthToken`: a session is being established, and not yet for longer than `timeout`. */
  isSessionLoading: boolean;
  /** Why there is no session, or no new one. */
  sessionError: Error | null;
  /** Establishes a new session. Never rejects: `sessionError` tells. */
  refreshSession: () => Promise<void>;
}

interface Provided {
  context: RenumerateContextValue;
  /** Sessions are made by exchange, and not given by their ids. */
  isToken: boolean;
  /** Different when the configuration is. */
  settings: string;
}

export const Context = createContext<Provided | null>(null);

/** @throws Error outside of a provider */
export function useProvided(who: string): Provided {
  const provided = useContext(Context);
  if (!provided) throw new Error(`${who} must be used within a RenumerateProvider`);
  return provided;
}

/** @throws Error outside of a provider */
export const useRenumerateContext = (): RenumerateContextValue => useProvided("useRenumerateContext").context;

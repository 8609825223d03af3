/** Everything that the app takes from outside: nothing below `main.ts` reads the environment, the clock or chance. */
import type { BillingProvider } from "./billing/provider.ts";
import type { Scope, Store } from "./store/store.ts";

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Deps {
  store: Store;
  billing(scope: Scope): BillingProvider;
  clock: () => number;
  /** `ses_…`, `act_…`: prefix and 22 characters of chance. */
  newId: (prefix: string) => string;
  /** One key per purpose, derived from the master secret. 32 bytes each. */
  keys: { session: Uint8Array };
  limits: {
    /** Requests per rolling minute: a secret key, and a session. */
    perKey: number;
    perSession: number;
    /** How long a session id lives, ms. */
    sessionTtl: number;
    /** How long a provider may take before the customer is told "requested", ms. */
    billingTimeout: number;
    /** Silence after which an open session counts as abandoned, ms. */
    idle: number;
  };
  log: Log;
  /** Where the world reaches this server, without a trailing slash. */
  publicUrl: string;
  version: string;
}

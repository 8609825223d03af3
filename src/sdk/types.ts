/** What users of the class write. The names are those of the Renumerate client, so that its users' code runs as it is. */
import type { CompleteDetail, SettledDetail } from "../events.ts";

/** None needs its argument. What one throws is reported and changes nothing. */
export interface CallbackOptions {
  /** Once for each flow, when its dialog has closed, whatever the outcome. */
  onComplete?: ((detail: CompleteDetail) => void) | undefined;
  /** The customer stays, with or without an offer. */
  onRetained?: ((detail: SettledDetail) => void) | undefined;
  /** The customer has cancelled. */
  onCancelled?: ((detail: SettledDetail) => void) | undefined;
}

export interface RenumerateConfig {
  /** Of the workspace. Not sent: a session names its workspace. */
  publicKey?: string | undefined;
  /** Origin of the Renumerate server; by default the one that served the script, or in a bundle the page's own. */
  apiUrl?: string | undefined;
  /**
   * Resolves to a handshake token that the site's own backend has signed for whoever is signed in. With it, sessions are
   * made by exchange and methods take no session ids.
   */
  getAuthToken?: (() => Promise<string>) | undefined;
  /** Logs to the console what happens; never a session id. */
  debug?: boolean | undefined;
  /** Whom customers can write to when nothing else works. */
  fallbackEmail?: string | undefined;
  /** For everything that brings no callbacks of its own, key by key. */
  callbacks?: CallbackOptions | undefined;
  /** Language of texts, numbers and dates; by default the page's. */
  locale?: string | undefined;
  /** By default the page's. */
  colorScheme?: "light" | "dark" | "auto" | undefined;
  /** Milliseconds until a failure is shown; 10 000 by default. */
  timeout?: number | undefined;
}

/** No other keys: a misspelt one would have no effect. */
export type Known<Config> = Config & { [Key in Exclude<keyof Config, keyof RenumerateConfig>]: never };

/** The configuration that makes sessions by exchange. */
export type TokenConfig = RenumerateConfig & { getAuthToken: () => Promise<string> };

export interface CancelButtonOptions extends CallbackOptions {
  /** The whole class attribute, in place of `renumerate-cancel-btn`. */
  classes?: string | undefined;
  /** Which subscription, for customers with several. */
  subscriptionId?: string | undefined;
}

/** Of the Renumerate client, whose users may have named it; nothing here takes it. */
export interface EventData {
  [key: string]: string | number | boolean;
}

/** A session that was made by exchange. */
export interface SdkSession {
  sessionId: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

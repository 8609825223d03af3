/** Everything that the app takes from outside: nothing below `main.ts` reads the environment, the clock or chance. */
import type { Hear } from "./billing/billing-event.ts";
import type { BillingProvider } from "./billing/provider.ts";
import type { Scope, Store } from "./store/store.ts";

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What of an error may be logged: the other fields of a database's errors can hold the row that they are about. */
export function loggable(error: unknown): object | string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: loggable(cause) }) };
}

/** One account that tells us of changes. */
export interface BillingEndpoint {
  scope: Scope;
  /** Whether a message is this account's, and what it says. Absent where no secret is configured. */
  hear?: Hear;
  /** Forgets what is remembered of the account under keys that begin so. */
  refresh(prefix: string): void;
}

export interface Message {
  to: string;
  subject: string;
  html: string;
  text: string;
}

/** Thrown by a mailer. `permanent`: the same again would fail the same way. */
export class MailError extends Error {
  readonly permanent: boolean;
  constructor(message: string, permanent: boolean, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "MailError";
    this.permanent = permanent;
  }
}

export interface Mailer {
  /** Resolves once the next server has taken it. @param id the same for each attempt at one mail @throws MailError */
  send(message: Message, id: string): Promise<void>;
  close(): void;
}

export interface Deps {
  store: Store;
  /**
   * Answers or fails within a time that a customer can wait. Of a subscription that the business bills by itself: what it
   * has said of that one.
   */
  billing(of: Scope & { subscriptionId?: string | undefined }): BillingProvider;
  /** Absent or empty where no account is connected. Asked for each message: accounts may come and go. */
  webhooks?: () => readonly BillingEndpoint[];
  clock: () => number;
  /** `ses_…`, `act_…`: prefix and 22 characters of chance. */
  newId: (prefix: string) => string;
  /** One key per purpose, derived from the master secret. 32 bytes each. */
  keys: {
    session: Uint8Array;
    /** Seals what sites sign with. */
    signing: Uint8Array;
    /** What the keys of result tokens are derived from. */
    result: Uint8Array;
    /** Seals what webhooks are signed with. */
    webhook: Uint8Array;
  };
  limits: {
    /** Requests per rolling minute: a secret key, and a session. */
    perKey: number;
    perSession: number;
    /** Of one network address: requests without a good credential, and links that are none. */
    perAddress: number;
    /** How long a link to a hosted flow holds, ms. */
    linkTtl: number;
    /** How long a session id lives, ms. */
    sessionTtl: number;
    /** Silence after which an open session counts as abandoned, ms. */
    idle: number;
    /** How long a webhook's endpoint may take to answer, ms of the machine. */
    webhook: number;
  };
  /** How webhooks reach the business's endpoints. */
  outgoing: {
    /** Whether they may lead into private networks, and without https in production. */
    allowPrivate: boolean;
    /** All addresses of a host. Asked anew for each attempt. @throws Error if it has none */
    resolve(host: string): Promise<string[]>;
  };
  /** What `/api/flows/cancel` does at billing: `record` leaves it to the business. */
  cancelAtBilling: "record" | "period_end" | "immediately";
  /** Months after which a customer of whom nothing was heard is forgotten; absent: never. */
  retainMonths?: number;
  /** Absent where no way to send mail is configured. */
  mailer?: Mailer;
  /** What monitoring asks with, in place of a key. */
  healthToken?: string;
  log: Log;
  /** Where the world reaches this server, without a trailing slash. */
  publicUrl: string;
  version: string;
}

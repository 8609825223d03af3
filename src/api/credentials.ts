/** Where the session token comes from: a fixed one in the page, an endpoint of the site's own backend, or a callback. */
import { ask, LONGEST_WAIT, type Transport } from "./ask.ts";
import { ApiError } from "./errors.ts";
import { own } from "./own.ts";

export interface CredentialsOptions extends Transport {
  sessionId?: string | undefined;
  /** Answers GET with `{id}`, `{session:{id}}` or `{token}` for the customer who is signed in to the site. */
  sessionUrl?: string | undefined;
  /** Resolves to a handshake token that the site's own backend has signed; it is exchanged for a session token. */
  getAuthToken?: (() => string | Promise<string>) | undefined;
  /** In place of all others: whoever gives it keeps the session, and asks who is signed in. */
  getSession?: ((fresh: boolean) => Promise<string>) | undefined;
  /** Where a handshake token is exchanged. */
  apiUrl?: string | undefined;
}

export interface Credentials {
  /**
   * The session token; `fresh` when the last one has expired. Calls at the same time share one request.
   * @throws ApiError; `session_missing` without a source, `session_expired` when the only token has expired,
   *   `token_unavailable` when the callback fails
   */
  token(fresh: boolean): Promise<string>;
}

/**
 * Requests under way, by their source: elements that ask together ask once. Answers are never shared, nor a request that
 * takes its time: who is signed in can change while a page is open.
 */
const asking = new Map<unknown, Promise<string>>();

const HEADERS = { Accept: "application/json" };

/** Milliseconds in which nobody signs out and somebody else in. */
const TOGETHER = 500;

function shared(source: unknown, request: () => Promise<string>): Promise<string> {
  const pending = asking.get(source);
  if (pending) return pending;
  const asked = request();
  const forget = () => {
    if (asking.get(source) === asked) asking.delete(source);
  };
  asking.set(source, asked);
  const timer = setTimeout(forget, TOGETHER);
  asked.then(forget, forget).finally(() => clearTimeout(timer));
  return asked;
}

/**
 * What the server answers to a handshake token, unchecked.
 * @throws ApiError
 */
export const exchange = (handshakeToken: string, { apiUrl = "", ...transport }: CredentialsOptions) =>
  ask(
    `${apiUrl.replace(/\/+$/, "")}/v1/session/exchange`,
    {
      method: "POST",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      headers: HEADERS,
      body: JSON.stringify({ handshakeToken }),
    },
    transport,
  );

const known = (body: unknown): string => {
  const { id, session, token } = (body ?? {}) as Record<string, unknown> & {
    session?: { id?: unknown; sessionId?: unknown } | null;
  };
  const found = id ?? session?.id ?? session?.sessionId ?? token;
  if (typeof found === "string" && found) return found;
  throw new ApiError("invalid_answer", 200, false, "there is no session id in the answer");
};

export function createCredentials(options: CredentialsOptions): Credentials {
  const { sessionId, sessionUrl, getAuthToken, getSession, ...rest } = own(options);
  const transport = own(rest);
  if (getSession) return { token: getSession };
  let current = sessionId ? Promise.resolve(sessionId) : undefined;

  async function vouched(callback: NonNullable<typeof getAuthToken>): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Or else whoever asks again would wait for the same answer that does not come.
    const late = new Promise<never>((_, reject) => {
      const { timeout = LONGEST_WAIT } = transport;
      if (timeout) timer = setTimeout(() => reject(new ApiError("timeout", 0, true)), timeout);
    });
    let handshakeToken: string;
    try {
      handshakeToken = await Promise.race([callback(), late]);
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError("token_unavailable", 0, true, `getAuthToken has failed: ${String(cause)}`);
    } finally {
      clearTimeout(timer);
    }
    return known(await exchange(handshakeToken, transport));
  }

  async function request(url: string): Promise<string> {
    try {
      return known(await ask(url, { credentials: "same-origin", headers: HEADERS }, transport));
    } catch (error) {
      const { status } = error as { status?: number };
      // The customer is not signed in to the site any more: that is what they should read.
      throw status === 401 || status === 403 ? new ApiError("session_expired") : error;
    }
  }

  const renew = (): Promise<string> | undefined =>
    sessionUrl
      ? shared(sessionUrl, () => request(sessionUrl))
      : getAuthToken && shared(getAuthToken, () => vouched(getAuthToken));

  let renewing: Promise<string> | undefined;
  return {
    async token(fresh) {
      // A renewal that is under way is as fresh as can be, and an expired token must not come back if it fails.
      if (renewing) return renewing;
      if (current && !fresh) return current;
      renewing = renew();
      if (!renewing) throw new ApiError(current ? "session_expired" : "session_missing");
      current = undefined;
      try {
        await renewing;
        current = renewing;
      } finally {
        renewing = undefined;
      }
      return current;
    },
  };
}

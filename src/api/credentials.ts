/** Where the session token comes from: a fixed one in the page, or an endpoint of the site's own backend. */
import { ask, type Transport } from "./ask.ts";
import { ApiError } from "./errors.ts";

export interface CredentialsOptions extends Transport {
  sessionId?: string | undefined;
  /** Answers GET with `{id}`, `{session:{id}}` or `{token}` for the customer who is signed in to the site. */
  sessionUrl?: string | undefined;
}

export interface Credentials {
  /**
   * The session token; `fresh` when the last one has expired. Calls at the same time share one request.
   * @throws ApiError; `session_missing` without a source, `session_expired` when the only token has expired
   */
  token(fresh: boolean): Promise<string>;
}

export function createCredentials({ sessionId, sessionUrl, ...transport }: CredentialsOptions): Credentials {
  let known = sessionId ? Promise.resolve(sessionId) : undefined;
  let asking: Promise<string> | undefined;

  async function request(url: string): Promise<string> {
    const init: RequestInit = { credentials: "same-origin", headers: { Accept: "application/json" } };
    const body = (await ask(url, init, transport)) as {
      id?: unknown;
      session?: { id?: unknown } | null;
      token?: unknown;
    } | null;
    const token = body?.id ?? body?.session?.id ?? body?.token;
    if (typeof token === "string" && token) return token;
    throw new ApiError("invalid_answer", 200, false, "session-url has answered without a session id");
  }

  return {
    async token(fresh) {
      // A renewal that is under way is as fresh as can be, and an expired token must not come back if it fails.
      if (asking) return asking;
      if (known && !fresh) return known;
      if (!sessionUrl) throw new ApiError(known ? "session_expired" : "session_missing");
      known = undefined;
      asking = request(sessionUrl);
      try {
        await asking;
        known = asking;
      } finally {
        asking = undefined;
      }
      return known;
    },
  };
}

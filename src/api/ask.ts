/** One HTTP request for JSON: no retries, no credentials of its own. */
import { check } from "./check.ts";
import { ApiError } from "./errors.ts";
import { own } from "./own.ts";
import { type ErrorBody, errorBody } from "./wire.ts";

/**
 * An address that a page names without a host means its own, whatever a `<base>` says that somebody has slipped into its
 * markup: what goes there is a session. Within its own host the base counts, as for all that a page asks for.
 */
export const within = (url: string): string =>
  URL.canParse(url) || new URL(url, document.baseURI).origin === origin
    ? url
    : new URL(url, location.href).href;

export interface Transport {
  fetch?: typeof fetch | undefined;
  /** Milliseconds, body included; 0 for no limit. Default 10 000. */
  timeout?: number | undefined;
}

/** Milliseconds that a customer waits before something else is shown. */
export const LONGEST_WAIT = 10_000;

/** Statuses that say: try again in a moment. */
export const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** Milliseconds; timers break beyond some days, and no server means that. */
const LONGEST_DELAY = 3_600_000;

/**
 * Returns the JSON of a 2xx answer, unchecked.
 * @throws ApiError, or the reason of `init.signal` when that aborts
 */
export async function ask(
  url: string,
  init: RequestInit,
  // Called as a plain function: in browsers fetch refuses to be a method of another object.
  { fetch = globalThis.fetch, timeout = LONGEST_WAIT }: Transport,
): Promise<unknown> {
  const { signal } = init;
  const limit = timeout ? [AbortSignal.timeout(timeout)] : [];
  let response: Response;
  let text: string;
  try {
    const asked = {
      cache: "no-store",
      ...init,
      signal: AbortSignal.any(signal ? [signal, ...limit] : limit),
    };
    response = await fetch(within(url), own(asked as RequestInit));
    text = await response.text();
  } catch {
    signal?.throwIfAborted();
    throw new ApiError(limit[0]?.aborted ? "timeout" : "network", 0, true);
  }
  const { ok, status } = response;
  let body: unknown;
  try {
    body = JSON.parse(text);
    if (ok) return body;
  } catch {
    // An error page of a proxy; its status still counts.
  }
  let error: ErrorBody["error"] | undefined;
  try {
    ({ error } = check(errorBody, body) as ErrorBody);
  } catch {}
  throw new ApiError(
    error?.code ?? "invalid_answer",
    status,
    // What is not in a server's own words comes from something in between, such as the portal of a hotel, a firewall,
    // or a proxy while its server is being replaced: that is no refusal.
    !error || PASSING.includes(status),
    error?.message ?? plain(body),
    delayOf(response.headers.get("retry-after")),
    error?.request_id ?? response.headers.get("request-id") ?? undefined,
  );
}

/** Some dialects of a server, and other servers, say `{"error": "text"}` or leave out the code. */
function plain(body: unknown): string | undefined {
  const { error } = (body ?? {}) as { error?: unknown };
  const text = Object(error).message ?? error;
  return typeof text === "string" ? text : undefined;
}

/** `Retry-After`, in seconds or as a date, as milliseconds from now. */
function delayOf(header: string | null): number | undefined {
  if (!header) return undefined;
  const delay = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(delay) ? undefined : Math.min(Math.max(0, delay), LONGEST_DELAY);
}

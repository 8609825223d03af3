/** What every call to a server rejects with, unless the caller aborted it: then it rejects with the signal's reason. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** A code of the server's error table, or `network`, `timeout`, `invalid_answer`. */
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfter: number | undefined;

  /** The server's id of the request, for those who look into it. */
  readonly requestId: string | undefined;

  constructor(
    code: string,
    status = 0,
    retryable = false,
    message = code,
    retryAfter?: number,
    requestId?: string,
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryable = retryable;
    this.retryAfter = retryAfter;
    this.requestId = requestId;
  }
}

/** What the customer and the page are told of an error; anything but an ApiError counts as a lost connection. */
export function faultOf(error: unknown): {
  code: string;
  retryable: boolean;
  retryAfter?: number;
  requestId?: string;
} {
  if (!(error instanceof ApiError)) return { code: "network", retryable: true };
  const { code, retryable, retryAfter, requestId } = error;
  return {
    code,
    retryable,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(requestId !== undefined && { requestId }),
  };
}

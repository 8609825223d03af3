/** Everything that can stand in the place of a good answer, by name. */
import type { Answer, Exchange, Fault } from "../fault-proxy.ts";

/** What the server lets a page of any origin read; a gateway in between adds none of it. */
const SHARED = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Request-Id, Retry-After",
};

const respond =
  (status: number, type: string, body: string, headers: Record<string, string> = {}): Fault =>
  ({ send }) =>
    send({ status, headers: { ...SHARED, "content-type": type, ...headers }, body: Buffer.from(body) });

const page = (status: number, title: string) =>
  respond(status, "text/html; charset=utf-8", `<!doctype html><title>${title}</title><h1>${title}</h1>`);

/** An error as the server itself writes it. */
export const refusal = (status: number, code: string, headers: Record<string, string> = {}): Fault =>
  respond(
    status,
    "application/json",
    JSON.stringify({
      error: { type: "api_error", code, message: "A refusal for the test", request_id: `req_${code}` },
    }),
    headers,
  );

/** The good answer, changed on its way. */
export const changed =
  (change: (text: string) => string): Fault =>
  async ({ answer, send }) => {
    const { status, headers, body } = await answer();
    // What was changed on its way must not be taken for the real one later.
    const { etag: _, ...rest } = headers;
    send({
      status,
      headers: { ...rest, "cache-control": "no-store" },
      body: Buffer.from(change(body.toString())),
    });
  };

function head(
  { response }: Exchange,
  { status, headers }: Pick<Answer, "status" | "headers">,
  length: number,
) {
  response.writeHead(status, { ...headers, "content-length": length }).flushHeaders();
}

export const reset: Fault = ({ socket }) => socket.resetAndDestroy();

/** Headers and half of the answer, then nothing but a reset. The request has been carried out. */
export const answerLost: Fault = async (exchange) => {
  const { response, answer, socket } = exchange;
  const given = await answer();
  head(exchange, given, given.body.length);
  response.write(given.body.subarray(0, given.body.length >> 1), () => socket.resetAndDestroy());
};

export const hang: Fault = () => {};

export const hangAfterHeaders: Fault = (exchange) =>
  head(exchange, { status: 200, headers: { ...SHARED, "content-type": "application/json" } }, 1000);

/** One space every tenth of a second: never silent, never done. */
export const drip: Fault = (exchange) => {
  hangAfterHeaders(exchange);
  exchange.every(100, () => exchange.response.write(" "));
};

/** Of a load balancer that knows nothing of pages on other origins: the page may not even read the status. */
export const unreadable: Fault = ({ send }) =>
  send({ status: 502, headers: { "content-type": "text/html" }, body: Buffer.from("<h1>Bad Gateway</h1>") });

export const error500 = respond(
  500,
  "application/json",
  '{"error":{"type":"api_error","code":"internal_error","message":"Something went wrong","request_id":"req_500"}}',
);
export const page500 = page(500, "Internal Server Error");
export const page502 = page(502, "Bad Gateway");
export const page503 = page(503, "Service Unavailable");
export const page404 = page(404, "Not Found");
export const portal = page(200, "Welcome to the hotel. Please sign in");
export const empty = respond(200, "application/json", "");
export const noContent: Fault = ({ send }) => send({ status: 204, headers: SHARED, body: Buffer.alloc(0) });
export const truncated = changed((text) => text.slice(0, text.length >> 1));
export const wrongShape = respond(200, "application/json", '{"ok":true,"data":[]}');
export const nothing = respond(200, "application/json", "null");
export const limited = refusal(429, "rate_limited");
export const limitedShortly = refusal(429, "rate_limited", { "retry-after": "1" });
export const limitedLong = refusal(429, "rate_limited", { "retry-after": "120" });
export const expired = refusal(401, "session_expired");
export const invalid = refusal(401, "session_invalid");
export const foreignOrigin = refusal(403, "origin_not_allowed");
export const rejected = refusal(409, "billing_rejected");
export const unavailable = refusal(503, "billing_unavailable");
export const emptyScript = respond(200, "text/javascript", "");

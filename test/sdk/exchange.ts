/** A server inside the page that makes sessions of handshake tokens. */

const { fetch } = window;

export interface Exchange {
  /** What was sent, in order. */
  readonly asked: { url: URL; method: string; type: string | null; body: unknown }[];
  /** By default the session `r10_<n>` of the n-th exchange, for an hour. */
  answer: (count: number) => Response | Promise<Response>;
}

export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

export const sessionAnswer = (sessionId: unknown, expiresAt: unknown = inSeconds(3600)): Response =>
  Response.json({ session: { sessionId, expiresAt } });

/** To be called before `serve()`, which is asked first. */
export function exchanging(): Exchange {
  const exchange: Exchange = { asked: [], answer: (count) => sessionAnswer(`r10_${count}`) };
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.pathname !== "/v1/session/exchange") return fetch(input, init);
    const body = await request.json();
    exchange.asked.push({ url, method: request.method, type: request.headers.get("content-type"), body });
    return exchange.answer(exchange.asked.length);
  };
  return exchange;
}

export function endExchange(): void {
  window.fetch = fetch;
}

let count = 0;

/** As a backend signs it, but for the signature: nobody here can check that. */
export function tokenFor(subscriberId: string, brandPub = "pk_test"): string {
  const payload = JSON.stringify({ brandPub, subscriberId, timestamp: Date.now(), nonce: `nonce${++count}` });
  const bytes = String.fromCharCode(...new TextEncoder().encode(payload));
  return `${btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.signature`;
}

/** A site where one customer after the other signs in, and that counts how often it is asked. */
export class Site {
  asked = 0;
  customer: string;

  constructor(customer: string) {
    this.customer = customer;
  }

  readonly getAuthToken = async (): Promise<string> => {
    this.asked++;
    return tokenFor(this.customer);
  };
}

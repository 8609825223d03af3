/** Stripe's own library, set up the same way everywhere. */
import Stripe from "stripe";

/** A charge that a bank is slow about takes this long; who waits for an answer has a shorter limit of their own. */
const TIMEOUT = 30_000;

/**
 * Speaks the version of the API that the library was made for, whatever the account's own is.
 * @param of.apiBase where Stripe answers, as `https://host[:port]`
 */
export function openStripe(of: { secretKey: string; apiBase?: string; timeoutMs?: number }): Stripe {
  return new Stripe(of.secretKey, {
    maxNetworkRetries: 2,
    timeout: of.timeoutMs ?? TIMEOUT,
    telemetry: false,
    appInfo: { name: "renumerate" },
    ...(of.apiBase === undefined ? {} : addressOf(of.apiBase)),
  });
}

function addressOf(apiBase: string): { protocol: "http" | "https"; host: string; port?: string } {
  const { protocol, hostname, port } = new URL(apiBase);
  return {
    protocol: protocol === "http:" ? "http" : "https",
    host: hostname,
    // The library's own default is 443 even for http.
    ...(port ? { port } : protocol === "http:" ? { port: "80" } : {}),
  };
}

/** Which of an account's two worlds a key opens; undefined for what is no secret key. */
export function modeOf(secretKey: string): "live" | "test" | undefined {
  const found = /^(?:sk|rk)_(live|test)_\w+$/.exec(secretKey);
  return found ? (found[1] as "live" | "test") : undefined;
}

/** Where webhooks may lead: nobody may have this server speak to what only this server can reach. */
import ipaddr from "ipaddr.js";
import type { Deps } from "../deps.ts";
import { Problem } from "./problem.ts";

export interface WebhookTarget {
  url: URL;
  /** All that its host has at this moment; a connection goes to one of these and nowhere else. */
  addresses: string[];
}

/**
 * Ordinary to the library, and reserved all the same: for measurements, protocols of their own, and examples. One is a
 * public number that every machine of a cloud (Azure) takes for the service of its own host.
 */
const RESERVED: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][] = [
  ["198.18.0.0", 15],
  ["168.63.129.16", 32],
  ["2001::", 23],
  ["3fff::", 20],
].map(([network, bits]) => [ipaddr.parse(network as string), bits as number]);

/** All of the IPv6 that has ever been given out to the public network. */
const PUBLIC_IPV6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

/** Whether an address is of the public network, as far as its number tells. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // What stands for an IPv4 address is judged as that.
  const ip = ipaddr.process(address);
  if (ip.range() !== "unicast") return false;
  if (ip instanceof ipaddr.IPv6 && !ip.match(PUBLIC_IPV6)) return false;
  return !RESERVED.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));
}

const refusal = (message: string, cause?: unknown) =>
  new Problem("webhook_url_not_allowed", { param: "url", message, cause });

/** Without the brackets that an IPv6 address has in a URL. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

/** @throws Problem webhook_url_not_allowed, with words that repeat nothing of the URL */
export async function resolveWebhookUrl(
  { outgoing }: Pick<Deps, "outgoing">,
  text: string,
): Promise<WebhookTarget> {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw refusal("It must be a URL that begins with https://.");
  if (url.protocol === "http:" && !outgoing.allowPrivate) throw refusal("It must begin with https://.");
  if (url.username || url.password) throw refusal("It must not hold a user name or a password.");
  const addresses = await addressesOf(outgoing, hostOf(url));
  // One that is private among others may be there so that it is met sooner or later.
  if (!outgoing.allowPrivate && !addresses.every(isPublic))
    throw refusal("Its host must have addresses of the public internet only.");
  return { url, addresses };
}

async function addressesOf({ resolve }: Deps["outgoing"], host: string): Promise<string[]> {
  if (ipaddr.isValid(host)) return [host];
  const found = await resolve(host).catch((error: unknown) => {
    throw refusal("Its host has no address.", error);
  });
  if (!found.length) throw refusal("Its host has no address.");
  return found;
}

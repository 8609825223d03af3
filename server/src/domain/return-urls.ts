/** Where a customer may be sent back to from a hosted flow: nowhere that the business has not listed. */
import type { Environment } from "../billing/provider.ts";
import type { Deps } from "../deps.ts";
import type { WorkspaceSettings } from "../store/store.ts";
import { Problem } from "./problem.ts";

/** What servers and browsers take without a question. */
export const LONGEST_URL = 2048;

/** As a host stands in the address of a page; the usual port of the protocol is left out. */
const written = (host: string, protocol: string): string | undefined =>
  URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : undefined;

const HOST = /^(\[[\da-f:.]+\]|[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*)(:\d{1,5})?$/iu;

/** A host as settings list it: `shop.example`, `shop.example:8443`, `[::1]:3000`. No wildcards: each host by itself. */
export const isReturnHost = (text: string): boolean => HOST.test(text) && !!written(text, "https:");

const isThisMachine = ({ hostname }: URL): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(hostname);

interface Where {
  environment: Environment;
  settings: Pick<WorkspaceSettings, "returnHosts" | "defaultReturnUrl">;
}

/**
 * @param text as it was sent, or stored: a host may have been taken off the list since
 * @returns how browsers write it
 * @throws Problem return_url_not_allowed
 */
export function checkedReturnUrl(
  { publicUrl }: Pick<Deps, "publicUrl">,
  { environment, settings }: Where,
  text: string,
): string {
  const fault = faultOf(text, environment, new URL(publicUrl));
  if (fault) {
    throw new Problem("return_url_not_allowed", { param: "returnUrl", message: `returnUrl: ${fault}` });
  }
  const url = new URL(text);
  const { returnHosts = [], defaultReturnUrl } = settings;
  const isListed = returnHosts.some((host) => isReturnHost(host) && written(host, url.protocol) === url.host);
  // The default is one that the business has set itself.
  const isDefault = defaultReturnUrl !== undefined && hrefOf(defaultReturnUrl) === url.href;
  if (!isListed && !isDefault) throw new Problem("return_url_not_allowed", { param: "returnUrl" });
  return url.href;
}

const hrefOf = (text: string): string | undefined => (URL.canParse(text) ? new URL(text).href : undefined);

/** Whatever the list says. What two readers of addresses could understand differently is refused, too. */
function faultOf(text: string, environment: Environment, server: URL): string | undefined {
  if (/[\s\p{Cc}\\]/u.test(text) || !/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text))
    return "a complete address that begins with https://";
  const url = new URL(text);
  // As it is stored: letters beyond ASCII are longer there.
  if (url.href.length > LONGEST_URL) return `at most ${LONGEST_URL} characters, as browsers write it`;
  // Where the result goes.
  if (text.includes("#")) return "it must not have a fragment";
  if (/^[^/]*\/\/[^/?]*@/.test(text)) return "it must not hold a user name or a password";
  const mayBePlain = environment === "sandbox" || (server.protocol === "http:" && isThisMachine(server));
  if (url.protocol === "http:" && !(mayBePlain && isThisMachine(url)))
    return environment === "sandbox" ? "https is needed, but for localhost" : "https is needed";
  return undefined;
}

/** Where a request comes from, for counting; never for deciding what it may do. */
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";

/**
 * The other end of the connection. Behind a proxy that is the proxy, so that all share one: only what may be refused to all
 * of them is counted by it. Of IPv6 the network, because whoever has one address there has as many as they like.
 *
 * @returns "" where there is no connection, as in a test
 */
export function addressOf(context: Context): string {
  // Outside of Node's own server there is nothing to ask.
  if (!(context.env as { incoming?: unknown } | undefined)?.incoming) return "";
  const { address = "" } = getConnInfo(context).remote;
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? networkOf(address);
}

/** The first 64 bits, written out. */
function networkOf(address: string): string {
  const [head = "", tail] = (address.split("%")[0] as string).split("::");
  const front = head ? head.split(":") : [];
  const back = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? [] : Array(Math.max(0, 8 - front.length - back.length)).fill("0");
  return [...front, ...zeros, ...back]
    .slice(0, 4)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(":");
}

/** What a subscription hub asks its server for. */
import type { Client } from "./client.ts";
import { type Hub, hub } from "./wire.ts";

/**
 * The customer's subscriptions, with the business's own words in a language.
 * @param locale of the words, BCP 47
 * @throws what the calls of `Client` reject with
 */
export const readHub = (client: Client, locale: string, signal: AbortSignal): Promise<Hub> =>
  client.call(`hub?${new URLSearchParams({ locale })}`, hub, { signal });

/** Whether what happens at Stripe reaches this server. */
import Stripe from "stripe";
import { EVENT_TYPES, REFRESHING_TYPES } from "./events.ts";
import { type Finding, lacks, note, ok, unanswered } from "./finding.ts";

const isLocal = (url: string): boolean =>
  /^(localhost|127\.|\[::1\]|.*\.(local|localhost|test)$)/.test(new URL(url).hostname);

const NEEDED = `${EVENT_TYPES.join(", ")}, as snapshot payloads`;

/**
 * @param of.webhookSecrets how many there are
 * @param of.webhookUrl where this server takes events
 */
export async function checkWebhook({
  stripe,
  webhookSecrets,
  webhookUrl: url,
}: {
  stripe: Stripe;
  webhookSecrets: number;
  webhookUrl: string;
}): Promise<Finding[]> {
  const local = isLocal(url);
  const secret = webhookSecrets
    ? ok(
        "webhook secret",
        `${webhookSecrets === 1 ? "one is" : `${webhookSecrets} are`} set; whether it fits is seen when an event comes`,
      )
    : lacks(
        "webhook secret",
        "without one no event is believed",
        local
          ? `run stripe listen --forward-to ${url} and set STRIPE_WEBHOOK_SECRET to the whsec_… that it prints`
          : "set STRIPE_WEBHOOK_SECRET to the signing secret of the endpoint",
      );
  const endpoint = local
    ? note(
        "webhook endpoint",
        `Stripe cannot reach ${url} from outside`,
        `stripe listen --forward-to ${url} brings the events here`,
      )
    : await checkEndpoint(stripe, url);
  return [secret, endpoint];
}

async function checkEndpoint(stripe: Stripe, url: string): Promise<Finding> {
  const about = "webhook endpoint";
  const where = "https://dashboard.stripe.com/webhooks";
  try {
    const endpoints = await stripe.webhookEndpoints.list({ limit: 100 }).autoPagingToArray({ limit: 200 });
    const own = endpoints.filter((each) => each.url.replace(/\/+$/, "") === url);
    const [found] = own.filter(({ status }) => status === "enabled");
    if (!found)
      return own.length
        ? lacks(about, `the one for ${url} is switched off`, `switch it on at ${where}`)
        : lacks(about, `none sends to ${url}`, `add one at ${where} for ${NEEDED}`);
    const sent = new Set(own.flatMap(({ enabled_events }) => enabled_events));
    const lackingOf = (types: readonly string[]) =>
      sent.has("*") ? [] : types.filter((each) => !sent.has(each));
    const without = lackingOf(EVENT_TYPES);
    if (without.length)
      return lacks(about, `it is not sent ${without.join(", ")}`, `add them to ${found.id} at ${where}`);
    if (own.length > 1)
      return note(about, `${own.length} send to ${url}; each has its own secret`, "one is enough");
    const others = lackingOf(REFRESHING_TYPES);
    const says = `${found.id} sends all that is needed to ${url}`;
    return others.length
      ? note(about, says, `if you like, so that new prices are seen at once: ${others.join(", ")}`)
      : ok(about, says);
  } catch (error) {
    if (error instanceof Stripe.errors.StripePermissionError)
      return note(
        about,
        "this key may not see it",
        `make sure that one sends to ${url} (${where}): ${NEEDED}`,
      );
    return unanswered(about, error);
  }
}

/** Endpoints and deliveries in lines of text, and refusals in words. */
import type { WebhookDelivery, WebhookEndpoint } from "../contract/webhooks.ts";
import { Problem } from "../domain/problem.ts";
import type { Reach } from "../domain/scopes.ts";
import { errors } from "../http/errors.ts";
import { type Opened, Refused, type Using } from "./tools.ts";

/** Whoever has the command line has the whole workspace. */
export const reachOf = ({ workspace }: Opened): Reach => ({ workspaceId: workspace.id, environment: "prod" });

export const endpointLine = (endpoint: WebhookEndpoint): string => {
  const { id, environment: where, url, events, status, disabled_reason: reason, failing_since } = endpoint;
  const state = reason ? `${status} (${reason})` : failing_since ? `failing since ${failing_since}` : status;
  return `${id}  ${where}  ${state}  ${events.join(",")}  ${url}`;
};

export const deliveryLine = (delivery: WebhookDelivery): string => {
  const { id, created_at, event_type, status, attempt_count: count, next_attempt_at: next } = delivery;
  const tried = `${count} ${count === 1 ? "attempt" : "attempts"}`;
  return `${id}  ${created_at}  ${event_type}  ${status}  ${tried}${next ? `, next at ${next}` : ""}`;
};

export const withSecret = (endpoint: WebhookEndpoint, secret: string): string =>
  `${endpointLine(endpoint)}\n${secret}\nThe secret is shown this once.`;

/** Ends a command in the words that the API refuses with. */
export const inWords =
  (using: Using): Using =>
  async (work) => {
    try {
      await using(work);
    } catch (error) {
      throw error instanceof Problem ? new Refused(error.message || errors[error.code].message) : error;
    }
  };

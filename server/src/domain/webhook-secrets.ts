/** What webhooks are signed with. Shown once, and stored under the installation's own key. */
import { randomBytes } from "node:crypto";
import type { Deps } from "../deps.ts";
import type { WebhookEndpointRow, WebhookSecret } from "../store/webhooks.ts";
import { seal, unseal } from "./seal.ts";

/** Standard Webhooks asks for 24 to 64. */
const BYTES = 32;

/** @returns the secret as its owner gets it, `whsec_` and base64, and the row that is kept of it */
export function newWebhookSecret({ newId, clock, keys }: Pick<Deps, "newId" | "clock" | "keys">): {
  secret: string;
  row: WebhookSecret;
} {
  const secret = `whsec_${randomBytes(BYTES).toString("base64")}`;
  const id = newId("whs");
  return { secret, row: { id, sealed: seal(keys.webhook, id, secret), createdAt: clock() } };
}

export const signs = ({ expiresAt }: WebhookSecret, now: number): boolean =>
  expiresAt === undefined || now < expiresAt;

/** Newest first, without those that have expired; none if nothing of them can be read. */
export function secretsThatSign(
  { keys }: Pick<Deps, "keys">,
  { secrets }: Pick<WebhookEndpointRow, "secrets">,
  now: number,
): string[] {
  return secrets.flatMap((each) => {
    if (!signs(each, now)) return [];
    try {
      return [unseal(keys.webhook, each.id, each.sealed)];
    } catch {
      // Sealed under another master secret: whoever has it can verify nothing that we send.
      return [];
    }
  });
}

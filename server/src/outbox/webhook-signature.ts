/** How messages are signed, in both ways that receivers check. */
import { createHmac } from "node:crypto";

const PREFIX = /^whsec_/;

export interface Signed {
  /** Of the event: the same for each attempt. Without a dot. */
  id: string;
  /** Of the attempt, in seconds. */
  timestamp: number;
  /** Byte for byte as it is sent. */
  body: string;
  /** `whsec_…`, newest first. While one replaces another both sign, and receivers take either. */
  secrets: readonly string[];
}

/**
 * Standard Webhooks signs `id.timestamp.body` with the bytes that the secret stands for; `X-Retainly-Signature` has the
 * form of Stripe's, which signs `timestamp.body` with the secret as it is written.
 */
export function signatureHeaders({ id, timestamp, body, secrets }: Signed): Record<string, string> {
  const standard = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(PREFIX, ""), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  const retainly = secrets.map(
    (secret) => `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`,
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": standard.join(" "),
    "x-retainly-signature": [`t=${timestamp}`, ...retainly].join(","),
  };
}

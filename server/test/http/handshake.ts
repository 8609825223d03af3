/** What a site's own backend does: it signs who is signed in. */
import { createHmac, randomUUID } from "node:crypto";
import { john, type World } from "../harness.ts";

/** @param payload the JSON as it is sent */
export function signed(payload: string | Uint8Array, secret: string): string {
  const bytes = Buffer.from(payload as string);
  const signature = createHmac("sha256", secret).update(bytes).digest("base64url");
  return `${bytes.toString("base64url")}.${signature}`;
}

/** A good token for John, but for what is given. */
export function handshake(world: World, change: object = {}, { secret = world.key } = {}): string {
  const payload = {
    brandPub: world.publicKey,
    subscriberId: john,
    timestamp: world.clock.now,
    nonce: randomUUID(),
  };
  return signed(JSON.stringify({ ...payload, ...change }), secret);
}

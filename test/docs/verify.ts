/** A reader of handshake tokens that shares nothing with the server's. */
import { webcrypto } from "node:crypto";

export interface Payload {
  brandPub: string;
  subscriberId: string;
  timestamp: number;
  nonce: string;
}

/** @returns the payload; @throws unless the token is `payload.signature`, unpadded, and signed with this key */
export async function verify(token: string, privateKey: string): Promise<Payload> {
  if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(token)) throw new Error(`not a token: ${token}`);
  const [payload, signature] = token.split(".").map((part) => Buffer.from(part, "base64url")) as [
    Buffer,
    Buffer,
  ];
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = new TextEncoder().encode(privateKey);
  const key = await webcrypto.subtle.importKey("raw", secret, algorithm, false, ["verify"]);
  const isRight = await webcrypto.subtle.verify(
    "HMAC",
    key,
    new Uint8Array(signature),
    new Uint8Array(payload),
  );
  if (!isRight) throw new Error("the signature is not of this key");
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
}

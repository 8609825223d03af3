/** Texts that only this installation can make or read: AES-256-GCM, with what a text is for as associated data. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { takeChance } from "./chance.ts";

const NONCE = 12;
const TAG = 16;

/** As the library wants it: to make that of the bytes takes longer than to seal something with it. */
const ready = new WeakMap<Uint8Array, KeyObject>();

function keyOf(bytes: Uint8Array): KeyObject {
  let key = ready.get(bytes);
  if (!key) {
    key = createSecretKey(bytes);
    ready.set(bytes, key);
  }
  return key;
}

/** @param key 32 bytes that never change @param purpose must be the same when it is opened @returns base64url */
export function seal(key: Uint8Array, purpose: string, plain: string): string {
  const nonce = takeChance(NONCE);
  const cipher = createCipheriv("aes-256-gcm", keyOf(key), nonce).setAAD(Buffer.from(purpose));
  const sealed = Buffer.concat([nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return sealed.toString("base64url");
}

/** @throws Error for anything that was not sealed with this key for this purpose */
export function unseal(key: Uint8Array, purpose: string, text: string): string {
  const sealed = Buffer.from(text, "base64url");
  // Several spellings of one base64url string decode alike; only ours is accepted.
  if (sealed.length <= NONCE + TAG || sealed.toString("base64url") !== text) throw new Error("not sealed");
  const decipher = createDecipheriv("aes-256-gcm", keyOf(key), sealed.subarray(0, NONCE), {
    authTagLength: TAG,
  });
  decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(-TAG));
  return decipher.update(sealed.subarray(NONCE, -TAG), undefined, "utf8") + decipher.final("utf8");
}

/** The functions of docs/cms.md as modules: around them come only what they leave to the reader. */
import { webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { block, blocksOf } from "./blocks.ts";

export interface Handler {
  fetch(request: Request): Promise<Response>;
}

export interface Handlers {
  /** For Shopify's app proxy: its customer 1 is John at billing. */
  shopify: Handler;
  /** For members: `member-john` is John's token. */
  token: Handler;
  dispose(): void;
}

export interface Environment {
  server: string;
  publicKey: string;
  privateKey: string;
  site: string;
}

const john = "cus_NffrFeUfNV2Hib";

export async function loadHandlers({ server, publicKey, privateKey, site }: Environment): Promise<Handlers> {
  const folder = mkdtempSync(join(tmpdir(), "renumerate-handlers-"));
  const cms = blocksOf("docs/cms.md");
  const sessions = blocksOf("docs/sessions.md");
  const files = {
    "package.json": '{"type":"module"}',
    "customers.js": `export const billingIdOf = async (id) => ({ 1: "${john}" })[id];`,
    "membership.js": `export const customerOf = async (token) => ({ "member-john": "${john}" })[token];`,
    "renumerate-session.js": block(sessions, ["Session ids", "Node"], "js"),
    "renumerate-token.js": block(sessions, ["Handshake tokens", "Node"], "js"),
    "shopify.js": block(cms, ["Shopify"], "js"),
    "token.js": block(cms, ["A function for the token"], "js"),
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), text.replaceAll("https://renumerate.example.com", server));
  const settings = {
    RENUMERATE_PUBLIC_KEY: publicKey,
    RENUMERATE_PRIVATE_KEY: privateKey,
    SHOPIFY_SECRET: "hush",
    SHOP: "shop-name.myshopify.com",
    SITE: site,
  };
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    const load = async (name: string) =>
      ((await import(pathToFileURL(join(folder, name)).href)) as { default: Handler }).default;
    const [shopify, token] = await Promise.all([load("shopify.js"), load("token.js")]);
    return { shopify, token, dispose: () => rmSync(folder, { recursive: true }) };
  } finally {
    for (const name of Object.keys(settings)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** Signs a query as Shopify's app proxy does. */
export async function signedByShopify(query: URLSearchParams, secret = "hush"): Promise<URLSearchParams> {
  const values = [...new Set(query.keys())].map((name) => `${name}=${query.getAll(name).join(",")}`);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const encoder = new TextEncoder();
  const key = await webcrypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const bytes = await webcrypto.subtle.sign("HMAC", key, encoder.encode(values.sort().join("")));
  const signed = new URLSearchParams(query);
  signed.set("signature", Buffer.from(bytes).toString("hex"));
  return signed;
}

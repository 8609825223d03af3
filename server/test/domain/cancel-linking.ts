/** A business that sends its customers to hosted flows, and gets them back. */
import assert from "node:assert/strict";
import type { ResultClaims } from "../../src/domain/result-token.ts";
import type { Reply, World } from "../harness.ts";
import { Visit } from "../visit.ts";

export const BACK = "https://shop.example/account?tab=plan";
export const settings = { returnHosts: ["shop.example"], defaultReturnUrl: "https://shop.example/goodbye" };
export const LINK = "/api/v1/cancel-link";

/** What a business knows of a subscription that it bills by itself. */
export const known = {
  plan: "Studio",
  mrr: 129.99,
  tenureDays: 400,
  periodEnd: "2027-06-01T00:00:00Z",
};

export const askLink = (world: World, more: object = {}, key = world.key): Promise<Reply> =>
  world.request(LINK, { key, json: { userId: "user_123", returnUrl: BACK, context: known, ...more } });

export interface Link {
  id: string;
  token: string;
}

export async function makeLink(world: World, more: object = {}): Promise<Link> {
  const { status, body, text } = await askLink(world, more);
  assert.equal(status, 200, text);
  return { id: body.session_id as string, token: (body.url as string).split("/cancel/")[1] as string };
}

export const page = (world: World, { token }: Link, asked: object = {}): Promise<Reply> =>
  world.request(`/cancel/${token}`, asked);

/** The flow behind a link, as its page shows it. */
export async function followed(world: World, link: Link): Promise<Visit> {
  const { status, text } = await page(world, link);
  assert.equal(status, 200, text);
  const session = / data-session="([^"]+)"/.exec(text)?.[1] ?? assert.fail(text);
  return new Visit(world, session, await world.flow(session));
}

export const goBack = (world: World, { token }: Link, outcome: string, more: object = {}): Promise<Reply> =>
  world.request(`/cancel/${token}/return`, { json: { outcome, ...more } });

/** The token in an address that the customer is sent back to. */
export function tokenOf(url: unknown, back = BACK): string {
  const [address, token = ""] = String(url).split("#ci_result_token=");
  assert.equal(address, back);
  return token;
}

export const claimsIn = (token: string): ResultClaims =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());

/** What the customer brings back. */
export async function result(
  world: World,
  link: Link,
  outcome: string,
  more: object = {},
): Promise<ResultClaims> {
  const { status, body, text } = await goBack(world, link, outcome, more);
  assert.equal(status, 200, text);
  return claimsIn(tokenOf(body.url));
}

export const verify = (world: World, token: string, more: object = {}, key = world.key): Promise<Reply> =>
  world.request("/api/v1/cancel-sessions/verify", { key, json: { token, ...more } });

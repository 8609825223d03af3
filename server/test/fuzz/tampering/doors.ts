/** Everything that a credential opens, with one that does. */
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { demoSubscriptions as ids } from "../../../src/billing/simulator-demo.ts";
import { hearStripe } from "../../../src/billing/stripe/webhook.ts";
import { sealSession, sealTicket } from "../../../src/domain/session-token.ts";
import { createKey } from "../../../src/domain/workspaces.ts";
import { simulatorPages } from "../../../src/routes/simulator-links.ts";
import { leaves } from "../../billing/stripe-payloads.ts";
import { type Asked, DAY, john, type Reply, type World } from "../../harness.ts";
import { handshake } from "../../http/handshake.ts";

export interface Door {
  name: string;
  good: string;
  /** Of the same kind, good for somebody or something else. */
  others: readonly string[];
  /** Asks with it. */
  knock(text: string): Promise<Reply>;
  /** Codes of refusals, or of a page its status: nothing else may be answered to what is not good. */
  refusals: readonly string[];
  /** What a good one is answered with. */
  success: number;
}

const amara = "cus_amara";
const SECRET = "whsec_current";
const asPart = encodeURIComponent;

async function linkOf({ request, key }: World, userId: string): Promise<string> {
  const { body, text } = await request("/api/v1/cancel-link", { key, json: { userId } });
  return (body.url as string | undefined)?.split("/cancel/")[1] ?? assert.fail(text);
}

/** What a customer brings back who has looked at a flow and gone. */
export async function resultOf(world: World, userId: string): Promise<string> {
  const link = await linkOf(world, userId);
  const page = await world.request(`/cancel/${link}`);
  await world.flow(/ data-session="([^"]+)"/.exec(page.text)?.[1] ?? assert.fail(page.text));
  const back = await world.request(`/cancel/${link}/return`, { json: { outcome: "abandoned", final: true } });
  return String(back.body.url).split("#ci_result_token=")[1] ?? assert.fail(back.text);
}

export function sessionText(world: World, prefix: "ret_" | "sub_" | "r10_", customerId = john): string {
  const expiresAt = world.clock.now + DAY;
  const claims = { ...world.scope, tokenId: `tok_${customerId}_${prefix}`, customerId, expiresAt };
  return sealSession(world.deps.keys.session, prefix, claims);
}

/** An event that is as good as any: the flow was opened. */
export const opening = ({ clock }: World) => ({
  id: randomUUID(),
  run: `run_${randomUUID()}`,
  seq: 0,
  at: clock.now,
  type: "open",
});

async function sessions(world: World): Promise<Door[]> {
  const refusals = ["session_invalid"];
  const text = (prefix: "ret_" | "sub_" | "r10_", who = john) => sessionText(world, prefix, who);
  const good = { ret: text("ret_"), sub: text("sub_"), r10: text("r10_") };
  const others = [text("ret_", amara), text("sub_", amara), text("r10_", amara), ...Object.values(good)];
  const page = (path: string) => (token: string) => world.request(path, { token });
  const { session } = await world.flow(good.ret);
  const delivery = session.deliveryToken ?? assert.fail("it has a token for deliveries");
  const events = () => ({ session: session.id, events: [opening(world)] });
  return [
    {
      name: "ret_ of a flow",
      good: good.ret,
      others,
      knock: page("/v1/widget/flow"),
      refusals,
      success: 200,
    },
    { name: "sub_ of a hub", good: good.sub, others, knock: page("/v1/widget/hub"), refusals, success: 200 },
    {
      name: "r10_ of invoices",
      good: good.r10,
      others,
      knock: page("/v1/widget/hub/invoices"),
      refusals,
      success: 200,
    },
    {
      name: "a delivery token",
      good: delivery,
      others: [...others, (await world.flow(text("ret_", amara))).session.deliveryToken as string],
      knock: (token) => world.request("/v1/widget/events", { token, json: events() }),
      refusals,
      success: 200,
    },
    {
      name: "the token of a beacon",
      good: good.ret,
      others,
      knock: (token) =>
        world.request("/v1/widget/beacon", {
          headers: { "Content-Type": "text/plain" },
          body: JSON.stringify({ token, ...events() }),
        }),
      refusals,
      success: 200,
    },
    {
      name: "a session in the address of a page",
      good: good.ret,
      others,
      knock: (token) => world.request(`/retention?session_id=${asPart(token)}`),
      refusals: ["401"],
      success: 200,
    },
    {
      name: "a ticket",
      good: sealTicket(world.deps.keys.session, good.ret, world.clock.now + DAY),
      others: [sealTicket(world.deps.keys.session, others[0] as string, world.clock.now + DAY)],
      knock: (ticket) => world.request(`/retention?ticket=${asPart(ticket)}`),
      refusals: ["401"],
      success: 200,
    },
  ];
}

async function keys(world: World): Promise<Door[]> {
  const { scope, deps, key, publicKey } = world;
  const { key: reading } = await createKey(deps, {
    ...scope,
    kind: "secret",
    name: "r",
    scopes: ["analytics:read"],
  });
  const others = [publicKey, reading];
  const wanted = { retention: { customer_id: john } };
  const ask = (asked: (text: string) => Asked) => (text: string) =>
    world.request("/v1/retention/session", asked(text));
  const refusals = ["key_invalid"];
  return [
    {
      name: "a key",
      good: key,
      others,
      refusals,
      success: 200,
      knock: ask((text) => ({ key: text, json: wanted })),
    },
    {
      name: "a key as bearer",
      good: key,
      others,
      refusals,
      success: 200,
      knock: ask((token) => ({ token, json: wanted })),
    },
    {
      name: "a key by its other name",
      good: key,
      others,
      refusals,
      success: 200,
      knock: ask((text) => ({ headers: { "X-API-Key": text }, json: wanted })),
    },
  ];
}

async function links(world: World): Promise<Door[]> {
  const [link, other] = [await linkOf(world, "user_1"), await linkOf(world, "user_2")];
  const pages = simulatorPages(world.links, world.scope);
  const last = (address: string) => address.split("/").at(-1) as string;
  const [invoice, another] = (await world.invoices(ids.annual)).map(({ id }) =>
    last(pages.invoice(id, "invoice")),
  );
  const payment = (customerId: string, subscriptionId: string) =>
    last(pages.payment({ customerId, subscriptionId, returnUrl: "http://localhost:4321/subs" }));
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  return [
    {
      name: "a link",
      good: link,
      others: [other],
      knock: (token) => world.request(`/cancel/${asPart(token)}`),
      refusals: ["404"],
      success: 200,
    },
    {
      name: "a link on its way back",
      good: link,
      others: [other],
      knock: (token) => world.request(`/cancel/${asPart(token)}/return`, { json: { outcome: "abandoned" } }),
      refusals: ["cancel_session_not_found", "route_not_found"],
      success: 202,
    },
    {
      name: "the address of an invoice",
      good: invoice ?? assert.fail("there is an invoice"),
      others: another ? [another] : [],
      knock: (token) => world.request(`/simulator/invoices/${asPart(token)}`),
      refusals: ["404"],
      success: 200,
    },
    {
      name: "the address for another card",
      good: payment(john, ids.monthly),
      others: [payment(amara, ids.annual)],
      knock: (token) =>
        world.request(`/simulator/payment-method/${asPart(token)}`, {
          method: "POST",
          body: "card=mastercard",
          headers: form,
        }),
      refusals: ["404"],
      success: 303,
    },
  ];
}

/** Only what is signed: the rest of the header may name other signatures as well. */
function stripe(world: World): Door {
  const { clock } = world.deps;
  const endpoint = { scope: world.scope, hear: hearStripe({ secrets: [SECRET], clock }), refresh: () => {} };
  world.deps.webhooks = () => [endpoint];
  const at = Math.floor(world.clock.now / 1000);
  const message = (subscription: string) => JSON.stringify(leaves(subscription, world.clock.now));
  const sign = (body: string) => createHmac("sha256", SECRET).update(`${at}.${body}`).digest("hex");
  const [body, other] = [message(ids.monthly), message(ids.annual)];
  const send = (sent: string, signature: string) =>
    world.request("/api/stripe/webhook", {
      method: "POST",
      body: sent,
      headers: { "Stripe-Signature": `t=${at},v1=${signature}` },
    });
  return {
    name: "a signature of Stripe's",
    good: sign(body),
    others: [sign(other)],
    knock: (signature) => send(body, signature.replaceAll(/[=,]/g, "-")),
    refusals: ["webhook_signature_invalid"],
    success: 200,
  };
}

export async function doorsOf(world: World): Promise<Door[]> {
  const [result, other] = [await resultOf(world, "user_3"), await resultOf(world, "user_4")];
  return [
    ...(await sessions(world)),
    ...(await keys(world)),
    ...(await links(world)),
    {
      name: "a handshake",
      good: handshake(world),
      others: [handshake(world, { subscriberId: amara })],
      knock: (handshakeToken) => world.request("/v1/session/exchange", { json: { handshakeToken } }),
      refusals: ["handshake_malformed", "handshake_invalid", "brand_not_found"],
      success: 200,
    },
    {
      name: "a result",
      good: result,
      others: [other],
      knock: (token) => world.request("/api/v1/cancel-sessions/verify", { key: world.key, json: { token } }),
      refusals: ["result_token_invalid"],
      success: 200,
    },
    stripe(world),
  ];
}

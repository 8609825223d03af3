/** Credentials that are good, for what they are not: another door, another customer, another secret, or a moment too late. */
import assert from "node:assert/strict";
import { demoSubscriptions as ids } from "../../../src/billing/simulator-demo.ts";
import { RESULT_TTL, SKEW } from "../../../src/domain/result-token.ts";
import { sealSession, sealTicket } from "../../../src/domain/session-token.ts";
import { createKey } from "../../../src/domain/workspaces.ts";
import { simulatorPages } from "../../../src/routes/simulator-links.ts";
import { DAY, john, MINUTE, type Reply, type World } from "../../harness.ts";
import { handshake } from "../../http/handshake.ts";
import { opening, resultOf, sessionText } from "./doors.ts";

export interface Misuse {
  name: string;
  ask(): Promise<Reply>;
  refusal: string;
}

const amara = "cus_amara";
const otherKey = new Uint8Array(32).fill(99);

const pageOf = (world: World, path: string) => (token: string) => world.request(path, { token });
const wanted = { retention: { customer_id: john } };

/** Each kind at the doors of the others. */
async function wrongDoors(world: World): Promise<Misuse[]> {
  const { request } = world;
  const session = sessionText(world, "ret_");
  const ticket = sealTicket(world.deps.keys.session, session, world.clock.now + DAY);
  const delivery = (await world.flow(session)).session.deliveryToken as string;
  const result = await resultOf(world, "user_5");
  const pages = simulatorPages(world.links, world.scope);
  const back = { customerId: john, subscriptionId: ids.monthly, returnUrl: "http://localhost:4321/subs" };
  const card = pages.payment(back).split("/").at(-1);
  const [billed] = await world.invoices(ids.monthly);
  const invoice = pages
    .invoice(billed?.id ?? assert.fail("there is one"), "invoice")
    .split("/")
    .at(-1);
  const all: Record<string, string> = { session, ticket, delivery, result, "a public key": world.publicKey };
  const asKey = Object.entries(all).map(([name, key]) => ({
    name: `${name} as a key`,
    ask: () => request("/v1/retention/session", { key, json: wanted }),
    refusal: "key_invalid",
  }));
  const { session: _, ...others } = all;
  const asSession = Object.entries({ ...others, "a key": world.key }).flatMap(([name, token]) =>
    ["/v1/widget/flow", "/v1/widget/hub"].map((path) => ({
      name: `${name} as a session of ${path}`,
      ask: () => request(path, { token }),
      refusal: "session_invalid",
    })),
  );
  return [
    ...asKey,
    ...asSession,
    {
      name: "a result as a handshake",
      ask: () => request("/v1/session/exchange", { json: { handshakeToken: result } }),
      refusal: "handshake_malformed",
    },
    {
      name: "a handshake as a result",
      ask: () =>
        request("/api/v1/cancel-sessions/verify", { key: world.key, json: { token: handshake(world) } }),
      refusal: "result_token_invalid",
    },
    { name: "a session as a ticket", ask: () => request(`/retention?ticket=${session}`), refusal: "401" },
    { name: "a ticket as a session", ask: () => request(`/retention?session_id=${ticket}`), refusal: "401" },
    { name: "deliveries as a page", ask: () => request(`/retention?session_id=${delivery}`), refusal: "401" },
    {
      name: "an invoice for a card",
      ask: () => request(`/simulator/payment-method/${invoice}`),
      refusal: "404",
    },
    { name: "a card for an invoice", ask: () => request(`/simulator/invoices/${card}`), refusal: "404" },
  ];
}

/** Somebody else's, who has good ones of their own. */
async function strangers(world: World, stranger: World): Promise<Misuse[]> {
  const { request, scope, key } = world;
  const { session } = await world.flow(sessionText(world, "ret_"));
  const json = () => ({ session: session.id, events: [opening(world)] });
  const owners = {
    "another customer": sessionText(world, "ret_", amara),
    "another workspace": await stranger.mint(john),
  };
  const sandbox = (
    await createKey(world.deps, { ...scope, environment: "sandbox", kind: "secret", name: "b" })
  ).key;
  const result = await resultOf(world, "user_6");
  const link = (await request("/api/v1/cancel-link", { key, json: { userId: "user_7" } })).body.session_id;
  const own = (await world.deps.store.keys(scope.workspaceId)).find(
    (each) => each.kind === "secret" && each.environment === "prod",
  );
  const callers = { "another workspace": stranger.key, "the sandbox": sandbox };
  return [
    ...Object.entries(owners).flatMap(([name, token]) =>
      ["events", "decision"].map((what) => ({
        name: `${what} of ${name}`,
        ask: () => request(`/v1/widget/${what}`, { token, json: json() }),
        refusal: "session_not_found",
      })),
    ),
    ...Object.entries(callers).flatMap(([name, key]): Misuse[] => [
      {
        name: `a link, to ${name}`,
        ask: () => request(`/api/v1/cancel-sessions/${link}`, { key }),
        refusal: "cancel_session_not_found",
      },
      {
        name: `a session, to ${name}`,
        ask: () => request(`/api/v1/sessions/${session.id}`, { key }),
        refusal: "session_not_found",
      },
      {
        name: `a flow, to ${name}`,
        ask: () => request("/api/flows/cancel", { key, json: { session_id: session.id } }),
        refusal: "session_not_found",
      },
      {
        name: `a key, to ${name}`,
        ask: () => request(`/api/v1/api-keys/${own?.id}`, { key, method: "DELETE" }),
        refusal: "api_key_not_found",
      },
    ]),
    {
      name: "a result, to another workspace",
      ask: () => request("/api/v1/cancel-sessions/verify", { key: stranger.key, json: { token: result } }),
      refusal: "result_token_invalid",
    },
    {
      name: "a handshake signed with another workspace's key",
      ask: () =>
        request("/v1/session/exchange", {
          json: { handshakeToken: handshake(world, {}, { secret: stranger.key }) },
        }),
      refusal: "handshake_invalid",
    },
    {
      name: "a handshake signed with the public key",
      ask: () =>
        request("/v1/session/exchange", {
          json: { handshakeToken: handshake(world, {}, { secret: world.publicKey }) },
        }),
      refusal: "handshake_invalid",
    },
  ];
}

/** Made by a server with another secret, or for a moment before this one. */
function forged(world: World): Misuse[] {
  const { scope, clock, deps } = world;
  const claims = { ...scope, tokenId: "tok_1", customerId: john };
  const kinds = [
    ["ret_", "/v1/widget/flow"],
    ["sub_", "/v1/widget/hub"],
    ["r10_", "/v1/widget/hub/invoices"],
  ] as const;
  const elsewhere = simulatorPages({ ...world.links, key: otherKey }, scope);
  const address = elsewhere.invoice("in_1", "invoice");
  return [
    ...kinds.flatMap(([prefix, path]) => [
      {
        name: `${prefix} of another server`,
        ask: () =>
          pageOf(world, path)(sealSession(otherKey, prefix, { ...claims, expiresAt: clock.now + DAY })),
        refusal: "session_invalid",
      },
      {
        name: `${prefix} at the moment it ends`,
        ask: () =>
          pageOf(world, path)(sealSession(deps.keys.session, prefix, { ...claims, expiresAt: clock.now })),
        refusal: "session_expired",
      },
    ]),
    {
      name: "a ticket at the moment it ends",
      ask: () =>
        world.request(
          `/retention?ticket=${sealTicket(deps.keys.session, sessionText(world, "ret_"), clock.now)}`,
        ),
      refusal: "401",
    },
    ...[-1, 1].map((side) => ({
      name: `a handshake that is ${side < 0 ? "too old" : "of the future"} by a millisecond`,
      ask: () =>
        world.request("/v1/session/exchange", {
          json: { handshakeToken: handshake(world, { timestamp: clock.now + side * (5 * MINUTE + 1) }) },
        }),
      refusal: "handshake_expired",
    })),
    {
      name: "the address of an invoice, of another server",
      ask: () => world.request(new URL(address).pathname),
      refusal: "404",
    },
  ];
}

/** A result and a link, each when it has just ended: time goes by. */
async function late(world: World): Promise<Misuse[]> {
  const { request, key, clock } = world;
  const { body } = await request("/api/v1/cancel-link", { key, json: { userId: "user_8" } });
  const link = new URL(body.url as string).pathname;
  const end = clock.now + world.deps.limits.linkTtl;
  const result = await resultOf(world, "user_9");
  const { exp } = JSON.parse(Buffer.from(result.split(".")[1] as string, "base64url").toString());
  assert.ok(exp * 1000 <= clock.now + RESULT_TTL * 1000);
  return [
    {
      name: "a result at the moment it ends",
      ask() {
        clock.now = (exp + SKEW) * 1000;
        return request("/api/v1/cancel-sessions/verify", { key, json: { token: result } });
      },
      refusal: "result_token_invalid",
    },
    {
      name: "a link at the moment it ends",
      ask() {
        clock.now = end;
        return request(link);
      },
      refusal: "410",
    },
  ];
}

/** In this order: the last ones move the clock. */
export async function misusesOf(world: World, stranger: World): Promise<Misuse[]> {
  const ends = await late(world);
  return [...(await wrongDoors(world)), ...(await strangers(world, stranger)), ...forged(world), ...ends];
}

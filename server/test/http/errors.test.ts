/** Every row of the error table, provoked as a caller would. */
import assert from "node:assert/strict";
import { it } from "node:test";
import Stripe from "stripe";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { hearStripe } from "../../src/billing/stripe/webhook.ts";
import type { ProblemCode } from "../../src/domain/problem.ts";
import { errors } from "../../src/http/errors.ts";
import { leaves } from "../billing/stripe-payloads.ts";
import { agree, ask, make, mintFor as mintOwner, preview } from "../domain/changing.ts";
import { confirm, half, offering } from "../flows/fixtures.ts";
import { DAY, john, NOW, onEachStore, type Reply, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { handshake } from "./handshake.ts";
import { provokedAnalytics } from "./provoked-analytics.ts";
import { provokedEndpoints } from "./provoked-endpoints.ts";
import { provokedExports } from "./provoked-exports.ts";
import { provokedFlows } from "./provoked-flows.ts";
import { provokedRecoveries } from "./provoked-recoveries.ts";
import { reported } from "./reported-errors.ts";

const MINT = "/v1/retention/session";
const EXCHANGE = "/v1/session/exchange";
const exchange = (world: World, handshakeToken: string) =>
  world.request(EXCHANGE, { json: { handshakeToken } });
const mintFor = (world: World, retention: object, more: object = {}) =>
  world.request(MINT, { key: world.key, json: { retention }, ...more });

async function post(world: World, what: "events" | "decision", change: object): Promise<Reply> {
  const visit = await world.visit(john);
  const json = { session: visit.session, events: visit.events, ...change };
  return world.request(`/v1/widget/${what}`, { token: visit.token, json });
}

/** An event of Stripe's for an account of `prod`, signed with this secret. */
function tell(world: World, secret: string, livemode: boolean): Promise<Reply> {
  const { deps, scope, clock } = world;
  const hear = hearStripe({ secrets: ["whsec_current"], clock: () => clock.now });
  deps.webhooks = () => [{ scope, hear, refresh() {} }];
  const body = JSON.stringify({ ...leaves(ids.monthly, clock.now), livemode });
  const timestamp = Math.floor(clock.now / 1000);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
  const headers = { "Content-Type": "application/json", "Stripe-Signature": signature };
  return world.request("/api/stripe/webhook", { method: "POST", body, headers });
}

/** What a promo code leads to. */
const withCode = (code: string) => async (world: World) =>
  preview(world, await mintOwner(world, ids.monthly), ids.monthly, { type: "promo_code", code });

const provocations: Partial<Record<ProblemCode, (world: World) => Promise<Reply>>> = {
  ...reported,
  ...provokedAnalytics,
  ...provokedEndpoints,
  ...provokedExports,
  ...provokedFlows,
  ...provokedRecoveries,
  key_invalid: (world) => mintFor(world, { customer_id: john }, { key: "rk_sk_wrong" }),
  conflicting_credentials: (world) => mintFor(world, {}, { headers: { "X-API-Key": "another" } }),
  session_invalid: (world) => world.request("/v1/widget/flow", { token: "ret_nonsense" }),
  async session_expired(world) {
    const token = await world.mint(john);
    world.pass(DAY);
    return world.request("/v1/widget/flow", { token });
  },
  handshake_malformed: (world) => exchange(world, "nonsense"),
  handshake_invalid: (world) => exchange(world, handshake(world, {}, { secret: world.publicKey })),
  handshake_expired: (world) => exchange(world, handshake(world, { timestamp: NOW - 301_000 })),
  async handshake_unavailable(world) {
    for (const { id, kind } of await world.deps.store.keys(world.scope.workspaceId))
      if (kind === "secret") await world.deps.store.revokeKey(id, NOW);
    return exchange(world, handshake(world));
  },
  async nonce_used(world) {
    const token = handshake(world);
    assert.equal((await exchange(world, token)).status, 200);
    return exchange(world, token);
  },
  brand_not_found: (world) => exchange(world, handshake(world, { brandPub: "rk_pk_nobody" })),
  async workspace_read_only(world) {
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    return mintFor(world, { customer_id: john });
  },
  secret_key_in_browser: (world) => mintFor(world, { customer_id: john }, { origin: "https://shop.example" }),
  origin_not_allowed: async (world) =>
    world.request("/v1/widget/flow", { token: await world.mint(john), origin: "https://elsewhere.example" }),
  webhook_signature_invalid: (world) => tell(world, "whsec_another", true),
  webhook_mode_wrong: (world) => tell(world, "whsec_current", false),
  webhook_unavailable: (world) => world.request("/api/stripe/webhook", { method: "POST", body: "{}" }),
  route_not_found: (world) => world.request("/v1/nothing"),
  customer_not_found: (world) => mintFor(world, { customer_id: "cus_nobody" }),
  customer_ambiguous: (world) => mintFor(world, { customer_email: "studio@example.org" }),
  subscription_not_found: (world) => mintFor(world, { customer_id: john, subscription_id: "sub_zoe_team" }),
  session_not_found: (world) => post(world, "events", { session: "ses_nobody" }),
  async no_active_flow(world) {
    // A workspace that has published nothing in the sandbox.
    const scope = { ...world.scope, environment: "sandbox" } as const;
    const { createKey } = await import("../../src/domain/workspaces.ts");
    const { seedDemo } = await import("../../src/billing/simulator-seed.ts");
    await seedDemo(world.storage, `${scope.workspaceId}/sandbox`, world.clock.now);
    const { key } = await createKey(world.deps, { ...scope, kind: "secret", name: "sandbox" });
    const minted = await mintFor(world, { customer_id: john }, { key });
    return world.request("/v1/widget/flow", { token: minted.body.id as string });
  },
  method_not_allowed: (world) => world.request(MINT, { key: world.key }),
  async session_completed(world) {
    const visit = await world.visit(john);
    const other = await world.visit(visit.token);
    settled(await visit.cancel());
    other.select("not_using").next();
    return other.accept({ months: 1 });
  },
  async event_conflict(world) {
    const visit = await world.visit(john);
    await visit.send();
    return visit.record({ type: "leave" }, { seq: 0 }).send();
  },
  decision_not_possible: (world) => post(world, "decision", {}),
  async offer_changed(world) {
    const visit = await world.visit(john);
    visit.select("not_using").next().choose({ months: 1 }).act({ type: "accept" });
    const request = visit.decision();
    return visit.decide({ ...request, seen: { ...request.seen, choice: { months: 2 } } });
  },
  async offer_not_available(world) {
    // Nothing changes at billing, so the second page still shows the truth; but the offer is for once.
    await world.publish(offering({ type: "contact", id: "talk", url: "https://papercrane.example" }));
    const [one, two] = [await world.visit(john), await world.visit(john)];
    settled(await one.accept());
    return two.accept();
  },
  change_not_available: async (world) =>
    preview(world, await mintOwner(world, ids.monthly), ids.monthly, { type: "resume" }),
  async change_conflict(world) {
    const token = await mintOwner(world, ids.monthly);
    const request = await agree(world, token, ids.monthly, { type: "pause", choice: { months: 1 } });
    assert.equal((await ask(world, token, request)).status, 200);
    return ask(world, token, { ...request, change: { type: "resume" } });
  },
  async terms_changed(world) {
    const token = await mintOwner(world, ids.monthly);
    const request = await agree(world, token, ids.monthly, { type: "annual_switch" });
    return ask(world, token, { ...request, seen: { ...request.seen, dueNow: 1 } });
  },
  promo_code_invalid: withCode("NOBODY"),
  promo_code_expired: withCode("SUMMER24"),
  promo_code_used_up: withCode("FIRST100"),
  promo_code_not_applicable: withCode("TEAMONLY"),
  payment_declined: async (world) =>
    make(world, await mintOwner(world, ids.pastDue), ids.pastDue, { type: "retry_payment" }),
  body_too_large: (world) => mintFor(world, { customer_id: "x".repeat(70_000) }),
  content_type_unsupported: (world) => mintFor(world, {}, { json: undefined, body: "{}" }),
  body_malformed: (world) =>
    mintFor(world, {}, { json: undefined, body: "{", headers: { "Content-Type": "application/json" } }),
  parameter_missing: (world) => mintFor(world, {}),
  parameter_invalid: (world) => mintFor(world, { customer_id: 7 }),
  parameter_unknown: (world) => post(world, "events", { more: 1 }),
  async too_many_events(world) {
    const visit = await world.visit(john);
    for (let round = 0; round < 2; round++) {
      while (visit.events.length < (round + 1) * 500) visit.record({ type: "back" });
      assert.equal((await visit.send()).status, 200);
    }
    return visit.record({ type: "back" }).send();
  },
  async rate_limited(world) {
    const token = await world.mint(john);
    world.deps.limits.perSession = 1;
    await world.request("/v1/widget/flow", { token });
    return world.request("/v1/widget/flow", { token });
  },
  async internal_error(world) {
    const token = await world.mint(john);
    const workspace = () => Promise.reject(new Error("disk on fire at /var/secret"));
    world.deps.store = { ...world.deps.store, workspace };
    return world.request("/v1/widget/flow", { token });
  },
  async billing_rejected(world) {
    world.billing.plan = { execute: { when: "before", throws: "rejected" } };
    return (await world.visit(john)).cancel();
  },
  billing_unavailable: (world) => {
    world.billing.plan = { findCustomers: { when: "before", throws: "unknown" } };
    return mintFor(world, { customer_id: john });
  },
};

onEachStore("The error table", ({ open }) => {
  for (const code of Object.keys(errors) as ProblemCode[]) {
    it(`${code} can happen, and looks as documented`, async () => {
      const world = await open();
      const provoke = provocations[code] ?? assert.fail(`nothing here provokes ${code}`);
      const reply = await provoke(world);
      assert.equal(reply.code, code, reply.text);
      const { type, status } = errors[code];
      assert.equal(reply.status, status);
      const id = reply.headers.get("request-id");
      assert.match(id ?? "", /^req_[A-Za-z0-9]{22}$/);
      const { error, ...beside } = reply.body;
      const refusal =
        typeof error === "string" ? { ...beside, message: error } : (error as Record<string, unknown>);
      assert.deepEqual([refusal.type, refusal.request_id], [type, id]);
      assert.ok(typeof refusal.message === "string" && refusal.message.length > 5);
      assert.ok(
        Object.keys(refusal).every((key) =>
          ["type", "code", "message", "param", "request_id", "errors"].includes(key),
        ),
      );
      assert.equal(reply.headers.get("cache-control"), "no-store");
      assert.ok(!reply.text.includes("disk on fire"), "our own troubles stay in the log");
      if (status === 401) assert.equal(reply.headers.get("www-authenticate"), "Bearer");
    });
  }

  it("billing that does not answer is a 503 for widgets too, and nothing was changed", async () => {
    const world = await open();
    await world.publish(offering(half));
    const visit = await world.visit(john);
    visit.act({ type: "accept" });
    const request = visit.decision();
    for (const operation of ["now", "subscriptions"] as const) {
      world.billing.plan = { [operation]: { when: "before", throws: "unknown" } };
      const reply = await world.request("/v1/widget/flow", { token: await world.mint(john) });
      assert.deepEqual([reply.status, reply.code], [503, "billing_unavailable"], operation);
    }
    world.billing.plan = { now: { when: "before", throws: "unknown" } };
    assert.equal((await visit.decide(request)).code, "billing_unavailable");
    world.billing.plan = {};
    settled(await visit.decide(request));
  });

  it("a flow without an offer still ends", async () => {
    const world = await open();
    await world.publish({ name: "Short", steps: [confirm] });
    settled(await (await world.visit(john)).cancel());
  });
});

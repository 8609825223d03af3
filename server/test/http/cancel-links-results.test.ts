/** What a business's server asks afterwards: diagnostics, and whether a result is true. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { CancelSession } from "../../src/contract/cancel-links.ts";
import { rotateResultKey } from "../../src/domain/result-token.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import {
  BACK,
  claimsIn,
  followed,
  goBack,
  type Link,
  makeLink,
  page,
  settings,
  tokenOf,
  verify,
} from "../domain/cancel-linking.ts";
import { john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { openSandbox } from "./cancelling.ts";

const look = (world: World, id: string, query = "", key = world.key) =>
  world.request(`/api/v1/cancel-sessions/${id}${query}`, { key });

const keyOf = async ({ deps, scope }: World, more: object) =>
  (await createKey(deps, { ...scope, kind: "secret", name: "other", ...more })).key;

async function resultOf(world: World, link: Link): Promise<string> {
  const { body, text } = await goBack(world, link, "cancelled");
  assert.ok(body.url, text);
  return tokenOf(body.url);
}

/** Somebody who has cancelled, with the token that they bring back. */
async function cancelled(world: World, more: object = {}): Promise<{ link: Link; token: string }> {
  const link = await makeLink(world, more);
  settled(await (await followed(world, link)).select("switching").next().cancel());
  return { link, token: await resultOf(world, link) };
}

onEachStore("Diagnostics of a link", ({ open }) => {
  it("tell its whole life, and never a token", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { metadata: { cohort: "b", seats: 3, note: null } });
    const created: CancelSession = {
      session_id: link.id,
      environment: "prod",
      user_id: "user_123",
      customer_id: null,
      subscription_id: null,
      status: "created",
      outcome: null,
      reason_key: null,
      offer: { type: "none", accepted: false, label: null, id: null, terms: null },
      return_url: BACK,
      context: { plan: "Studio", mrr: 129.99, tenureDays: 400, periodEnd: "2027-06-01T00:00:00.000Z" },
      metadata: { cohort: "b", seats: 3, note: null },
      created_at: "2027-05-14T09:41:00.000Z",
      opened_at: null,
      completed_at: null,
      expires_at: "2027-05-14T10:41:00.000Z",
      result_token: { issued: false, status: null, issued_at: null, verified_at: null },
      events: [{ type: "link_created", at: "2027-05-14T09:41:00.000Z" }],
    };
    const texts: string[] = [];
    const now = async () => {
      const { status, body, text } = await look(world, link.id);
      assert.equal(status, 200, text);
      texts.push(text);
      return body as CancelSession;
    };
    assert.deepEqual(await now(), created);
    world.pass(MINUTE);
    const visit = await followed(world, link);
    assert.deepEqual(await now(), {
      ...created,
      status: "opened",
      opened_at: "2027-05-14T09:42:00.000Z",
      events: [...created.events, { type: "opened", at: "2027-05-14T09:42:00.000Z" }],
    });
    world.pass(MINUTE);
    await visit.select("too_expensive").next().send();
    const asked = await now();
    assert.deepEqual([asked.status, asked.outcome, asked.reason_key], ["opened", null, "too_expensive"]);
    assert.equal(asked.offer.type, "discount");
    settled(await visit.accept());
    const decided = await now();
    assert.deepEqual(
      [decided.status, decided.outcome, decided.offer.accepted],
      ["opened", "recovered", true],
    );
    world.pass(MINUTE);
    const token = await resultOf(world, link);
    world.pass(MINUTE);
    assert.equal((await verify(world, token)).status, 200);
    const after = await now();
    assert.deepEqual(after, {
      ...decided,
      status: "completed",
      completed_at: "2027-05-14T09:44:00.000Z",
      result_token: {
        issued: true,
        status: "done",
        issued_at: "2027-05-14T09:44:00.000Z",
        verified_at: "2027-05-14T09:45:00.000Z",
      },
      events: after.events,
    });
    assert.deepEqual(
      after.events.map(({ type }) => type),
      [
        "link_created",
        "opened",
        "open",
        "select",
        "next",
        "accept",
        "completed",
        "result_issued",
        "result_verified",
      ],
    );
    const times = after.events.map(({ at }) => at);
    assert.deepEqual(times, [...times].sort());
    for (const text of texts) assert.ok(!text.includes(link.token) && !text.includes(token));
  });

  it("say when a link has expired without a result", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    world.pass(60 * MINUTE - 1);
    assert.equal((await look(world, link.id)).body.status, "created");
    world.pass(1);
    assert.equal((await look(world, link.id)).body.status, "expired");
    assert.equal((await page(world, link)).status, 410);
  });

  it("name the subscription where it is carried out at billing", async () => {
    const world = await open({ settings });
    const { id } = await makeLink(world, { customerId: john });
    const { body } = await look(world, id);
    assert.deepEqual([body.user_id, body.customer_id, body.subscription_id], ["user_123", john, ids.monthly]);
  });

  it("are of one workspace and one environment", async () => {
    const world = await open({ settings });
    const other = await open({ settings });
    await openSandbox(world);
    const [link, boxed] = [await makeLink(world), await makeLink(world, { environment: "sandbox" })];
    assert.equal((await look(world, "cs_nothing")).code, "cancel_session_not_found");
    const foreign = await look(world, link.id, "", other.key);
    assert.deepEqual([foreign.status, foreign.code], [404, "cancel_session_not_found"]);
    assert.equal((await look(world, link.id, "?environment=prod")).status, 200);
    const wrong = await look(world, link.id, "?environment=sandbox");
    assert.deepEqual([wrong.status, wrong.code], [409, "environment_mismatch"]);
    assert.equal((await look(world, link.id, "?environment=sandbox", other.key)).status, 404);
    assert.equal((await look(world, boxed.id)).body.environment, "sandbox");
    assert.equal((await look(world, boxed.id, "?environment=prod")).status, 409);
    const sandbox = await keyOf(world, { environment: "sandbox" });
    assert.equal((await look(world, boxed.id, "", sandbox)).status, 200);
    for (const query of ["", "?environment=sandbox"])
      assert.equal((await look(world, link.id, query, sandbox)).code, "cancel_session_not_found");
    assert.equal((await look(world, link.id, "?environment=prod", sandbox)).code, "insufficient_scope");
    assert.equal((await look(world, link.id, "?environment=test")).code, "parameter_invalid");
    assert.equal((await look(world, link.id, "", "rk_sk_wrong")).status, 401);
    const writer = await keyOf(world, { scopes: ["sessions:write"] });
    assert.equal((await look(world, link.id, "", writer)).code, "insufficient_scope");
    world.deps.limits.perKey = 1;
    assert.equal((await look(world, link.id)).status, 429);
  });
});

onEachStore("Verifying a result", ({ open }) => {
  it("answers with its claims, and whether it was asked before", async () => {
    const world = await open({ settings });
    const { link, token } = await cancelled(world);
    const first = await verify(world, token);
    assert.equal(first.status, 200);
    assert.deepEqual(first.body, { valid: true, ...claimsIn(token), verified_before: false });
    assert.equal((await verify(world, token)).body.verified_before, true);
    // Another token of the same result is the same result.
    assert.equal((await verify(world, await resultOf(world, link))).body.verified_before, true);
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    assert.equal((await verify(world, token)).status, 200);
  });

  it("is first for one alone of several who ask at once", async () => {
    const world = await open({ settings });
    const { token } = await cancelled(world);
    const replies = await Promise.all(Array.from({ length: 4 }, () => verify(world, token)));
    assert.equal(replies.filter(({ body }) => body.verified_before === false).length, 1);
  });

  it("refuses what is not a result of this workspace and environment", async () => {
    const world = await open({ settings });
    const other = await open({ settings });
    const { token } = await cancelled(world);
    const refused = async (given: string, more: object = {}, key = world.key) => {
      const { status, code } = await verify(world, given, more, key);
      assert.deepEqual([status, code], [400, "result_token_invalid"]);
    };
    await refused("");
    await refused("a.b.c");
    await refused(`${token}x`);
    await refused("x".repeat(20_000));
    await refused(token, {}, other.key);
    await refused(token, { environment: "sandbox" });
    const sandbox = await keyOf(world, { environment: "sandbox" });
    await refused(token, {}, sandbox);
    assert.equal((await verify(world, token, { environment: "prod" }, sandbox)).code, "insufficient_scope");
    assert.equal((await verify(world, token, { token: undefined })).code, "parameter_missing");
    const reader = await keyOf(world, { scopes: ["analytics:read"] });
    assert.equal((await verify(world, token, {}, reader)).code, "insufficient_scope");
  });

  it("of the sandbox is asked for as such", async () => {
    const world = await open({ settings, environment: "sandbox" });
    const link = await makeLink(world, { environment: "sandbox" });
    await (await followed(world, link)).keep();
    const token = tokenOf((await goBack(world, link, "retained")).body.url);
    // The key of this world is one of the sandbox.
    assert.equal((await verify(world, token)).body.env, "sandbox");
    const prod = await keyOf(world, { environment: "prod" });
    assert.equal((await verify(world, token, {}, prod)).code, "result_token_invalid");
    assert.equal((await verify(world, token, { environment: "sandbox" }, prod)).status, 200);
  });

  it("holds for a quarter of an hour and a minute", async () => {
    const world = await open({ settings });
    const { token } = await cancelled(world);
    world.pass(16 * MINUTE - 1);
    assert.equal((await verify(world, token)).status, 200);
    world.pass(1);
    assert.equal((await verify(world, token)).code, "result_token_invalid");
  });

  it("survives a change of the key, as long as the token would have held", async () => {
    const world = await open({ settings });
    const { link, token } = await cancelled(world);
    await rotateResultKey(world.deps, world.scope.workspaceId, "prod");
    assert.equal((await verify(world, token)).status, 200);
    const anew = await resultOf(world, link);
    assert.notEqual(anew.split(".")[0], token.split(".")[0]);
    assert.equal((await verify(world, anew)).status, 200);
  });
});

/** What was sent to endpoints: looked up, tried out and sent again by API. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { Webhook } from "standardwebhooks";
import type { WebhookAttemptRow } from "../../src/store/webhooks.ts";
import { alone, MINUTE, onEachStore, type World } from "../harness.ts";
import { calling, type Delivery, deliveries, happens, hook, MANY, made } from "./webhooks.ts";

const SENT = "/api/v1/webhook-deliveries";
const AT = "2027-05-14T09:41:00.000Z";

/** As a worker does who has tried it. */
async function tried(
  { deps: { store }, clock }: World,
  id: string,
  status: "pending" | "failed",
  attempts: Partial<WebhookAttemptRow>[],
): Promise<void> {
  for (const [index, each] of attempts.entries())
    await store.insertWebhookAttempt({
      id: `${id}/${index}`,
      deliveryId: id,
      attempt: index + 1,
      at: clock.now + index,
      duration: 120,
      ...each,
    });
  const settled = status === "failed" ? { settledAt: clock.now } : { dueAt: clock.now + MINUTE };
  await store.updateDelivery(id, { status, attempts: attempts.length, tries: attempts.length, ...settled });
}

onEachStore("Webhook deliveries", ({ open, home }) => {
  it("are there from when something has happened, in all their fields", async () => {
    const world = await open();
    const { get } = calling(world);
    const { id } = await made(world);
    const event = await happens(world);
    const [sent] = await deliveries(world, id);
    assert.deepEqual(sent, {
      object: "webhook_delivery",
      id: sent?.id,
      endpoint_id: id,
      event_id: event,
      event_type: "cancel.saved",
      status: "pending",
      attempt_count: 0,
      next_attempt_at: AT,
      created_at: AT,
      settled_at: null,
    });
    const { status, body } = await get(`${SENT}/${sent?.id}`);
    assert.equal(status, 200);
    assert.deepEqual(body, {
      ...sent,
      attempts: [],
      event: {
        id: event,
        type: "cancel.saved",
        timestamp: AT,
        workspace_id: world.scope.workspaceId,
        data: { session_id: "ses_1", offer: null },
      },
    });
  });

  it("show what came of each attempt", async () => {
    const world = await open();
    const { get } = calling(world);
    const { id } = await made(world);
    await happens(world);
    const [sent] = await deliveries(world, id);
    const answered = { status: 500, error: "it answered 500", excerpt: "try later" };
    await tried(world, sent?.id ?? "", "pending", [answered, { error: "nobody answered" }, { status: 204 }]);
    const { attempts, ...rest } = (await get(`${SENT}/${sent?.id}`)).body;
    const ids = (attempts as { id: string }[]).map((each) => each.id);
    assert.equal(new Set(ids).size, 3);
    const plain = {
      object: "webhook_attempt",
      duration_ms: 120,
      status: null,
      error: null,
      response_excerpt: null,
    };
    const shown = (attempts as { id: string }[]).map(({ id: _, ...each }) => each);
    assert.deepEqual(shown, [
      { ...plain, at: AT, status: 500, error: "it answered 500", response_excerpt: "try later" },
      { ...plain, at: "2027-05-14T09:41:00.001Z", error: "nobody answered" },
      { ...plain, at: "2027-05-14T09:41:00.002Z", status: 204 },
    ]);
    assert.deepEqual([rest.attempt_count, rest.next_attempt_at], [3, "2027-05-14T09:42:00.000Z"]);
  });

  it("come in pages and by status, latest first", async () => {
    const world = await open();
    const { get } = calling(world);
    const { id } = await made(world);
    const { id: other } = await made(world);
    for (let turn = 0; turn < 3; turn++) {
      world.pass(1);
      await happens(world);
    }
    const [latest, second, oldest] = await deliveries(world, id);
    await tried(world, second?.id ?? "", "failed", [{ error: "nobody answered" }]);
    const ids = async (query: string) => (await deliveries(world, id, query)).map((each) => each.id);
    assert.deepEqual(await ids("?status=pending"), [latest?.id, oldest?.id]);
    assert.deepEqual(await ids("?status=failed"), [second?.id]);
    for (const status of ["succeeded", "canceled"]) assert.deepEqual(await ids(`?status=${status}`), []);
    const page = async (query: string) => {
      const { data, ...rest } = (await get(`${MANY}/${id}/deliveries?${query}`)).body as { data: Delivery[] };
      return [data.map((each) => each.id), rest];
    };
    const more = (limit: number, has_more: boolean) => ({ limit, has_more });
    assert.deepEqual(await page("limit=2"), [[latest?.id, second?.id], more(2, true)]);
    assert.deepEqual(await page(`limit=1&after=${latest?.id}`), [[second?.id], more(1, true)]);
    assert.deepEqual(await page(`limit=1&after=${second?.id}`), [[oldest?.id], more(1, false)]);
    assert.deepEqual(await page(`after=${oldest?.id}`), [[], more(50, false)]);
    assert.deepEqual(await page(`status=pending&after=${second?.id}`), [[oldest?.id], more(50, false)]);
    const [elsewhere] = await deliveries(world, other);
    for (const query of ["status=cancelled", "limit=0", "limit=201", "after=", `after=${elsewhere?.id}`]) {
      const { status, param } = await get(`${MANY}/${id}/deliveries?${query}`);
      assert.deepEqual([status, param], [400, query.split("=")[0]], query);
    }
    assert.equal((await get(`${MANY}/${id}/deliveries?limit=200`)).status, 200);
  });

  it("of a test go to the one endpoint, whatever it is set to hear", async () => {
    const world = await open();
    const { post, get, patch } = calling(world);
    const { id } = await made(world, { url: hook, events: ["issue.opened"] });
    const { id: other } = await made(world);
    const { status, body } = await post(`${MANY}/${id}/test`);
    assert.deepEqual(
      [status, body.event_type, body.status, body.endpoint_id],
      [200, "webhook.test", "pending", id],
    );
    assert.deepEqual(await deliveries(world, id), [body]);
    assert.deepEqual(await deliveries(world, other), []);
    const { event } = (await get(`${SENT}/${body.id}`)).body as { event: Record<string, unknown> };
    assert.deepEqual([event.id, event.type, event.timestamp], [body.event_id, "webhook.test", AT]);
    assert.match((event.data as { message: string }).message, /^This is a test\./);
    await patch(`${MANY}/${id}`, { status: "disabled" });
    const refused = await post(`${MANY}/${id}/test`);
    assert.deepEqual([refused.status, refused.code], [409, "webhook_endpoint_disabled"]);
    assert.equal((await deliveries(world, id)).length, 1);
  });

  it("of a test arrive, signed with the secret that was shown", async () => {
    await using world = await alone(home);
    const { post, get } = calling(world);
    const heard = Promise.withResolvers<{ body: string; headers: IncomingHttpHeaders }>();
    await using receiver = createServer(async (request, response) => {
      heard.resolve({ body: await text(request), headers: request.headers });
      response.end("thanks");
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    const { id, secret } = await made(world, { url: `http://127.0.0.1:${port}/hook` });
    world.clock.now = Date.now();
    const { body: sent } = await post(`${MANY}/${id}/test`);
    await world.tick();
    const { body, headers } = await heard.promise;
    new Webhook(secret).verify(body, headers as Record<string, string>);
    const { attempts, event, ...rest } = (await get(`${SENT}/${sent.id}`)).body as {
      attempts: Record<string, unknown>[];
      event: unknown;
      status?: string;
    };
    assert.deepEqual(JSON.parse(body), event, "what is shown is what was sent");
    assert.equal(rest.status, "succeeded");
    assert.deepEqual(
      attempts.map(({ status, error, response_excerpt }) => [status, error, response_excerpt]),
      [[200, null, "thanks"]],
    );
  });

  it("are sent again under the same id, from the first attempt on", async () => {
    const world = await open();
    const { post, get } = calling(world);
    const { id } = await made(world);
    await happens(world);
    const [sent] = await deliveries(world, id);
    const path = `${SENT}/${sent?.id}/replay`;
    assert.deepEqual((await post(path)).body, sent, "it is on its way already");
    await tried(world, sent?.id ?? "", "failed", [
      { error: "nobody answered" },
      { error: "nobody answered" },
    ]);
    world.pass(MINUTE);
    const { status, body } = await post(path);
    const now = "2027-05-14T09:42:00.000Z";
    assert.equal(status, 200);
    assert.deepEqual(body, { ...sent, attempt_count: 2, next_attempt_at: now });
    const { attempts, event } = (await get(`${SENT}/${sent?.id}`)).body as {
      attempts: unknown[];
      event: { id: string };
    };
    assert.deepEqual([attempts.length, event.id], [2, sent?.event_id], "what was is not forgotten");
    const again = await Promise.all([post(path), post(path)]);
    for (const each of again) assert.deepEqual(each.body, body);
  });

  it("are not sent again to an endpoint that is disabled, nor when what happened is forgotten", async () => {
    const world = await open();
    const { post, patch, get } = calling(world);
    const { id } = await made(world);
    await happens(world);
    const [sent] = await deliveries(world, id);
    const path = `${SENT}/${sent?.id}`;
    await patch(`${MANY}/${id}`, { status: "disabled" });
    const refused = await post(`${path}/replay`);
    assert.deepEqual([refused.status, refused.code], [409, "webhook_endpoint_disabled"]);
    assert.equal((await get(path)).body.status, "canceled");
    await patch(`${MANY}/${id}`, { status: "enabled" });
    assert.equal((await post(`${path}/replay`)).body.status, "pending");
    await patch(`${MANY}/${id}`, { status: "disabled" });
    await world.deps.store.forgetEvents(world.clock.now + 1, 10);
    for (const reply of [await post(`${path}/replay`), await get(path)])
      assert.deepEqual([reply.status, reply.code], [404, "webhook_delivery_not_found"]);
    assert.equal((await get(`${SENT}/${"x".repeat(256)}`)).param, "id");
  });
});

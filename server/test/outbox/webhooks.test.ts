/** Messages to a business's endpoints, from what has happened to what has arrived. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { replay } from "../../src/domain/webhook-deliveries.ts";
import { newWebhookSecret } from "../../src/domain/webhook-secrets.ts";
import { resolveWebhookUrl } from "../../src/domain/webhook-urls.ts";
import { forgetOld } from "../../src/outbox/forget.ts";
import { alone, DAY, MINUTE, onEachStore } from "../harness.ts";
import { certificate } from "./mail-server.ts";
import { type Reaction, receiver, say, silence } from "./receiver.ts";
import { aBusiness, START, states } from "./webhook-world.ts";

const stripe = new Stripe("sk_test_unused");

onEachStore("A webhook", (stage) => {
  it("arrives, and both ways to verify it hold with each secret that signs", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver(say(200, "Thanks."));
    const [old, older] = [newWebhookSecret(business.deps), newWebhookSecret(business.deps)];
    const { secret, ...endpoint } = await business.endpoint(`${hook.url}?token=hush`);
    await business.deps.store.updateWebhookEndpoint(endpoint.id, {
      secrets: [
        ...endpoint.secrets,
        { ...old.row, expiresAt: START + 1 },
        { ...older.row, expiresAt: START },
      ],
    });
    const [id] = await business.happens();
    assert.equal(await business.send(), 1);
    const [got, ...rest] = hook.received;
    assert.ok(got && !rest.length);
    assert.equal(got.path, "/hooks?token=hush");
    assert.equal(got.headers["content-type"], "application/json");
    assert.equal(got.headers["user-agent"], "Renumerate-Webhooks/1");
    assert.equal(got.headers["webhook-id"], id);
    assert.equal(got.headers["x-retainly-event"], "cancel.saved");
    const told = {
      id,
      type: "cancel.saved",
      timestamp: new Date(START).toISOString(),
      workspace_id: business.scope.workspaceId,
      data: { list: [1, "two", null] },
    };
    const signature = got.headers["x-retainly-signature"] ?? "";
    for (const key of [secret, old.secret]) {
      assert.deepEqual(new Webhook(key).verify(got.body, got.headers), told);
      assert.deepEqual(stripe.webhooks.constructEvent(got.body, signature, key) as unknown, told);
    }
    assert.throws(() => new Webhook(older.secret).verify(got.body, got.headers));
    const { id: delivery, ...row } = await business.delivery(endpoint);
    assert.deepEqual(row, {
      endpointId: endpoint.id,
      eventId: id,
      type: "cancel.saved",
      status: "succeeded",
      attempts: 1,
      tries: 1,
      dueAt: START,
      createdAt: START,
      settledAt: START,
    });
    const [attempt, ...others] = await business.deps.store.webhookAttempts(delivery);
    const { id: _, duration, ...said } = attempt ?? assert.fail();
    assert.deepEqual(said, { deliveryId: delivery, attempt: 1, at: START, status: 200, excerpt: "Thanks." });
    assert.ok(Number.isInteger(duration) && duration >= 0 && !others.length);
    business.pass(DAY);
    await business.send();
    assert.equal(hook.received.length, 1);
  });

  it("is tried again as planned until it arrives, with the same id and body and a signature of its own", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver((response, received, index) =>
      say([500, 404, 204][index] ?? 500)(response, received, index),
    );
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    await business.send();
    assert.equal((await business.now(endpoint)).failingSince, START);
    for (const planned of [5_000, 5 * MINUTE]) {
      const { status, dueAt } = await business.delivery(endpoint);
      assert.equal(status, "pending");
      assert.ok(Math.abs(dueAt - business.clock.now - planned) <= planned / 10);
      business.clock.now = dueAt - 1;
      assert.equal(await business.send(), 0, "not before its time");
      business.clock.now = dueAt;
      assert.equal(await business.send(), 1);
    }
    const { id, status, attempts, tries } = await business.delivery(endpoint);
    assert.deepEqual([status, attempts, tries], ["succeeded", 3, 3]);
    assert.equal((await business.now(endpoint)).failingSince, undefined);
    const kept = await business.deps.store.webhookAttempts(id);
    assert.deepEqual(
      kept.map((each) => [each.attempt, each.status, each.error]),
      [
        [1, 500, "It answered 500."],
        [2, 404, "It answered 404."],
        [3, 204, undefined],
      ],
    );
    const of = (pick: (headers: Record<string, string>, body: string) => unknown) =>
      new Set(hook.received.map(({ headers, body }) => pick(headers, body))).size;
    assert.deepEqual([of((headers) => headers["webhook-id"]), of((_, body) => body)], [1, 1]);
    assert.deepEqual(
      [of((headers) => headers["webhook-timestamp"]), of((headers) => headers["webhook-signature"])],
      [3, 3],
    );
  });

  it("has failed after ten attempts, and goes out anew when somebody says so", async () => {
    await using business = await aBusiness(stage);
    let works = false;
    await using hook = await receiver((...args) => say(works ? 200 : 500)(...args));
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    for (let attempt = 1; attempt <= 10; attempt++) {
      const { status, dueAt } = await business.delivery(endpoint);
      assert.equal(status, "pending");
      business.clock.now = dueAt;
      await business.send();
      assert.equal(hook.received.length, attempt);
    }
    const failed = await business.delivery(endpoint);
    assert.deepEqual([failed.status, failed.settledAt], ["failed", business.clock.now]);
    const days = (business.clock.now - START) / DAY;
    assert.ok(days > 2.8 && days < 3.5, `${days}`);
    assert.equal((await business.now(endpoint)).status, "enabled");
    business.pass(DAY);
    await business.send();
    assert.equal(hook.received.length, 10);
    const { settledAt: _, ...rest } = failed;
    const again = { ...rest, status: "pending", tries: 0, dueAt: business.clock.now };
    assert.deepEqual(await replay(business.deps, failed), again);
    business.pass(1);
    assert.deepEqual(await replay(business.deps, failed), again, "what is on its way stays so");
    works = true;
    await business.send();
    const { status, attempts, tries } = await business.delivery(endpoint);
    assert.deepEqual([status, attempts, tries], ["succeeded", 11, 1]);
    assert.equal(new Set(hook.received.map(({ headers }) => headers["webhook-id"])).size, 1);
  });

  it("counts as failed, in plain words, whatever keeps it from arriving", async () => {
    const own = await certificate("IP:127.0.0.1");
    await using target = await receiver();
    await using redirecting = await receiver(say(302, "", { location: target.url }));
    await using silent = await receiver(silence);
    await using unknown = await receiver(say(200), own);
    const closed = await receiver();
    await closed[Symbol.asyncDispose]();
    await using business = await aBusiness(stage, {
      outgoing: {
        resolve: (host) =>
          host === "hangs.example" ? new Promise(() => {}) : Promise.reject(new Error("ENOTFOUND")),
      },
    });
    const unreadable = { secrets: [{ id: "whs_1", sealed: "of another installation", createdAt: START }] };
    const cases = {
      "It answered 302.": await business.endpoint(redirecting.url),
      "There was no complete answer in time.": await business.endpoint(silent.url),
      "Its certificate is not to be trusted (DEPTH_ZERO_SELF_SIGNED_CERT).": await business.endpoint(
        unknown.url,
      ),
      "The connection was refused.": await business.endpoint(closed.url),
      "Its host has no address.": await business.endpoint("http://nowhere.example/"),
      "None of its secrets can be read: RENUMERATE_SECRET has changed.": await business.endpoint(
        target.url,
        unreadable,
      ),
    };
    const late = await business.endpoint("http://hangs.example/");
    await business.happens();
    await business.send();
    const errorOf = async (endpoint: typeof late) => {
      const { id, status } = await business.delivery(endpoint);
      assert.equal(status, "pending");
      assert.equal((await business.now(endpoint)).failingSince, START);
      return (await business.deps.store.webhookAttempts(id)).map(({ error }) => error);
    };
    for (const [words, endpoint] of Object.entries(cases)) assert.deepEqual(await errorOf(endpoint), [words]);
    assert.deepEqual(await errorOf(late), ["There was no complete answer in time."]);
    assert.deepEqual(target.received, []);
  });

  it("never follows a name that was public when it was checked", async () => {
    const own = await certificate("DNS:hooks.example");
    await using inside = await receiver(say(200), own);
    const answers = [["93.184.215.14"], ["127.0.0.1"]];
    await using business = await aBusiness(stage, {
      outgoing: { allowPrivate: false, resolve: async () => answers.shift() ?? assert.fail() },
    });
    const url = `https://hooks.example:${inside.port}/`;
    await resolveWebhookUrl(business.deps, url);
    const endpoint = await business.endpoint(url);
    await business.happens();
    await business.send();
    const { id } = await business.delivery(endpoint);
    const [attempt] = await business.deps.store.webhookAttempts(id);
    assert.equal(attempt?.error, "Its host must have addresses of the public internet only.");
    assert.deepEqual([answers.length, inside.received.length], [0, 0]);
  });

  it("leaves nothing of an answer behind that may speak of somebody who was forgotten meanwhile", async () => {
    await using world = await alone(stage.home, { at: START, limits: { webhook: 9_000 } });
    await using business = await aBusiness({ ...stage, open: async () => world });
    const held = Promise.withResolvers<() => void>();
    await using hook = await receiver((response, received, index) =>
      held.resolve(() => say(500, received.body)(response, received, index)),
    );
    const endpoint = await business.endpoint(hook.url);
    const [id = ""] = await business.happens();
    const working = business.send();
    const release = await held.promise;
    await world.store.db.updateTable("events").set({ data: "{}" }).where("id", "=", id).execute();
    release();
    await working;
    const [attempt] = await business.deps.store.webhookAttempts((await business.delivery(endpoint)).id);
    assert.deepEqual([attempt?.status, attempt?.excerpt], [500, undefined]);
  });

  it("waits for as long as a busy endpoint asks", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver(say(429, "", { "retry-after": "3600" }));
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    await business.send();
    assert.equal((await business.delivery(endpoint)).dueAt, START + 60 * MINUTE);
  });

  it("is the last for an endpoint that says it is gone", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver(say(410));
    await using other = await receiver();
    const endpoint = await business.endpoint(hook.url);
    const kept = await business.endpoint(other.url);
    await business.happens(3);
    await business.send();
    await business.happens(2);
    business.pass(DAY);
    await business.send();
    assert.equal(hook.received.length, 1);
    assert.deepEqual(states(await business.deliveries(endpoint)), { failed: 1, cancelled: 2 });
    const { status, disabledReason, disabledAt } = await business.now(endpoint);
    assert.deepEqual([status, disabledReason, disabledAt], ["disabled", "gone", START]);
    assert.deepEqual(states(await business.deliveries(kept)), { succeeded: 5 });
  });

  it("is the last for an endpoint that has failed for five days, which is logged without its address", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver(say(500));
    const endpoint = await business.endpoint(`${hook.url}?token=hush`);
    await business.happens();
    await business.send();
    business.clock.now = START + 5 * DAY - 1;
    await business.happens(2);
    await business.send();
    assert.equal((await business.now(endpoint)).status, "enabled");
    business.clock.now = START + 5 * DAY;
    await business.happens();
    await business.send();
    const { status, disabledReason, failingSince } = await business.now(endpoint);
    assert.deepEqual([status, disabledReason, failingSince], ["disabled", "failing", START]);
    assert.deepEqual(states(await business.deliveries(endpoint)), { cancelled: 4 });
    assert.ok(business.log.some((line) => line.includes("was disabled") && line.includes(endpoint.id)));
    for (const line of business.log)
      for (const secret of ["hush", hook.url, endpoint.secret]) assert.ok(!line.includes(secret), line);
  });

  it("holds nothing against an address that has taken the place of another meanwhile", async () => {
    await using business = await aBusiness(stage);
    const held = Promise.withResolvers<() => void>();
    const hold: Reaction = (...args) => held.resolve(() => say(410)(...args));
    await using hook = await receiver(hold);
    const endpoint = await business.endpoint(hook.url, { failingSince: START - 9 * DAY });
    await business.happens();
    business.deps.limits.webhook = 9_000;
    const working = business.send();
    const release = await held.promise;
    const moved = { url: "http://127.0.0.1:1/", failingSince: null };
    await business.deps.store.updateWebhookEndpoint(endpoint.id, moved);
    release();
    await working;
    const { status, failingSince } = await business.now(endpoint);
    assert.deepEqual([status, failingSince], ["enabled", undefined]);
  });

  it("leaves an endpoint as somebody has switched it off meanwhile", async () => {
    await using business = await aBusiness(stage, { limits: { webhook: 9_000 } });
    const held = Promise.withResolvers<() => void>();
    await using hook = await receiver((...args) => held.resolve(() => say(410)(...args)));
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    const working = business.send();
    const release = await held.promise;
    const off = { status: "disabled", disabledReason: "manual", disabledAt: START - 1 } as const;
    await business.deps.store.updateWebhookEndpoint(endpoint.id, off);
    await business.deps.store.cancelDeliveries(endpoint.id, START);
    release();
    await working;
    const { secret: _, ...before } = endpoint;
    assert.deepEqual(await business.now(endpoint), { ...before, ...off });
    assert.equal((await business.delivery(endpoint)).status, "cancelled");
  });

  it("is given up if its endpoint was switched off in the same moment", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver();
    const endpoint = await business.endpoint(hook.url);
    await business.happens();
    // Its deliveries are taken back before, as seen from there.
    await business.deps.store.updateWebhookEndpoint(endpoint.id, { status: "disabled" });
    await business.send();
    assert.deepEqual(hook.received, []);
    assert.deepEqual(states(await business.deliveries(endpoint)), { cancelled: 1 });
  });

  it("can be sent again for ninety days, and is forgotten then", async () => {
    await using business = await aBusiness(stage);
    await using hook = await receiver();
    const endpoint = await business.endpoint(hook.url);
    const [id = ""] = await business.happens();
    await business.send();
    business.clock.now = START + 90 * DAY;
    await forgetOld(business.deps);
    assert.equal((await business.delivery(endpoint)).eventId, id);
    business.pass(1);
    await forgetOld(business.deps);
    assert.deepEqual(await business.deliveries(endpoint), []);
    assert.equal(await business.deps.store.event(id), undefined);
  });
});

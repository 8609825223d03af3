/** How a cancellation ended at billing, reported once or several times. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { MINUTE, onEachStore, type World } from "../harness.ts";
import { at, least, openSandbox, read, report, sandboxOf, update } from "./cancelling.ts";

const LATER = "2027-06-01T00:00:00.000Z";

interface Entry {
  outcome: string;
  effectiveAt: string | null;
  metadata: object | null;
  at: string;
}

onEachStore("Reporting how a cancellation ended", ({ open }) => {
  const history = async (world: World, eventId = "evt_1") => {
    const { body } = await read(world, eventId);
    const entries = body.history as Entry[];
    const last = entries.at(-1);
    assert.deepEqual(
      [body.outcome, body.effectiveAt],
      [last?.outcome ?? "pending", last?.effectiveAt ?? null],
    );
    return entries.map(({ outcome }) => outcome);
  };
  const reported = async (world: World) =>
    (await world.facts()).filter((type) => type === "cancellation.updated");

  it("is answered with the cancellation, in which reason and offer are as they were", async () => {
    const world = await open();
    const offer = { type: "pause", accepted: true, label: "Three months" };
    const { body: before } = await report(world, { ...least, offer, metadata: { source: "settings" } });
    world.pass(MINUTE);
    const reply = await update(world, "evt_1", {
      outcome: "recovered",
      effectiveAt: "2027-06-01T02:00:00+02:00",
      metadata: { actor: "success_playbook", channel: "cs_call" },
      reasonKey: "other",
      offer: { type: "none" },
    });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(reply.body, {
      ...before,
      outcome: "recovered",
      metadata: { source: "settings", actor: "success_playbook", channel: "cs_call" },
      effectiveAt: LATER,
      updatedAt: "2027-05-14T09:42:00.000Z",
    });
    const { status, body } = await read(world, "evt_1");
    const entry = { outcome: "recovered", effectiveAt: LATER, at: "2027-05-14T09:42:00.000Z" };
    const metadata = { actor: "success_playbook", channel: "cs_call" };
    const history = [{ ...entry, metadata }];
    assert.deepEqual([status, body], [200, { ...reply.body, history, historyTruncated: false }]);
    const [row] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.confirmed, row?.undoneAt], ["retained", true, undefined]);
  });

  it("the last one holds, and the ones before it stay in the history", async () => {
    const world = await open();
    await report(world, { ...least, outcome: "abandoned" });
    for (const outcome of ["churned", "recovered", "churned", "recovered"]) {
      world.pass(MINUTE);
      assert.equal((await update(world, "evt_1", { outcome })).body.outcome, outcome);
    }
    assert.deepEqual(await history(world), ["abandoned", "churned", "recovered", "churned", "recovered"]);
    assert.equal((await reported(world)).length, 4);
    const [row] = await world.ledger();
    assert.deepEqual([row?.outcome, row?.undoneAt], ["retained", undefined]);
  });

  it("of more than a hundred the latest hundred are read, and that there are more", async () => {
    const world = await open();
    await report(world, { ...least, outcome: "abandoned" });
    const words = (index: number) => (index % 2 ? "churned" : "recovered");
    for (let index = 1; index <= 100; index++) {
      await update(world, "evt_1", { outcome: words(index), metadata: { index } });
      if (index < 99) continue;
      const { body } = await read(world, "evt_1");
      const entries = body.history as (Entry & { metadata: { index: number } | null })[];
      const more = index - 99;
      assert.deepEqual([entries.length, body.historyTruncated], [100, more === 1]);
      assert.deepEqual(entries.at(-1)?.metadata, { index });
      assert.deepEqual(entries[0]?.metadata, more ? { index: 1 } : null);
    }
  });

  it("one that says nothing new changes nothing", async () => {
    const world = await open();
    await report(world, least);
    const metadata = { channel: "cs_call", gone: null };
    const first = await update(world, "evt_1", { outcome: "churned", effectiveAt: LATER, metadata });
    world.pass(MINUTE);
    for (const again of [
      { outcome: "churned" },
      { outcome: "churned", effectiveAt: "2027-06-01T02:00:00+02:00" },
      { outcome: "churned", effectiveAt: LATER, metadata },
      { outcome: "churned", metadata: {} },
    ]) {
      const reply = await update(world, "evt_1", again);
      assert.deepEqual([reply.status, reply.text], [200, first.text], JSON.stringify(again));
    }
    assert.deepEqual(await history(world), ["churned"]);
    assert.equal((await reported(world)).length, 1);
  });

  it("with the same outcome, another date or other metadata is new", async () => {
    const world = await open();
    await report(world, { ...least, outcome: "churned" });
    const dated = await update(world, "evt_1", { outcome: "churned", effectiveAt: LATER });
    assert.equal(dated.body.effectiveAt, LATER);
    const told = await update(world, "evt_1", { outcome: "churned", metadata: { by: "phone" } });
    assert.deepEqual([told.body.effectiveAt, told.body.metadata], [LATER, { by: "phone" }]);
    assert.deepEqual(await history(world), ["churned", "churned", "churned"]);
    assert.equal((await reported(world)).length, 2);
  });

  it("of another outcome, a date that is left out is not known", async () => {
    const world = await open();
    await report(world, least);
    await update(world, "evt_1", { outcome: "churned", effectiveAt: LATER });
    const { body } = await update(world, "evt_1", { outcome: "recovered" });
    assert.deepEqual([body.outcome, body.effectiveAt], ["recovered", null]);
    assert.deepEqual(await history(world), ["churned", "recovered"]);
  });

  it("metadata is added key by key, and null takes one away", async () => {
    const world = await open();
    await report(world, { ...least, metadata: { a: 1, b: "two", kept: null } });
    const patch = async (metadata: object) =>
      (await update(world, "evt_1", { outcome: "churned", metadata })).body.metadata;
    assert.deepEqual(await patch({ b: null, c: true }), { a: 1, kept: null, c: true });
    assert.deepEqual(await patch({ a: "one" }), { a: "one", kept: null, c: true });
    assert.deepEqual(await patch({ a: null, kept: null, c: null, d: null }), {});
    const sent = ((await read(world, "evt_1")).body.history as Entry[]).map(({ metadata }) => metadata);
    assert.deepEqual(sent, [{ b: null, c: true }, { a: "one" }, { a: null, kept: null, c: null, d: null }]);
  });

  it("fifty keys are as many as it holds, however they came", async () => {
    const world = await open();
    const keys = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, index) => [`key ${from + index}`, index]));
    await report(world, { ...least, metadata: keys(0, 49) });
    const patch = (metadata: object) => update(world, "evt_1", { outcome: "churned", metadata });
    assert.equal((await patch(keys(49, 50))).status, 200);
    const over = await patch(keys(50, 51));
    assert.deepEqual([over.status, over.code, over.param], [400, "parameter_invalid", "metadata"]);
    assert.equal((await patch({ ...keys(50, 51), "key 0": null })).status, 200);
    assert.deepEqual(await history(world), ["churned", "churned"]);
  });

  it("takes churned and recovered, and nothing else", async () => {
    const world = await open();
    await report(world, least);
    const absent = await update(world, "evt_1", {});
    assert.deepEqual([absent.status, absent.param], [400, "outcome"]);
    for (const [json, code, param] of [
      [{ outcome: "abandoned" }, "parameter_invalid", "outcome"],
      [{ outcome: "pending" }, "parameter_invalid", "outcome"],
      [{ outcome: null }, "parameter_invalid", "outcome"],
      [{ outcome: "churned", effectiveAt: "2027-06-01" }, "parameter_invalid", "effectiveAt"],
      [{ outcome: "churned", metadata: { list: [] } }, "parameter_invalid", "metadata/list"],
      [{ outcome: "churned", environment: "live" }, "parameter_invalid", "environment"],
      [[], "parameter_invalid", ""],
    ] as const) {
      const reply = await update(world, "evt_1", json);
      assert.deepEqual([reply.status, reply.code, reply.param], [400, code, param], JSON.stringify(json));
    }
    assert.deepEqual(await history(world), []);
  });

  it("404 where there is none, 409 where it is in the other environment", async () => {
    const world = await open();
    await world.publish((await world.deps.store.activeFlow(world.scope))?.definition, sandboxOf(world));
    await report(world, { ...least, eventId: "live" });
    await report(world, { ...least, eventId: "tried", environment: "sandbox" });
    const outcome = "churned";
    for (const [eventId, environment, status, code] of [
      ["none", undefined, 404, "cancellation_not_found"],
      ["none", "sandbox", 404, "cancellation_not_found"],
      ["LIVE", undefined, 404, "cancellation_not_found"],
      ["tried", undefined, 409, "environment_mismatch"],
      ["tried", "prod", 409, "environment_mismatch"],
      ["live", "sandbox", 409, "environment_mismatch"],
      ["live", "prod", 200, undefined],
      ["tried", "sandbox", 200, undefined],
    ] as const) {
      const about = `${eventId} in ${environment}`;
      const patched = await update(world, eventId, { outcome, environment });
      assert.deepEqual([patched.status, patched.code], [status, code], about);
      const got = await read(world, eventId, environment ? `?environment=${environment}` : "");
      assert.deepEqual([got.status, got.code], [status, code], about);
    }
    const row = await world.deps.store.ledgerOfEvent(sandboxOf(world), "tried");
    assert.equal(row?.outcome, "cancelled");
  });

  it("a key of the sandbox is not told of production, nor another workspace of this one", async () => {
    const world = await open();
    const key = await openSandbox(world);
    await report(world, least);
    const change = { outcome: "churned" };
    for (const environment of [undefined, "sandbox"] as const) {
      const hidden = await update(world, "evt_1", { ...change, environment }, { key });
      assert.deepEqual([hidden.status, hidden.code], [404, "cancellation_not_found"]);
    }
    const named = await update(world, "evt_1", { ...change, environment: "prod" }, { key });
    assert.deepEqual([named.status, named.code], [403, "insufficient_scope"]);
    const none = await update(world, "none", { ...change, environment: "prod" }, { key });
    assert.deepEqual([none.status, none.code], [403, "insufficient_scope"]);
    assert.equal((await read(world, "evt_1", "", { key })).status, 404);
    assert.equal((await read(world, "evt_1", "?environment=prod", { key })).status, 403);
    const other = await open();
    for (const environment of ["prod", "sandbox"]) {
      const foreign = await update(other, "evt_1", { ...change, environment });
      assert.equal(foreign.code, "cancellation_not_found");
    }
    assert.deepEqual(await history(world), []);
  });

  it("finds every eventId by its address", async () => {
    const world = await open();
    const ids = [
      "a/b",
      "a//b/",
      "/",
      "%",
      "%2F",
      "a%20b",
      "a b",
      " ",
      "é😀",
      "?x=1#y",
      "..a",
      "a\\b",
      "'\";--",
      "+",
      "{}",
      ":eventId",
    ];
    for (const eventId of [...ids, "x".repeat(255), "😀".repeat(255)]) {
      assert.equal((await report(world, { ...least, eventId })).status, 201, eventId);
      const reply = await update(world, eventId, { outcome: "churned" });
      assert.deepEqual([reply.status, reply.body.eventId], [200, eventId], eventId);
      assert.equal((await read(world, eventId)).body.eventId, eventId);
    }
    for (const eventId of ["x".repeat(256), "😀".repeat(256), "\0", "a\nb", "\x7f", "\x85"]) {
      for (const reply of [await update(world, eventId, { outcome: "churned" }), await read(world, eventId)])
        assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", "eventId"]);
    }
  });

  it("an address that is not well-formed is a 400", async () => {
    const world = await open();
    await report(world, { ...least, eventId: "%zz" });
    for (const path of ["%zz", "%", "a%2", "%ff", "%C3", "%ED%A0%80", "a%2Fb%"]) {
      const asked = { key: world.key, method: "PATCH", json: { outcome: "churned" } };
      for (const reply of [
        await world.request(`${at("")}${path}`, asked),
        await world.request(`${at("")}${path}`, { key: world.key }),
      ])
        assert.deepEqual(
          [reply.status, reply.code, reply.param],
          [400, "parameter_invalid", "eventId"],
          path,
        );
    }
    assert.deepEqual(await history(world, "%zz"), []);
  });

  it("nothing else is at these addresses", async () => {
    const world = await open();
    await report(world, least);
    for (const [path, method, status, allow] of [
      [at(""), "PATCH", 404, null],
      [`${at("evt_1")}/`, "PATCH", 404, null],
      [`${at("evt_1")}/more`, "GET", 404, null],
      [at("evt_1"), "DELETE", 405, "PATCH, GET"],
      [at("evt_1"), "PUT", 405, "PATCH, GET"],
      [at("").slice(0, -1), "GET", 405, "POST"],
      [at("evt_1"), "HEAD", 200, null],
    ] as const) {
      const reply = await world.request(path, { key: world.key, method });
      assert.deepEqual([reply.status, reply.headers.get("allow")], [status, allow], `${method} ${path}`);
    }
  });
});

/** Reports that meet each other, and whatever can be reported. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { createApp } from "../../src/app.ts";
import { alone, onEachStore, replyOf } from "../harness.ts";
import { least, PATH, read, report, update } from "../http/cancelling.ts";

const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const unicode = (most: number, least = 0) => fc.string({ unit: "binary", minLength: least, maxLength: most });
const prose = (most: number) => unicode(most).map((text) => text.replaceAll("\0", "0"));
const line = (most: number, least = 0) => unicode(most, least).map((text) => text.replace(/\p{Cc}/gu, "c"));
const date = fc
  .tuple(
    fc.integer({ min: Date.parse("0000-01-02T00:00:00Z"), max: Date.parse("2027-05-14T09:46:00Z") }),
    fc.integer({ min: -719, max: 719 }),
  )
  .map(([at, minutes]) => {
    const shown = new Date(at + minutes * 60_000).toISOString().slice(0, -1);
    const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
    return `${shown}${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
  })
  .filter((text) => /^\d{4}-/.test(text));
const metadata = fc.dictionary(
  fc.oneof(line(40, 1), fc.constantFrom("__proto__", "constructor", "1")),
  fc.oneof(prose(500), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
  { maxKeys: 50, size: "small" },
);

const requests = fc.record(
  {
    eventId: line(255, 1).filter((id) => id !== "." && id !== ".."),
    reasonKey: fc.constantFrom("too_expensive", "not_using", "other"),
    userId: some(line(255, 1)),
    outcome: some(fc.constantFrom("churned", "recovered", "abandoned")),
    offer: some(
      fc.record(
        { type: fc.constantFrom("none", "discount", "pause"), accepted: fc.boolean(), label: line(255) },
        { requiredKeys: [] },
      ),
    ),
    reasonText: some(prose(5000)),
    context: some(
      fc.record(
        {
          plan: line(255),
          mrr: fc.integer({ min: 0, max: 1e11 }).map((minor) => minor / 100),
          tenureDays: fc.maxSafeNat(),
        },
        { requiredKeys: [] },
      ),
    ),
    occurredAt: some(date),
    metadata: some(metadata),
  },
  { requiredKeys: ["eventId", "reasonKey"] },
);

type Asked = typeof requests extends fc.Arbitrary<infer Value> ? Value : never;

/** What the documentation says comes back. */
function expected(said: Asked, id: unknown) {
  const now = "2027-05-14T09:41:00.000Z";
  return {
    object: "cancellation",
    id,
    eventId: said.eventId,
    environment: "prod",
    userId: said.userId ?? null,
    reasonKey: said.reasonKey,
    reasonText: said.reasonText ?? null,
    outcome: said.outcome ?? "pending",
    offer: {
      type: said.offer?.type ?? "none",
      accepted: said.offer?.accepted ?? false,
      label: said.offer?.label ?? null,
    },
    context: {
      plan: said.context?.plan ?? null,
      mrr: said.context?.mrr ?? null,
      tenureDays: said.context?.tenureDays ?? null,
    },
    // As JSON has it: -0 is 0 there.
    metadata: JSON.parse(JSON.stringify(said.metadata ?? null)),
    occurredAt: new Date(said.occurredAt ?? now).toISOString(),
    effectiveAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

onEachStore("The ledger of reported cancellations", ({ home, open }) => {
  it("gives back whatever it takes, and the same again to a repetition", async () => {
    const world = await open();
    const property = fc.asyncProperty(requests, async (said) => {
      // It can come up twice.
      fc.pre((await read(world, said.eventId)).status === 404);
      const first = await report(world, said);
      assert.equal(first.status, 201, first.text);
      assert.deepEqual(first.body, expected(said, first.body.id));
      const again = await report(world, said);
      assert.deepEqual([again.status, again.text], [200, first.text]);
      assert.equal(again.headers.get("x-idempotency-mismatch"), null);
      const { history, historyTruncated: _, ...stored } = (await read(world, said.eventId)).body;
      assert.deepEqual(stored, first.body);
      assert.equal((history as unknown[]).length, said.outcome === undefined ? 0 : 1);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it("twenty copies at once are one cancellation", async () => {
    await using world = await alone(home);
    // As two processes would serve it.
    const second = createApp({ ...world.deps, store: (await world.store.reopen()).store });
    const json = { ...least, outcome: "churned" };
    const headers = { "X-API-Key": world.key, "Content-Type": "application/json" };
    const elsewhere = async () =>
      replyOf(
        await second.fetch(
          new Request(`http://localhost${PATH}`, { method: "POST", headers, body: JSON.stringify(json) }),
        ),
      );
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? elsewhere() : report(world, json))),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [...Array(19).fill(200), 201]);
    assert.equal(new Set(replies.map(({ text }) => text)).size, 1);
    for (const { status, headers: said } of replies)
      assert.equal(said.get("idempotent-replayed"), status === 200 ? "true" : null);
    assert.equal((await world.ledger()).length, 1);
    assert.equal(((await read(world, "evt_1")).body.history as unknown[]).length, 1);
    assert.deepEqual(await world.facts(), ["cancellation.created"]);
  });

  it("of different reports at once, one holds, and the others are told", async () => {
    const world = await open();
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, index) => report(world, { ...least, userId: `user ${index}` })),
    );
    const [first] = replies.filter(({ status }) => status === 201);
    assert.ok(first);
    assert.equal(new Set(replies.map(({ text }) => text)).size, 1);
    for (const { status, headers } of replies)
      assert.equal(headers.get("x-idempotency-mismatch"), status === 200 ? "true" : null);
  });

  it("of different outcomes at once, the last in the history is the one that holds", async () => {
    const world = await open();
    await report(world, least);
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        update(world, "evt_1", {
          outcome: index % 2 ? "churned" : "recovered",
          effectiveAt: `2027-06-${index + 10}T00:00:00.000Z`,
          metadata: { [`from ${index}`]: index, last: index },
        }),
      ),
    );
    assert.ok(replies.every(({ status }) => status === 200));
    const { body } = await read(world, "evt_1");
    const history = body.history as { outcome: string; effectiveAt: string; metadata: { last: number } }[];
    assert.equal(history.length, 12);
    const last = history.at(-1);
    assert.deepEqual([last?.outcome, last?.effectiveAt], [body.outcome, body.effectiveAt]);
    const held = body.metadata as Record<string, number>;
    // None of them has overwritten what another has added.
    assert.deepEqual([Object.keys(held).length, held.last], [13, last?.metadata.last]);
    assert.equal((await world.facts()).length, 13);
  });
});

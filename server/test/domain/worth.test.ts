/** What a visit has kept and what it has lost, and from when to when it went: as it stands in the books. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Choice } from "../../../src/api/wire.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { sweepIdle } from "../../src/domain/ledger.ts";
import { valued } from "../../src/domain/outcomes.ts";
import { SETTLE_AFTER } from "../../src/domain/settlement.ts";
import type { LedgerRow } from "../../src/store/store.ts";
import { half, offering, pause } from "../flows/fixtures.ts";
import { alone, DAY, john, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { least, report, update } from "../http/cancelling.ts";
import { settled } from "../visit.ts";
import { followed, known, makeLink, settings } from "./cancel-linking.ts";
import { changed, make } from "./changing.ts";

/** Of the only row, or of the latest. */
const rowIn = async (world: World): Promise<LedgerRow> =>
  (await world.ledger())[0] ?? assert.fail("nothing in the ledger");

async function worth(world: World): Promise<[saved: number | undefined, lost: number | undefined]> {
  const { savedMrr, lostMrr } = await rowIn(world);
  return [savedMrr, lostMrr];
}

const times = async (world: World) => {
  const { startedAt, completedAt } = await rowIn(world);
  return [startedAt, completedAt];
};

const plan = (priceId: string) => ({ type: "plan_change", id: "other", plans: [{ priceId }] });

const offers: [name: string, customer: string, offer: object, choice: Choice | undefined, worth: object][] = [
  ["a discount keeps all of it", john, half, undefined, [4900, undefined]],
  ["a pause keeps all of it", john, pause, { months: 3 }, [4900, undefined]],
  [
    "a cheaper plan keeps what that costs, and loses the difference",
    john,
    plan("price_basic_monthly"),
    { priceId: "price_basic_monthly" },
    [1900, 3000],
  ],
  [
    "a cheaper plan counts for all seats",
    "cus_zoe",
    plan("price_basic_monthly"),
    { priceId: "price_basic_monthly" },
    [5 * 1900, 5 * (3900 - 1900)],
  ],
  [
    "a dearer plan keeps no more than there was",
    "cus_noah",
    plan("price_pro_monthly"),
    { priceId: "price_pro_monthly" },
    [1900, undefined],
  ],
  [
    "a year keeps the twelfth of what it costs",
    john,
    { type: "annual_switch", id: "year" },
    undefined,
    [4083, 817],
  ],
  [
    "what billing has no part in keeps all of it",
    john,
    { type: "contact", id: "talk", url: "mailto:help@papercrane.example" },
    undefined,
    [4900, undefined],
  ],
];

onEachStore("What a visit is worth", ({ home, open }) => {
  for (const [name, customer, offer, choice, expected] of offers) {
    it(name, async () => {
      const world = await open();
      await world.publish(offering(offer));
      const visit = await world.visit(customer);
      await visit.send();
      assert.deepEqual(await worth(world), [undefined, undefined], "nothing while it is open");
      world.pass(MINUTE);
      settled(await visit.accept(choice));
      assert.deepEqual(await worth(world), expected);
      assert.deepEqual(await times(world), [NOW, NOW + MINUTE]);
    });
  }

  it("staying without an offer keeps all of it", async () => {
    const world = await open();
    const visit = await world.visit(john);
    world.pass(MINUTE);
    await visit.keep();
    assert.deepEqual(await worth(world), [4900, undefined]);
    assert.deepEqual(await times(world), [NOW + MINUTE, NOW + MINUTE], "it began when it was first heard of");
  });

  it("leaving loses all of it, and taking that back keeps it", async () => {
    const world = await open();
    const visit = await world.visit(john);
    settled(await visit.cancel());
    assert.deepEqual(await worth(world), [undefined, 4900]);
    world.pass(DAY);
    changed(await make(world, await world.mint(john), ids.monthly, { type: "undo_cancellation" }));
    assert.deepEqual(await worth(world), [4900, undefined]);
    assert.deepEqual(await times(world), [NOW, NOW], "the visit ended when it did");
  });

  it("leaving without a decision keeps and loses nothing, and the visit ends at the last of it", async () => {
    await using world = await alone(home);
    await world.publish(offering(half));
    const visit = await world.visit(john);
    await visit.close();
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [undefined, undefined],
        [NOW, NOW],
      ],
    );
    world.pass(MINUTE);
    const again = await world.visit(visit.token);
    await again.close();
    assert.deepEqual(await times(world), [NOW, NOW + MINUTE], "opened and closed again");
    world.pass(MINUTE);
    settled(await (await world.visit(visit.token)).accept());
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [4900, undefined],
        [NOW, NOW + 2 * MINUTE],
      ],
    );
    world.pass(MINUTE);
    const silent = await world.visit("cus_lucia");
    await silent.send();
    assert.equal((await times(world))[1], undefined, "it goes on");
    world.pass(DAY);
    await sweepIdle(world.deps);
    assert.equal((await rowIn(world)).outcome, "abandoned");
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [undefined, undefined],
        [NOW + 3 * MINUTE, NOW + 3 * MINUTE],
      ],
    );
  });

  it("what is requested counts as it will be, and not at all once billing has refused it", async () => {
    await using world = await alone(home);
    await world.publish(offering(plan("price_basic_monthly")));
    const visit = await world.visit(john);
    world.billing.plan = { execute: { when: "before", throws: "unknown" } };
    const choice = { priceId: "price_basic_monthly" };
    assert.equal(settled(await visit.accept(choice)).status, "requested");
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [1900, 3000],
        [NOW, NOW],
      ],
    );
    world.billing.plan = { execute: { when: "before", throws: "rejected" } };
    world.pass(SETTLE_AFTER);
    await world.tick();
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [undefined, undefined],
        [NOW, undefined],
      ],
    );
    world.billing.plan = {};
    settled(await (await world.visit(visit.token)).cancel());
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [undefined, 4900],
        [NOW, NOW + SETTLE_AFTER],
      ],
    );
  });

  it("of two that end one subscription only the first loses it", async () => {
    const world = await open();
    const [first, second] = [await world.visit(john), await world.visit(john)];
    settled(await first.cancel());
    world.pass(MINUTE);
    settled(await second.cancel());
    const rows = (await world.ledger()).map(({ sessionId, outcome, lostMrr, completedAt }) => ({
      [sessionId ?? ""]: [outcome, lostMrr, completedAt],
    }));
    assert.deepEqual(Object.assign({}, ...rows), {
      [first.session]: ["cancelled", 4900, NOW],
      [second.session]: ["abandoned", undefined, NOW + MINUTE],
    });
  });

  it("of a reported one it is what the business has said, and nothing where it has not", async () => {
    const world = await open();
    const occurredAt = "2027-05-13T00:00:00.000Z";
    const at = Date.parse(occurredAt);
    for (const [outcome, ...expected] of [
      ["churned", undefined, 12_999],
      ["recovered", 12_999, undefined],
      ["abandoned", undefined, undefined],
    ] as const) {
      const said = { ...least, outcome, occurredAt };
      await report(world, { ...said, eventId: outcome, context: { mrr: 129.99 } });
      await report(world, { ...said, eventId: `${outcome} for free`, context: { mrr: 0 } });
      await report(world, { ...said, eventId: `${outcome} for nobody knows what` });
      const of = async (eventId: string) => {
        const row = await world.deps.store.ledgerOfEvent(world.scope, eventId);
        return [row?.savedMrr, row?.lostMrr, row?.startedAt, row?.completedAt];
      };
      assert.deepEqual(await of(outcome), [...expected, at, at]);
      const nothing = expected.map((amount) => (amount === undefined ? undefined : 0));
      assert.deepEqual(await of(`${outcome} for free`), [...nothing, at, at]);
      assert.deepEqual(await of(`${outcome} for nobody knows what`), [undefined, undefined, at, at]);
    }
  });

  it("of a reported one it follows what is reported later", async () => {
    const world = await open();
    await report(world, { ...least, context: { mrr: 10 } });
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [undefined, undefined],
        [NOW, undefined],
      ],
    );
    world.pass(DAY);
    await update(world, least.eventId, { outcome: "churned" });
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [undefined, 1000],
        [NOW, NOW + DAY],
      ],
    );
    world.pass(DAY);
    await update(world, least.eventId, { outcome: "recovered" });
    assert.deepEqual(
      [await worth(world), await times(world)],
      [
        [1000, undefined],
        [NOW, NOW + 2 * DAY],
      ],
    );
  });

  it("behind a link it is what the link says", async () => {
    const world = await open({ settings });
    settled(await (await followed(world, await makeLink(world))).cancel());
    assert.deepEqual(await worth(world), [undefined, 12_999]);
    const { mrr: _, ...context } = known;
    world.pass(MINUTE);
    settled(await (await followed(world, await makeLink(world, { userId: "user_2", context }))).cancel());
    assert.deepEqual(await worth(world), [undefined, undefined]);
    assert.deepEqual(await times(world), [NOW + MINUTE, NOW + MINUTE]);
  });

  it("a cheaper plan stays what it was when the business says something else of the visit", async () => {
    const world = await open({ settings });
    await world.publish(offering(plan("price_basic_monthly")));
    const link = await makeLink(world, { customerId: john, subscriptionId: ids.monthly, context: undefined });
    const visit = await followed(world, link);
    settled(await visit.accept({ priceId: "price_basic_monthly" }));
    await world.request(`/cancel/${link.token}/return`, { json: { outcome: "retained" } });
    assert.equal((await rowIn(world)).savedMrr, 1900);
    const reply = await update(world, link.id, { outcome: "recovered", metadata: { by: "success" } });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(await worth(world), [1900, 3000]);
    await update(world, link.id, { outcome: "churned" });
    assert.deepEqual(await worth(world), [undefined, 4900]);
  });
});

describe("What an outcome is worth", () => {
  it("is all that was paid once it is decided, and nothing before", () => {
    const amount = fc.nat(1_000_000);
    const row = fc.record(
      {
        outcome: fc.constantFrom("retained", "cancelled", "abandoned"),
        mrr: amount,
        undoneAt: fc.constant(NOW),
        startedAt: fc.constant(NOW),
        // Of an earlier outcome.
        savedMrr: amount,
        lostMrr: amount,
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Partial<LedgerRow>>;
    const property = fc.property(row, fc.option(amount, { nil: undefined }), (some, kept) => {
      const before = some as LedgerRow;
      const { savedMrr, lostMrr } = valued(before, kept);
      const { outcome, undoneAt, mrr, startedAt } = before;
      const isDecided = undoneAt !== undefined || outcome === "retained" || outcome === "cancelled";
      if (!isDecided || mrr === undefined || startedAt === undefined) {
        assert.deepEqual([savedMrr, lostMrr], [undefined, undefined]);
      } else {
        assert.equal((savedMrr ?? 0) + (lostMrr ?? 0), mrr);
        assert.ok((savedMrr ?? 0) >= 0 && (lostMrr ?? 0) >= 0);
        assert.equal(savedMrr === undefined, outcome === "cancelled" && undoneAt === undefined);
      }
    });
    fc.assert(property);
  });
});

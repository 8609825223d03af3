import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { BilledSubscription } from "../../src/billing/provider.ts";
import { Condition } from "../../src/contract/flow-definition.ts";
import { holds } from "../../src/domain/conditions.ts";
import { DAY, NOW } from "../harness.ts";

const subscription: BilledSubscription = {
  id: "sub",
  customerId: "cus",
  quantity: 1,
  anchor: NOW,
  status: "active",
  plan: { id: "pro", name: "Pro", features: [] },
  price: { id: "price_pro", amount: 12_000, currency: "eur", interval: "year", intervalCount: 1 },
  startedAt: NOW - 30 * DAY,
  periodEnd: NOW + DAY,
  metadata: { seats: "12", beta: "true", region: "EU", none: "" },
};

const holding = (condition: Condition, now = NOW) => holds(Condition.parse(condition), subscription, now);

describe("Conditions", () => {
  const table: [Condition, boolean][] = [
    [{ field: "plan.id", is: "pro" }, true],
    [{ field: "plan.id", is: "Pro" }, false],
    [{ field: "plan.name", in: ["Basic", "Pro"] }, true],
    [{ field: "price.id", in: ["price_basic"] }, false],
    [{ field: "price.amount", atLeast: 12_000 }, true],
    [{ field: "price.amount", atLeast: 12_001 }, false],
    [{ field: "price.amount", atMost: 12_000 }, true],
    [{ field: "price.amount", atMost: 11_999 }, false],
    [{ field: "price.currency", is: "eur" }, true],
    [{ field: "price.interval", is: "year" }, true],
    [{ field: "mrr", is: 1000 }, true],
    [{ field: "mrr", atLeast: 500, atMost: 999 }, false],
    [{ field: "tenureDays", is: 30 }, true],
    [{ field: "status", in: ["trialing", "active"] }, true],
    [{ field: "attributes.seats", is: 12 }, true],
    [{ field: "attributes.seats", atLeast: 12, atMost: 12 }, true],
    [{ field: "attributes.beta", is: true }, true],
    [{ field: "attributes.region", atLeast: 0 }, false],
    [{ field: "attributes.none", atMost: 5 }, false],
    [{ field: "attributes.none", is: "" }, true],
    [{ field: "attributes.absent", is: "" }, false],
    [{ field: "attributes.absent", atMost: 5 }, false],
    [{ field: "attributes.constructor", atLeast: 0 }, false],
    [{ field: "attributes.constructor", is: String(Object) }, false],
    [{ not: { field: "attributes.absent", is: "x" } }, true],
    [
      {
        all: [
          { field: "plan.id", is: "pro" },
          { field: "status", is: "active" },
        ],
      },
      true,
    ],
    [
      {
        all: [
          { field: "plan.id", is: "pro" },
          { field: "status", is: "paused" },
        ],
      },
      false,
    ],
    [
      {
        any: [
          { field: "plan.id", is: "basic" },
          { field: "status", is: "active" },
        ],
      },
      true,
    ],
    [
      {
        any: [
          { field: "plan.id", is: "basic" },
          { field: "status", is: "paused" },
        ],
      },
      false,
    ],
  ];
  for (const [condition, expected] of table) {
    it(`${JSON.stringify(condition)} ${expected ? "holds" : "does not hold"}`, () => {
      assert.equal(holding(condition), expected);
    });
  }

  it("no condition always holds", () => assert.ok(holds(undefined, subscription, NOW)));

  it("a day of tenure begins to the millisecond", () => {
    const longer = { field: "tenureDays", atLeast: 31 };
    assert.ok(!holding(longer, NOW + DAY - 1));
    assert.ok(holding(longer, NOW + DAY));
  });

  it("obey logic", () => {
    const leaf = fc.constantFrom<Condition>(
      { field: "plan.id", is: "pro" },
      { field: "status", is: "paused" },
      { field: "attributes.absent", is: 1 },
      { field: "mrr", atLeast: 1 },
    );
    const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.record({ all: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: tie("tree") }),
      ),
    }));
    const oracle = ({ all, any, not, ...test }: Condition): boolean =>
      all
        ? all.every(oracle)
        : any
          ? any.some(oracle)
          : not
            ? !oracle(not)
            : ["plan.id", "mrr"].includes(test.field ?? "");
    fc.assert(fc.property(tree, (condition) => assert.equal(holding(condition), oracle(condition))));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BillingError, type BillingProvider } from "../../src/billing/provider.ts";
import { faulty, gate } from "./faulty.ts";

/** Counts what reaches it. */
function counting() {
  const reached = { now: 0, execute: 0 };
  const provider = {
    now: async () => ++reached.now,
    execute: async () => {
      reached.execute++;
      return {};
    },
  };
  return { reached, provider: provider as unknown as BillingProvider };
}

const cancel = { type: "cancel", subscriptionId: "sub", effective: "immediately" } as const;
const of = (kind: BillingError["kind"]) => (error: unknown) =>
  error instanceof BillingError && error.kind === kind;

describe("a faulty provider", () => {
  it("without a plan is the provider itself, and remembers its calls", async () => {
    const { provider } = counting();
    const broken = faulty(provider);
    assert.equal(await broken.now(), 1);
    await broken.execute(cancel, "key");
    assert.deepEqual(broken.calls, [
      { operation: "now", args: [] },
      { operation: "execute", args: [cancel, "key"] },
    ]);
  });

  it("refuses before the effect", async () => {
    const { provider, reached } = counting();
    const broken = faulty(provider, { execute: { when: "before", throws: "rejected" } });
    await assert.rejects(broken.execute(cancel, "key"), of("rejected"));
    assert.equal(reached.execute, 0);
  });

  it("loses the answer after the effect, as often as it is told", async () => {
    const { provider, reached } = counting();
    const plan = { execute: { when: "after", throws: "unknown", times: 2 } } as const;
    const broken = faulty(provider, plan);
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(broken.execute(cancel, "key"), of("unknown"));
    await broken.execute(cancel, "key");
    assert.equal(reached.execute, 3);
    assert.equal(plan.execute.times, 2, "the plan is the test's own");
  });

  it("can be broken and mended on the way", async () => {
    const broken = faulty(counting().provider);
    broken.plan.now = { when: "before", throws: "unknown", code: "timeout" };
    await assert.rejects(broken.now(), (error) => error instanceof BillingError && error.code === "timeout");
    delete broken.plan.now;
    assert.equal(await broken.now(), 1);
  });

  it("hangs until it is let go", async () => {
    const { provider, reached } = counting();
    const hangs = gate();
    const broken = faulty(provider, { now: { when: "after", hangs } });
    const asked = broken.now();
    await hangs.reached;
    assert.equal(reached.now, 1);
    hangs.open();
    assert.equal(await asked, 1);
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { BillingError, type BillingProvider } from "../../src/billing/provider.ts";
import { withTimeLimit } from "../../src/billing/time-limit.ts";

const LIMIT = 8_000;

/** Every method, with what it is asked for. */
const asked: { [Name in keyof BillingProvider]: unknown[] } = {
  now: [],
  findCustomers: [{ id: "cus" }],
  subscriptions: ["cus"],
  subscription: ["sub"],
  price: ["price"],
  prices: ["prod"],
  preview: [{ type: "resume", subscriptionId: "sub" }],
  execute: [{ type: "cancel", subscriptionId: "sub", effective: "immediately" }, "key"],
  readBack: [{ type: "cancel", subscriptionId: "sub", effective: "immediately" }, "key"],
  invoices: [{ customerId: "cus", limit: 12, after: "in" }],
  declineCode: ["in"],
  updateCustomer: [{ id: "cus", name: "Ada" }],
  paymentPage: [{ customerId: "cus", subscriptionId: "sub", returnUrl: "https://shop.example/" }],
  news: [],
  heard: [["evt"]],
};

/** Whatever is asked, it answers after that long. */
function slow(ms: number, answer: () => unknown = () => "answer") {
  const heard: unknown[][] = [];
  const method =
    (name: string) =>
    (...args: unknown[]) => {
      heard.push([name, ...args]);
      return new Promise((resolve) => setTimeout(() => resolve(answer()), ms));
    };
  const provider = Object.fromEntries(Object.keys(asked).map((name) => [name, method(name)]));
  return { heard, provider: provider as unknown as BillingProvider };
}

describe("A time limit", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  for (const [name, args] of Object.entries(asked)) {
    const call = (provider: BillingProvider) =>
      (provider as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]?.(...args);

    it(`lets ${name} answer until the last millisecond, asked as it was`, async () => {
      const { heard, provider } = slow(LIMIT - 1);
      const answer = call(withTimeLimit(provider, LIMIT));
      mock.timers.tick(LIMIT - 1);
      assert.equal(await answer, "answer");
      assert.deepEqual(heard, [[name, ...args]]);
    });

    it(`makes of ${name} that takes longer an answer that is unknown`, async () => {
      const answer = call(withTimeLimit(slow(LIMIT + 1).provider, LIMIT));
      let over = false;
      answer?.catch(() => {
        over = true;
      });
      mock.timers.tick(LIMIT - 1);
      await turn();
      assert.ok(!over, "not before");
      mock.timers.tick(1);
      await turn();
      assert.ok(over, "and not later");
      await assert.rejects(
        answer as Promise<unknown>,
        (error) =>
          error instanceof BillingError &&
          error.kind === "unknown" &&
          error.code === "timeout" &&
          error.message === "no answer within 8000 ms",
      );
    });
  }

  it("passes on what the provider says no to, and leaves no timer behind", async () => {
    const no = new BillingError("rejected", "no", "No");
    const { provider } = slow(0);
    const limited = withTimeLimit({ ...provider, now: () => Promise.reject(no) }, LIMIT);
    const cleared = mock.method(globalThis, "clearTimeout");
    await assert.rejects(limited.now(), no);
    assert.equal(cleared.mock.callCount(), 1);
    cleared.mock.restore();
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseBilling } from "../../src/billing/choose.ts";
import { BillingError, type BillingProvider } from "../../src/billing/provider.ts";
import type { CancelLinkRow, Scope } from "../../src/store/store.ts";

const scope: Scope = { workspaceId: "ws_1", environment: "sandbox" };
const NOW = Date.parse("2027-05-14T09:41:00Z");

const link: CancelLinkRow = {
  ...scope,
  id: "cs_1",
  tokenHash: "",
  userId: "user_1",
  customerId: "user_1",
  subscriptionId: "cs_1",
  returnUrl: "https://shop.example/back",
  context: { plan: "Studio" },
  currency: "eur",
  metadata: {},
  createdAt: NOW,
  expiresAt: NOW + 1,
};

const store = {
  cancelLink: async (id: string) => (id === link.id ? link : undefined),
  latestSession: async () => undefined,
};

describe("Billing of a subscription", () => {
  const asked: object[] = [];
  const connected = {
    subscription: (id: string) => (id === "sub_hangs" ? new Promise(() => {}) : Promise.resolve(undefined)),
  } as unknown as BillingProvider;
  const billing = chooseBilling({ store, clock: () => NOW, limit: 5 }, (each) => {
    asked.push(each);
    return connected;
  });

  it("is what its business does by itself where a link is the subscription", async () => {
    const found = await billing({ ...scope, subscriptionId: "cs_1" }).subscription("cs_1");
    assert.deepEqual([found?.customerId, found?.plan.name], ["user_1", "Studio"]);
    assert.deepEqual(asked, []);
  });

  it("is what the workspace is connected to everywhere else", async () => {
    for (const subscriptionId of [undefined, "", "sub_1", "cs", "sub_cs_1"])
      assert.equal(await billing({ ...scope, subscriptionId }).subscription("cs_1"), undefined);
    assert.deepEqual(asked, Array(5).fill(scope));
  });

  it("answers within the time that a customer can wait", async () => {
    const hanging = billing(scope).subscription("sub_hangs");
    await assert.rejects(hanging, (error) => error instanceof BillingError && error.kind === "unknown");
  });
});

/** Billing that the business does by itself: it agrees to what a flow decides, knows what was said, and changes nothing. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ownBilling } from "../../src/billing/own.ts";
import { type BillingAction, type BillingError, flowView } from "../../src/billing/provider.ts";
import type { CancelLinkRow, SessionRow } from "../../src/store/store.ts";
import { DAY, NOW } from "../harness.ts";

const id = "cs_1";
const END = NOW + 18 * DAY;

const link: CancelLinkRow = {
  workspaceId: "ws_1",
  environment: "prod",
  id,
  tokenHash: "",
  userId: "user_123",
  customerId: "user_123",
  subscriptionId: id,
  returnUrl: "https://shop.example/",
  context: { plan: "Studio", mrr: 4000, tenureDays: 400, periodEnd: END },
  currency: "eur",
  metadata: { seats: 3, annual: false, note: null, team: "b" },
  createdAt: NOW,
  expiresAt: NOW + DAY,
};

function business(more: Partial<CancelLinkRow> = {}, session?: Partial<SessionRow>) {
  const clock = { now: NOW };
  const rows = { link: { ...link, ...more } as CancelLinkRow | undefined, session };
  const store = {
    cancelLink: async () => rows.link,
    latestSession: async () => rows.session as SessionRow | undefined,
  };
  return { clock, rows, billing: ownBilling({ store, clock: () => clock.now }, id) };
}

const rejects = (asked: Promise<unknown>, code: string) =>
  assert.rejects(asked, (error: BillingError) => error.kind === "rejected" && error.code === code);

const cancel = { type: "cancel", subscriptionId: id, effective: "period_end" } as const;

describe("Billing that the business does by itself", () => {
  it("knows what the link says, and says the same at any time", async () => {
    const { billing, clock } = business();
    const first = (await billing.subscription(id)) ?? assert.fail();
    assert.deepEqual(first.metadata, { seats: "3", annual: "false", team: "b" });
    assert.equal(first.startedAt, NOW - 400 * DAY);
    assert.equal(first.unknown, undefined);
    assert.equal(await billing.now(), NOW);
    clock.now += 20 * DAY;
    assert.deepEqual(await billing.subscription(id), first);
    assert.equal(await billing.now(), NOW + 20 * DAY);
    assert.deepEqual(await billing.subscriptions("user_123"), [first]);
    assert.deepEqual(await billing.subscriptions("user_456"), []);
    assert.equal(await billing.subscription("cs_2"), undefined);
  });

  it("says what it does not know", async () => {
    const { billing, clock } = business({ context: {} });
    const first = (await billing.subscription(id)) ?? assert.fail();
    assert.deepEqual(first.unknown, ["price", "periodEnd", "tenure"]);
    assert.ok(first.refuses?.includes("discount"));
    assert.deepEqual(Object.keys(flowView(first)).sort(), ["id", "plan", "startedAt", "status"]);
    clock.now += DAY;
    assert.deepEqual(await billing.subscription(id), first);
  });

  it("agrees to what can be decided in a flow, in the same words when it is read back", async () => {
    const { billing } = business();
    const before = await billing.subscription(id);
    const price = { currency: "eur" };
    const agreed: [BillingAction, object][] = [
      [cancel, { status: "active", cancelAt: END }],
      [
        { ...cancel, effective: "immediately" },
        { status: "cancelled", cancelAt: NOW },
      ],
      [
        { ...cancel, effective: "immediately", requestedAt: NOW - 5000 },
        { status: "cancelled", cancelAt: NOW - 5000 },
      ],
      [
        { ...cancel, requestedAt: NOW + DAY },
        { status: "active", cancelAt: END },
      ],
      [
        { type: "pause", subscriptionId: id, resumesAt: END + 5 * DAY },
        {
          status: "paused",
          pausedUntil: END + 5 * DAY,
          nextCharge: { amount: 4000, currency: "eur", at: END + 5 * DAY },
        },
      ],
      [
        { type: "discount", subscriptionId: id, percentOff: 25, duration: "forever", ...price },
        { discount: { percentOff: 25 } },
      ],
      [
        { type: "discount", subscriptionId: id, amountOff: 500, duration: "repeating", months: 3, ...price },
        { discount: { amountOff: 500, endsAt: Date.parse("2027-08-14T09:41:00Z") } },
      ],
      [
        { type: "discount", subscriptionId: id, percentOff: 5, duration: "once", ...price },
        { discount: { percentOff: 5, endsAt: Date.parse("2027-06-14T09:41:00Z") } },
      ],
    ];
    for (const [action, expected] of agreed) {
      const after = await billing.execute(action, "act_1");
      assert.deepEqual({ ...after, ...expected }, after);
      if (action.type === "cancel") assert.equal(after.nextCharge, undefined);
      assert.deepEqual(await billing.readBack(action, "act_1"), after);
    }
    assert.deepEqual(await billing.subscription(id), before);
  });

  it("ends at no date that nobody has said", async () => {
    const { billing } = business({ context: { mrr: 4000 } });
    const after = await billing.execute(cancel, "act_1");
    assert.deepEqual([after.status, after.cancelAt], ["cancelled", undefined]);
    const now = await billing.execute({ ...cancel, effective: "immediately" }, "act_1");
    assert.equal(now.cancelAt, NOW);
  });

  it("refuses everything else", async () => {
    const { billing } = business({ context: { plan: "Studio" } });
    const actions: BillingAction[] = [
      { type: "change_price", subscriptionId: id, priceId: "price_1", charge: "renewal" },
      { type: "extend_trial", subscriptionId: id, trialEnd: END },
      { type: "promo_code", subscriptionId: id, code: "X" },
      { type: "retry_payment", subscriptionId: id },
      { type: "resume", subscriptionId: id },
      { type: "undo_cancellation", subscriptionId: id },
      { type: "discount", subscriptionId: id, percentOff: 5, duration: "once", currency: "eur" },
    ];
    for (const action of actions) await rejects(billing.execute(action, "act_1"), "not_possible");
    await rejects(billing.preview(cancel), "not_possible");
    await rejects(billing.execute({ ...cancel, subscriptionId: "cs_2" }, "act_1"), "subscription_not_found");
    await rejects(billing.updateCustomer({ id: "user_123" }), "not_possible");
    const asked = { customerId: "user_123", subscriptionId: id, returnUrl: "https://shop.example/" };
    await rejects(billing.paymentPage(asked), "payment_page_unavailable");
    assert.deepEqual(
      [await billing.findCustomers({ id: "user_123" }), await billing.prices("x"), await billing.price("x")],
      [[], [], undefined],
    );
    assert.deepEqual(await billing.invoices({ customerId: "user_123", limit: 1 }), {
      invoices: [],
      more: false,
    });
    assert.equal(await billing.declineCode("in_1"), undefined);
    assert.equal(await billing.readBack({ ...cancel, subscriptionId: "cs_2" }, "act_1"), undefined);
  });

  it("holds to what was decided, so that nobody takes it for undone", async () => {
    const { billing, rows } = business();
    const settled = await billing.execute(cancel, "act_1");
    rows.session = {
      settlement: { outcome: "cancelled", status: "done", at: NOW, subscription: flowView(settled) },
    };
    assert.deepEqual(await billing.subscription(id), settled);
  });

  it("has nothing to decide once the result was given out", async () => {
    const { billing } = business({ completedAt: NOW });
    assert.equal(await billing.subscription(id), undefined);
    assert.deepEqual(await billing.subscriptions("user_123"), []);
    await rejects(billing.execute(cancel, "act_1"), "subscription_not_found");
    assert.equal(await billing.readBack(cancel, "act_1"), undefined);
  });

  it("is not for links that are carried out at billing, nor for what does not exist", async () => {
    assert.equal(await business({ subscriptionId: "sub_1" }).billing.subscription(id), undefined);
    const gone = business();
    gone.rows.link = undefined;
    assert.equal(await gone.billing.subscription(id), undefined);
  });
});

/** Stripe's events of any version, in our words. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { staleAfter, toBillingEvent } from "../../src/billing/stripe/events.ts";
import { changed, closed, ended, event, failed, leaves, paid, renamed, stays } from "./stripe-payloads.ts";

const AT = Date.parse("2027-05-14T09:41:00Z");
const sub = { subscription: "sub_1" };

/** Without the head, which every event has. */
function told(sent: { id: string }): object | undefined {
  const found = toBillingEvent(sent);
  if (!found) return undefined;
  const { id, at, ...rest } = found;
  assert.deepEqual([id, at], [sent.id, AT]);
  return rest;
}

describe("Events of Stripe", () => {
  it("that schedule an end say since when, why and with which words", () => {
    const type = "subscription_changed";
    const base = { type, subscriptionId: "sub_1" };
    assert.deepEqual(told(leaves("sub_1", AT)), { ...base, leaving: { requestedAt: AT } });
    const given = { feedback: "unused", comment: "No time" };
    assert.deepEqual(told(leaves("sub_1", AT, given)), {
      ...base,
      leaving: { requestedAt: AT, reason: "not_using", comment: "No time" },
    });
    const cancelAt = { id: "sub_1", cancel_at: 1_900_000_000, cancel_at_period_end: false };
    assert.deepEqual(told(changed(AT, cancelAt, { cancel_at: null })), { ...base, leaving: {} });
    assert.deepEqual(told(stays("sub_1", AT)), base);
  });

  for (const [feedback, reason] of [
    ["too_expensive", "too_expensive"],
    ["switched_service", "switching"],
    ["low_quality", "technical_issues"],
    ["something_new", "something_new"],
  ] as const)
    it(`call the feedback ${feedback} ${reason}`, () => {
      const { leaving } = told(leaves("sub_1", AT, { feedback })) as { leaving: { reason: string } };
      assert.equal(leaving.reason, reason);
    });

  it("that end it say whether somebody asked for that", () => {
    const base = { type: "subscription_ended", subscriptionId: "sub_1" };
    const asked = { requestedAt: AT - 60_000 };
    assert.deepEqual(told(ended("sub_1", AT, { reason: "cancellation_requested" }, AT - 60_000)), {
      ...base,
      leaving: asked,
    });
    for (const reason of ["payment_failed", "payment_disputed"] as const)
      assert.deepEqual(told(ended("sub_1", AT, { reason })), {
        ...base,
        leaving: { requestedAt: AT, involuntary: true },
      });
  });

  it("of a payment that failed name the invoice, the attempt and the next one", () => {
    const next = AT + 86_400_000;
    assert.deepEqual(told(failed(AT, { ...sub, attempt: 2, next })), {
      type: "payment_failed",
      invoiceId: "in_1",
      subscriptionId: "sub_1",
      customerId: "cus_NffrFeUfNV2Hib",
      email: "john.doe@example.com",
      amount: 4900,
      currency: "usd",
      attempt: 2,
      nextAttemptAt: next,
    });
    const bare = told(failed(AT, {}, { customer_email: null })) as object;
    for (const absent of ["subscriptionId", "email", "nextAttemptAt", "declineCode"])
      assert.ok(!(absent in bare), absent);
  });

  it("have amounts in Stripe's own units", () => {
    const amountOf = (amount: number, currency: string) =>
      (told(failed(AT, { amount, currency })) as { amount: number }).amount;
    assert.deepEqual([amountOf(500, "jpy"), amountOf(500, "usd"), amountOf(50_000, "isk")], [500, 500, 500]);
  });

  const declined = { last_payment_error: { code: "card_declined", decline_code: "expired_card" } };
  const shapes: [string, object, string | undefined][] = [
    ["payments", { payments: { data: [{ payment: { payment_intent: declined } }] } }, "expired_card"],
    ["payments that are ids", { payments: { data: [{ payment: { payment_intent: "pi_1" } }] } }, undefined],
    ["a payment intent", { payment_intent: declined }, "expired_card"],
    [
      "a payment intent without the bank's word",
      { payment_intent: { last_payment_error: { code: "authentication_required" } } },
      "authentication_required",
    ],
    [
      "a charge",
      { charge: { failure_code: "card_declined", outcome: { reason: "do_not_honor" } } },
      "do_not_honor",
    ],
    ["a charge that is an id", { charge: "ch_1", payment_intent: "pi_1" }, undefined],
  ];
  for (const [name, more, code] of shapes)
    it(`have the bank's word from ${name}, if it is there`, () => {
      assert.equal((told(failed(AT, {}, more)) as { declineCode?: string }).declineCode, code);
    });

  it("of older versions name the subscription on the invoice itself", () => {
    for (const more of [{ subscription: "sub_old" }, { subscription: { id: "sub_old" } }])
      for (const each of [failed(AT, {}, more), failed(AT, {}, { ...more, parent: undefined })])
        assert.equal((told(each) as { subscriptionId: string }).subscriptionId, "sub_old");
    const old = {
      id: "sub_old",
      cancel_at_period_end: true,
      canceled_at: AT / 1000,
      current_period_end: 1_900_000_000,
      plan: { id: "plan_1" },
    };
    assert.deepEqual(told(changed(AT, old, { cancel_at_period_end: false, canceled_at: null })), {
      type: "subscription_changed",
      subscriptionId: "sub_old",
      leaving: { requestedAt: AT },
    });
  });

  it("of an invoice that was paid or given up", () => {
    assert.deepEqual(told(paid(AT, { ...sub, attempt: 3 })), {
      type: "payment_succeeded",
      invoiceId: "in_1",
      amount: 4900,
      attempt: 3,
    });
    for (const [type, reason] of [
      ["voided", "voided"],
      ["marked_uncollectible", "uncollectible"],
    ] as const)
      assert.deepEqual(told(closed(type, AT)), { type: "payment_given_up", invoiceId: "in_1", reason });
  });

  it("that change nothing in the books are not kept", () => {
    const first = { billing_reason: "subscription_create" };
    for (const each of [
      renamed("sub_1", AT),
      event("customer.subscription.created", AT, { id: "sub_1", object: "subscription" }),
      event("customer.subscription.trial_will_end", AT, { id: "sub_1", object: "subscription" }),
      event("invoice.created", AT, { id: "in_1" }),
      event("something.new", AT, { id: "x_1" }),
      // Nobody was a customer yet, and nothing was to be paid.
      failed(AT, {}, first),
      paid(AT, {}, first),
      paid(AT, { amount: 0 }),
      { ...leaves("sub_1", AT), account: "acct_connected" },
    ])
      assert.equal(told(each), undefined, each.type);
  });

  it("that are not what they seem are not kept either", () => {
    for (const each of [undefined, null, 1, "x", [], {}, { id: "evt_1" }, { id: "evt_1", created: "now" }])
      assert.equal(toBillingEvent(each), undefined);
    for (const type of ["customer.subscription.updated", "customer.subscription.deleted", "invoice.paid"])
      for (const data of [undefined, null, {}, { object: null }, { object: { id: 7 } }])
        assert.equal(toBillingEvent({ id: "evt_1", created: 1, type, data }), undefined);
  });

  it("say what must be read anew", () => {
    const of = (object: object) => staleAfter(event("any.type", AT, { ...object }));
    assert.deepEqual(staleAfter(renamed("sub_1", AT)), ["charge:sub_1"]);
    assert.deepEqual(staleAfter(paid(AT, sub)), ["charge:sub_1"]);
    assert.deepEqual(of({ object: "checkout.session", subscription: "sub_1" }), ["charge:sub_1"]);
    assert.deepEqual(of({ object: "price", id: "price_1", product: "prod_1" }), [
      "price:price_1",
      "prices:prod_1",
    ]);
    assert.deepEqual(of({ object: "coupon", id: "half" }), ["coupon:half", "terms:half"]);
    assert.deepEqual(of({ object: "product", id: "prod_1" }), ["product:prod_1", "prices:prod_1"]);
    for (const nothing of [{}, { object: "invoice" }, { object: "charge", id: "ch_1" }])
      assert.deepEqual(of(nothing), []);
  });
});

/** What receivers check with: the numbers of the specification, and the libraries that others have written. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { signatureHeaders } from "../../src/outbox/webhook-signature.ts";

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const other = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
const stranger = "whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXItc3Ry";
const id = "evt_00000000-0000-4000-8000-000000000001";
const timestamp = 1_777_629_600;
const body =
  '{"id":"evt_00000000-0000-4000-8000-000000000001","type":"cancel.saved","timestamp":"2026-05-01T10:00:00Z","workspace_id":"ws-uuid","data":{"session_id":"sess_uuid","customer_id":"cus_xxx","email":"user@example.com","offer":"discount","offer_value":{"percent":30,"duration_months":3},"saved_mrr_cents":19900,"cancel_reason":"too_expensive"}}';

const stripe = new Stripe("sk_test_unused");
const now = () => Math.floor(Date.now() / 1_000);
const signed = (more: Partial<Parameters<typeof signatureHeaders>[0]> = {}) =>
  signatureHeaders({ id, timestamp: now(), body, secrets: [secret], ...more });

const checks = {
  "a library of Standard Webhooks": (headers: Record<string, string>, text: string, key: string) =>
    new Webhook(key).verify(text, headers),
  "Stripe's library": (headers: Record<string, string>, text: string, key: string) =>
    stripe.webhooks.constructEvent(text, headers["x-retainly-signature"] ?? "", key),
};

describe("The signature of a webhook", () => {
  it("is that of the vectors", () => {
    assert.deepEqual(signatureHeaders({ id, timestamp, body, secrets: [secret] }), {
      "webhook-id": id,
      "webhook-timestamp": "1777629600",
      "webhook-signature": "v1,pnfj468o1a5Bz/T2AqmNsB3GuQ5SkbKv08WNzPzRUAI=",
      "x-retainly-signature":
        "t=1777629600,v1=2b4fcca6ec77b9de09affe39afc6a1baf30e5dd7f09b63b20205a382e6f55257",
    });
    const headers = signatureHeaders({
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
      secrets: ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    });
    assert.equal(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  for (const [name, check] of Object.entries(checks)) {
    describe(`as ${name} checks it`, () => {
      it("holds for what was sent, in every script", () => {
        const text = JSON.stringify({ note: "Größe – 🦊 \u2028 “zählt”" });
        assert.deepEqual(check(signed({ body: text }), text, secret), JSON.parse(text));
      });

      it("does not hold for another body, secret, or an old message", () => {
        assert.throws(() => check(signed(), body.replace("19900", "99900"), secret));
        assert.throws(() => check(signed(), body, stranger));
        assert.throws(() => check(signed({ timestamp: now() - 301 }), body, secret));
        assert.doesNotThrow(() => check(signed({ timestamp: now() - 290 }), body, secret));
      });

      it("holds for either secret while one replaces the other", () => {
        const headers = signed({ secrets: [other, secret] });
        for (const key of [other, secret]) assert.doesNotThrow(() => check(headers, body, key));
        assert.throws(() => check(headers, body, stranger));
      });
    });
  }

  it("holds for one id alone", () => {
    const headers = { ...signed(), "webhook-id": "evt_another" };
    assert.throws(() => new Webhook(secret).verify(body, headers));
  });
});

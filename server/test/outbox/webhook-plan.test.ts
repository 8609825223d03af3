/** When a message is tried again: what the plan promises, and what a receiver may ask for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyOf, DELIVERY_PLAN, nextAttempt } from "../../src/domain/webhook-deliveries.ts";
import { DAY, MINUTE, NOW } from "../harness.ts";
import { aFact } from "../store/rows.ts";

const HOUR = 60 * MINUTE;
const failed = { status: 500 };
const wait = (id: string, tries: number, answer: { status?: number; retryAfter?: string } = failed) =>
  (nextAttempt({ id, attempts: tries, tries }, answer, NOW) ?? Number.NaN) - NOW;
const within = (ms: number, wanted: number, least = 0.9, most = 1.1) =>
  assert.ok(ms >= wanted * least && ms <= wanted * most, `${ms} is about ${wanted}`);

describe("A message that did not arrive", () => {
  it("is tried ten times, over three days", () => {
    const plan = [5_000, 5 * MINUTE, MINUTE * 30, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR)];
    assert.deepEqual(DELIVERY_PLAN, plan);
    for (const [index, planned] of plan.entries()) within(wait("whd_1", index + 1), planned);
    assert.equal(nextAttempt({ id: "whd_1", attempts: 10, tries: 10 }, failed, NOW), undefined);
    assert.equal(nextAttempt({ id: "whd_1", attempts: 99, tries: 11 }, failed, NOW), undefined);
  });

  it("comes back neither with all others, nor always as early or as late", () => {
    const waits = Array.from({ length: 400 }, (_, index) => wait(`whd_${index}`, 4));
    for (const each of waits) within(each, 2 * HOUR);
    assert.ok(new Set(waits).size > 390);
    assert.ok(Math.min(...waits) < 1.82 * HOUR && Math.max(...waits) > 2.18 * HOUR);
    assert.equal(wait("whd_1", 4), wait("whd_1", 4), "and the same again for the same");
    const again = nextAttempt({ id: "whd_1", attempts: 14, tries: 4 }, failed, NOW);
    assert.notEqual(again, NOW + wait("whd_1", 4));
  });

  it("waits for as long as a busy receiver asks, up to a day, and never less than planned", () => {
    for (const status of [429, 502, 503, 504]) {
      assert.equal(wait("whd_1", 1, { status, retryAfter: "120" }), 120_000);
      assert.equal(wait("whd_1", 1, { status, retryAfter: "86399" }), DAY - 1_000);
      assert.equal(wait("whd_1", 1, { status, retryAfter: "86401" }), DAY);
      assert.equal(wait("whd_1", 1, { status, retryAfter: "999999999" }), DAY);
      within(wait("whd_1", 4, { status, retryAfter: "5" }), 2 * HOUR);
      const date = new Date(NOW + 7 * MINUTE).toUTCString();
      assert.equal(wait("whd_1", 1, { status, retryAfter: date }), 7 * MINUTE);
    }
    const past = new Date(NOW - DAY).toUTCString();
    for (const retryAfter of [
      past,
      "soon",
      "",
      "-1",
      "1e9",
      "0x10",
      "9999999999",
      "Fri, 99 May 2027 09:41:00 GMT",
    ])
      within(wait("whd_1", 1, { status: 503, retryAfter }), 5_000);
    for (const status of [400, 500, 501, 301]) within(wait("whd_1", 1, { status, retryAfter: "120" }), 5_000);
  });

  it("has one body, in one line", () => {
    const fact = aFact(
      { workspaceId: "ws_1", environment: "prod" },
      { id: "evt_1", type: "cancel.saved", at: NOW },
    );
    const body = bodyOf({ ...fact, data: { text: "a\nb\u2028" } });
    assert.equal(
      body,
      `{"id":"evt_1","type":"cancel.saved","timestamp":"2027-05-14T09:41:00.000Z","workspace_id":"ws_1","data":{"text":"a\\nb\u2028"}}`,
    );
  });
});

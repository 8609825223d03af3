/** What an earlier visit could not send. */
import assert from "node:assert/strict";
import { beforeEach, describe, it, type TestContext } from "node:test";
import type { Settlement } from "../../src/api/wire.ts";
import { deliverLeftovers, pageCourier, settledDetail } from "../../src/flow/deliveries.ts";
import { json, listen, refuse } from "../api/server.ts";
import { eventOf, memoryStorage } from "../api/tabs.ts";
import { offers, settlementOf, subscription } from "./fixtures.ts";

const storage = memoryStorage();
Object.defineProperty(globalThis, "localStorage", { configurable: true, value: storage });

const taken: Settlement = settlementOf("retained", {
  offer: { id: "half", type: "discount" },
  choice: { months: 3 },
});

beforeEach(() => storage.clear());

/** A page with one of our tags, which may have a way out of its own to show. */
function inPage(t: TestContext, isThere = true): EventTarget & { showFallback?: () => void } {
  const stage = new EventTarget();
  const page = Object.assign(isThere ? new EventTarget() : stage, {
    querySelector: () => (isThere ? stage : null),
  });
  Object.defineProperty(globalThis, "document", { configurable: true, value: page });
  t.after(() => Reflect.deleteProperty(globalThis, "document"));
  return stage;
}

/** Something left behind in the browser, and a page that listens. */
async function left(
  t: TestContext,
  answer: (response: Parameters<typeof json>[0]) => void,
  decided = true,
  isThere = true,
) {
  const server = await listen(t, answer);
  const stage = inPage(t, isThere);
  const heard: unknown[] = [];
  for (const name of ["retained", "cancelled", "complete", "error"])
    stage.addEventListener(`renumerate-${name}`, (event) =>
      heard.push([name, (event as CustomEvent).detail]),
    );
  const at = Date.now();
  pageCourier().shelf.put({
    apiUrl: server.url,
    session: "ses_left",
    subscription: "sub_1",
    token: "dlv_1",
    run: "run-left",
    at,
    events: [eventOf(0, "run-left", { type: "confirm" })],
    ...(decided && { decidedAt: at }),
  });
  return { server, stage, heard };
}

describe("what an earlier visit has left", () => {
  it("is settled: whoever is at this page now hears nothing of it", async (t) => {
    const settlement = settlementOf("cancelled", { subscription: { ...subscription, cancelAt: 7 } });
    const { server, heard } = await left(t, (response) => json(response, settlement));
    await deliverLeftovers();
    assert.deepEqual([server.asked[0]?.url, heard], ["/v1/widget/decision", []]);
    assert.deepEqual(Object.keys(storage), []);
  });

  for (const [code, calls] of [
    ["billing_rejected", 1],
    // Whoever has stayed since needs no way out.
    ["session_completed", 0],
  ] as const) {
    it(`is refused with ${code}: ${calls ? "the button shows the way out that is left" : "nothing is to be done"}`, async (t) => {
      const { stage, heard } = await left(t, (response) => refuse(response, 409, code));
      const showFallback = t.mock.fn();
      Object.assign(stage, { showFallback });
      await deliverLeftovers();
      assert.deepEqual([heard, showFallback.mock.callCount()], [[], calls]);
      assert.deepEqual(Object.keys(storage), []);
    });
  }

  it("is refused where there is no button", async (t) => {
    await left(t, (response) => refuse(response, 409, "billing_rejected"), true, false);
    await deliverLeftovers();
    assert.deepEqual(Object.keys(storage), []);
  });

  it("is mere events: they arrive, and there is nothing to say", async (t) => {
    const { server, heard } = await left(t, (response) => json(response, { accepted: 1 }), false);
    await deliverLeftovers();
    assert.deepEqual([server.asked[0]?.url, heard], ["/v1/widget/events", []]);
    assert.deepEqual(Object.keys(storage), []);
  });

  it("is one courier's business for all elements", () => {
    assert.equal(pageCourier(5), pageCourier());
  });
});

describe("the detail of a settlement", () => {
  it("has what was taken, and is a copy", () => {
    const detail = settledDetail("ses_1", taken);
    assert.deepEqual(detail, {
      sessionId: "ses_1",
      subscriptionId: subscription.id,
      status: "done",
      at: taken.at,
      offer: { id: offers.discount.id, type: "discount" },
      choice: { months: 3 },
    });
    (detail.choice as { months: number }).months = 1;
    assert.equal(taken.choice?.months, 3);
  });

  it("has the end of access, also at the very start of time", () => {
    const ended = settlementOf("cancelled", { subscription: { ...subscription, cancelAt: 0 } });
    assert.equal(settledDetail("ses_1", ended).cancelAt, 0);
  });
});

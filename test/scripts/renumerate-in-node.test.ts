/** The class where there is no window, as on a server that draws the page first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Renumerate } from "../../src/sdk/renumerate.ts";

test("31: without a window nothing throws", () => {
  assert.equal(typeof window, "undefined");
  const renumerate = new Renumerate({ publicKey: "pk_1", apiUrl: "https://api.example.com" });
  assert.equal(
    renumerate.getSubscriptionHubUrl("sub_a&b"),
    "https://api.example.com/subs?session_id=sub_a%26b",
  );
  renumerate.initialize();
  renumerate.updateConfig({ debug: false });
  renumerate.setCallbacks({ onComplete() {} });
  renumerate.cleanup();
  renumerate.clearSession();
  assert.equal(renumerate.getCurrentSession(), null);
});

test("31: what is wrong is said there, too", () => {
  const renumerate = new Renumerate({});
  assert.throws(() => renumerate.getSubscriptionHubUrl("ret_x"), {
    message: "Invalid sessionId: ret_x. Expected a subscription session ID.",
  });
});

test("31: each call of getInstance makes another object, so that no two visitors share one", () => {
  assert.notEqual(Renumerate.getInstance({}), Renumerate.getInstance({}));
});

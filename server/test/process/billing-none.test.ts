/** Billing that the business does by itself, and a demo that is not for the world: as the real program serves them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { folder, serve } from "./child.ts";

const json = { "Content-Type": "application/json" };

describe("A server without a demo", () => {
  it("keeps a ledger and makes links where nothing bills, and shows nobody else's customers", async () => {
    await using place = await folder();
    await using server = await serve({
      ...place.env,
      BILLING: "none",
      HOST: "0.0.0.0",
      DEFAULT_RETURN_URL: "https://shop.example/back",
    });
    const { url, privateKey } = server;
    const ask = (path: string, body: object) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { ...json, "X-API-Key": privateKey ?? "" },
        body: JSON.stringify(body),
      });
    const reported = await ask("/api/v1/cancellations", { eventId: "evt_1", reasonKey: "too_expensive" });
    assert.equal(reported.status, 201, await reported.text());
    const made = await ask("/api/v1/cancel-link", { userId: "user_1" });
    assert.equal(made.status, 200);
    const page = await fetch(((await made.json()) as { url: string }).url);
    const session = /data-session="([^"]+)"/.exec(await page.text())?.[1];
    const flow = await fetch(`${url}/v1/widget/flow`, { headers: { Authorization: `Bearer ${session}` } });
    assert.equal(flow.status, 200, await flow.text());
    const minted = await ask("/v1/retention/session", { retention: { customer_id: "cus_NffrFeUfNV2Hib" } });
    assert.equal(minted.status, 503);
    for (const path of ["/", "/demo/api/state", "/demo/api/session?customer=cus_NffrFeUfNV2Hib"])
      assert.equal((await fetch(url + path)).status, 404, path);
  });

  it("serves no demo where others can reach it, unless it is told to", async () => {
    for (const [more, status] of [
      [{ HOST: "0.0.0.0" }, 404],
      [{ PUBLIC_URL: "https://retention.example.com" }, 404],
      [{ HOST: "0.0.0.0", DEMO: "on" }, 200],
      [{ DEMO: "off" }, 404],
    ] as const) {
      await using place = await folder();
      await using server = await serve({ ...place.env, ...more });
      assert.equal((await fetch(`${server.url}/demo/api/state`)).status, status, JSON.stringify(more));
    }
  });
});

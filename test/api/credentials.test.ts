/** Where the session token comes from, against a real backend of a site. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCredentials } from "../../src/api/credentials.ts";
import { ApiError } from "../../src/api/errors.ts";
import { json, listen, refuse, watchedFetch } from "./server.ts";

const code = (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: unknown) =>
      error instanceof ApiError ? `${error.code} ${error.status} ${error.retryable}` : String(error),
  );

describe("a fixed session id", () => {
  it("is used until it has expired, and then there is no other", async () => {
    const { token } = createCredentials({ sessionId: "ret_1" });
    assert.equal(await token(false), "ret_1");
    assert.equal(await token(false), "ret_1");
    assert.equal(await code(token(true)), "session_expired 0 false");
    assert.equal(await token(false), "ret_1");
  });

  it("gives way to the site's backend once it has expired", async (t) => {
    const site = await listen(t, (response, _, count) => json(response, { id: `ret_new${count}` }));
    const { token } = createCredentials({ sessionId: "ret_1", sessionUrl: site.url });
    assert.equal(await token(false), "ret_1");
    assert.equal(site.asked.length, 0);
    assert.equal(await token(true), "ret_new1");
    assert.equal(await token(false), "ret_new1");
    assert.equal(await token(true), "ret_new2");
  });

  it("does not come back when the renewal fails", async (t) => {
    const site = await listen(t, (response, _, count) =>
      count === 1 ? refuse(response, 503, "down") : json(response, { id: "ret_new" }),
    );
    const { token } = createCredentials({ sessionId: "ret_1", sessionUrl: site.url });
    assert.equal(await code(token(true)), "down 503 true");
    assert.equal(await token(false), "ret_new");
  });
});

describe("no session at all", () => {
  for (const options of [{}, { sessionId: "", sessionUrl: "" }, { sessionId: undefined }]) {
    it(`with ${JSON.stringify(options)}`, async () => {
      const { token } = createCredentials(options);
      assert.equal(await code(token(false)), "session_missing 0 false");
      assert.equal(await code(token(true)), "session_missing 0 false");
    });
  }
});

describe("session-url", () => {
  for (const body of [
    { id: "ret_1" },
    { session: { id: "ret_1" } },
    { token: "ret_1" },
    { id: "ret_1", session: {} },
  ]) {
    it(`may answer with ${JSON.stringify(body)}`, async (t) => {
      const site = await listen(t, (response) => json(response, body));
      assert.equal(await createCredentials({ sessionUrl: site.url }).token(false), "ret_1");
    });
  }

  for (const body of [
    {},
    null,
    [],
    "ret_1",
    7,
    { id: "" },
    { id: 7 },
    { session: null },
    { session: "ret_1" },
  ]) {
    it(`may not answer with ${JSON.stringify(body)}`, async (t) => {
      const site = await listen(t, (response) => json(response, body));
      const { token } = createCredentials({ sessionUrl: site.url });
      assert.equal(await code(token(false)), "invalid_answer 200 false");
    });
  }

  it("is asked by GET as the signed-in customer, for a fresh answer in JSON", async (t) => {
    const site = await listen(t, (response) => json(response, { id: "ret_1" }));
    const { fetch, inits } = watchedFetch();
    await createCredentials({ sessionUrl: `${site.url}/session?a=1`, fetch }).token(false);
    assert.equal(site.asked[0]?.method, "GET");
    assert.equal(site.asked[0]?.url, "/session?a=1");
    assert.equal(site.asked[0]?.headers.accept, "application/json");
    assert.deepEqual([inits[0]?.credentials, inits[0]?.cache], ["same-origin", "no-store"]);
  });

  it("is asked once for all who ask at the same time, and its answer is kept", async (t) => {
    const site = await listen(t, (response, _, count) => json(response, { id: `ret_${count}` }));
    const { token } = createCredentials({ sessionUrl: site.url });
    assert.deepEqual(await Promise.all([token(false), token(true), token(false)]), [
      "ret_1",
      "ret_1",
      "ret_1",
    ]);
    assert.equal(await token(false), "ret_1");
    assert.equal(site.asked.length, 1);
    assert.deepEqual(await Promise.all([token(true), token(true)]), ["ret_2", "ret_2"]);
    assert.equal(site.asked.length, 2);
  });

  it("is asked again after a failure, which all who waited have heard of", async (t) => {
    const site = await listen(t, (response, _, count) =>
      count === 1 ? void response.writeHead(500).end("<h1>oops") : json(response, { id: "ret_1" }),
    );
    const { token } = createCredentials({ sessionUrl: site.url });
    assert.deepEqual(await Promise.all([code(token(false)), code(token(false))]), [
      "invalid_answer 500 true",
      "invalid_answer 500 true",
    ]);
    assert.equal(await token(false), "ret_1");
  });

  it("must answer in time", async (t) => {
    const site = await listen(t, () => {});
    const { token } = createCredentials({ sessionUrl: site.url, timeout: 20 });
    assert.equal(await code(token(false)), "timeout 0 true");
  });
});

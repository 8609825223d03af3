/** Where the session token comes from, against a real backend of a site. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { ExchangeRequest } from "../../src/api/contract.ts";
import { createCredentials, exchange } from "../../src/api/credentials.ts";
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

  it("that knows nobody any more means that the customer has to sign in", async (t) => {
    for (const status of [401, 403]) {
      const site = await listen(t, (response) => refuse(response, status, "not_signed_in"));
      const { token } = createCredentials({ sessionUrl: site.url });
      assert.equal(await code(token(false)), "session_expired 0 false");
    }
  });

  it("must answer in time", async (t) => {
    const site = await listen(t, () => {});
    const { token } = createCredentials({ sessionUrl: site.url, timeout: 20 });
    assert.equal(await code(token(false)), "timeout 0 true");
  });
});

describe("getAuthToken", () => {
  const exchange = (t: TestContext) =>
    listen(t, (response, _, count) =>
      json(response, { session: { sessionId: `r10_${count}`, expiresAt: 1_900_000_000 } }),
    );

  it("has its handshake token exchanged for a session, without anything else of the page", async (t) => {
    const server = await exchange(t);
    const { fetch, inits } = watchedFetch();
    const getAuthToken = async () => "payload.signature";
    for (const apiUrl of [server.url, `${server.url}//`]) {
      const { token } = createCredentials({ getAuthToken, apiUrl, fetch });
      assert.match(await token(false), /^r10_/);
    }
    for (const { method, url, headers, body } of server.asked) {
      assert.equal(`${method} ${url}`, "POST /v1/session/exchange");
      assert.equal(headers["content-type"], "text/plain;charset=UTF-8");
      assert.deepEqual(ExchangeRequest.parse(JSON.parse(body)), { handshakeToken: "payload.signature" });
    }
    for (const { credentials, referrerPolicy } of inits) {
      assert.deepEqual([credentials, referrerPolicy], ["omit", "no-referrer"]);
    }
  });

  it("may answer at once", async (t) => {
    const { url: apiUrl } = await exchange(t);
    assert.equal(await createCredentials({ getAuthToken: () => "a.b", apiUrl }).token(false), "r10_1");
  });

  it("is asked again for a fresh token only", async (t) => {
    const { url: apiUrl } = await exchange(t);
    let calls = 0;
    const { token } = createCredentials({ getAuthToken: () => `${calls++}.b`, apiUrl });
    assert.deepEqual(
      [await token(false), await token(false), await token(true)],
      ["r10_1", "r10_1", "r10_2"],
    );
    assert.equal(calls, 2);
  });

  for (const [title, getAuthToken] of [
    ["throws", () => assert.fail("no")],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["rejects with what is no text", () => Promise.reject(Symbol("no"))],
  ] as [string, () => Promise<string>][]) {
    it(`that ${title} is a failure that may pass`, async (t) => {
      const { url: apiUrl, asked } = await exchange(t);
      const { token } = createCredentials({ getAuthToken, apiUrl });
      assert.equal(await code(token(false)), "token_unavailable 0 true");
      assert.equal(asked.length, 0);
    });
  }

  it("that hangs is given up in time, and called anew", async (t) => {
    const { url: apiUrl } = await exchange(t);
    let calls = 0;
    const getAuthToken = () => (calls++ ? "a.b" : new Promise<string>(() => {}));
    const { token } = createCredentials({ getAuthToken, apiUrl, timeout: 20 });
    assert.equal(await code(token(false)), "timeout 0 true");
    assert.equal(await token(false), "r10_1");
  });

  it("without a limit may take its time", async (t) => {
    const { url: apiUrl } = await exchange(t);
    const { promise, resolve } = Promise.withResolvers<string>();
    const call = createCredentials({ getAuthToken: () => promise, apiUrl, timeout: 0 }).token(false);
    resolve("a.b");
    assert.equal(await call, "r10_1");
  });

  it("that is refused says why", async (t) => {
    const server = await listen(t, (response) => refuse(response, 401, "handshake_expired"));
    const { token } = createCredentials({ getAuthToken: () => "a.b", apiUrl: server.url });
    assert.equal(await code(token(false)), "handshake_expired 401 false");
  });

  it("comes after a session id that has expired, and after session-url", async (t) => {
    const server = await exchange(t);
    const site = await listen(t, (response) => json(response, { id: "ret_site" }));
    const getAuthToken = () => "a.b";
    const fixed = createCredentials({ sessionId: "ret_1", getAuthToken, apiUrl: server.url });
    assert.deepEqual([await fixed.token(false), await fixed.token(true)], ["ret_1", "r10_1"]);
    const both = createCredentials({ sessionUrl: site.url, getAuthToken, apiUrl: server.url });
    assert.equal(await both.token(false), "ret_site");
  });
});

describe("getSession", () => {
  it("is asked each time, and nobody else is", async (t) => {
    const site = await listen(t, (response) => json(response, { id: "ret_site" }));
    const asked: boolean[] = [];
    const getSession = async (fresh: boolean) => `r10_${asked.push(fresh)}`;
    const { token } = createCredentials({
      sessionId: "ret_1",
      sessionUrl: site.url,
      getAuthToken: () => assert.fail("asked"),
      getSession,
    });
    assert.deepEqual(
      [await token(false), await token(true), await token(false)],
      ["r10_1", "r10_2", "r10_3"],
    );
    assert.deepEqual(asked, [false, true, false]);
    assert.equal(site.asked.length, 0);
  });
});

describe("an exchange", () => {
  const said = (call: Promise<unknown>) =>
    call.then(
      () => "answered",
      (error: ApiError) => `${error.code}: ${error.message}`,
    );

  it("answers with what the server says, unchecked", async (t) => {
    const server = await listen(t, (response) => json(response, { anything: 1 }));
    assert.deepEqual(await exchange("a.b", { apiUrl: `${server.url}/` }), { anything: 1 });
    assert.deepEqual(
      server.asked.map(({ url, body }) => [url, body]),
      [["/v1/session/exchange", '{"handshakeToken":"a.b"}']],
    );
  });

  for (const [body, expected] of [
    [{ error: "Token expired" }, "invalid_answer: Token expired"],
    [{ error: { message: "Token expired" } }, "invalid_answer: Token expired"],
    [
      { error: { type: "authentication_error", code: "handshake_expired", message: "Token expired" } },
      "handshake_expired: Token expired",
    ],
    [{ error: 7 }, "invalid_answer: invalid_answer"],
    [{ error: { message: 7 } }, "invalid_answer: invalid_answer"],
    [{ error: null }, "invalid_answer: invalid_answer"],
    [null, "invalid_answer: invalid_answer"],
    [[], "invalid_answer: invalid_answer"],
    ["Token expired", "invalid_answer: invalid_answer"],
  ] as [unknown, string][]) {
    it(`that is refused with ${JSON.stringify(body)} says so`, async (t) => {
      const server = await listen(t, (response) => {
        response.writeHead(401, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      });
      assert.equal(await said(exchange("a.b", { apiUrl: server.url })), expected);
    });
  }
});

describe("several elements of a page", () => {
  it("share a request that is under way, and never an answer", async (t) => {
    const site = await listen(t, (response, _, count) => json(response, { id: `ret_${count}` }));
    const elements = [1, 2, 3].map(() => createCredentials({ sessionUrl: site.url }));
    assert.deepEqual(await Promise.all(elements.map(({ token }) => token(false))), [
      "ret_1",
      "ret_1",
      "ret_1",
    ]);
    assert.equal(await createCredentials({ sessionUrl: site.url }).token(false), "ret_2");
    assert.equal(site.asked.length, 2);
  });

  it("share a failure, and no more than that", async (t) => {
    const site = await listen(t, (response, _, count) =>
      count === 1 ? refuse(response, 503, "down") : json(response, { id: "ret_1" }),
    );
    const [one, other] = [1, 2].map(() => createCredentials({ sessionUrl: site.url }));
    const ask = () => Promise.all([one, other].map((each) => code((each ?? assert.fail()).token(false))));
    assert.deepEqual(await ask(), ["down 503 true", "down 503 true"]);
    assert.deepEqual(await ask(), ["answered", "answered"]);
    assert.equal(site.asked.length, 2);
  });

  it("share one call of one callback, and nothing of different sources", async (t) => {
    const server = await listen(t, (response, { body }) =>
      json(response, { session: { sessionId: JSON.parse(body).handshakeToken } }),
    );
    const site = await listen(t, (response, { url }) => json(response, { id: url }));
    let calls = 0;
    const one = async () => `one${++calls}`;
    const other = async () => "other";
    const tokens = [
      { getAuthToken: one },
      { getAuthToken: one },
      { getAuthToken: other },
      { sessionUrl: `${site.url}/a` },
      { sessionUrl: `${site.url}/b` },
    ].map((options) => createCredentials({ ...options, apiUrl: server.url }).token(false));
    assert.deepEqual(await Promise.all(tokens), ["one1", "one1", "other", "/a", "/b"]);
  });
});

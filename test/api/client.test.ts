/** The widget's calls, against a real server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { type ClientOptions, createClient } from "../../src/api/client.ts";
import { createCredentials } from "../../src/api/credentials.ts";
import { ApiError } from "../../src/api/errors.ts";
import { dismissOffer } from "../../src/api/hub.ts";
import type { FlowEvent } from "../../src/api/wire.ts";
import { configOf, confirm, settlementOf } from "../flow/fixtures.ts";
import { type Answer, json, listen, refuse, said, watchedFetch } from "./server.ts";

const config = configOf([confirm]);
const settlement = settlementOf("cancelled");

const eventOf = (seq: number): FlowEvent => ({
  id: `event-${seq}`,
  run: "run-00001",
  seq,
  at: 5,
  type: "next",
});

/** A client with its server; nothing waits for real. */
async function setUp(t: TestContext, answer: Answer, options: Partial<ClientOptions> = {}) {
  const server = await listen(t, answer);
  const { fetch, inits } = watchedFetch();
  const pauses: number[] = [];
  const asksForToken: boolean[] = [];
  const client = createClient({
    apiUrl: server.url,
    fetch,
    random: () => 1,
    wait: async (ms) => void pauses.push(ms),
    token: async (fresh) => {
      asksForToken.push(fresh);
      return `ret_secret${asksForToken.length}`;
    },
    ...options,
  });
  return { server, client, inits, pauses, asksForToken };
}

/** An answer has no prototype, and its copy the usual one. */
const received = (answer: unknown, expected: unknown) => assert.deepEqual(structuredClone(answer), expected);

const refused = (call: Promise<unknown>): Promise<ApiError> =>
  call.then(
    () => assert.fail("was answered"),
    (error: unknown) => {
      assert.ok(error instanceof ApiError, String(error));
      return error;
    },
  );

describe("requests", () => {
  for (const [title, options, fields] of [
    ["nothing more", {}, {}],
    ["the subscription", { subscriptionId: "sub_1/ä&b" }, { subscription_id: "sub_1/ä&b" }],
    ["no empty subscription", { subscriptionId: "", restart: false }, {}],
    [
      "a new beginning",
      { subscriptionId: "sub_1", restart: true },
      { subscription_id: "sub_1", restart: "1" },
    ],
    ["a language", { locale: "pt-BR" }, { locale: "pt-BR" }],
    ["the session to go on with", { session: "ses_1", locale: "" }, { session: "ses_1" }],
  ] as const) {
    it(`the flow is asked for with ${title}`, async (t) => {
      const { server, client } = await setUp(t, (response) => json(response, config));
      received(await client.flow(options), config);
      assert.equal(server.asked[0]?.url, "/v1/widget/flow");
      assert.deepEqual(said(server.asked[0]).fields, fields);
    });
  }

  it("events are reported with their session", async (t) => {
    const { server, client, inits } = await setUp(t, (response) => json(response, { accepted: 2 }));
    const events = [eventOf(0), eventOf(1)];
    received(await client.record("ses_1", events), { accepted: 2 });
    assert.equal(server.asked[0]?.url, "/v1/widget/events");
    assert.deepEqual(said(server.asked[0]).fields, { session: "ses_1", events });
    assert.equal(inits[0]?.keepalive, true);
  });

  it("outlive the page if they are small enough for that, and are tried again without", async (t) => {
    const { client, inits } = await setUp(t, (response, _, count) =>
      count < 3 ? refuse(response, 503, "down") : json(response, { accepted: 1 }),
    );
    const letters = (count: number) => [
      { ...eventOf(0), type: "write", text: "x".repeat(count) } as FlowEvent,
    ];
    const rest = JSON.stringify({ session: "ses_1", events: letters(0), token: "ret_secret1" }).length;
    await client.record("ses_1", letters(20_000 - rest));
    await client.record("ses_1", letters(20_001 - rest));
    assert.deepEqual(
      inits.map(({ keepalive }) => keepalive),
      [true, false, false, false],
    );
  });

  it("what is on every object is no signal of theirs", async (t) => {
    // Node's own network is no browser's, and falls over it.
    const fetch = async () => new Response('{"dismissed":true}');
    const client = createClient({ apiUrl: "https://r.test", token: async () => "sub_1", fetch });
    Object.assign(Object.prototype, { signal: "x" });
    t.after(() => Reflect.deleteProperty(Object.prototype, "signal"));
    received(await dismissOffer(client, "less"), { dismissed: true });
  });

  it("a decision is the same on every attempt", async (t) => {
    const { server, client } = await setUp(t, (response, _, count) =>
      count === 1 ? refuse(response, 503, "billing_unavailable") : json(response, settlement),
    );
    const request = {
      session: "ses_1",
      events: [eventOf(0), eventOf(1)],
      seen: { offer: "half", terms: {} },
    };
    received(await client.decide(request), settlement);
    assert.equal(server.asked.length, 2);
    for (const asked of server.asked) {
      assert.equal(asked.url, "/v1/widget/decision");
      assert.deepEqual(said(asked).fields, request);
    }
  });

  it("none needs a preflight; the token is never in an address; nothing of the page goes along", async (t) => {
    const { server, client, inits } = await setUp(t, (response, { url }) =>
      json(response, url.includes("flow") ? config : url.includes("events") ? { accepted: 1 } : settlement),
    );
    await client.flow({ subscriptionId: "sub_1", restart: true });
    await client.record("ses_1", [eventOf(0)]);
    await client.decide({ session: "ses_1", events: [eventOf(0)] });
    for (const [index, asked] of server.asked.entries()) {
      const { method, url, headers } = asked;
      assert.equal(said(asked).token, `ret_secret${index + 1}`);
      assert.deepEqual([method, headers["content-type"]], ["POST", "text/plain;charset=UTF-8"]);
      assert.equal(headers.accept, "application/json");
      assert.equal(`${url}${headers.referer ?? ""}`.includes("ret_secret"), false);
    }
    // https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    assert.deepEqual(
      new Set(inits.flatMap(({ headers }) => Object.keys(headers ?? {}))),
      new Set(["Accept"]),
    );
    for (const { credentials, referrerPolicy, cache } of inits) {
      assert.deepEqual([credentials, referrerPolicy, cache], ["omit", "no-referrer", "no-store"]);
    }
  });

  it("work below a path, with and without a slash at its end", async (t) => {
    const { server } = await setUp(t, (response) => json(response, config));
    for (const end of ["/churn", "/churn/", "/churn//"]) {
      await createClient({ apiUrl: server.url + end, token: async () => "t" }).flow();
      assert.equal(server.asked.at(-1)?.url, "/churn/v1/widget/flow");
    }
  });
});

describe("retries", () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    it(`${status} is tried again`, async (t) => {
      const { server, client } = await setUp(t, (response, _, count) =>
        count < 3 ? refuse(response, status, "some_code") : json(response, config),
      );
      received(await client.flow(), config);
      assert.equal(server.asked.length, 3);
    });
  }

  for (const status of [400, 401, 402, 403, 404, 409, 410, 413, 415, 422, 501]) {
    it(`${status} is final`, async (t) => {
      const { server, client, pauses } = await setUp(t, (response) => refuse(response, status, "some_code"));
      const { code, status: seen, retryable, message } = await refused(client.flow());
      assert.deepEqual([code, seen, retryable, message], ["some_code", status, false, "About some_code."]);
      assert.equal(server.asked.length, 1);
      assert.deepEqual(pauses, []);
    });
  }

  for (const [attempts, requests] of [
    [0, 1],
    [1, 1],
    [2, 2],
    [undefined, 3],
    [4, 4],
  ] as const) {
    it(`attempts: ${attempts} makes ${requests}`, async (t) => {
      const { server, client } = await setUp(t, (response) => refuse(response, 503, "down"), { attempts });
      const error = await refused(client.flow());
      assert.deepEqual([error.code, error.status, error.retryable], ["down", 503, true]);
      assert.equal(server.asked.length, requests);
    });
  }

  it("come after pauses that double up to ten seconds", async (t) => {
    const { client, pauses } = await setUp(t, (response) => refuse(response, 500, "down"), {
      attempts: 8,
      timeout: 0,
    });
    await refused(client.flow());
    assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it("are spread from no pause at all to the whole of it", async (t) => {
    const draws = [0, 0.5, 0.25];
    const random = () => draws.shift() ?? 0;
    const { client, pauses } = await setUp(t, (response) => refuse(response, 500, "down"), {
      attempts: 4,
      random,
    });
    await refused(client.flow());
    assert.deepEqual(pauses, [0, 500, 500]);
  });

  it("wait by themselves when nothing is injected", async (t) => {
    const { server } = await setUp(t, (response, _, count) =>
      count === 1 ? refuse(response, 503, "down", { "Retry-After": "0" }) : json(response, config),
    );
    received(await createClient({ apiUrl: server.url, token: async () => "t" }).flow(), config);
  });

  it("follow a connection that breaks, before the answer or within it", async (t) => {
    const { server, client } = await setUp(t, (response, _, count) => {
      if (count === 3) return json(response, config);
      if (count === 1) return void response.socket?.resetAndDestroy();
      response
        .writeHead(200, { "Content-Length": "100" })
        .write("{", () => response.socket?.resetAndDestroy());
    });
    received(await client.flow(), config);
    assert.equal(server.asked.length, 3);
  });

  it("end in a network error when nobody is there", async (t) => {
    const { server, client, pauses } = await setUp(t, (response) => response.socket?.destroy());
    const { code, status, retryable } = await refused(client.flow());
    assert.deepEqual([code, status, retryable], ["network", 0, true]);
    assert.equal(server.asked.length, 3);
    assert.equal(pauses.length, 2);
  });
});

describe("Retry-After", () => {
  const once = async (t: TestContext, header: string, timeout = 30_000) => {
    const set = await setUp(
      t,
      (response, _, count) =>
        count === 1
          ? refuse(response, 429, "rate_limited", { "Retry-After": header })
          : json(response, config),
      { timeout },
    );
    return { ...set, call: set.client.flow() };
  };

  for (const [header, pause] of [
    ["0", 0],
    ["2", 2000],
    ["10", 10_000],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["soon", 500],
    ["-1", undefined],
  ] as const) {
    it(`${header}: waits`, async (t) => {
      const { call, pauses } = await once(t, header);
      received(await call, config);
      if (pause !== undefined) assert.deepEqual(pauses, [pause]);
      else assert.ok((pauses[0] as number) >= 0 && (pauses[0] as number) <= 10_000);
    });
  }

  it("a date in the near future: waits until then", async (t) => {
    const { call, pauses } = await once(t, new Date(Date.now() + 6000).toUTCString());
    await call;
    assert.ok((pauses[0] as number) > 3000 && (pauses[0] as number) <= 6000, String(pauses));
  });

  for (const [title, header, least, most, timeout] of [
    ["over ten seconds", "11", 11_000, 11_000, 30_000],
    ["over ten seconds, without a limit", "11", 11_000, 11_000, 0],
    ["beyond the limit of the call", "3", 3000, 3000, 2000],
    ["half an hour as a date", new Date(Date.now() + 1_800_000).toUTCString(), 1_700_000, 1_800_000, 0],
    ["more than any timer can", "99999999999", 3_600_000, 3_600_000, 0],
    ["for ever", "9".repeat(400), 3_600_000, 3_600_000, 0],
  ] as const) {
    it(`${title}: says so instead of waiting`, async (t) => {
      const { server, call, pauses } = await once(t, header, timeout);
      const error = await refused(call);
      assert.equal(error.code, "rate_limited");
      assert.equal(error.retryable, true);
      assert.ok((error.retryAfter as number) >= least && (error.retryAfter as number) <= most);
      assert.deepEqual(pauses, []);
      assert.equal(server.asked.length, 1);
    });
  }
});

describe("timeout", () => {
  it("is one for the whole call, however many attempts fail", async (t) => {
    let clock = 0;
    t.mock.method(performance, "now", () => clock);
    const pauses: number[] = [];
    const { server, client } = await setUp(t, (response) => refuse(response, 503, "down"), {
      timeout: 3000,
      attempts: 9,
      wait: async (ms) => {
        pauses.push(ms);
        clock += ms;
      },
    });
    assert.equal((await refused(client.flow())).code, "down");
    // The next pause, of two seconds, would end too late.
    assert.deepEqual(pauses, [500, 1000]);
    assert.equal(server.asked.length, 3);
  });

  for (const [place, answer, options] of [
    ["the request", () => {}, {}],
    ["the token", () => {}, { token: () => new Promise(() => {}) }],
    ["the pause", (response) => refuse(response, 503, "down"), { wait: () => new Promise(() => {}) }],
  ] as [string, Answer, Partial<ClientOptions>][]) {
    it(`ends a hang in ${place}`, async (t) => {
      const { client, inits } = await setUp(t, answer, { timeout: 30, random: () => 0, ...options });
      const { code, status, retryable } = await refused(client.flow());
      assert.deepEqual([code, status, retryable], ["timeout", 0, true]);
      assert.ok(inits.length <= 1);
    });
  }

  it("closes the connection", async (t) => {
    let closed: Promise<unknown> = Promise.resolve();
    const { client } = await setUp(
      t,
      (response) => {
        closed = once(response, "close");
      },
      { timeout: 50 },
    );
    await refused(client.flow());
    await closed;
  });

  it("includes the body", async (t) => {
    const answer: Answer = (response) => void response.writeHead(200).write("{");
    const { client } = await setUp(t, answer, { timeout: 50, attempts: 1 });
    assert.equal((await refused(client.flow())).code, "timeout");
  });

  it("does not touch what comes in time, and 0 sets none", async (t) => {
    for (const timeout of [5000, 0]) {
      const answer: Answer = (response) => void setImmediate(() => setImmediate(json, response, config));
      const { client } = await setUp(t, answer, { timeout, attempts: 1 });
      received(await client.flow(), config);
    }
  });
});

describe("abort", () => {
  const reason = new Error("the customer has gone");
  const gone = (call: Promise<unknown>) => assert.rejects(call, reason);

  it("before the call: nothing is asked", async (t) => {
    const { server, client, asksForToken } = await setUp(t, (response) => json(response, config));
    await gone(client.flow({ signal: AbortSignal.abort(reason) }));
    assert.deepEqual(asksForToken, []);
    assert.equal(server.asked.length, 0);
  });

  it("while asking: the connection is closed and nothing is tried again", async (t) => {
    const caller = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const { server, client, pauses } = await setUp(t, (response) => {
      closed = once(response, "close");
      caller.abort(reason);
    });
    await gone(client.decide({ session: "ses_1", events: [eventOf(0)] }, { signal: caller.signal }));
    await closed;
    assert.equal(server.asked.length, 1);
    assert.deepEqual(pauses, []);
  });

  it("while waiting for the next attempt: at once", async (t) => {
    const caller = new AbortController();
    let resume = () => {};
    const wait = () => {
      caller.abort(reason);
      return new Promise<void>((resolve) => {
        resume = resolve;
      });
    };
    const { server, client, asksForToken } = await setUp(t, (response) => refuse(response, 503, "down"), {
      wait,
    });
    await gone(client.record("ses_1", [eventOf(0)], { signal: caller.signal }));
    resume();
    await new Promise(setImmediate);
    assert.equal(server.asked.length, 1);
    assert.equal(asksForToken.length, 1);
  });

  it("while waiting for the token: at once", async (t) => {
    const caller = new AbortController();
    let supply = (_: string) => {};
    const token = () => {
      caller.abort(reason);
      return new Promise<string>((resolve) => {
        supply = resolve;
      });
    };
    const { server, client } = await setUp(t, (response) => json(response, config), { token });
    await gone(client.flow({ signal: caller.signal }));
    supply("late");
    await new Promise(setImmediate);
    assert.equal(server.asked.length, 0);
  });

  it("afterwards: nothing", async (t) => {
    const caller = new AbortController();
    const { client } = await setUp(t, (response) => json(response, config));
    const answered = await client.flow({ signal: caller.signal });
    caller.abort(reason);
    received(answered, config);
  });
});

describe("an expired session", () => {
  const expired: Answer = (response) => refuse(response, 401, "session_expired");

  it("is renewed once, which costs no attempt and no pause", async (t) => {
    const { server, client, asksForToken, pauses } = await setUp(
      t,
      (response, asked, count) => (count === 1 ? expired(response, asked, count) : json(response, config)),
      { attempts: 1 },
    );
    received(await client.flow(), config);
    assert.deepEqual(asksForToken, [false, true]);
    assert.deepEqual(pauses, []);
    assert.equal(said(server.asked[1]).token, "ret_secret2");
  });

  it("is renewed once, though the attempt after that has to be repeated", async (t) => {
    const { client, asksForToken } = await setUp(t, (response, _, count) => {
      if (count === 1) return refuse(response, 401, "session_expired");
      if (count === 2) return refuse(response, 503, "down");
      json(response, config);
    });
    received(await client.flow(), config);
    assert.deepEqual(asksForToken, [false, true, false]);
  });

  it("is an error when the new one has expired, too", async (t) => {
    const { client, asksForToken } = await setUp(t, expired);
    const { code, status, retryable } = await refused(client.flow());
    assert.deepEqual([code, status, retryable], ["session_expired", 401, false]);
    assert.deepEqual(asksForToken, [false, true]);
  });

  it("is renewed in the next call as well", async (t) => {
    const { client, asksForToken } = await setUp(t, expired);
    await refused(client.flow());
    await refused(client.flow());
    assert.deepEqual(asksForToken, [false, true, false, true]);
  });

  it("is not what another 401 says, nor another status", async (t) => {
    for (const [status, code] of [
      [401, "session_invalid"],
      [403, "session_expired"],
    ] as const) {
      const { client, asksForToken } = await setUp(t, (response) => refuse(response, status, code));
      assert.equal((await refused(client.flow())).code, code);
      assert.deepEqual(asksForToken, [false]);
    }
  });

  it("stays expired until the renewal has worked", async (t) => {
    const asked: boolean[] = [];
    const token = async (fresh: boolean) => {
      asked.push(fresh);
      if (asked.length === 2) throw new ApiError("network", 0, true);
      return fresh ? "new" : "old";
    };
    const { client } = await setUp(
      t,
      (response, asked) =>
        said(asked).token === "new" ? json(response, config) : refuse(response, 401, "session_expired"),
      { token },
    );
    received(await client.flow(), config);
    assert.deepEqual(asked, [false, true, true]);
  });

  it("is replaced by one from the site's backend", async (t) => {
    const site = await listen(t, (response) => json(response, { id: "ret_new" }));
    const { token } = createCredentials({ sessionId: "ret_old", sessionUrl: site.url });
    const { server, client } = await setUp(
      t,
      (response, asked) =>
        said(asked).token === "ret_new" ? json(response, config) : refuse(response, 401, "session_expired"),
      { token },
    );
    await client.flow();
    await client.flow();
    assert.equal(server.asked.length, 3);
    assert.equal(site.asked.length, 1);
  });
});

describe("what cannot be understood", () => {
  const page = "<html><title>502 Bad Gateway</title></html>";

  it("an error page of a proxy is no refusal; its status says whether it will pass in a moment", async (t) => {
    for (const [status, requests] of [
      [502, 3],
      [403, 1],
      [404, 1],
    ] as const) {
      const { server, client } = await setUp(t, (response) => void response.writeHead(status).end(page));
      const error = await refused(client.flow());
      assert.deepEqual([error.code, error.status, error.retryable], ["invalid_answer", status, true]);
      assert.equal(server.asked.length, requests);
    }
  });

  it("so is JSON that is not ours", async (t) => {
    for (const body of [{ error: "no" }, null, [], "no"]) {
      const { client } = await setUp(t, (response) => json(response, body, 403));
      const error = await refused(client.flow());
      assert.deepEqual([error.code, error.status, error.retryable], ["invalid_answer", 403, true]);
    }
  });

  for (const [title, answer] of [
    ["a page", (response) => response.end(page)],
    ["nothing", (response) => response.writeHead(204).end()],
    ["half of it", (response) => response.end('{"accepted":')],
    ["something else", (response) => json(response, { accepted: "many" })],
    ["null", (response) => json(response, null)],
  ] as [string, Answer][]) {
    it(`${title} with a good status is not asked for again by itself, but may be`, async (t) => {
      const { server, client } = await setUp(t, answer);
      const error = await refused(client.record("ses_1", [eventOf(0)]));
      assert.deepEqual([error.code, error.retryable], ["invalid_answer", true]);
      assert.equal(server.asked.length, 1);
    });
  }

  it("names the part that is wrong", async (t) => {
    const { client } = await setUp(t, (response) => json(response, { ...config, now: "today" }));
    assert.match((await refused(client.flow())).message, /\/now$/);
  });

  it("is left out where a newer server may have more", async (t) => {
    const { client } = await setUp(t, (response) =>
      json(response, { ...configOf([{ type: "hologram", id: "h" } as never, confirm]), more: 1 }),
    );
    received(await client.flow(), config);
  });
});

describe("a token that cannot be had", () => {
  it("rejects with the page's own error and asks nothing", async (t) => {
    const mistake = new TypeError("getAuthToken is not written yet");
    const { server, client } = await setUp(t, (response) => json(response, config), {
      token: () => Promise.reject(mistake),
    });
    await assert.rejects(client.flow(), mistake);
    assert.equal(server.asked.length, 0);
  });

  it("is asked for again when that can help", async (t) => {
    let asked = 0;
    const token = async () => {
      if (++asked < 3) throw new ApiError("network", 0, true);
      return "late";
    };
    const { client } = await setUp(t, (response) => json(response, config), { token });
    received(await client.flow(), config);
  });
});

describe("the server's id of a request", () => {
  it("is told by its answer, or by the header where a proxy has replaced the answer", async (t) => {
    const error = { type: "api_error", code: "internal_error", message: "No.", request_id: "req_body" };
    for (const [body, id] of [
      [{ error }, "req_body"],
      [{ error: { ...error, request_id: undefined } }, "req_header"],
      ["<html>", "req_header"],
    ] as const) {
      const { client } = await setUp(t, (response) =>
        json(response, body, 400, { "Request-Id": "req_header" }),
      );
      assert.equal((await refused(client.flow())).requestId, id);
    }
    const { client } = await setUp(t, (response) => refuse(response, 400, "parameter_invalid"));
    assert.equal((await refused(client.flow())).requestId, undefined);
  });
});

describe("a beacon", () => {
  it("carries events and token in a text, which needs no preflight", async (t) => {
    const sent: [string, string][] = [];
    const sendBeacon = (url: string, body: string) => sent.push([url, body]) === 1;
    Object.defineProperty(globalThis.navigator, "sendBeacon", { configurable: true, value: sendBeacon });
    t.after(() => Reflect.deleteProperty(globalThis.navigator, "sendBeacon"));
    const client = createClient({ apiUrl: "https://r.test/", token: async () => "unused" });
    assert.equal(client.beacon("dlv_1", "ses_1", [eventOf(0)]), true);
    assert.equal(client.beacon("dlv_1", "ses_1", [eventOf(0)]), false, "the browser has not taken it");
    const [url, body] = sent[0] ?? assert.fail();
    assert.equal(url, "https://r.test/v1/widget/beacon");
    assert.deepEqual(JSON.parse(body), {
      token: "dlv_1",
      session: "ses_1",
      events: [eventOf(0)],
    });
  });

  it("is not taken by a browser that has none", () => {
    const client = createClient({ apiUrl: "https://r.test", token: async () => "unused" });
    assert.equal(client.beacon("dlv_1", "ses_1", [eventOf(0)]), false);
  });
});

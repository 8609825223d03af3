/** docs/sessions.md: what it shows in five languages is run in each, and the real server takes what comes out. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Backend, chooseBackends } from "../../scripts/backends.ts";
import { createWorld, type World } from "../e2e/harness.ts";
import { blocksOf, read } from "./blocks.ts";
import { createRunner, type Tokens } from "./programs.ts";
import { verify } from "./verify.ts";

const john = "cus_NffrFeUfNV2Hib";

/** Computed with another implementation, from these keys and this payload. */
const VECTOR = {
  privateKey: "sk_live_test",
  payload:
    '{"brandPub":"pk_live_test","subscriberId":"cus_NffrFeUfNV2Hib","timestamp":1767225600000,"nonce":"000102030405060708090a0b0c0d0e0f"}',
  signature: "P9UtiXCyo4hwGwD-esq-RnQqwCvzTecJW7D-1qArWYo",
  /** With a space after each colon and comma, as Python writes JSON. */
  spaced: "GDknykEI2eaMa8vwia5jwv7u3i08VB1m4G5fxUqzC70",
};

const { backends, notices } = chooseBackends();
for (const notice of notices) console.warn(notice);

describe("the reader of tokens that the examples are held to", () => {
  const token = (json: string, signature: string) =>
    `${Buffer.from(json).toString("base64url")}.${signature}`;
  const spaced = VECTOR.payload.replaceAll('":', '": ').replaceAll(',"', ', "');

  it("takes tokens of another implementation, with and without spaces in their JSON", async () => {
    for (const each of [token(VECTOR.payload, VECTOR.signature), token(spaced, VECTOR.spaced)])
      assert.equal((await verify(each, VECTOR.privateKey)).subscriberId, john);
  });

  it("takes no other key, no other payload, no padding", async () => {
    const good = token(VECTOR.payload, VECTOR.signature);
    await assert.rejects(verify(good, "sk_live_tesT"), /not of this key/);
    await assert.rejects(verify(token(spaced, VECTOR.signature), VECTOR.privateKey), /not of this key/);
    await assert.rejects(verify(`${good}=`, VECTOR.privateKey), /not a token/);
  });
});

describe("docs/sessions.md", () => {
  const blocks = blocksOf("docs/sessions.md");
  const runner = createRunner(blocks);
  let world: World;
  let publicKey: string;
  before(async () => {
    world = await createWorld();
    const made = await world.renumerate("keys", "create", "--kind", "public", "--json");
    publicKey = (JSON.parse(made) as { key: string }).key;
  });
  after(async () => {
    runner.dispose();
    await world.close();
  });

  async function exchange(handshakeToken: string) {
    const response = await fetch(`${world.url}/v1/session/exchange`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ handshakeToken }),
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, Record<string, unknown>>,
    };
  }

  async function customerOf(sessionId: unknown): Promise<unknown> {
    const headers = { Authorization: `Bearer ${sessionId}` };
    const response = await fetch(`${world.url}/v1/widget/flow`, { headers });
    return ((await response.json()) as { customer?: { name?: string } }).customer?.name;
  }

  async function good(token: string | undefined, customer: string, since: number): Promise<string> {
    assert.ok(token);
    const payload = await verify(token, world.privateKey);
    assert.deepEqual(Object.keys(payload).sort(), ["brandPub", "nonce", "subscriberId", "timestamp"]);
    assert.equal(payload.brandPub, publicKey);
    assert.equal(payload.subscriberId, customer);
    assert.ok(Number.isInteger(payload.timestamp), "a whole number");
    assert.ok(payload.timestamp >= since && payload.timestamp <= Date.now(), "milliseconds, of now");
    assert.match(payload.nonce, /^[0-9a-f]{32}$/);
    return payload.nonce;
  }

  it("has each part in each language", () => {
    const languages = ["Node", "Python", "PHP", "Ruby", "Go"];
    for (const [part, count] of [
      ["Session ids", 1],
      ["Handshake tokens", 2],
    ] as const) {
      const found = blocks.filter(({ headings }) => headings[0] === part && headings[1]);
      assert.deepEqual(
        found.map(({ headings }) => headings[1]),
        languages.flatMap((each) => Array(count).fill(each)),
      );
    }
  });

  const inEach = (title: string, test: (backend: Backend) => Promise<void>) => {
    for (const backend of backends) it(`${title}, in ${backend}`, () => test(backend));
  };

  inEach("signs a token that is good for one session", async (backend) => {
    const since = Date.now();
    const { tokens, signedIn, signedOut }: Tokens = await runner.token(
      backend,
      publicKey,
      world.privateKey,
      john,
    );
    const all = [...tokens, signedIn.body?.token];
    const nonces = new Set(await Promise.all(all.map((token) => good(token, john, since))));
    assert.equal(nonces.size, 3, "a nonce of its own for each");
    assert.equal(signedIn.status, 200);
    assert.equal(signedIn.headers?.["cache-control"], "no-store");
    assert.equal(signedOut.status, 401);
    assert.equal(signedOut.body?.token, undefined);

    const first = await exchange(all[2] as string);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    const { sessionId } = first.body.session as { sessionId: string };
    assert.match(sessionId, /^r10_/);
    assert.equal(await customerOf(sessionId), "John Doe");
    const again = await exchange(all[2] as string);
    assert.deepEqual([again.status, again.body.error?.code], [401, "nonce_used"]);
    assert.equal((await exchange(tokens[0] as string)).status, 200, "the next token is not used yet");
  });

  inEach("signs whatever an id may look like", async (backend) => {
    const since = Date.now();
    const customer = 'Zoë/"<b>\\&+ 9';
    const { tokens } = await runner.token(backend, publicKey, world.privateKey, customer);
    await good(tokens[0], customer, since);
  });

  inEach("asks for a session id", async (backend) => {
    const id = await runner.session(backend, world.url, world.privateKey, john);
    assert.match(String(id), /^ret_/);
    assert.equal(await customerOf(id), "John Doe");
    const unknown = runner.session(backend, world.url, world.privateKey, "cus_nobody");
    await assert.rejects(unknown, (error: Error & { stderr: string }) =>
      /Customer not found|404/.test(error.stderr),
    );
  });

  it("says what the server says of a token that is refused", async () => {
    const page = read("docs/sessions.md");
    const errors = read("docs/errors.md");
    const rows = page.split("## When a token is refused")[1] as string;
    const messages = [...rows.matchAll(/^\| `(.+?)`/gm)].map(([, message]) => message as string);
    assert.equal(messages.length, 6);
    for (const message of messages) assert.ok(errors.includes(`| ${message} |`), message);
  });
});

/** One account of Stripe's belongs to one workspace: shared, each would answer for the other's customers. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openAccounts, type StripeKeys } from "../../src/billing/stripe/accounts.ts";
import { connectStripe } from "../../src/connect-stripe.ts";
import { parseSettings } from "../../src/settings.ts";

const store = { workspace: async () => undefined };
const clock = () => 0;
const KEY = "rk_live_51SharedKey";
const SECRET = "whsec_SharedSecret";

const refused = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error);
  assert.match(error.message, words);
  assert.doesNotMatch(error.message, /Shared/, "never the secret");
  return true;
};

describe("Two workspaces with one", () => {
  const open = (keys: Record<string, StripeKeys>) =>
    openAccounts({ keys: () => new Map(Object.entries(keys)), store, clock, apiBase: "http://127.0.0.1:1" });
  const scope = { workspaceId: "ws_two", environment: "prod" } as const;

  it("secret key are refused, by name", () => {
    const accounts = open({
      ws_one: { secretKeys: [KEY], webhookSecrets: [] },
      ws_two: { secretKeys: ["sk_test_51Other", KEY], webhookSecrets: [] },
    });
    const words = /ws_one and ws_two have the same secret key/;
    assert.throws(() => accounts.connected(), refused(words));
    assert.throws(() => accounts.billing(scope), refused(words));
    assert.throws(() => accounts.account(scope), refused(words));
  });

  it("webhook secret are refused, by name", () => {
    const accounts = open({
      ws_one: { secretKeys: ["rk_live_51A"], webhookSecrets: ["whsec_a", SECRET] },
      ws_two: { secretKeys: ["rk_live_51B"], webhookSecrets: [SECRET] },
    });
    assert.throws(() => accounts.connected(), refused(/ws_one and ws_two have the same webhook secret/));
  });

  it("of neither are as they should be", () => {
    const accounts = open({
      ws_one: { secretKeys: ["rk_live_51A", "rk_test_51A"], webhookSecrets: [SECRET] },
      ws_two: { secretKeys: ["rk_live_51B"], webhookSecrets: ["whsec_b"] },
    });
    assert.equal(accounts.connected().length, 3);
  });
});

describe("The start", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "renumerate-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const connect = async (listed: object, environment: Record<string, string> = {}) => {
    const path = join(folder, "accounts.json");
    await writeFile(path, JSON.stringify(listed), { mode: 0o600 });
    const settings = parseSettings({ BILLING: "stripe", STRIPE_ACCOUNTS_FILE: path, ...environment });
    return connectStripe(settings, { store, clock, first: () => "ws_first" });
  };

  it("is refused for a file that gives one key to two", async () => {
    const one = { secretKeys: [KEY] };
    await assert.rejects(
      connect({ ws_one: one, ws_two: one }),
      refused(/^STRIPE_ACCOUNTS_FILE: .*ws_one and ws_two have the same secret key/),
    );
  });

  it("is refused for a file that gives another workspace the environment's key", async () => {
    const connected = await connect({ ws_other: { secretKeys: [KEY] } }, { STRIPE_SECRET_KEY: KEY });
    assert.throws(() => connected?.accounts.connected(), refused(/ws_first and ws_other have the same/));
  });

  it("takes a file that names the first workspace, which is then not the environment's", async () => {
    const connected = await connect({ ws_first: { secretKeys: [KEY] } }, { STRIPE_SECRET_KEY: KEY });
    assert.equal(connected?.accounts.connected().length, 1);
  });
});

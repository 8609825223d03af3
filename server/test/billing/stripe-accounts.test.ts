/** Which keys belong to which workspace and environment, and what holds there. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import {
  noBilling,
  openAccounts,
  readAccountsFile,
  type StripeKeys,
  settingsIn,
} from "../../src/billing/stripe/accounts.ts";
import { hideSecrets } from "../../src/billing/stripe/secrets.ts";
import { StripeSecretKeys, StripeWebhookSecrets } from "../../src/settings.ts";
import type { WorkspaceRow, WorkspaceSettings } from "../../src/store/store.ts";

const rules = { secretKeys: StripeSecretKeys, webhookSecrets: StripeWebhookSecrets };

describe("The accounts file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "renumerate-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const file = async (text: string, mode = 0o600) => {
    const path = join(folder, "accounts.json");
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  };

  it("gives each workspace its keys and secrets", async () => {
    const path = await file(
      JSON.stringify({
        ws_one: { secretKeys: ["rk_live_1", "rk_test_1"], webhookSecrets: ["whsec_1"] },
        ws_two: { secretKeys: ["sk_test_2"] },
      }),
    );
    const { accounts, exposed } = readAccountsFile(path, rules);
    assert.equal(exposed, false);
    assert.deepEqual(Object.fromEntries(accounts), {
      ws_one: { secretKeys: ["rk_live_1", "rk_test_1"], webhookSecrets: ["whsec_1"] },
      ws_two: { secretKeys: ["sk_test_2"], webhookSecrets: [] },
    });
  });

  it("tells who else may read it", async () => {
    for (const [mode, expected] of [
      [0o600, false],
      [0o640, true],
      [0o604, true],
      [0o400, false],
    ] as const)
      assert.equal(readAccountsFile(await file("{}", mode), rules).exposed, expected, mode.toString(8));
  });

  it("is refused with its name and never its content", async () => {
    for (const text of [
      '{"ws_1": {"secretKeys": ["rk_live_51Secret"',
      "sk_live_51Secret",
      '{"ws_1": {"secretKeys": "rk_live_51Secret"}}',
      '{"ws_1": {"secretKeys": ["rk_live_51Secret", "sk_live_51Secret"]}}',
      '{"ws_1": {"secretKeys": ["51Secret"]}}',
      '{"ws_1": {"secretKeys": [], "rk_live_51Secret": 1}}',
      '{"rk_live_51Secret": ["rk_live_51Secret"]}',
      '{"ws_1": {"secretKeys": [], "webhookSecrets": ["51Secret"]}}',
    ]) {
      const path = await file(text);
      assert.throws(
        () => readAccountsFile(path, rules),
        ({ message }: Error) =>
          message.startsWith(`STRIPE_ACCOUNTS_FILE: ${path} is not valid`) && !message.includes("51Secret"),
        text,
      );
    }
    const nothing = join(folder, "nothing.json");
    assert.throws(() => readAccountsFile(nothing, rules), {
      message: `STRIPE_ACCOUNTS_FILE: ${nothing} cannot be read (ENOENT)`,
    });
  });
});

describe("Stripe's settings of a workspace", () => {
  const stored = {
    pause: "subscription",
    feedback: { bugs: "low_quality" },
    portalConfiguration: "bpc_live",
    sandbox: { pause: "collection", testClock: "clock_1" },
  } as const;

  it("hold in both environments, but for ids, which one mode alone knows", () => {
    const { sandbox: _, ...prod } = stored;
    assert.deepEqual(settingsIn("prod", stored), prod);
    assert.deepEqual(settingsIn("sandbox", stored), {
      pause: "collection",
      feedback: stored.feedback,
      testClock: "clock_1",
    });
    for (const environment of ["prod", "sandbox"] as const)
      assert.deepEqual(settingsIn(environment, undefined), {});
  });

  it("never put prod on a test clock", () => {
    assert.deepEqual(settingsIn("prod", { testClock: "clock_1", sandbox: { testClock: "clock_2" } }), {});
  });
});

describe("The accounts of an installation", () => {
  const keys = new Map<string, StripeKeys>([
    ["ws_both", { secretKeys: ["sk_test_1", "rk_live_1"], webhookSecrets: ["whsec_1"] }],
    ["ws_live", { secretKeys: ["rk_live_2"], webhookSecrets: [] }],
  ]);
  let now = 0;
  let settings: WorkspaceSettings = { allowedOrigins: [] };
  const accounts = openAccounts({
    keys: () => keys,
    store: { workspace: async (id) => ({ id, settings }) as WorkspaceRow },
    clock: () => now,
    apiBase: "http://127.0.0.1:1",
  });
  const scope = (workspaceId: string, environment: "prod" | "sandbox") => ({ workspaceId, environment });

  it("are by workspace and environment: a live key is prod, a test key is sandbox", () => {
    const found = accounts
      .connected()
      .map(({ scope: { workspaceId, environment }, restricted, hear }) => [
        `${workspaceId}/${environment}`,
        restricted,
        hear !== undefined,
      ]);
    assert.deepEqual(found, [
      ["ws_both/prod", true, true],
      ["ws_both/sandbox", false, true],
      ["ws_live/prod", true, false],
    ]);
    assert.equal(accounts.billing(scope("ws_live", "sandbox")), undefined);
    assert.equal(accounts.billing(scope("ws_other", "prod")), undefined);
  });

  it("are made once: what waits in one place waits for all", () => {
    const prod = scope("ws_both", "prod");
    assert.equal(accounts.billing(prod), accounts.billing({ ...prod }));
    assert.equal(accounts.account(prod), accounts.connected()[0]?.account);
    assert.notEqual(accounts.billing(prod), accounts.billing(scope("ws_both", "sandbox")));
  });

  it("see new settings within seconds", async () => {
    const account = accounts.account(scope("ws_both", "prod")) ?? assert.fail();
    assert.deepEqual(await account.settings(), {});
    settings = { allowedOrigins: [], stripe: { pause: "subscription" } };
    now += 5_001;
    assert.deepEqual(await account.settings(), { pause: "subscription" });
  });

  it("that there is no key for have no billing, whatever is asked", async () => {
    for (const [name, ask] of Object.entries(noBilling("prod"))) {
      const asked = (ask as () => Promise<unknown>)();
      await assert.rejects(
        asked,
        (error) =>
          error instanceof BillingError && error.kind === "unknown" && error.code === "not_configured",
        name,
      );
    }
  });
});

describe("Secrets", () => {
  it("are taken out of a text, whole or masked", () => {
    assert.equal(
      hideSecrets(
        "Invalid API Key provided: sk_live_51Ab*****9xYz, or 'rk_test_51Ab'. whsec_a+b/c= is none.",
      ),
      "Invalid API Key provided: sk_…, or 'rk_…'. whsec_… is none.",
    );
  });
});

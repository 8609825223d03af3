import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSettings } from "../src/settings.ts";

describe("Settings", () => {
  it("all have a default that works, and an empty variable is none", () => {
    const settings = parseSettings({});
    assert.deepEqual(parseSettings({ PORT: "", DATABASE_URL: "", FALLBACK_EMAIL: "" }), settings);
    const { PORT, HOST, PUBLIC_URL, DATA_DIR, DATABASE_URL, RATE_LIMIT_PER_MINUTE, IDLE_MINUTES } = settings;
    assert.deepEqual(
      [PORT, HOST, PUBLIC_URL, DATA_DIR, DATABASE_URL, RATE_LIMIT_PER_MINUTE, IDLE_MINUTES],
      [4321, "localhost", "http://localhost:4321", ".renumerate", undefined, 60, 30 * 60_000],
    );
  });

  it("know how the world reaches a server that listens everywhere", () => {
    assert.equal(parseSettings({ HOST: "0.0.0.0", PORT: "80" }).PUBLIC_URL, "http://localhost:80");
    assert.equal(parseSettings({ HOST: "::" }).PUBLIC_URL, "http://localhost:4321");
    assert.equal(
      parseSettings({ PUBLIC_URL: "https://api.acme.example//" }).PUBLIC_URL,
      "https://api.acme.example",
    );
  });

  it("know that a server with a certificate is reached by https, unless they say otherwise", () => {
    assert.equal(parseSettings({}, true).PUBLIC_URL, "https://localhost:4321");
    assert.equal(parseSettings({ HOST: "::" }, true).PUBLIC_URL, "https://localhost:4321");
    assert.equal(parseSettings({ PUBLIC_URL: "http://a.example" }, true).PUBLIC_URL, "http://a.example");
  });

  it("take lists with commas", () => {
    const { ALLOWED_ORIGINS } = parseSettings({
      ALLOWED_ORIGINS: " https://a.example , http://localhost:*,",
    });
    assert.deepEqual(ALLOWED_ORIGINS, ["https://a.example", "http://localhost:*"]);
  });

  it("want two different keys, and name the one to change", () => {
    const key = "sk_live_0123456789abcdef";
    const both = (open: string) => ({ RENUMERATE_PRIVATE_KEY: key, RENUMERATE_PUBLIC_KEY: open });
    assert.ok(parseSettings(both("pk_live_0123456789abcdef")));
    assert.throws(() => parseSettings(both(key)), {
      message:
        "The environment is not valid:\n  RENUMERATE_PUBLIC_KEY: another key than RENUMERATE_PRIVATE_KEY",
    });
  });

  const live = "rk_live_51Abc";
  const test = "sk_test_51Abc";
  const read = (files: Record<string, string>) => (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
    return text;
  };

  it("take a live and a test key of Stripe, and secrets as many as there are", () => {
    const settings = parseSettings({
      BILLING: "stripe",
      STRIPE_SECRET_KEY: `${live}, ${test}`,
      STRIPE_WEBHOOK_SECRET: "whsec_new,whsec_old",
    });
    assert.deepEqual(settings.STRIPE_SECRET_KEY, [live, test]);
    assert.deepEqual(settings.STRIPE_WEBHOOK_SECRET, ["whsec_new", "whsec_old"]);
    assert.equal(settings.STRIPE_API_BASE, "https://api.stripe.com");
    const { BILLING, STRIPE_SECRET_KEY } = parseSettings({});
    assert.deepEqual([BILLING, STRIPE_SECRET_KEY], ["simulator", []]);
  });

  it("want a key where Stripe is billing, or a file of accounts", () => {
    assert.throws(
      () => parseSettings({ BILLING: "stripe" }),
      /\n {2}STRIPE_SECRET_KEY: a key of the account/,
    );
    assert.throws(() => parseSettings({ BILLING: "stripe", STRIPE_SECRET_KEY: " , " }), /STRIPE_SECRET_KEY/);
    assert.ok(parseSettings({ BILLING: "stripe", STRIPE_ACCOUNTS_FILE: "/run/secrets/accounts.json" }));
  });

  it("take secrets from files, one a line or with commas", () => {
    const files = read({ "/run/key": `${live}\n`, "/run/hooks": "whsec_a\nwhsec_b,whsec_c\n" });
    const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = parseSettings(
      { STRIPE_SECRET_KEY_FILE: "/run/key", STRIPE_WEBHOOK_SECRET_FILE: "/run/hooks" },
      false,
      files,
    );
    assert.deepEqual(STRIPE_SECRET_KEY, [live]);
    assert.deepEqual(STRIPE_WEBHOOK_SECRET, ["whsec_a", "whsec_b", "whsec_c"]);
  });

  it("say which file cannot be read, and that one of two places is enough", () => {
    assert.throws(() => parseSettings({ STRIPE_SECRET_KEY_FILE: "/run/nothing" }, false, read({})), {
      message: "The environment is not valid:\n  STRIPE_SECRET_KEY_FILE: a file that can be read (ENOENT)",
    });
    const both = { STRIPE_SECRET_KEY: live, STRIPE_SECRET_KEY_FILE: "/run/key" };
    assert.throws(() => parseSettings(both, false, read({ "/run/key": live })), {
      message:
        "The environment is not valid:\n  STRIPE_SECRET_KEY_FILE: not beside STRIPE_SECRET_KEY: one of them",
    });
  });

  it("never show what a faulty key was", () => {
    for (const wrong of [
      "pk_live_51Secret",
      "rk_live_51Sec-ret",
      `${live},rk_live_51Secret`,
      "whsec_51Secret",
    ]) {
      assert.throws(
        () => parseSettings({ BILLING: "stripe", STRIPE_SECRET_KEY: wrong }),
        ({ message }: Error) => /STRIPE_SECRET_KEY: /.test(message) && !/51/.test(message),
        wrong,
      );
    }
  });

  const sides: [string, string, string][] = [
    ["PORT", "65535", "65536"],
    ["PORT", "0", "-1"],
    ["RENUMERATE_SECRET", "x".repeat(32), "x".repeat(31)],
    ["RENUMERATE_PRIVATE_KEY", "x".repeat(16), "x".repeat(15)],
    ["RATE_LIMIT_PER_MINUTE", "1", "0"],
    ["RATE_LIMIT_PER_MINUTE", "2", "2.5"],
    ["BILLING_TIMEOUT_SECONDS", "60", "60.1"],
    ["BILLING_TIMEOUT_SECONDS", "0.1", "0.09"],
    ["SESSION_TTL_MINUTES", "1", "0.5"],
    ["ALLOWED_ORIGINS", "http://localhost:*", "http://*:8080"],
    ["ALLOWED_ORIGINS", "https://a.example:8443", "https://a.example/"],
    ["DATABASE_URL", "postgresql://h/d", "postgres:/h/d"],
    ["BILLING", "simulator", "braintree"],
    ["STRIPE_SECRET_KEY", "sk_live_1,rk_test_2", "sk_live_1,rk_live_2"],
    ["STRIPE_SECRET_KEY", "rk_test_2", "pk_test_2"],
    ["STRIPE_WEBHOOK_SECRET", "whsec_1,whsec_2", "whsec_1,sk_live_2"],
    ["STRIPE_API_BASE", "https://stripe.acme.example/", "https://acme.example/stripe"],
    ["STRIPE_API_BASE", "http://127.0.0.1:12111", "http://stripe.acme.example"],
    ["STRIPE_API_BASE", "http://localhost", "http://localhost.acme.example"],
  ];
  for (const [name, good, bad] of sides) {
    it(`${name} may be ${good.slice(0, 24)} but not ${bad.slice(0, 24)}`, () => {
      assert.ok(parseSettings({ [name]: good }));
      assert.throws(
        () => parseSettings({ [name]: bad }),
        new RegExp(`^Error: The environment is not valid:\n  ${name}: `),
      );
    });
  }
});

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

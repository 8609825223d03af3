import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseSettings, VARIABLES } from "../src/settings.ts";

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
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "renumerate-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  let made = 0;
  const file = (text: string): string => {
    const path = join(folder, String(++made));
    writeFileSync(path, text);
    return path;
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
    const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = parseSettings({
      STRIPE_SECRET_KEY_FILE: file(`${live}\n`),
      STRIPE_WEBHOOK_SECRET_FILE: file("whsec_a\nwhsec_b,whsec_c\n"),
    });
    assert.deepEqual(STRIPE_SECRET_KEY, [live]);
    assert.deepEqual(STRIPE_WEBHOOK_SECRET, ["whsec_a", "whsec_b", "whsec_c"]);
  });

  it("say which file cannot be read, and that one of two places is enough", () => {
    assert.throws(() => parseSettings({ STRIPE_SECRET_KEY_FILE: join(folder, "nothing") }), {
      message: "The environment is not valid:\n  STRIPE_SECRET_KEY_FILE: a file that can be read (ENOENT)",
    });
    const both = { STRIPE_SECRET_KEY: live, STRIPE_SECRET_KEY_FILE: file(live) };
    assert.throws(() => parseSettings(both), {
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

  it("want to know whom mails are from where they can be sent", () => {
    const SMTP_URL = "smtp://ada:s3cret@mail.example:587";
    assert.throws(() => parseSettings({ SMTP_URL }), /\n {2}MAIL_FROM: whom mails are from/);
    for (const MAIL_FROM of [
      "help@shop.example",
      "Papercrane <help@shop.example>",
      '"Crane, Paper" <help@shop.example>',
    ])
      assert.equal(parseSettings({ SMTP_URL, MAIL_FROM }).MAIL_FROM, MAIL_FROM);
    for (const MAIL_FROM of [
      "help",
      "Papercrane",
      "Crane, Paper <help@shop.example>",
      "<help@shop.example>, <all@shop.example>",
      "Paper\nBcc: all@shop.example <help@shop.example>",
    ])
      assert.throws(() => parseSettings({ SMTP_URL, MAIL_FROM }), /\n {2}MAIL_FROM: an e-mail/, MAIL_FROM);
  });

  it("take where mails go and the monitoring's token from files, and do not show them", () => {
    const given = (url: string, token: string) => ({
      SMTP_URL_FILE: file(url),
      HEALTH_TOKEN_FILE: file(token),
      MAIL_FROM: "a@b.example",
    });
    const smtp = "smtps://ada:s3cret@mail.example";
    const { SMTP_URL, HEALTH_TOKEN } = parseSettings(given(`${smtp}\n`, "monitoring-0123456789\n"));
    assert.deepEqual([SMTP_URL, HEALTH_TOKEN], [smtp, "monitoring-0123456789"]);
    const faulty = given("https://ada:s3cret@mail.example", "s3cret of 16 letters");
    assert.throws(
      () => parseSettings(faulty),
      ({ message }: Error) => /SMTP_URL: .*\n.*HEALTH_TOKEN: /.test(message) && !/s3cret/.test(message),
    );
  });

  it("take a currency in any case, and how long links hold in seconds", () => {
    const { DEFAULT_CURRENCY, CANCEL_LINK_TTL_SECONDS } = parseSettings({ DEFAULT_CURRENCY: "CHF" });
    assert.deepEqual([DEFAULT_CURRENCY, CANCEL_LINK_TTL_SECONDS], ["chf", 3_600_000]);
    assert.equal(parseSettings({ CANCEL_LINK_TTL_SECONDS: "300" }).CANCEL_LINK_TTL_SECONDS, 300_000);
  });

  it("leave billing and private networks alone and forget after two years, unless they say otherwise", () => {
    const of = ({
      FLOWS_CANCEL,
      ALLOW_PRIVATE_WEBHOOKS,
      RETAIN_MONTHS,
    }: ReturnType<typeof parseSettings>) => [FLOWS_CANCEL, ALLOW_PRIVATE_WEBHOOKS, RETAIN_MONTHS];
    assert.deepEqual(of(parseSettings({})), ["record", false, 24]);
    assert.deepEqual(
      of(parseSettings({ FLOWS_CANCEL: "period_end", ALLOW_PRIVATE_WEBHOOKS: "1", RETAIN_MONTHS: "0" })),
      ["period_end", true, 0],
    );
    assert.equal(parseSettings({ ALLOW_PRIVATE_WEBHOOKS: "0" }).ALLOW_PRIVATE_WEBHOOKS, false);
  });

  it("are all in docs/server.md, and nothing else is", () => {
    const page = readFileSync(new URL("../../docs/server.md", import.meta.url), "utf8");
    const [, table = ""] = /^## Environment$(.*?)^## /ms.exec(page) ?? [];
    const rows = [...table.matchAll(/^\| ([^|]+) \|/gm)].slice(2).map(([, names]) => names);
    const named = [...rows.join().matchAll(/`(\w+)`/g)].map(([, name]) => name);
    assert.deepEqual(named.sort(), [...VARIABLES].sort());
  });

  const sides: [string, string, string][] = [
    ["PORT", "65535", "65536"],
    ["PORT", "0", "-1"],
    ["RENUMERATE_SECRET", "x".repeat(32), "x".repeat(31)],
    ["RENUMERATE_PRIVATE_KEY", "x".repeat(16), "x".repeat(15)],
    ["RATE_LIMIT_PER_MINUTE", "1", "0"],
    ["RATE_LIMIT_PER_MINUTE", "2", "2.5"],
    ["BILLING_TIMEOUT_SECONDS", "60", "60.1"],
    ["DATABASE_POOL", "5", "4"],
    ["DATABASE_POOL", "100", "101"],
    ["BILLING_TIMEOUT_SECONDS", "0.1", "0.09"],
    ["SESSION_TTL_MINUTES", "1", "0.5"],
    ["ALLOWED_ORIGINS", "http://localhost:*", "http://*:8080"],
    ["ALLOWED_ORIGINS", "https://a.example:8443", "https://a.example/"],
    ["DATABASE_URL", "postgresql://h/d", "postgres:/h/d"],
    ["BILLING", "simulator", "braintree"],
    ["BILLING", "none", "nothing"],
    ["DEMO", "on", "yes"],
    ["DEMO", "off", "0"],
    ["STRIPE_SECRET_KEY", "sk_live_1,rk_test_2", "sk_live_1,rk_live_2"],
    ["STRIPE_SECRET_KEY", "rk_test_2", "pk_test_2"],
    ["STRIPE_WEBHOOK_SECRET", "whsec_1,whsec_2", "whsec_1,sk_live_2"],
    ["STRIPE_API_BASE", "https://stripe.acme.example/", "https://acme.example/stripe"],
    ["STRIPE_API_BASE", "http://127.0.0.1:12111", "http://stripe.acme.example"],
    ["STRIPE_API_BASE", "http://localhost", "http://localhost.acme.example"],
    ["RETURN_HOSTS", "shop.example, localhost:3000", "shop.example,https://a.example"],
    ["RETURN_HOSTS", "[::1]:3000", "*.shop.example"],
    ["DEFAULT_RETURN_URL", "https://shop.example/back?a=b", "https://shop.example/#back"],
    ["DEFAULT_RETURN_URL", "http://localhost:3000/back", "http://shop.example/back"],
    ["DEFAULT_RETURN_URL", "https://shop.example", "https://ada@shop.example/"],
    ["CANCEL_LINK_TTL_SECONDS", "300", "299"],
    ["CANCEL_LINK_TTL_SECONDS", "86400", "86401"],
    ["DEFAULT_CURRENCY", "jpy", "jp"],
    ["DEFAULT_CURRENCY", "EUR", "eu1"],
    ["FLOWS_CANCEL", "record", "nothing"],
    ["FLOWS_CANCEL", "period_end", "period-end"],
    ["FLOWS_CANCEL", "immediately", "Immediately"],
    ["ALLOW_PRIVATE_WEBHOOKS", "1", "yes"],
    ["ALLOW_PRIVATE_WEBHOOKS", "0", "2"],
    ["RETAIN_MONTHS", "0", "-1"],
    ["RETAIN_MONTHS", "240", "241"],
    ["RETAIN_MONTHS", "1", "1.5"],
    ["HEALTH_TOKEN", "x".repeat(16), "x".repeat(15)],
    ["HEALTH_TOKEN", "0123456789-abcdef", "0123456789 abcdef"],
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

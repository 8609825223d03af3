/** docs/stripe.md says what the code says: permissions, events, variables, settings, Stripe's words. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { EVENT_TYPES, REFRESHING_TYPES } from "../../src/billing/stripe/events.ts";
import { FEEDBACK } from "../../src/billing/stripe/model.ts";
import { KEY_LINK, PERMISSIONS } from "../../src/billing/stripe/permissions.ts";
import { StripeDefinition } from "../../src/contract/stripe-settings.ts";
import { parseSettings, StripeSecretKeys } from "../../src/settings.ts";

const page = readFileSync(new URL("../../../docs/stripe.md", import.meta.url), "utf8");
const server = readFileSync(new URL("../../../docs/server.md", import.meta.url), "utf8");

/** The text under a heading, up to the next one of any level. */
function section(title: string): string {
  const [, text] = page.split(new RegExp(`^#+ ${title}$`, "m"));
  return text?.split(/^#+ /m)[0] ?? assert.fail(`no section "${title}"`);
}

const rows = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
    .slice(1)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe("docs/stripe.md", () => {
  it("asks for the permissions that are checked, and no other", () => {
    assert.deepEqual(
      rows(section("What the key must be allowed")),
      PERMISSIONS.map(({ resource, level, why, optional }) => [
        resource,
        optional ? `${level}, if you like` : level,
        why,
      ]),
    );
  });

  it("links to Stripe's form with just these filled in", () => {
    assert.ok(page.includes(`(${KEY_LINK})`));
    const asked = new URL(KEY_LINK).searchParams;
    const permissions = [...asked].flatMap(([name, value]) =>
      name.startsWith("permissions") ? [value] : [],
    );
    assert.deepEqual(
      permissions,
      PERMISSIONS.map(({ id, level }) => `rak_${id}_${level.toLowerCase()}`),
    );
  });

  it("names the events that are needed, those that may come as well, and no other", () => {
    const [needed = "", others = ""] = section("Events").split("Others do no harm.");
    const listed = needed.matchAll(/^- `(.+)`$/gm);
    assert.deepEqual(Array.from(listed, ([, name]) => name).toSorted(), EVENT_TYPES.toSorted());
    const named = others.matchAll(/`([a-z_]+\.[a-z_.]+)`/g);
    assert.deepEqual(Array.from(named, ([, name]) => name).toSorted(), REFRESHING_TYPES.toSorted());
  });

  it("has the codes with which this provider alone refuses, and no other", () => {
    const server = new URL("../../src/billing/", import.meta.url).pathname;
    const textOf = (files: string) =>
      globSync(`${server}${files}`)
        .map((file) => readFileSync(file, "utf8"))
        .join("\n");
    const everybodys = `${textOf("provider.ts")}${textOf("simulator*.ts")}`;
    const refused = Array.from(textOf("stripe/**/*.ts").matchAll(/refuse\(\s*"(\w+)"/g), ([, code]) => code);
    const own = new Set(refused.filter((code) => !everybodys.includes(code as string)));
    const codes = rows(section("What is not offered, and why")).map(([, , , code]) => code);
    assert.deepEqual(
      [...new Set(codes.filter((code) => code && !everybodys.includes(code.slice(1, -1))))].toSorted(),
      [...own].map((code) => `\`${code}\``).toSorted(),
    );
  });

  it("has Stripe's words for why somebody leaves", () => {
    const [, words] = /^Stripe's words are (.*)\.$/m.exec(section("Why somebody leaves")) ?? [];
    assert.equal(words, FEEDBACK.map((word) => `\`${word}\``).join(", "));
  });

  it("shows settings that can be set, and explains each field", () => {
    for (const [, text] of page.matchAll(/^```json\n(\{\s*"(?:pause|feedback)".*?)^```/gms))
      assert.equal(StripeDefinition.safeParse(JSON.parse(text as string)).error, undefined);
    const fields = [
      ...Object.keys(StripeDefinition.shape),
      ...Object.keys(StripeDefinition.shape.sandbox.unwrap().shape)
        .filter((name) => !(name in StripeDefinition.shape))
        .map((name) => `sandbox.${name}`),
    ];
    const explained = rows(section("Settings")).map(([name]) => name);
    assert.deepEqual(
      explained,
      fields.map((name) => `\`${name}\``),
    );
  });

  it("and docs/server.md name every variable of the environment that is Stripe's", () => {
    const known = Object.keys(
      parseSettings({ STRIPE_ACCOUNTS_FILE: "x", BILLING: "stripe", STRIPE_SECRET_KEY: "sk_test_1" }),
    ).filter((name) => name.startsWith("STRIPE_"));
    const own = rows(section("Environment")).flatMap(([names = ""]) =>
      Array.from(names.matchAll(/`(\w+)`/g), ([, name]) => name as string),
    );
    const files = ["STRIPE_SECRET_KEY_FILE", "STRIPE_WEBHOOK_SECRET_FILE"];
    assert.deepEqual(own.toSorted(), ["BILLING", ...known, ...files].toSorted());
    for (const name of [...known, ...files]) assert.ok(server.includes(`\`${name}\``), name);
  });

  it("shows no key that could be one", () => {
    for (const [key] of page.matchAll(/\b[rs]k_(live|test)_[\w…]*/g))
      assert.ok(!StripeSecretKeys.safeParse([key]).success, key);
  });
});

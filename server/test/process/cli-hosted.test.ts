/** What the command line sets for hosted flows and for those who report cancellations. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Environment, folder, type Prompt, prompt, renumerate, serve } from "./child.ts";

/** Runs one command that has to work, and reads what it printed. */
const reader =
  (env: Environment, on: Pick<Prompt, "renumerate">) =>
  async (...args: string[]) => {
    const { code, out, err } = await on.renumerate([...args, "--json"], env);
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

/** As it is told with each answer. */
interface Health {
  status: string;
  checks: Record<string, { status: string; transport?: string }>;
}

describe("The command line, for hosted flows", () => {
  it("sets where customers come back to and how it looks, which reasons there are, and makes keys", async () => {
    await using place = await folder();
    await using one = prompt();
    const given = { RETURN_HOSTS: "shop.example,localhost:3000", DEFAULT_CURRENCY: "CHF" };
    const env: Environment = { ...place.env, ...given, DEFAULT_RETURN_URL: "https://shop.example/back" };
    const run = reader(env, one);
    const { settings: first } = await run("workspace", "show");
    assert.deepEqual(
      [first.returnHosts, first.defaultReturnUrl, first.currency],
      [["shop.example", "localhost:3000"], "https://shop.example/back", "chf"],
    );
    const to = ["--currency", "usd", "--return-hosts", "app.shop.example", "--no-default-return-url"];
    const { settings } = await run("workspace", "set", ...to);
    const { defaultReturnUrl: _, ...rest } = first;
    assert.deepEqual(settings, { ...rest, currency: "usd", returnHosts: ["app.shop.example"] });

    const logo = join(place.path, "logo.png");
    await writeFile(logo, PIXEL);
    await run("workspace", "branding", "--logo", logo);
    const look = { color: "#5b21b6", logo: { type: "image/png", bytes: PIXEL.length } };
    assert.deepEqual(await run("workspace", "branding", "--color", "#5B21B6"), look);
    const refused = await one.renumerate(["workspace", "branding", "--color", "red"], env);
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.match(refused.err, /^a color is/);
    const { out: shown } = await one.renumerate(["workspace", "show"], env);
    assert.deepEqual(JSON.parse(shown).settings.branding, look, "what a logo consists of is nothing to read");
    assert.deepEqual(await run("workspace", "branding", "--none"), {});

    await run("reasons", "enable", "moved_away", "other_tool");
    await run("reasons", "disable", "too_expensive", "other_tool");
    const { enabled, disabled } = await run("reasons", "list", "--environment", "sandbox");
    assert.ok(enabled.includes("moved_away") && enabled.includes("missing_features"), enabled.join());
    assert.ok(!enabled.includes("too_expensive") && !enabled.includes("other_tool"), enabled.join());
    assert.deepEqual(disabled.sort(), ["other_tool", "too_expensive"]);

    const scopes = ["analytics:read", "cancellations:write"];
    const made = await run("keys", "create", "--scopes", scopes.join(", "), "--name", "backend");
    assert.deepEqual(made.scopes, scopes);
    await run("reports", "set", "--recipients", "ada@papercrane.example");
    const { out: keys, err } = await one.renumerate(["keys", "list"], env);
    assert.match(err, /SMTP_URL is not set: the reports/);
    assert.match(keys, new RegExp(`^${made.id} {2}secret {2}prod {2}….{4} {2}${scopes} {2}backend$`, "m"));
    assert.match(keys, /^key_\w+ {2}public {2}prod {2}….{4} {2}\* {2}first$/m);
    const { settings: last } = await run("workspace", "show");
    assert.deepEqual(
      { ...last, reasons: undefined, reports: undefined },
      { ...settings, reasons: undefined, reports: undefined },
      "nothing else has changed",
    );
  });

  it("shows and changes the key of results, one for each environment", async () => {
    await using place = await folder();
    await using one = prompt();
    const run = reader(place.env, one);
    const { current: before, previous: none } = await run("result-key", "show");
    assert.match(before.secret, /^rts_[\w-]{43}$/);
    assert.equal(none, undefined);
    const rotated = await one.renumerate(["result-key", "rotate"], place.env);
    const { current, previous } = await run("result-key", "show");
    assert.notEqual(current.secret, before.secret);
    assert.deepEqual(previous, before, "it holds a little longer");
    const line = ({ kid, secret }: typeof current) => `${kid}  ${secret}`;
    assert.equal(rotated.out, `${line(current)}\n${line(previous)}  previous\n`);
    const sandbox = await run("result-key", "show", "--environment", "sandbox");
    assert.ok(![current.secret, before.secret].includes(sandbox.current.secret));
    assert.equal(sandbox.previous, undefined);
  });
});

describe("Serving, for hosted flows", () => {
  it("tells monitoring how it is, and the demo's customers come back to the port that was free", async () => {
    await using place = await folder();
    const HEALTH_TOKEN = "monitoring-0123456789";
    const mail = { SMTP_URL: "smtp://localhost:2525", MAIL_FROM: "help@papercrane.example" };
    await using server = await serve({ ...place.env, ...mail, HEALTH_TOKEN });
    const ask = (headers: Record<string, string>) => fetch(`${server.url}/api/health?deep=1`, { headers });
    const { status, checks } = (await (await ask({ "X-API-Key": HEALTH_TOKEN })).json()) as Health;
    assert.deepEqual(
      [status, checks.database?.status, checks.stripe?.status, checks.notifications?.transport],
      ["ok", "ok", "unconfigured", "smtp"],
    );
    const refused = await ask({ "X-API-Key": "something-0123456789" });
    assert.equal(refused.status, 401);
    assert.ok(!(await refused.text()).includes("checks"));
    const { settings } = await reader(place.env, { renumerate })("workspace", "show");
    assert.deepEqual(
      [settings.returnHosts, settings.defaultReturnUrl, settings.currency],
      [[new URL(server.url).host], `${server.url}/returned.html`, "usd"],
    );
    // Nothing that was opened for mail keeps it.
    assert.equal(await server.end("SIGTERM"), 0);
  });
});

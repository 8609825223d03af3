/** What the command line does with endpoints of webhooks. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Environment, folder, prompt } from "./child.ts";

const HOOK = "http://127.0.0.1:9/retention";

describe("The command line, for webhooks", () => {
  it("makes, shows, changes, tries out and ends endpoints", async () => {
    await using place = await folder();
    await using one = prompt();
    const env: Environment = { ...place.env, ALLOW_PRIVATE_WEBHOOKS: "1" };
    const webhooks = (...args: string[]) => one.renumerate(["webhooks", ...args], env);
    const read = async (...args: string[]) => {
      const { code, out, err } = await webhooks(...args, "--json");
      assert.equal(code, 0, err);
      return JSON.parse(out);
    };
    const refused = async (...args: string[]) => {
      const { code, out, err } = await webhooks(...args);
      assert.equal(out, "");
      return [code, err.trim()];
    };

    const { secret, ...made } = await read("create", HOOK, "--events", "cancel.saved, cancel.canceled");
    assert.match(secret, /^whsec_.{44}$/);
    assert.deepEqual(
      [made.url, made.environment, made.status, made.events, made.description],
      [HOOK, "prod", "enabled", ["cancel.saved", "cancel.canceled"], null],
    );
    const { id } = made;
    assert.deepEqual(await read("show", id), made);
    const inBox = ["--environment", "sandbox", "--description", "trying out"];
    const { out: said } = await webhooks("create", HOOK, ...inBox);
    const [line = "", shown] = said.split("\n");
    assert.match(line, /^whe_\w+ {2}sandbox {2}enabled {2}\* {2}http:\/\/127\.0\.0\.1:9\/retention$/);
    assert.match(shown ?? "", /^whsec_.{44}$/);
    const { out: all } = await webhooks("list");
    assert.equal(all, `${id}  prod  enabled  cancel.saved,cancel.canceled  ${HOOK}\n`);
    assert.equal((await webhooks("list", "--environment", "sandbox")).out, `${line}\n`);

    const changed = await read("update", id, "--url", `${HOOK}/2`, "--events", "*", "--description", "all");
    assert.deepEqual([changed.url, changed.events, changed.description], [`${HOOK}/2`, ["*"], "all"]);
    assert.deepEqual((await read("update", id, "--no-description")).description, null);
    assert.equal((await read("update", id)).url, `${HOOK}/2`);

    const rotated = await read("rotate-secret", id, "--overlap-hours", "1");
    assert.notEqual(rotated.secret, secret);
    assert.ok(rotated.previous_secret_expires_at);
    const { out: last } = await webhooks("rotate-secret", id, "--overlap-hours", "0");
    assert.match(last, /\nwhsec_.{44}\n/);
    assert.equal((await read("show", id)).previous_secret_expires_at, null);

    const sent = await read("test", id);
    assert.deepEqual([sent.event_type, sent.status], ["webhook.test", "pending"]);
    const { out: listed } = await webhooks("deliveries", id);
    assert.match(
      listed,
      new RegExp(`^${sent.id} {2}\\S+ {2}webhook\\.test {2}pending {2}0 attempts, next at \\S+\\n$`),
    );
    assert.equal((await read("disable", id)).disabled_reason, "manual");
    const states = async (...by: string[]) =>
      (await read("deliveries", id, ...by)).data.map(({ status }: { status: string }) => status);
    assert.deepEqual(await states(), ["canceled"]);
    assert.deepEqual(await states("--status", "pending", "--limit", "5"), []);
    assert.deepEqual(await states("--after", sent.id), []);
    const { out: off } = await webhooks("show", id);
    assert.equal(JSON.parse(off).status, "disabled");
    for (const args of [
      ["test", id],
      ["replay", sent.id],
    ])
      assert.deepEqual(await refused(...args), [1, "This webhook endpoint is disabled. Enable it first."]);
    const { out: on } = await webhooks("enable", id);
    assert.equal(on, `${id}  prod  enabled  *  ${HOOK}/2\n`);
    assert.equal((await read("replay", sent.id)).status, "pending");

    for (const args of [
      ["create", "nowhere"],
      ["create", HOOK, "--events", "cancel.all"],
      ["create", HOOK, "--events", "*,cancel.saved"],
      ["rotate-secret", id, "--overlap-hours", "169"],
      ["rotate-secret", id, "--overlap-hours", "x"],
      ["deliveries", id, "--limit", "0"],
      ["deliveries", id, "--limit", "0x1"],
      ["deliveries", id, "--status", "cancelled"],
      ["test"],
    ])
      assert.equal((await webhooks(...args)).code, 2, args.join(" "));
    assert.deepEqual(await refused("show", "whe_nobody"), [1, "There is no such webhook endpoint."]);
    assert.deepEqual(await refused("replay", "whd_nobody"), [1, "There is no such webhook delivery."]);
    assert.deepEqual(
      (await one.renumerate(["webhooks", "create", "http://10.0.0.7/"], place.env)).code,
      1,
      "only where private networks are",
    );

    assert.equal((await read("delete", id)).deleted, true);
    assert.deepEqual(await read("list"), []);
  });
});

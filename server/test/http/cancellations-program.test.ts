/** RetentBase's own examples, letter for letter, as programs of their own against a server that really listens. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { folder, type Served, serve } from "../process/child.ts";

const BEARER = 'Authorization: "Bearer " + process.env.RETENTBASE_API_KEY';
/** The examples print nothing: what they were answered with is printed for them. */
const TELL = `const ask = globalThis.fetch;
globalThis.fetch = async (...asked) => {
  const reply = await ask(...asked);
  console.log(reply.status);
  return reply;
};`;

describe("The examples of RetentBase's documentation", () => {
  const example = (name: string) =>
    readFile(new URL(`../fixtures/retentbase/${name}`, import.meta.url), "utf8");

  it("run with another host and nothing else", async () => {
    await using place = await folder();
    await using server = await serve(place.env);
    const run = async (name: string, change: [from: string, to: string][] = []) => {
      let program = await example(name);
      for (const [from, to] of [["https://api.retentbase.com", server.url], ...change] as const) {
        assert.ok(program.includes(from), from);
        program = program.replaceAll(from, to);
      }
      return printed(place.path, program, server);
    };
    const read = async (eventId: string) => {
      const address = `${server.url}/api/v1/cancellations/${eventId}?environment=sandbox`;
      const reply = await fetch(address, { headers: { "X-API-Key": server.privateKey ?? "" } });
      return (await reply.json()) as Record<string, unknown>;
    };

    assert.equal(await run("post.js"), "201\n");
    assert.equal(await run("post.js"), "200\n");
    const before = await read("cancel_evt_8f30a7bf");
    assert.equal(before.outcome, "churned");
    assert.equal(await run("patch.js"), "200\n");
    const { id, occurredAt, createdAt, updatedAt, effectiveAt, history, historyTruncated, ...said } =
      await read("cancel_evt_8f30a7bf");
    assert.equal(id, before.id);
    for (const date of [occurredAt, createdAt, updatedAt, effectiveAt])
      assert.match(String(date), /^20\d\d-.*\.\d{3}Z$/);
    assert.deepEqual(said, {
      object: "cancellation",
      eventId: "cancel_evt_8f30a7bf",
      environment: "sandbox",
      userId: "user_456",
      reasonKey: "too_expensive",
      reasonText: "Needs lower monthly price",
      outcome: "recovered",
      offer: { type: "discount", accepted: true, label: "20% off next month" },
      context: { plan: "pro", mrr: 129, tenureDays: 42 },
      metadata: { source: "billing_settings_page", actor: "success_playbook", channel: "cs_call" },
    });
    assert.equal(historyTruncated, false);
    const outcomes = (history as { outcome: string; effectiveAt: unknown }[]).map((each) => each.outcome);
    assert.deepEqual(outcomes, ["churned", "recovered"]);

    const changes: [string, string][] = [
      [BEARER, '"x-api-key": process.env.RETENTBASE_API_KEY'],
      ["cancel_evt_8f30a7bf", "cancel_evt_other"],
    ];
    assert.equal(await run("post.js", changes), "201\n");
    assert.equal(await run("patch.js", changes), "200\n");
    assert.equal((await read("cancel_evt_other")).outcome, "recovered");
  });
});

async function printed(path: string, program: string, { privateKey = "" }: Served): Promise<string> {
  const file = join(path, "example.mjs");
  const tell = join(path, "tell.mjs");
  await writeFile(file, program);
  await writeFile(tell, TELL);
  const env = { PATH: process.env.PATH ?? "", RETENTBASE_API_KEY: privateKey };
  const child = spawn(process.execPath, ["--import", tell, file], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  const [code] = await once(child, "close");
  assert.equal(code, 0);
  return out;
}

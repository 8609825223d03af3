/**
 * Commands that change settings while somebody else does: each works on a workspace that was read before the other's
 * change, as it is where two start at once.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { Command } from "commander";
import { hubCommands } from "../../src/cli/hub.ts";
import { messageCommands } from "../../src/cli/messages.ts";
import { reasonCommands } from "../../src/cli/reasons.ts";
import { reportCommands } from "../../src/cli/reports.ts";
import { resultKeyCommands } from "../../src/cli/result-key.ts";
import { stripeCommands } from "../../src/cli/stripe.ts";
import type { Using } from "../../src/cli/tools.ts";
import { workspaceCommands } from "../../src/cli/workspace.ts";
import type { WorkspaceRow } from "../../src/store/store.ts";
import { DAY, onEachStore, type World } from "../harness.ts";

const COMMANDS = [
  hubCommands,
  messageCommands,
  reasonCommands,
  reportCommands,
  resultKeyCommands,
  stripeCommands,
  workspaceCommands,
];

const stored = async ({ deps, scope }: World): Promise<WorkspaceRow> =>
  (await deps.store.workspace(scope.workspaceId)) ?? assert.fail();

/** The command line as it is for somebody who has opened the installation at that time. */
function opened({ deps }: World, workspace: WorkspaceRow): (...args: string[]) => Promise<unknown> {
  const using: Using = (work) => work({ deps, workspace });
  return (...args) => {
    const root = new Command("renumerate").exitOverride();
    for (const add of COMMANDS) add(root, using);
    return root.parseAsync(args, { from: "user" });
  };
}

onEachStore("Settings that two change at once", ({ open }) => {
  let folder: string;
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "renumerate-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("hold what both have set, reason by reason, language by language, mark by mark", async () => {
    const world = await open();
    const run = opened(world, await stored(world));
    const words = await file("words.json", '{"back":"Return"}');
    const hub = await file("hub.json", '{"actions":{"pause":false}}');
    const logo = await file("logo.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await Promise.all([
      run("reasons", "enable", "moved_away"),
      run("reasons", "disable", "too_expensive"),
      run("messages", "set", "de", words),
      run("messages", "set", "fr", words),
      run("workspace", "set", "--name", "Crane", "--currency", "chf"),
      run("workspace", "set", "--status", "read_only", "--return-hosts", "a.example"),
      run("hub", "set", hub),
      run("reports", "set", "--recipients", "ada@papercrane.example"),
      run("result-key", "rotate"),
      run("result-key", "rotate", "--environment", "sandbox"),
      run("workspace", "branding", "--color", "#5b21b6"),
      run("workspace", "branding", "--logo", logo),
    ]);
    const { name, status, settings } = await stored(world);
    assert.deepEqual([name, status], ["Crane", "read_only"]);
    assert.deepEqual(settings.reasons, { moved_away: true, too_expensive: false });
    assert.deepEqual(Object.keys(settings.messages ?? {}).sort(), ["de", "fr"]);
    assert.deepEqual([settings.currency, settings.returnHosts], ["chf", ["a.example"]]);
    assert.deepEqual(settings.hub, { actions: { pause: false } });
    assert.deepEqual(settings.reports?.recipients, ["ada@papercrane.example"]);
    const generations = Object.values(settings.resultKeys ?? {}).map(({ generation }) => generation);
    assert.deepEqual(generations, [1, 1]);
    assert.equal(settings.branding?.color, "#5b21b6");
    assert.equal(settings.branding?.logo?.type, "image/svg+xml");
    assert.equal(settings.fallbackEmail, "help@papercrane.example");
  });

  it("are changed one part after the other, whatever was read before", async () => {
    const world = await open({ settings: { defaultReturnUrl: "https://shop.example/back" } });
    const run = opened(world, await stored(world));
    await run("reports", "set", "--recipients", "ada@papercrane.example");
    const { since } = (await stored(world)).settings.reports ?? assert.fail();
    world.pass(DAY);
    await run("reports", "set", "--time-zone", "Europe/Berlin");
    await run("reports", "set", "--no-weekly");
    const { reports } = (await stored(world)).settings;
    const recipients = ["ada@papercrane.example"];
    assert.deepEqual(reports, { recipients, timeZone: "Europe/Berlin", weekly: false, monthly: true, since });
    await run("reports", "off");
    await run("workspace", "set", "--no-default-return-url");
    await run("workspace", "branding", "--color", "#5b21b6");
    await run("workspace", "branding", "--none");
    const { settings } = await stored(world);
    assert.deepEqual(Object.keys(settings).sort(), ["allowedOrigins", "fallbackEmail"]);
  });

  it("are left alone by what is refused", async () => {
    const world = await open();
    const before = await stored(world);
    const words = await file("words.json", '{"back":"Return"}');
    await opened(world, before)("messages", "set", "de", words);
    const late = await stored(world);
    await opened(world, before)("messages", "unset", "de");
    await assert.rejects(opened(world, late)("messages", "unset", "de"), /no messages for de/);
    await assert.rejects(opened(world, before)("reports", "set", "--no-weekly"), /nobody to send them to/);
    assert.deepEqual((await stored(world)).settings, { ...before.settings, messages: {} });
  });
});

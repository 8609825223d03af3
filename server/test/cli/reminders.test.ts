/** `renumerate reminders`, as an operator types it. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { reminderCommands } from "../../src/cli/reminders.ts";
import { onEachStore, type World } from "../harness.ts";
import { typed } from "./typing.ts";

const URL = "https://shop.example/pay";

onEachStore("The command reminders", ({ open }) => {
  const run = (world: World, ...args: string[]): Promise<string> =>
    typed(world, reminderCommands, "reminders", ...args);

  const json = async (world: World, ...args: string[]) => JSON.parse(await run(world, ...args, "--json"));

  it("switches them on and off, and says what is set", async () => {
    const world = await open();
    assert.match(await run(world, "show"), /Customers are not reminded/);
    const on = await run(world, "on", "--classes", "card_update, authenticate,card_update", "--url", URL);
    assert.match(on, /after card_update, authenticate, and sent to https:\/\/shop\.example\/pay/);
    assert.match(on, /No way to send mail is configured/);
    const { reminders, transport, mails } = await json(world, "show");
    assert.deepEqual(reminders, { classes: ["card_update", "authenticate"], url: URL });
    assert.deepEqual([transport, mails], ["none", []]);
    assert.deepEqual(await json(world, "off"), { ok: true, reminders: null });
    assert.equal((await json(world, "show")).reminders, null);
  });

  it("takes words of one's own, keeps them when something else is set, and gives the built-in ones back", async () => {
    const world = await open();
    const folder = await mkdtemp(join(tmpdir(), "renumerate-"));
    const file = join(folder, "words.txt");
    await writeFile(file, "Please pay {amount}:\n\n{url}\n");
    const words = ["words", "--class", "retryable"];
    await assert.rejects(run(world, ...words, "--subject", "Oh"), /Switch them on first/);
    await run(world, "on", "--classes", "retryable", "--url", URL);
    await run(world, ...words, "--text-file", file);
    await run(world, ...words, "--subject", "Hi from {workspace}");
    await run(world, "on", "--classes", "card_update", "--url", URL);
    const { reminders } = await json(world, "show");
    assert.deepEqual(reminders.words, {
      retryable: { subject: "Hi from {workspace}", text: "Please pay {amount}:\n\n{url}\n" },
    });
    const mail = await run(world, "preview", "--class", "retryable", "--language", "de");
    assert.match(mail, /^Hi from Papercrane\n\nPlease pay 49,00\s€:\n\nhttps:\/\/shop\.example\/pay/);
    await run(world, ...words);
    assert.equal((await json(world, "show")).reminders.words, undefined);
    assert.match(await run(world, "preview", "--class", "retryable"), /did not go through/);
    const page = await run(world, "preview", "--class", "card_update", "--format", "html");
    assert.match(page, /^<!doctype html>/);
    await writeFile(file, "Please pay {amount}.");
    await assert.rejects(run(world, ...words, "--text-file", file), /it must hold \{url\}/);
    await rm(folder, { recursive: true });
  });

  it("refuses what would reach customers wrongly", async () => {
    const world = await open();
    for (const args of [
      ["on", "--classes", "stop", "--url", URL],
      ["on", "--classes", "", "--url", URL],
      ["on", "--classes", "card_update", "--url", "http://shop.example/pay"],
      ["on", "--classes", "card_update", "--url", "https://ann:secret@shop.example/pay"],
      ["on", "--classes", "card_update", "--url", "pay"],
      ["on", "--url", URL],
      ["words", "--class", "stop"],
      ["words", "--class", "retryable", "--subject", "Hi {name}"],
      ["words", "--class", "retryable", "--subject", "two\nlines"],
      ["preview", "--class", "retryable", "--language", "xx"],
    ])
      await assert.rejects(run(world, ...args), args.join(" "));
    assert.equal((await json(world, "show")).reminders, null);
  });
});

/** What docs/webhooks.md says is what the server sends, takes and offers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Command } from "commander";
import { webhookCommands } from "../../src/cli/webhooks.ts";
import { EVENT_DATA, EVENT_MEANINGS, envelopeOf } from "../../src/contract/events.ts";
import { DELIVERY_PLAN } from "../../src/domain/webhook-deliveries.ts";
import { MOST_ENDPOINTS } from "../../src/domain/webhook-endpoints.ts";
import { errors } from "../../src/http/errors.ts";
import { webhookRoutes } from "../../src/routes/webhooks.ts";
import { onEachStore, type World } from "../harness.ts";
import { assertPrinted, examplesOf, openShell, type Shell } from "./shell.ts";

const HOST = "https://renumerate.example.com";
const page = readFileSync(new URL("../../../docs/webhooks.md", import.meta.url), "utf8");

const section = (title: string): string =>
  new RegExp(`^## ${title}$(.*?)(?=^## )`, "ms").exec(page)?.[1] ?? assert.fail(title);
/** Cells of every row that begins like this. */
const rowsOf = (text: string, beginning: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`| ${beginning}`))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const codesIn = (text = ""): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

describe("The events of docs/webhooks.md", () => {
  const rows = rowsOf(section("Events"), "`");
  const groups = new Map(
    rowsOf(section("Events"), "*").map(([name = "", fields]) => [name, codesIn(fields)] as const),
  );

  it("are all there are, in their order, and say when they are sent", () => {
    assert.deepEqual(
      rows.map(([type, when]) => [codesIn(type)[0], when]),
      Object.entries(EVENT_MEANINGS),
    );
  });

  for (const [type, schema] of Object.entries(EVENT_DATA)) {
    it(`${type} carries what the table says`, () => {
      const [, , data = ""] = rows.find(([name]) => name === `\`${type}\``) ?? assert.fail();
      if (/^(cancellation|issue)\./.test(type)) return assert.equal(data, "the object of the API");
      const [, group] = /^(\*\w+\*)/.exec(data) ?? [];
      const shared = group ? (groups.get(group) ?? assert.fail(group)) : [];
      assert.deepEqual([...shared, ...codesIn(data)].sort(), Object.keys(schema.shape).sort());
    });
  }

  it("look like the one that is shown", () => {
    const shown = JSON.parse(/```json\n(.*?)```/s.exec(section("What is sent"))?.[1] ?? assert.fail());
    const schema = envelopeOf("cancel.saved");
    assert.deepEqual(schema.parse(shown), shown);
    assert.deepEqual(Object.keys(shown), Object.keys(schema.shape));
    assert.deepEqual(Object.keys(shown.data), Object.keys(EVENT_DATA["cancel.saved"].shape));
  });
});

describe("docs/webhooks.md", () => {
  const commands = rowsOf(section("Set one up"), "");

  it("names every command", () => {
    const program = new Command();
    webhookCommands(program, () => assert.fail("nothing is run"));
    const [webhooks = assert.fail()] = program.commands;
    const named = commands.flatMap(([names]) =>
      codesIn(names).map((name) => name.replace(/^webhooks /, "").split(" ")[0]),
    );
    assert.deepEqual(named.sort(), webhooks.commands.map((each) => each.name()).sort());
  });

  it("names every address of the API", () => {
    const named = commands.flatMap(([, path]) => codesIn(path));
    const routes = webhookRoutes.map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replace(":id", "{id}")}`,
    );
    assert.deepEqual(named.sort(), routes.sort());
  });

  it("has the plan of attempts", () => {
    const [waits = assert.fail()] = rowsOf(section("When a delivery fails"), "after");
    const units = { s: 1_000, min: 60_000, h: 3_600_000 };
    const shown = waits.slice(1).map((each) => {
      const [, count, unit] = /^(\d+) (s|min|h)$/.exec(each) ?? assert.fail(each);
      return Number(count) * units[unit as keyof typeof units];
    });
    assert.deepEqual(shown, DELIVERY_PLAN);
  });

  it("has the limit of endpoints, and codes that there are", () => {
    assert.match(page, new RegExp(`at most ${MOST_ENDPOINTS}\\b`));
    for (const [, status, code = ""] of page.matchAll(/\b(\d{3}) `([a-z_]+)`/g))
      assert.equal(String(errors[code as keyof typeof errors].status), status, code);
  });
});

onEachStore("Who follows docs/webhooks.md", ({ open }) => {
  let world: World;
  let shell: Shell;
  before(async () => {
    world = await open();
    shell = await openShell(world, HOST);
    shell.known.RENUMERATE_PRIVATE_KEY = world.key;
  });
  after(() => shell.close());

  it("gets the endpoint that is printed", async () => {
    const [example = assert.fail(), ...others] = examplesOf(page);
    assert.equal(others.length, 0);
    const { status, body } = await shell.type(example.command);
    assert.equal(status, 201, JSON.stringify(body));
    assertPrinted(body, example.printed);
    assert.deepEqual(Object.keys(body), Object.keys(example.printed ?? {}));
  });
});

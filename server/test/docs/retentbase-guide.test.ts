/** Somebody types the requests of docs/migrating-from-retentbase.md and of docs/cancel-links.md, one after the other. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { errors } from "../../src/http/errors.ts";
import { onEachStore, type World } from "../harness.ts";
import { openSandbox } from "../http/cancelling.ts";
import { assertPrinted, type Example, examplesOf, openShell, type Shell } from "./shell.ts";

const HOST = "https://renumerate.example.com";

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
const guide = read("migrating-from-retentbase.md");
const links = read("cancel-links.md");

onEachStore("Who follows the guide from RetentBase", ({ open }) => {
  const examples = examplesOf(guide);
  let world: World;
  let shell: Shell;
  before(async () => {
    const settings = { returnHosts: ["app.example.com"], currency: "eur" };
    world = await open({ settings, publicUrl: HOST });
    await openSandbox(world);
    shell = await openShell(world, HOST);
    Object.assign(shell.known, { RETENTBASE_API_KEY: world.key, RENUMERATE_PRIVATE_KEY: world.key });
  });
  after(() => shell.close());

  const type = (command: string) => shell.type(command);

  /** The next request of the guide, whose answer is as it is printed. */
  async function next(
    beginning: string,
    status: number,
  ): Promise<Example & { body: Record<string, unknown> }> {
    const example = examples.shift() ?? assert.fail("the guide has another request");
    assert.ok(
      example.command.includes(` ${HOST}${beginning}`) || example.command.includes(`${HOST}${beginning}`),
    );
    const answer = await type(example.command);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assertPrinted(answer.body, example.printed ?? assert.fail("the guide shows the answer"));
    return { ...example, body: answer.body };
  }

  it("reports a cancellation, and gets the same event for the same request", async () => {
    const { command, printed, body } = await next("/api/v1/cancellations ", 201);
    assert.deepEqual(Object.keys(body), Object.keys(printed ?? {}));
    const again = await type(command);
    assert.deepEqual([again.status, again.body], [200, body]);
  });

  it("reports how it ended, and reads what was reported", async () => {
    const { printed, body } = await next("/api/v1/cancellations/", 200);
    assert.deepEqual(Object.keys(body), Object.keys(printed ?? {}));
    await next("/api/v1/cancellations/", 200);
  });

  it("sends a customer to a hosted flow, verifies what they bring back, and looks into it", async () => {
    const { body, printed } = await next("/api/v1/cancel-link ", 200);
    assert.deepEqual(Object.keys(body), Object.keys(printed ?? {}));
    assert.match(String(body.url), new RegExp(`^${HOST}/cancel/[\\w-]{43}$`));
    shell.known.SESSION_ID = String(body.session_id);
    const page = new URL(String(body.url)).pathname;
    const shown = await world.request(page);
    assert.equal(shown.status, 200);
    await world.flow(/ data-session="([^"]+)"/.exec(shown.text)?.[1] ?? assert.fail());
    const back = await world.request(`${page}/return`, { json: { outcome: "abandoned", final: true } });
    const [returnUrl, token = ""] = String(back.body.url).split("#ci_result_token=");
    assert.equal(returnUrl, "https://app.example.com/cancelled");
    shell.known.RESULT_TOKEN = token;
    const verified = await next("/api/v1/cancel-sessions/verify ", 200);
    assert.deepEqual(Object.keys(verified.body).sort(), Object.keys(verified.printed ?? {}).sort());
    assert.equal(verified.body.sid, shell.known.SESSION_ID);
    assert.equal(verified.body.aud, world.scope.workspaceId);
    const { body: session } = await next("/api/v1/cancel-sessions/", 200);
    assert.equal(session.session_id, shell.known.SESSION_ID);
    assert.equal(examples.length, 0, "the guide has no other request");
  });

  it("finds the requests of docs/cancel-links.md as good", async () => {
    const [link, verification, later, ...others] = examplesOf(links);
    assert.equal(others.length, 0);
    const made = await type(link?.command ?? assert.fail());
    assert.equal(made.status, 200, JSON.stringify(made.body));
    assertPrinted(made.body, link?.printed ?? assert.fail());
    // With the dots that the page has in its place.
    const refused = await type(verification?.command ?? assert.fail());
    assert.deepEqual(
      [refused.status, (refused.body.error as { code: string }).code],
      [400, "result_token_invalid"],
    );
    const token = /"token": "([^"]+)"/.exec(verification?.command ?? "")?.[1] ?? assert.fail();
    const verified = await type(
      (verification?.command ?? "").replace(token, shell.known.RESULT_TOKEN ?? assert.fail()),
    );
    assert.deepEqual([verified.status, verified.body.verified_before], [200, true]);
    // Of a flow that nobody has seen there is nothing in the ledger.
    assert.equal((await type(later?.command ?? assert.fail())).status, 404);
  });
});

describe("The pages about RetentBase's API", () => {
  for (const [name, page] of Object.entries({ guide, links })) {
    it(`name codes that there are, in the ${name}`, () => {
      const codes = [...page.matchAll(/\b(\d{3}) `([a-z_]+)`/g)];
      assert.ok(codes.length > 1);
      for (const [, status, code = ""] of codes) {
        const row = errors[code as keyof typeof errors] ?? assert.fail(code);
        assert.equal(String(row.status), status, code);
      }
    });
  }
});

/** What is asked for is played, or it is said why not. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../scripts/free-port.ts";
import { checkThere, optionsOf, USAGE, Wrong } from "./options.ts";
import { planOf } from "./plan.ts";
import { shortPlans } from "./short.ts";

const options = (words: string) => optionsOf(words.split(" ").filter(Boolean), {});
const outside = "--url http://127.0.0.1:1 --database postgres://x --key k";

describe("Chaos: what is asked for", () => {
  it("is a thousand scenarios, four at a time, unless it says otherwise", () => {
    const { plans, lanes, isOne } = options("");
    assert.deepEqual(
      [plans.length, plans[0]?.seed, plans.at(-1)?.seed, lanes, isOne],
      [1_000, 0, 999, 4, false],
    );
    const some = options("--from 500 --scenarios 2 --only disk --lanes 1");
    assert.deepEqual(some.plans, [planOf(500, "disk"), planOf(501, "disk")]);
    assert.equal(some.lanes, 1);
  });

  it("is one of them, or what CI plays", () => {
    assert.deepEqual(options("--seed 42").plans, [planOf(42)]);
    assert.deepEqual(options("--seed 42 --only cut").plans, [planOf(42, "cut")]);
    assert.deepEqual(options("--short").plans, shortPlans());
  });

  it("is against other servers what can happen between them and their customers", () => {
    const { elsewhere, plans } = options(
      `${outside} --servers http://127.0.0.1:2/,http://127.0.0.1:3 --scenarios 7`,
    );
    assert.deepEqual(elsewhere?.urls, ["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"]);
    assert.deepEqual(
      plans.map(({ kind }) => kind),
      ["cut", "slow", "gateway", "closed tab", "repeated", "tabs", "cut"],
    );
    const named = optionsOf(["--url", "http://x", "--database", "postgres://x"], {
      RENUMERATE_PRIVATE_KEY: "k",
    });
    assert.equal(named.elsewhere?.key, "k");
  });

  for (const [words, message] of [
    ["--short --only disk", /--short and --only do not go together/],
    ["--short --from 1", /--short and --from/],
    ["--short --scenarios 5", /--short and --scenarios/],
    ["--short --seed 4", /--short and --seed/],
    [`--short ${outside}`, /--short and --url/],
    ["--seed 4 --scenarios 5", /--seed and --scenarios/],
    ["--seed 4 --from 5", /--seed and --from/],
    ["--seed x", /--seed takes a whole number from 0 on, not "x"/],
    ["--from -1", /--from/],
    ["--from=-1", /--from takes a whole number from 0 on, not "-1"/],
    ["--scenarios 0", /--scenarios takes a whole number from 1 on/],
    ["--lanes 0", /--lanes takes a whole number from 1 on, not "0"/],
    ["--plan --lanes 0", /--lanes takes a whole number from 1 on/],
    ["--minutes 1.5", /--minutes takes/],
    ["--only weather", /--only takes one of: kill, /],
    ["--sed 4", /Unknown option '--sed'/],
    ["42", /Unexpected argument '42'/],
    ["--url http://x", /--url needs --database and --key/],
    ["--key k", /belong to --url/],
    [outside.replace("http://", ""), /"127.0.0.1:1" is no address of a server/],
    [`${outside} --only kill`, /--url plays only: cut, /],
  ] as const)
    it(`makes no sense as ${words}`, () => {
      assert.throws(
        () => options(words),
        (error) => error instanceof Wrong && message.test(error.message),
      );
    });

  it("needs servers that answer", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await assert.rejects(checkThere({ urls: [url] }), { message: `No server answers at ${url}` });
    let status = 200;
    const server = createServer((_, response) => void response.writeHead(status).end()).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    const there = { urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] };
    await checkThere(there);
    status = 503;
    await assert.rejects(checkThere(there), /is not well: 503/);
    server.close();
  });

  it("is answered in plain words, by status 2 where it makes no sense", async () => {
    const run = (...words: string[]) =>
      new Promise<{ code: unknown; out: string; err: string }>((resolve) =>
        execFile(
          process.execPath,
          [fileURLToPath(new URL("run.ts", import.meta.url)), ...words],
          (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
        ),
      );
    assert.deepEqual(await run("--lanes", "0"), {
      code: 2,
      out: "",
      err: '--lanes takes a whole number from 1 on, not "0"\n',
    });
    assert.deepEqual(await run("--help"), { code: 0, out: USAGE, err: "" });
  });
});

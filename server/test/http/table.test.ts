/** Tables as CSV, as somebody gets them over a socket. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { parse } from "csv-parse/sync";
import { Hono } from "hono";
import type { Log } from "../../src/deps.ts";
import { type Cell, Plain, Table, tableResponse } from "../../src/http/table.ts";

const COLUMNS = ["first", "second"];

async function* listed(rows: readonly (readonly Cell[])[]): AsyncGenerator<readonly Cell[]> {
  yield* rows;
}

/** What a reader that is none of ours makes of it. */
const read = (text: string): string[][] => parse(text, { record_delimiter: "\r\n" });

interface Served {
  url: string;
  logged: string[];
}

async function served(rows: () => AsyncIterable<readonly Cell[]>, use: (served: Served) => Promise<void>) {
  const logged: string[] = [];
  const note = (_: object, message: string) => void logged.push(message);
  const log: Log = { info: note, warn: note, error: note };
  const app = new Hono().all("/table", (context) =>
    tableResponse(context, new Table("a-table.csv", COLUMNS, rows()), log),
  );
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  try {
    await use({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/table`, logged });
  } finally {
    server.close();
  }
}

async function textOf(rows: readonly (readonly Cell[])[]): Promise<string> {
  let text = "";
  await served(
    () => listed(rows),
    async ({ url }) => {
      text = await (await fetch(url)).text();
    },
  );
  return text;
}

describe("A table", () => {
  it("is its header alone without rows, and each line ends with CR and LF", async () => {
    assert.equal(await textOf([]), "first,second\r\n");
    assert.equal(
      await textOf([
        ["a", undefined],
        [true, 2],
      ]),
      "first,second\r\na,\r\ntrue,2\r\n",
    );
  });

  it("brings every text back to readers that are none of ours", async () => {
    const texts = [
      'say "hi", twice',
      "two\r\nlines",
      "one\nline",
      " blanks ",
      "Zoë 🦊 größer",
      "a;b",
      "''",
      "",
    ];
    const text = await textOf(texts.map((each) => [each, new Plain("-1.50")]));
    const expected = texts.map((each) => [each, "-1.50"]);
    assert.deepEqual(read(text), [COLUMNS, ...expected]);
    const python =
      "import csv,io,json,sys\nprint(json.dumps(list(csv.reader(io.TextIOWrapper(sys.stdin.buffer,'utf-8',newline='')))))";
    assert.deepEqual(JSON.parse(execFileSync("python3", ["-c", python], { input: text, encoding: "utf8" })), [
      COLUMNS,
      ...expected,
    ]);
  });

  it("holds nothing that a spreadsheet would take for a formula", async () => {
    const hostile = [
      "=1+1",
      "+1",
      "-1",
      "@SUM(A1)",
      "\t=1",
      "\r=1",
      "\n=1",
      "  =1",
      "\u200b=1",
      "\ufeff=1",
      "\0=1",
      "＝1",
      "＋1",
      "－1",
      "＠1",
      "=cmd|' /C calc'!A0\",\"x",
    ];
    for (const [first = ""] of read(await textOf(hostile.map((each) => [each, "x"]))).slice(1))
      assert.match(first, /^'/, JSON.stringify(first));
    const [, [inner = ""] = []] = read(await textOf([["a;=1+1;\t @x", ""]]));
    assert.equal(inner, "a;'=1+1;\t '@x");
    const plain = [
      ["a=1", "1-2"],
      ["jane@acme.example", "too_expensive"],
    ];
    assert.deepEqual(read(await textOf(plain)).slice(1), plain);
  });

  it("is text for every reader, whatever was typed", async () => {
    const [, [nul, half] = []] = read(await textOf([["a\0b", "a\ud83d"]]));
    assert.deepEqual([nul, half], ["a\ufffdb", "a\ufffd"]);
  });

  it("is named, and not read at all where only its head is asked for", async () => {
    let asked = 0;
    async function* rows(): AsyncGenerator<readonly Cell[]> {
      asked += 1;
      yield ["a", "b"];
    }
    await served(rows, async ({ url }) => {
      const { headers, status } = await fetch(url, { method: "HEAD" });
      assert.equal(status, 200);
      assert.equal(headers.get("content-type"), "text/csv; charset=utf-8");
      assert.equal(headers.get("content-disposition"), 'attachment; filename="a-table.csv"');
      assert.equal(asked, 0);
    });
  });

  it("that cannot be read to its end is broken off, so that nobody takes a part for the whole", async () => {
    async function* rows(): AsyncGenerator<readonly Cell[]> {
      for (let row = 0; row < 5_000; row++) yield [row, "x".repeat(90)];
      throw new Error("the database has gone away");
    }
    await served(rows, async ({ url, logged }) => {
      await assert.rejects(async () => await (await fetch(url)).text());
      await assert.rejects(promisify(execFile)("curl", ["-sS", "-o", "/dev/null", url]));
      assert.deepEqual(logged, ["an export was broken off", "an export was broken off"]);
    });
  });

  it("that cannot be read at all is refused as any other request", async () => {
    // biome-ignore lint/correctness/useYield: it fails before
    async function* rows(): AsyncGenerator<readonly Cell[]> {
      throw new Error("the database has gone away");
    }
    await served(rows, async ({ url }) => assert.equal((await fetch(url)).status, 500));
  });

  it("is read no faster than it is taken, and no more of it once nobody takes it", async () => {
    let made = 0;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    async function* rows(): AsyncGenerator<readonly Cell[]> {
      try {
        for (; made < 2_000_000; made++) yield [made, "x".repeat(1_000)];
      } finally {
        resolve();
      }
    }
    await served(rows, async ({ url }) => {
      const control = new AbortController();
      const { body } = await fetch(url, { signal: control.signal });
      const reader = body?.getReader();
      await reader?.read();
      let before = -1;
      // Until what lies between the two is full.
      while (made !== before) {
        before = made;
        await new Promise((done) => setImmediate(() => setImmediate(done)));
      }
      assert.ok(made < 50_000, `${made} rows were made`);
      control.abort();
      await ended;
      assert.ok(made < 100_000, `${made} rows were made`);
    });
  });
});

/** The addresses of hosts, from a name server that answers, and from one that never does. */
import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { names } from "../../src/outbox/names.ts";
import { nameServer } from "./name-server.ts";

/** Of one search, ms: short where nothing is to be answered, long where that would be a fault. */
const [SHORT, LONG] = [300, 9_000];

describe("The addresses of a host", () => {
  it("are those of both kinds that its name server says", async () => {
    await using server = await nameServer({
      "both.example": ["192.0.2.1", "192.0.2.2", "2001:db8::7"],
      "old.example": ["192.0.2.3"],
      "new.example": ["2001:db8::8"],
      "empty.example": [],
      "none.example": null,
    });
    const find = names({ limit: LONG, servers: [server.at] });
    assert.deepEqual(await find("both.example"), ["192.0.2.1", "192.0.2.2", "2001:db8::7"]);
    assert.deepEqual(await find("OLD.example."), ["192.0.2.3"]);
    assert.deepEqual(await find("new.example"), ["2001:db8::8"]);
    await assert.rejects(find("empty.example"), /ENODATA/);
    await assert.rejects(find("none.example"), /ENOTFOUND/);
  });

  it("are found at once beside names that no server answers for, and so is what others look for", async () => {
    await using server = await nameServer({ "healthy.example": ["192.0.2.1"] });
    const find = names({ limit: SHORT, servers: [server.at] });
    let given = 0;
    // More than the system's own search has places for.
    const dead = Array.from({ length: 12 }, (_, index) =>
      assert.rejects(find(`dead-${index}.example`), /ECANCELLED/).then(() => {
        given += 1;
      }),
    );
    await server.heard(24);
    assert.deepEqual(await find("healthy.example"), ["192.0.2.1"]);
    await lookup("localhost");
    assert.equal(given, 0, "none of them has to be given up before");
    await Promise.all(dead);
  });

  it("are those of one kind where nobody answers for the other", async () => {
    await using server = await nameServer({ "half.example": ["192.0.2.1"] }, ["AAAA"]);
    assert.deepEqual(await names({ limit: SHORT, servers: [server.at] })("half.example"), ["192.0.2.1"]);
  });

  it("are searched for once at a time, however many ask, and anew after that", async () => {
    await using server = await nameServer({ "one.example": ["192.0.2.1"] });
    const find = names({ limit: LONG, servers: [server.at] });
    const all = await Promise.all(["one.example", "ONE.example", "one.example."].map(find));
    assert.deepEqual(all, Array(3).fill(["192.0.2.1"]));
    assert.deepEqual(server.asked.sort(), ["one.example A", "one.example AAAA"]);
    await find("one.example");
    assert.equal(server.asked.length, 4);
  });

  it("are those that the file of hosts has, of which no server is asked", async () => {
    await using server = await nameServer({ "other.example": ["192.0.2.9"] });
    const folder = await mkdtemp(join(tmpdir(), "renumerate-"));
    try {
      const hostsFile = join(folder, "hosts");
      const find = names({ limit: LONG, servers: [server.at], hostsFile });
      assert.deepEqual(await find("localhost"), ["127.0.0.1", "::1"], "without a file");
      const lines = [
        "# 192.0.2.8 box",
        "192.0.2.1\tBox box.example # ours",
        "2001:db8::7 box",
        "nothing box",
      ];
      await writeFile(hostsFile, lines.join("\r\n"));
      assert.deepEqual(await find("box"), ["192.0.2.1", "2001:db8::7"]);
      assert.deepEqual(await find("box.example."), ["192.0.2.1"]);
      assert.deepEqual(await find("shop.localhost"), ["127.0.0.1", "::1"]);
      assert.deepEqual(server.asked, []);
      assert.deepEqual(await find("other.example"), ["192.0.2.9"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

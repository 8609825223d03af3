/** What is remembered between requests, and that it is never older than the question. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { openStore } from "../../src/store/database.ts";
import { createSharing } from "../../src/store/memory.ts";
import type { KeyRow, Store } from "../../src/store/store.ts";
import { stores, type TestStore } from "../stores.ts";

const at = 1_800_000_000_000;

async function workspaceIn(store: Store): Promise<string> {
  const id = `ws_${randomUUID()}`;
  const settings = { allowedOrigins: ["https://shop.example"] };
  await store.insertWorkspace({ id, name: "Papercrane", status: "active", settings, createdAt: at });
  return id;
}

const keyOf = (workspaceId: string): KeyRow => ({
  workspaceId,
  environment: "prod",
  id: `key_${randomUUID()}`,
  kind: "secret",
  name: "test",
  hash: randomUUID(),
  lastFour: "1234",
  scopes: ["*"],
  createdAt: at,
});

const flowOf = (workspaceId: string, version: number) => ({
  workspaceId,
  environment: "prod" as const,
  id: `flow_${randomUUID()}`,
  version,
  definition: { steps: [version] },
  active: true,
  createdAt: at,
});

for (const home of stores) {
  describe(`What is remembered on ${home.name}`, () => {
    let opened: TestStore;
    let other: Store;
    before(async () => {
      opened = await home.open();
      other = (await opened.reopen()).store;
    });
    after(() => opened.drop());

    it("follows what is written here and elsewhere at once", async () => {
      const { store } = opened;
      for (const writer of [store, other]) {
        const id = await workspaceIn(store);
        const key = keyOf(id);
        const scope = { workspaceId: id, environment: "prod" as const };
        assert.equal(await store.keyByHash(key.hash), undefined);
        await writer.insertKey(key);
        await writer.publishFlow(flowOf(id, 1));
        assert.equal((await store.keyByHash(key.hash))?.revokedAt, undefined);
        assert.equal((await store.workspace(id))?.status, "active");
        assert.equal((await store.activeFlow(scope))?.version, 1);
        await writer.revokeKey(key.id, at + 1);
        assert.equal((await store.keyByHash(key.hash))?.revokedAt, at + 1);
        await writer.updateWorkspace(id, { status: "read_only" });
        assert.equal((await store.workspace(id))?.status, "read_only");
        await writer.transaction((tx) => tx.publishFlow(flowOf(id, 2)));
        assert.equal((await store.activeFlow(scope))?.version, 2);
      }
    });

    it("is as before when a transaction is undone, and never what it would have written", async () => {
      const { store } = opened;
      const id = await workspaceIn(store);
      assert.equal((await store.workspace(id))?.name, "Papercrane");
      const undone = store.transaction(async (tx) => {
        await tx.updateWorkspace(id, { name: "Undone" });
        assert.equal((await tx.workspace(id))?.name, "Undone");
        throw new Error("no");
      });
      await assert.rejects(undone, /no/);
      assert.equal((await store.workspace(id))?.name, "Papercrane");
    });

    it("is not what was there before a transaction, once that holds", async () => {
      const { store } = opened;
      const key = keyOf(await workspaceIn(store));
      await store.insertKey(key);
      await other.transaction(async (tx) => {
        await tx.revokeKey(key.id, at + 1);
        assert.equal((await store.keyByHash(key.hash))?.revokedAt, undefined);
      });
      assert.equal((await store.keyByHash(key.hash))?.revokedAt, at + 1);
    });

    it("is the same for all who ask at one time, and nobody can change it for the others", async () => {
      const { store } = opened;
      const id = await workspaceIn(store);
      const found = await Promise.all(Array.from({ length: 50 }, () => store.workspace(id)));
      for (const each of found) assert.deepEqual(each?.settings.allowedOrigins, ["https://shop.example"]);
      assert.throws(() => found[0]?.settings.allowedOrigins.push("https://evil.example"), TypeError);
    });
  });
}

describe("What another process writes on SQLite", () => {
  let folder: string;
  let file: string;
  let store: Store;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "renumerate-"));
    file = join(folder, "test.db");
    ({ store } = await openStore({ file }));
  });
  after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** Has written when it returns, and nothing has come in here meanwhile. */
  const elsewhere = (statement: string) => {
    const program = `new (require("node:sqlite").DatabaseSync)(process.argv[1]).exec(process.argv[2])`;
    execFileSync(process.execPath, ["--eval", program, file, statement]);
  };

  it("is seen", async () => {
    const id = await workspaceIn(store);
    assert.equal((await store.workspace(id))?.name, "Papercrane");
    elsewhere("update workspaces set name = 'Renamed'");
    await turn();
    assert.equal((await store.workspace(id))?.name, "Renamed");
  });

  it("is seen by a request that is sent after it, whoever else is just being answered", async () => {
    const key = keyOf(await workspaceIn(store));
    await store.insertKey(key);
    assert.equal((await store.keyByHash(key.hash))?.revokedAt, undefined);
    const server = createServer((socket) =>
      socket.once("data", async () => socket.end(`${(await store.keyByHash(key.hash))?.revokedAt}`)),
    ).listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const client = connect((server.address() as AddressInfo).port, "127.0.0.1").setEncoding("utf8");
      await Promise.all([once(client, "connect"), once(server, "connection")]);
      // What comes in now is taken up before the next of these.
      await turn();
      const another = store.keyByHash(key.hash);
      elsewhere(`update api_keys set revoked_at = ${at + 1}`);
      client.write("and now?");
      const [answer] = await once(client, "data");
      assert.equal(answer, `${at + 1}`);
      await another;
    } finally {
      server.close();
    }
  });
});

it("an answer that is shared was asked for after each who gets it had asked", async () => {
  const running: { value: number; finish: () => void }[] = [];
  let value = 0;
  const read = createSharing().remembering([], async (_: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const begun = { value, finish: resolve };
    running.push(begun);
    await promise;
    return { value: begun.value };
  });
  const first = read("a");
  value = 1;
  const later = [read("a"), read("a"), read("a")];
  const apart = read("b");
  assert.equal(running.length, 2);
  running[0]?.finish();
  assert.equal((await first).value, 0);
  value = 2;
  running[1]?.finish();
  assert.equal((await apart).value, 1);
  assert.equal(running.length, 3);
  running[2]?.finish();
  assert.deepEqual(
    (await Promise.all(later)).map((each) => each.value),
    [1, 1, 1],
  );
  const last = read("a");
  running[3]?.finish();
  assert.equal((await last).value, 2);
});

it("one who asks in vain leaves the others an answer of their own", async () => {
  let asked = 0;
  const read = createSharing().remembering([], async (_: string) => {
    if (++asked === 1) throw new Error("gone");
    return asked;
  });
  const [first, second] = [read("a"), read("a")];
  await assert.rejects(first, /gone/);
  assert.equal(await second, 2);
});

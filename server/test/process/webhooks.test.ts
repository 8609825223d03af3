/** `kill -9` between what happens and its delivery, and several servers that share one database's webhooks and rates. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createKey } from "../../src/domain/workspaces.ts";
import { open } from "../../src/main.ts";
import { tick } from "../../src/outbox/worker.ts";
import { MINUTE } from "../harness.ts";
import { stores } from "../stores.ts";
import { type Environment, folder, type Served, serve } from "./child.ts";
import { type Heard, listen, openReceiver, type Receiver } from "./receiver.ts";

const KEY = "sk_live_webhooks_0123456789";
const SECRET = "a-master-secret-of-several-servers";

/** A business that bills by itself: without a demo, a server starts at once. */
const settings: Environment = {
  BILLING: "none",
  ALLOW_PRIVATE_WEBHOOKS: "1",
  RENUMERATE_PRIVATE_KEY: KEY,
  RENUMERATE_SECRET: SECRET,
  LOG_LEVEL: "silent",
};

async function place(home: (typeof stores)[number]) {
  const local = await folder();
  const { location, remove } = await home.place();
  const database = location.url === undefined ? {} : { DATABASE_URL: location.url };
  return {
    env: { ...local.env, ...settings, ...database } as Environment,
    async [Symbol.asyncDispose]() {
      await local[Symbol.asyncDispose]();
      await remove();
    },
  };
}

const ask = (url: string, path: string, key: string, init: RequestInit & { json?: object } = {}) =>
  fetch(url + path, {
    ...init,
    ...(init.json ? { method: init.method ?? "POST", body: JSON.stringify(init.json) } : {}),
    headers: { "Content-Type": "application/json", "X-API-Key": key },
  });

async function report(url: string, eventId: string, key = KEY): Promise<void> {
  const json = {
    eventId,
    userId: "user_1",
    reasonKey: "too_expensive",
    occurredAt: new Date().toISOString(),
  };
  const response = await ask(url, "/api/v1/cancellations", key, { json });
  assert.equal(response.status, 201, await response.text());
}

/** Webhook ids by the report that they tell of. */
function idsByReport(heard: readonly Heard[]): Map<unknown, Set<string>> {
  const found = Map.groupBy(heard, ({ body }) => body.data.eventId);
  return new Map([...found].map(([report, all]) => [report, new Set(all.map(({ id }) => id))]));
}

const assertSigned = ({ heard }: Receiver) => {
  for (const { fault, id, body } of heard) {
    assert.equal(fault, undefined);
    assert.equal(id, body.id);
  }
};

/** Each round is a server's whole life. */
const ROUNDS = 2;
const REPORTS = 5;

for (const home of stores) {
  describe(`Killed between what happens and its delivery, on ${home.name}`, () => {
    it("loses no message, and sends none under two ids", async (context) => {
      await using where = await place(home);
      await using receiver = await openReceiver();
      const reported: string[] = [];
      const isAbout = (id: string) => (heard: Heard) => heard.body.data.eventId === id;
      for (let round = 0; round < ROUNDS; round++) {
        await using server = await serve(where.env);
        if (round === 0) await listen(receiver, { url: server.url, key: KEY });
        const held = `report_${round}_0`;
        receiver.answer = (heard) => (isAbout(held)(heard) ? undefined : 204);
        for (let count = 0; count < REPORTS; count++) {
          const id = `report_${round}_${count}`;
          await report(server.url, id);
          reported.push(id);
        }
        // Every other time not before a message is out whose answer never comes.
        if (round % 2) await receiver.until((heard) => heard.some(isAbout(held)));
        await server.end("SIGKILL");
      }
      const before = receiver.heard.length;
      receiver.answer = () => 204;
      await startLater(where.env);
      assertSigned(receiver);
      const ids = idsByReport(receiver.heard);
      assert.deepEqual([...ids.keys()].sort(), reported.sort());
      for (const [report, each] of ids) assert.equal(each.size, 1, `${report} has one id`);
      context.diagnostic(
        `${receiver.heard.length} messages, ${receiver.heard.length - before} of them at last`,
      );
      const again = receiver.heard.length - reported.length;
      assert.ok(again >= ROUNDS / 2, "what was out without an answer was sent again");
    });
  });
}

/** The next server, when no lease of a dead one is left; its messages are still within a receiver's five minutes. */
async function startLater(env: Environment): Promise<void> {
  const { deps } = await open(env);
  const later = { ...deps, clock: () => Date.now() + 4 * MINUTE };
  while (await tick(later));
  await deps.store.close();
}

const shared = stores.filter(({ name }) => name === "PostgreSQL");
const SERVERS = 3;
const EVENTS = 20;
const UPDATES = 4;

/** One after the other, so that an array's order says which server is asked. */
const nth = <T>(all: readonly T[], index: number): T => all[index % all.length] as T;

for (const home of shared) {
  describe(`Three servers on one ${home.name}`, () => {
    let where: Awaited<ReturnType<typeof place>>;
    let servers: Served[] = [];
    let keys: string[];
    before(async () => {
      where = await place(home);
      // The first alone makes the workspace and a key for each purpose: every request counts against its key.
      const { deps, workspace } = await open(where.env);
      const made = Array.from({ length: 4 }, async (_, index) => {
        const wanted = { workspaceId: workspace.id, environment: "prod", kind: "secret" } as const;
        return (await createKey(deps, { ...wanted, name: `key ${index}` })).key;
      });
      keys = await Promise.all(made);
      await deps.store.close();
      servers = await Promise.all(Array.from({ length: SERVERS }, () => serve(where.env)));
    });
    after(async () => {
      await Promise.all(servers.map((each) => each[Symbol.asyncDispose]()));
      await where[Symbol.asyncDispose]();
    });

    it("send each message once where it is taken, and again where it is not", async () => {
      await using healthy = await openReceiver();
      await using moody = await openReceiver();
      const [{ url } = assert.fail()] = servers;
      await listen(healthy, { url, key: KEY });
      await listen(moody, { url, key: KEY, events: ["cancellation.updated"] });
      moody.answer = ({ id }) => (moody.heard.filter((each) => each.id === id).length > 1 ? 204 : 500);
      const created = Array.from({ length: EVENTS - UPDATES }, (_, index) => index);
      await Promise.all(
        created.map((index) =>
          report(nth(servers, index).url, `shared_${index}`, nth(keys.slice(0, 3), index)),
        ),
      );
      await Promise.all(
        created.slice(0, UPDATES).map(async (index) => {
          const path = `/api/v1/cancellations/shared_${index}`;
          const json = { outcome: "churned" };
          const init = { method: "PATCH", json };
          const response = await ask(nth(servers, index + 1).url, path, nth(keys.slice(0, 3), index), init);
          assert.equal(response.status, 200, await response.text());
        }),
      );
      const isTwice = (heard: readonly Heard[]) => heard.length >= 2 * UPDATES;
      await Promise.all([healthy.until(({ length }) => length >= EVENTS), moody.until(isTwice)]);
      assertSigned(healthy);
      assertSigned(moody);
      const times = ({ heard }: Receiver) =>
        [...Map.groupBy(heard, ({ id }) => id).values()].map(({ length }) => length);
      assert.deepEqual(times(healthy), Array(EVENTS).fill(1));
      assert.deepEqual(times(moody), Array(UPDATES).fill(2));
    });

    it("count a key's requests together, and one that starts later goes on counting", async () => {
      const key = keys.at(-1) as string;
      const read = async ({ url }: Served) => {
        const { status, headers } = await ask(url, "/api/v1/webhook-endpoints", key);
        return { status, headers: Object.fromEntries(headers) };
      };
      const answers = await Promise.all(Array.from({ length: 90 }, (_, index) => read(nth(servers, index))));
      const [taken, refused] = [200, 429].map((wanted) => answers.filter(({ status }) => status === wanted));
      assert.deepEqual([taken?.length, refused?.length], [60, 30]);
      const left = taken?.map(({ headers }) => Number(headers["ratelimit-remaining"])).sort((a, b) => a - b);
      assert.deepEqual(
        left,
        Array.from(taken ?? [], (_, index) => index),
      );
      await using late = await serve(where.env);
      for (const { status, headers } of [...(refused ?? []), await read(late)]) {
        assert.equal(status, 429);
        assert.deepEqual([headers["ratelimit-limit"], headers["ratelimit-remaining"]], ["60", "0"]);
        const wait = Number(headers["retry-after"]);
        assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 60, headers["retry-after"]);
      }
    });
  });
}

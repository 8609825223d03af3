/** Requests that several servers count together. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Counted, Store } from "../../src/store/store.ts";
import { stores, type TestStore } from "../stores.ts";

const MINUTE = 60_000;
const now = 1_800_000_000_000;

for (const home of stores) {
  describe(`Requests that servers count together on ${home.name}`, () => {
    let opened: TestStore;
    let servers: Store[];
    before(async () => {
      opened = await home.open();
      servers = [opened.store, (await opened.reopen()).store];
    });
    after(() => opened.drop());

    const ask = async (
      caller: string,
      of: { at?: number; most: number; server?: number },
    ): Promise<Counted> => {
      const server = servers[of.server ?? 0] as Store;
      const counted = await server.countRequest?.(caller, {
        now: of.at ?? now,
        window: MINUTE,
        most: of.most,
      });
      return counted ?? assert.fail("there is no count");
    };

    if (home.name === "SQLite") {
      it("are no concern: one server has the database", () =>
        assert.equal(opened.store.countRequest, undefined));
      return;
    }

    it("are as many as may be, whoever takes them and however many at once", async () => {
      for (const most of [0, 1, 25, 700]) {
        const asked = Math.min(most + 20, 120);
        const already = most > 100 ? most - 100 : 0;
        for (let taken = 0; taken < already; taken += 100)
          await Promise.all(Array.from({ length: 100 }, () => ask(`crowd ${most}`, { most })));
        const counted = await Promise.all(
          Array.from({ length: asked }, (_, place) => ask(`crowd ${most}`, { most, server: place % 2 })),
        );
        const allowed = counted.filter((each) => each.allowed);
        assert.equal(allowed.length, most - already, `of ${most}`);
        const places = allowed.map(({ taken }) => taken).sort((a, b) => a - b);
        assert.deepEqual(
          places,
          Array.from({ length: most - already }, (_, place) => already + place),
        );
        for (const { taken } of counted.filter((each) => !each.allowed)) assert.equal(taken, most);
      }
    });

    it("are forgotten after a minute, each by itself", async () => {
      const most = 2;
      assert.deepEqual(await ask("one", { most }), { allowed: true, taken: 0 });
      assert.deepEqual(await ask("one", { most, at: now + 10_000, server: 1 }), {
        allowed: true,
        taken: 1,
        oldest: now,
      });
      assert.equal((await ask("one", { most, at: now + MINUTE - 1 })).allowed, false);
      assert.deepEqual(await ask("one", { most, at: now + MINUTE }), {
        allowed: true,
        taken: 1,
        oldest: now + 10_000,
      });
      assert.equal((await ask("one", { most, at: now + MINUTE + 9_999 })).allowed, false);
    });

    it("of a clock that was far ahead do not count", async () => {
      await ask("ahead", { most: 1, at: now + MINUTE });
      assert.equal((await ask("ahead", { most: 1 })).allowed, true);
      assert.equal((await ask("ahead", { most: 1, at: now + 1 })).allowed, false);
    });

    it("are counted a little too long rather than too short where very many may come", async () => {
      const most = 121;
      await Promise.all(Array.from({ length: most }, () => ask("many", { most, at: now + 1 })));
      assert.equal((await ask("many", { most, at: now + MINUTE })).allowed, false);
      assert.equal((await ask("many", { most, at: now + MINUTE + 499 })).allowed, false);
      assert.equal((await ask("many", { most, at: now + MINUTE + 500 })).allowed, true);
    });

    it("are counted to the millisecond where fewer may come", async () => {
      const most = 120;
      await Promise.all(Array.from({ length: most }, () => ask("fewer", { most, at: now + 1 })));
      assert.equal((await ask("fewer", { most, at: now + MINUTE })).allowed, false);
      assert.equal((await ask("fewer", { most, at: now + MINUTE + 1 })).allowed, true);
    });
  });
}

/** Visits that fell silent are in the books as soon as they are over, however many there are. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { alone, MINUTE, onEachStore } from "../harness.ts";
import { aSession } from "../store/rows.ts";

onEachStore("Silence", ({ home }) => {
  it("is noticed within a minute of five hundred visits as of one", async () => {
    await using world = await alone(home);
    const { deps, scope, clock } = world;
    await deps.store.transaction(async (tx) => {
      for (let visit = 0; visit < 500; visit++) {
        const startedAt = clock.now;
        await tx.insertSession(aSession(scope, { startedAt, touchedAt: startedAt }));
      }
    });
    await world.tick();
    clock.now += 30 * MINUTE + 1;
    await world.tick();
    assert.deepEqual(await deps.store.idleSessions(clock.now, 1), []);
  });
});

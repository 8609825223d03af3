/** What is not kept for ever, and how long each is. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { alone, DAY, MINUTE, onEachStore } from "../harness.ts";
import { aCancelLink, aMail, anIssueWeek, aSession } from "../store/rows.ts";

/** When that night's first turn is. */
const NIGHT = Date.parse("2027-05-15T04:00:00Z");

onEachStore("Forgetting", ({ home }) => {
  it("takes mails 400 days after they were settled, links 90 after they expired, weeks of issues after two years", async () => {
    await using world = await alone(home);
    const { deps, scope, clock } = world;
    const { store } = deps;
    const mails = [
      aMail(scope, { about: "sent long ago", status: "sent", settledAt: NIGHT - 400 * DAY - 1 }),
      aMail(scope, { about: "sent", status: "sent", settledAt: NIGHT - 400 * DAY }),
      aMail(scope, { about: "skipped long ago", status: "skipped", settledAt: NIGHT - 401 * DAY }),
      aMail(scope, { about: "failed long ago", status: "failed", settledAt: NIGHT - 401 * DAY }),
      aMail(scope, { about: "on its way", createdAt: NIGHT - 900 * DAY }),
    ];
    for (const row of mails) await store.insertMail(row);
    const old = aCancelLink(scope, { expiresAt: NIGHT - 90 * DAY - 1 });
    const late = aCancelLink(scope, { expiresAt: NIGHT - 90 * DAY });
    for (const row of [old, late]) await store.insertCancelLink(row);
    const session = aSession(scope, { tokenId: old.id });
    await store.insertSession(session);
    const weeks = [NIGHT - 730 * DAY - 1, NIGHT - 730 * DAY].map((week) => anIssueWeek(scope, { week }));
    for (const row of weeks) await store.putIssueWeek(row);

    await world.tick();
    clock.now = NIGHT - MINUTE;
    await world.tick();
    assert.equal((await store.mails(scope.workspaceId, { limit: 9 })).length, 5, "not before its time");
    clock.now = NIGHT;
    await world.tick();
    const left = (await store.mails(scope.workspaceId, { limit: 9 })).map(({ about }) => about);
    assert.deepEqual(left.sort(), ["on its way", "sent"]);
    assert.equal(await store.cancelLink(old.id), undefined);
    assert.deepEqual(await store.cancelLink(late.id), late);
    assert.deepEqual(await store.session(session.id), session, "what happened stays in the books");
    assert.deepEqual(await store.issueWeeks(scope, { reason: "too_expensive", limit: 9 }), weeks.slice(1));
  });

  it("takes a few at a time, and all of them", async () => {
    await using world = await alone(home);
    const { deps, scope, clock } = world;
    const { store } = deps;
    const week = (days: number) => anIssueWeek(scope, { week: NIGHT - days * DAY });
    await store.transaction(async (tx) => {
      for (let days = 0; days < 1_101; days++) await tx.putIssueWeek(week(731 + days));
      for (let days = 0; days < 3; days++) {
        await tx.insertMail(aMail(scope, { about: `${days}`, status: "sent", settledAt: 0 }));
        await tx.insertCancelLink(aCancelLink(scope, { expiresAt: 0 }));
      }
    });
    assert.deepEqual([await store.forgetMails(1, 2), await store.forgetMails(1, 2)], [2, 1]);
    assert.deepEqual([await store.forgetCancelLinks(1, 2), await store.forgetCancelLinks(1, 2)], [2, 1]);
    assert.equal(await store.forgetIssueWeeks(NIGHT, 100), 100);
    await world.tick();
    clock.now = NIGHT;
    await world.tick();
    assert.deepEqual(await store.issueWeeks(scope, { reason: "too_expensive", limit: 9 }), []);
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type IssueRow, StoreConflict } from "../../src/store/store.ts";
import type { TestHome, TestStore } from "../stores.ts";
import { aMail, anIssue, anIssueWeek, aScope, id, NOW } from "./rows.ts";

/** What is found in the ledger, and who is told of it. */
export function insightsSuite(home: TestHome): void {
  describe("issues and mails", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    after(() => opened.drop());

    it("has one issue per reason, which keeps its first id, with every field", async () => {
      const { store } = opened;
      const scope = aScope();
      const bare = anIssue(scope);
      await store.putIssue(bare);
      assert.deepEqual(await store.issue(scope, bare.id), bare);
      const full = {
        ...bare,
        id: id("iss"),
        status: "dismissed",
        week: NOW + 1,
        count: 6,
        rules: ["large_share"],
        currency: "jpy",
        otherCurrency: 2,
        lastSeen: NOW + 2,
        openedAt: NOW + 4,
        dismissedCount: 6,
        owner: "Jane",
        note: "“Grüße” 🦊",
        updatedAt: NOW + 3,
      } satisfies IssueRow;
      await store.putIssue(full);
      assert.deepEqual(await store.issues(scope, { limit: 9 }), [{ ...full, id: bare.id }]);
      assert.equal(await store.issue(scope, full.id), undefined);
      await store.putIssue(bare);
      assert.deepEqual(await store.issue(scope, bare.id), bare, "absent fields are absent again");
      const sandbox = { ...scope, environment: "sandbox" } as const;
      assert.equal(await store.issue(sandbox, bare.id), undefined);
      await store.putIssue(anIssue(sandbox));
      assert.equal((await store.issues(sandbox, { limit: 9 })).length, 1);
    });

    it("lists issues, latest found first and then the greater one, also by their status", async () => {
      const { store } = opened;
      const scope = aScope();
      const found = async (reason: string, more: Parameters<typeof anIssue>[1]) => {
        const row = anIssue(scope, { reason, ...more });
        await store.putIssue(row);
        return row;
      };
      const old = await found("old", { count: 99 });
      const great = await found("great", { lastSeen: NOW + 1, count: 10 });
      const small = await found("small", { lastSeen: NOW + 1, count: 9, status: "resolved" });
      await store.putIssue(anIssue(aScope()));
      assert.deepEqual(await store.issues(scope, { limit: 9 }), [great, small, old]);
      assert.deepEqual(await store.issues(scope, { limit: 1 }), [great]);
      assert.deepEqual(await store.issues(scope, { limit: 2, offset: 1 }), [small, old]);
      assert.deepEqual(await store.issues(scope, { limit: 9, offset: 3 }), []);
      assert.deepEqual(await store.issues(scope, { limit: 9, offset: Number.MAX_SAFE_INTEGER }), []);
      assert.deepEqual(await store.issues(scope), [great, small, old]);
      assert.equal(await store.issueCount(scope), 3);
      const every = async (...statuses: IssueRow["status"][]) => {
        const rows = await store.issues(scope, { statuses });
        assert.equal(await store.issueCount(scope, { statuses }), rows.length);
        return rows;
      };
      assert.deepEqual(await every("open"), [great, old]);
      assert.deepEqual(await every("open", "resolved"), [great, small, old]);
      assert.deepEqual(await every("acting"), []);
    });

    it("keeps what was found of a reason week by week, the last time in place of those before", async () => {
      const { store } = opened;
      const scope = aScope();
      assert.equal(await store.lastIssueWeek(scope), undefined);
      const [first, second] = [anIssueWeek(scope), anIssueWeek(scope, { week: NOW + 7, rules: ["doubled"] })];
      const elsewhere = anIssueWeek({ ...scope, environment: "sandbox" }, { week: NOW + 99 });
      const other = anIssueWeek(scope, { reason: "other", week: NOW + 8, rules: [] });
      for (const row of [second, first, other, elsewhere]) await store.putIssueWeek(row);
      assert.deepEqual(await store.issueWeeks(scope, { reason: "too_expensive", limit: 9 }), [second, first]);
      assert.deepEqual(await store.issueWeeks(scope, { reason: "too_expensive", limit: 1 }), [second]);
      assert.deepEqual(await store.issueWeeks(scope, { reason: "other", limit: 9 }), [other]);
      assert.equal(await store.lastIssueWeek(scope), NOW + 8);
      const figures = { count: 1, before: 2, total: 3, mrrAtRisk: 4, currency: "jpy", otherCurrency: 0 };
      const again = { ...first, ...figures, rules: [], at: NOW + 5 };
      await store.putIssueWeek(again);
      assert.deepEqual(await store.issueWeeks(scope, { reason: "too_expensive", limit: 9 }), [second, again]);
    });

    it("has a mail of one kind about one thing once per recipient", async () => {
      const { store } = opened;
      const row = aMail(aScope());
      assert.equal(await store.insertMail(row), true);
      assert.equal(await store.insertMail({ ...row, id: id("mail") }), false);
      const others = [
        { kind: "report_monthly" },
        { about: "2027-W20" },
        { recipient: "joe@acme.example" },
        { environment: "sandbox" as const },
      ];
      for (const more of [...others, aScope()])
        assert.equal(await store.insertMail({ ...row, id: id("mail"), ...more }), true);
      assert.equal((await store.mails(row.workspaceId, { limit: 9 })).length, 5);
      assert.deepEqual(await store.mail(row.id), row);
      assert.equal(await store.mail("unknown"), undefined);
      await assert.rejects(store.insertMail({ ...row, about: "2027-W21" }), StoreConflict);
    });

    it("changes only the fields of a mail that are given, and lists mails, latest first", async () => {
      const { store } = opened;
      const scope = aScope();
      const [old, next] = [aMail(scope), aMail(scope, { about: "2027-W20", createdAt: NOW + 1 })];
      for (const row of [old, next]) await store.insertMail(row);
      await store.updateMail(old.id, {});
      await store.updateMail(old.id, { attempts: 2, reason: "450" });
      await store.updateMail(old.id, { status: "failed", settledAt: NOW + 9 });
      const failed = { ...old, attempts: 2, reason: "450", status: "failed", settledAt: NOW + 9 } as const;
      assert.deepEqual(await store.mails(scope.workspaceId, { limit: 9 }), [next, failed]);
      assert.deepEqual(await store.mails(scope.workspaceId, { limit: 1 }), [next]);
      assert.deepEqual(await store.mails(scope.workspaceId, { limit: 9, offset: 1 }), [failed]);
      assert.deepEqual(await store.mails("unknown", { limit: 9 }), []);
    });

    it("lists and counts mails of some kinds alone", async () => {
      const { store } = opened;
      const scope = aScope();
      const [weekly, monthly, other] = [
        aMail(scope),
        aMail(scope, { kind: "report_monthly", createdAt: NOW + 1 }),
        aMail(scope, { kind: "invitation", createdAt: NOW + 2 }),
      ];
      for (const row of [weekly, monthly, other]) await store.insertMail(row);
      const kinds = ["report_weekly", "report_monthly"];
      assert.deepEqual(await store.mails(scope.workspaceId, { kinds, limit: 9 }), [monthly, weekly]);
      assert.deepEqual(await store.mails(scope.workspaceId, { kinds, limit: 1, offset: 1 }), [weekly]);
      assert.equal(await store.mailCount(scope.workspaceId, { kinds }), 2);
      assert.equal(await store.mailCount(scope.workspaceId, { kinds: ["invitation"] }), 1);
      assert.equal(await store.mailCount("unknown", { kinds }), 0);
    });

    it("says when a mail was last sent and how many failed since", async () => {
      const { store } = opened;
      const scope = aScope();
      assert.deepEqual(await store.mailHealth(scope.workspaceId, 0), { failed: 0 });
      const settle = (about: string, status: "sent" | "failed" | "skipped", settledAt: number) =>
        store.insertMail(aMail(scope, { about, status, settledAt }));
      await settle("a", "failed", NOW - 1);
      await settle("b", "failed", NOW);
      await settle("c", "skipped", NOW + 5);
      await store.insertMail(aMail(scope));
      assert.deepEqual(await store.mailHealth(scope.workspaceId, NOW), { failed: 1 });
      await settle("d", "sent", NOW + 3);
      await settle("e", "sent", NOW - 3);
      await store.insertMail(aMail(aScope(), { status: "sent", settledAt: NOW + 9 }));
      assert.deepEqual(await store.mailHealth(scope.workspaceId, NOW), { lastSentAt: NOW + 3, failed: 1 });
    });
  });
}

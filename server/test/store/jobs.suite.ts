import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { TestHome, TestStore } from "../stores.ts";
import { NOW } from "./rows.ts";

const LEASE = 30_000;

/** Jobs and schedules, and the leases on them. Time is only ever passed in. */
export function jobsSuite(home: TestHome): void {
  describe("jobs and schedules", () => {
    let opened: TestStore;
    before(async () => {
      opened = await home.open();
    });
    // Claims reach for every job there is.
    afterEach(async () => {
      await opened.db.deleteFrom("jobs").execute();
      await opened.db.deleteFrom("schedules").execute();
    });
    after(() => opened.drop());

    const enqueue = (key: string, dueAt = NOW, payload: object | null = { key }) =>
      opened.store.enqueue({ topic: "webhook", key, payload: payload as null, dueAt });
    const keys = async (now: number, limit = 99) =>
      (await opened.store.claimJobs(now, LEASE, limit)).map((job) => job.key);

    it("hands out due jobs, the longest due first and then as they were queued", async () => {
      await enqueue("second", NOW);
      await enqueue("third", NOW, null);
      await enqueue("first", NOW - 1);
      await enqueue("future", NOW + 1);
      const [first, ...rest] = await opened.store.claimJobs(NOW, LEASE, 1);
      assert.deepEqual(rest, []);
      assert.equal(typeof first?.id, "string");
      assert.deepEqual(first, {
        id: first?.id,
        topic: "webhook",
        key: "first",
        payload: { key: "first" },
        attempts: 1,
        dueAt: NOW - 1,
      });
      const others = await opened.store.claimJobs(NOW, LEASE, 9);
      assert.deepEqual(
        others.map((job) => [job.key, job.payload]),
        [
          ["second", { key: "second" }],
          ["third", null],
        ],
      );
      assert.deepEqual(await keys(NOW), []);
      assert.deepEqual(await keys(NOW + 1), ["future"]);
    });

    it("drops a second open job of one topic and key", async () => {
      await enqueue("a", NOW, { first: true });
      await enqueue("a", NOW - 5, { first: false });
      await opened.store.enqueue({ topic: "mail", key: "a", payload: 1, dueAt: NOW });
      const jobs = await opened.store.claimJobs(NOW, LEASE, 9);
      assert.deepEqual(
        jobs.map((job) => [job.topic, job.payload]),
        [
          ["webhook", { first: true }],
          ["mail", 1],
        ],
      );
      // Claimed is still open.
      await enqueue("a");
      assert.deepEqual(await keys(NOW), []);
      await opened.store.finishJob(jobs[0]?.id ?? "");
      await enqueue("a");
      assert.deepEqual(await keys(NOW), ["a"]);
    });

    it("closes a job by its topic and key", async () => {
      await enqueue("a");
      await enqueue("b");
      await opened.store.dequeue("webhook", "a");
      await opened.store.dequeue("mail", "b");
      await opened.store.dequeue("webhook", "unknown");
      assert.deepEqual(await keys(NOW), ["b"]);
    });

    it("gives a job to someone else when the lease has run out, and never a finished one", async () => {
      const { store } = opened;
      await enqueue("dies");
      await enqueue("done");
      const [, done] = await store.claimJobs(NOW, LEASE, 9);
      await store.finishJob(done?.id ?? "");
      assert.deepEqual(await keys(NOW + LEASE - 1), []);
      const [again] = await store.claimJobs(NOW + LEASE, LEASE, 9);
      assert.deepEqual([again?.key, again?.attempts, again?.dueAt], ["dies", 2, NOW]);
      await store.finishJob(again?.id ?? "");
      assert.deepEqual(await keys(NOW + 10 * LEASE), []);
    });

    it("postpones a job and remembers why", async () => {
      const { store } = opened;
      await enqueue("a");
      const [job] = await store.claimJobs(NOW, LEASE, 1);
      // Sooner than the lease: the worker has given it back.
      await store.retryJob(job?.id ?? "", NOW + 10, "503");
      assert.deepEqual(await keys(NOW + 9), []);
      assert.deepEqual(await store.claimJobs(NOW + 10, LEASE, 1), [
        { ...job, attempts: 2, dueAt: NOW + 10, lastError: "503" },
      ]);
    });

    it("forgets a job whose transaction did not hold", async () => {
      const failed = opened.store.transaction(async (tx) => {
        await tx.enqueue({ topic: "webhook", key: "ghost", payload: {}, dueAt: NOW });
        throw new Error("no");
      });
      await assert.rejects(failed, /^Error: no$/);
      assert.deepEqual(await keys(NOW), []);
    });

    it("says how many jobs are open, how many keep failing, and since when the oldest is due", async () => {
      const { store } = opened;
      const none = { open: 0, failing: 0 };
      assert.deepEqual(await store.jobHealth({ tries: 0 }), none);
      await enqueue("fails");
      await enqueue("works", NOW + 5);
      await store.enqueue({ topic: "mail", key: "waits", payload: null, dueAt: NOW - 7 });
      const health = (tries: number, ...topics: string[]) => store.jobHealth({ topics, tries });
      assert.deepEqual(await store.jobHealth({ tries: 1 }), { open: 3, failing: 0, oldestDueAt: NOW - 7 });
      assert.deepEqual(await health(1, "mail"), { open: 1, failing: 0, oldestDueAt: NOW - 7 });
      assert.deepEqual(await health(1, "webhook"), { open: 2, failing: 0, oldestDueAt: NOW });
      assert.equal((await health(1, "mail", "webhook")).open, 3);
      assert.deepEqual(await health(1, "settle"), none);
      assert.deepEqual(await health(1), none);
      const fail = async (now: number) => {
        const jobs = await store.claimJobs(now, LEASE, 9);
        const { id } = jobs.find((job) => job.key === "fails") ?? assert.fail();
        const running = await health(1, "webhook");
        await store.retryJob(id, now + LEASE, "503");
        return running;
      };
      assert.equal((await fail(NOW)).failing, 0, "the first try is still running");
      assert.deepEqual(await health(1, "webhook"), { open: 2, failing: 1, oldestDueAt: NOW + 5 });
      assert.equal((await health(2, "webhook")).failing, 0);
      assert.equal((await fail(NOW + LEASE)).failing, 1, "so is the second, but the first has failed");
      assert.equal((await health(2, "webhook")).failing, 1);
      await store.dequeue("webhook", "fails");
      assert.equal((await health(1, "webhook")).failing, 0);
    });

    it("never gives one job to two of eight workers in two processes", async () => {
      const { store: here } = opened;
      const { store: there } = await opened.reopen();
      const all = Array.from({ length: 100 }, (_, index) => `job ${index}`);
      for (const key of all) await enqueue(key);
      const work = async (store: typeof here) => {
        const mine: string[] = [];
        // Without leases it would never end.
        while (mine.length <= all.length) {
          const jobs = await store.claimJobs(NOW, LEASE, 7);
          if (!jobs.length) break;
          mine.push(...jobs.map((job) => job.key));
        }
        return mine;
      };
      const workers = Array.from({ length: 8 }, (_, index) => work(index % 2 ? here : there));
      const claimed = (await Promise.all(workers)).flat();
      // Those that others have locked are passed over, so a worker may stop early; none is lost for that.
      claimed.push(...(await work(here)));
      assert.deepEqual(claimed.sort(), all.sort());
    });

    it("takes what is due in more than two hours for due now, and a lease of more than two of its own for over", async () => {
      const { store } = opened;
      const far = NOW + 2 * 3_600_000;
      await enqueue("soon", far);
      await enqueue("never", far + 1);
      const [job, ...others] = await store.claimJobs(NOW, LEASE, 9);
      assert.deepEqual([job?.key, job?.dueAt, job?.attempts, others], ["never", NOW, 1, []]);
      await store.dequeue("webhook", "soon");
      await enqueue("old", NOW - 9 * LEASE);
      assert.deepEqual(await keys(NOW), ["old"]);
      assert.deepEqual(await keys(NOW - LEASE), [], "a neighbour's clock may be behind by so much");
      assert.deepEqual(await keys(NOW - LEASE - 1), ["old"]);
      await store.ensureSchedule("sweep", NOW - 9 * LEASE);
      await store.claimSchedule("sweep", NOW, LEASE);
      assert.equal(await store.claimSchedule("sweep", NOW - LEASE, LEASE), undefined);
      assert.ok(await store.claimSchedule("sweep", NOW - LEASE - 1, LEASE));
    });

    it("brings a schedule forward, and never puts it off", async () => {
      const { store } = opened;
      await store.ensureSchedule("sweep", NOW);
      await store.ensureSchedule("issues", NOW + 9);
      await store.ensureSchedule("sweep", NOW + 5);
      await store.ensureSchedule("issues", NOW + 5);
      const all = (await store.schedules()).sort((one, other) => one.nextAt - other.nextAt);
      assert.deepEqual(all, [
        { name: "sweep", nextAt: NOW },
        { name: "issues", nextAt: NOW + 5 },
      ]);
    });

    it("runs a schedule when it is due, once per lease, from the time that was set", async () => {
      const { store } = opened;
      await store.ensureSchedule("sweep", NOW);
      await store.ensureSchedule("sweep", NOW + 5);
      assert.equal(await store.claimSchedule("sweep", NOW - 1, LEASE), undefined);
      assert.equal(await store.claimSchedule("unknown", NOW, LEASE), undefined);
      assert.deepEqual(await store.claimSchedule("sweep", NOW, LEASE), { name: "sweep", nextAt: NOW });
      await store.ensureSchedule("sweep", NOW);
      assert.equal(await store.claimSchedule("sweep", NOW + LEASE - 1, LEASE), undefined);
      const again = await store.claimSchedule("sweep", NOW + LEASE, LEASE);
      assert.deepEqual(again, { name: "sweep", nextAt: NOW });
      await store.finishSchedule("sweep", NOW + LEASE + 1);
      assert.equal(await store.claimSchedule("sweep", NOW + LEASE, LEASE), undefined);
      assert.equal((await store.claimSchedule("sweep", NOW + LEASE + 1, LEASE))?.nextAt, NOW + LEASE + 1);
    });

    it("gives a due schedule to one of many", async () => {
      const { store: here } = opened;
      const { store: there } = await opened.reopen();
      await here.ensureSchedule("sweep", NOW);
      const claims = Array.from({ length: 16 }, (_, index) =>
        (index % 2 ? here : there).claimSchedule("sweep", NOW, LEASE),
      );
      assert.equal((await Promise.all(claims)).filter(Boolean).length, 1);
    });
  });
}

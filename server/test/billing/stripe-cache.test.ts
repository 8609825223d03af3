import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type Cache, createCache } from "../../src/billing/stripe/cache.ts";

describe("the cache of what hardly changes", () => {
  let now: number;
  let loads: number;
  let cache: Cache;
  const load = async () => ++loads;
  beforeEach(() => {
    now = 0;
    loads = 0;
    cache = createCache(() => now);
  });

  it("remembers until its time is over", async () => {
    assert.equal(await cache.get("price:1", 100, load), 1);
    now = 99;
    assert.equal(await cache.get("price:1", 100, load), 1);
    now = 100;
    assert.equal(await cache.get("price:1", 100, load), 2);
    assert.equal(await cache.get("price:2", 100, load), 3);
  });

  it("loads once for all who ask meanwhile", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.get("price:1", 100, load)));
    assert.deepEqual(new Set(answers), new Set([1]));
    assert.equal(loads, 1);
  });

  it("forgets failures, for all who asked meanwhile", async () => {
    const fails = () => Promise.reject(new Error("no"));
    const both = await Promise.allSettled([
      cache.get("price:1", 100, fails),
      cache.get("price:1", 100, load),
    ]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.equal(await cache.get("price:1", 100, load), 1);
  });

  it("forgets what there is not, for it may come to be", async () => {
    assert.equal(await cache.get("price:1", 100, async () => undefined), undefined);
    assert.equal(await cache.get("price:1", 100, load), 1);
  });

  it("drops by prefix, even what is on its way", async () => {
    await cache.get("price:1", 100, load);
    await cache.get("product:1", 100, load);
    cache.drop("price:");
    assert.equal(await cache.get("price:1", 100, load), 3);
    assert.equal(await cache.get("product:1", 100, load), 2);

    const slow = Promise.withResolvers<number>();
    const before = cache.get("price:9", 100, () => slow.promise);
    cache.drop("price:9");
    const after = cache.get("price:9", 100, load);
    slow.resolve(-1);
    assert.deepEqual(await Promise.all([before, after]), [-1, 4]);
    assert.equal(await cache.get("price:9", 100, load), 4, "what was known before is not kept");
  });

  it("stays small: what is oldest gives way", async () => {
    for (let key = 0; key <= 5000; key++) await cache.get(`price:${key}`, 100, load);
    assert.equal(await cache.get("price:5000", 100, load), 5001);
    assert.equal(await cache.get("price:1", 100, load), 2);
    assert.equal(await cache.get("price:0", 100, load), 5002);
  });
});

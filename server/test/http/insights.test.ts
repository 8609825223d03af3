/** Retention health and issues, as a business's own server reads them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { detectIssues } from "../../src/domain/issues.ts";
import type { KeyScope } from "../../src/domain/scopes.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { IssueRow } from "../../src/store/store.ts";
import { cancellation, putAll, report, SMALL } from "../domain/issues-ledger.ts";
import { type Asked, DAY, MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { anIssue, anIssueWeek } from "../store/rows.ts";

const HEALTH = "/api/v1/retention-health";
const ISSUES = "/api/v1/issues";
type Body = Record<string, unknown>;

const page = readFileSync(new URL("../../../docs/insights.md", import.meta.url), "utf8");
const examples = Array.from(page.matchAll(/^```json\n(.*?)^```/gms), ([, text = ""]) => JSON.parse(text));

/** Monday after the week in which 12 of 20 said that it is too expensive; on Friday before, and the weeks before that. */
async function monday(world: World): Promise<void> {
  const { deps, scope, clock } = world;
  const before = { outcome: "retained" as const, mrr: 2_450 };
  await report(deps.store, scope, SMALL, { occurredAt: NOW, outcome: "retained" });
  await report(deps.store, scope, { too_expensive: 12 }, { occurredAt: NOW });
  await report(deps.store, scope, { too_expensive: 7 }, { occurredAt: NOW - 14 * DAY, ...before });
  await report(deps.store, scope, { moving: 3 }, { occurredAt: NOW - 40 * DAY, ...before });
  await report(deps.store, scope, { moving: 3 }, { occurredAt: NOW - 40 * DAY });
  const pending = cancellation(scope, { occurredAt: NOW, currency: "usd" });
  delete pending.outcome;
  await putAll(deps.store, [pending, cancellation(scope, { occurredAt: NOW, outcome: "abandoned" })]);
  clock.now = Date.parse("2027-05-17T00:00:12Z");
  await detectIssues(deps);
}

const only = async (world: World): Promise<Body> => {
  const { body } = await world.request(ISSUES, { key: world.key });
  const [issue] = body.data as Body[];
  return issue ?? assert.fail("there is an issue");
};

onEachStore("Insights", ({ open }) => {
  const keyFor = async (world: World, scopes: (KeyScope | "*")[], environment = world.scope.environment) => {
    const { workspaceId } = world.scope;
    const wanted = { workspaceId, environment, scopes, kind: "secret" as const, name: "other" };
    return (await createKey(world.deps, wanted)).key;
  };

  it("are what docs/insights.md shows", async () => {
    const world = await open();
    await monday(world);
    const { key } = world;
    const [health, list, opened, patch, patched] = examples;
    assert.deepEqual((await world.request(HEALTH, { key })).body, health);
    const { id } = await only(world);
    const known = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll(`${id}`, "iss_8Qd2…"));
    assert.deepEqual(known((await world.request(ISSUES, { key })).body), list);
    const one = known((await world.request(`${ISSUES}/${id}`, { key })).body);
    assert.deepEqual(one, { ...list.data[0], weeks: opened.weeks });
    world.pass(9 * 60 * MINUTE);
    const changed = await world.request(`${ISSUES}/${id}`, { key, method: "PATCH", json: patch });
    assert.equal(changed.status, 200, changed.text);
    assert.deepEqual(known(changed.body), { ...list.data[0], ...patched });
    const [event] = (await world.deps.store.events(world.scope, { limit: 9 })).map(({ type, data }) => [
      type,
      known(data),
    ]);
    assert.deepEqual(event, ["issue.opened", list.data[0]]);
  });

  it("answer whatever amounts the ledger holds", async () => {
    const world = await open();
    const { key, scope, deps, clock } = world;
    await report(deps.store, scope, { price: 3 }, { occurredAt: NOW, mrr: Number.MAX_SAFE_INTEGER });
    const { status, body } = await world.request(HEALTH, { key });
    assert.deepEqual([status, body.churned, body.mrr_churned_cents], [200, 3, Number.MAX_SAFE_INTEGER]);
    clock.now += 7 * DAY;
    await detectIssues(deps);
    assert.equal((await only(world)).mrr_at_risk_cents, Number.MAX_SAFE_INTEGER);
  });

  it("of a new workspace are empty", async () => {
    const world = await open();
    const { body } = await world.request(HEALTH, { key: world.key });
    assert.deepEqual([body.score, body.trend, body.mrr_churned_cents], [null, null, 0]);
    const list = await world.request(ISSUES, { key: world.key });
    assert.deepEqual(list.body, { data: [], total: 0, limit: 50, offset: 0, has_more: false });
  });

  it("lists issues by status, as many as are wanted", async () => {
    const world = await open();
    const { key, scope, deps, clock } = world;
    await report(deps.store, scope, { price: 3, bugs: 4, moving: 5 }, { occurredAt: NOW });
    clock.now += 7 * DAY;
    await detectIssues(deps);
    const reasons = async (query: string) => {
      const { body } = await world.request(`${ISSUES}${query}`, { key });
      return [(body.data as Body[]).map((each) => each.reason_key).join(), body.has_more];
    };
    assert.deepEqual(await reasons(""), ["moving,bugs,price", false]);
    assert.deepEqual(await reasons("?limit=3"), ["moving,bugs,price", false]);
    assert.deepEqual(await reasons("?limit=2"), ["moving,bugs", true]);
    const { id } = await only(world);
    await world.request(`${ISSUES}/${id}`, { key, method: "PATCH", json: { status: "dismissed" } });
    assert.deepEqual(await reasons("?status=dismissed"), ["moving", false]);
    assert.deepEqual(await reasons("?status=open&limit=1"), ["bugs", true]);
    assert.deepEqual(await reasons("?limit=200&environment=prod"), ["moving,bugs,price", false]);
    const wrong = ["limit=0", "limit=201", "limit=1.5", "limit=x", "limit=", "status=new"];
    for (const query of [...wrong, "offset=-1", "offset=1.5", "offset=x", "offset=1e300"]) {
      const reply = await world.request(`${ISSUES}?${query}`, { key });
      const [param] = query.split("=");
      assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", param], query);
    }
  });

  it("lists all issues, page by page", async () => {
    const world = await open();
    const { key, scope, deps } = world;
    const names = Array.from({ length: 7 }, (_, number) => `reason ${number}`);
    for (const [count, reason] of names.entries())
      await deps.store.putIssue(anIssue(scope, { reason, count, status: count % 2 ? "open" : "resolved" }));
    const page = async (query: string): Promise<Body> => {
      const { data, ...rest } = (await world.request(`${ISSUES}?${query}`, { key })).body;
      return { reasons: (data as Body[]).map((each) => each.reason_key), ...rest };
    };
    const greatest = names.toReversed();
    for (const offset of [0, 3, 6]) {
      const reasons = greatest.slice(offset, offset + 3);
      const expected = { reasons, total: 7, limit: 3, offset, has_more: offset < 4 };
      assert.deepEqual(await page(`limit=3&offset=${offset}`), expected);
    }
    assert.equal((await page("limit=3&offset=4")).has_more, false, "the last one exactly");
    const beyond = { reasons: [], total: 7, limit: 50, has_more: false };
    for (const offset of [7, 100_000])
      assert.deepEqual(await page(`offset=${offset}`), { ...beyond, offset });
    const opened = { reasons: ["reason 3"], total: 3, limit: 1, offset: 1, has_more: true };
    assert.deepEqual(await page("status=open&limit=1&offset=1"), opened);
  });

  it("show of each week what was stored of it, whatever would be found by today's rules", async () => {
    const world = await open();
    const { key, scope, deps } = world;
    const doubled: IssueRow["rules"] = ["doubled"];
    const issue = anIssue(scope, { count: 5, before: 0, total: 5, rules: doubled });
    await deps.store.putIssue(issue);
    // By today's rules the first one is not below the threshold, and the second one is.
    const quiet = anIssueWeek(scope, {
      count: 5,
      before: 0,
      total: 5,
      rules: [],
      week: issue.week - 7 * DAY,
    });
    await deps.store.putIssueWeek({ ...quiet, currency: "jpy", otherCurrency: 2 });
    await deps.store.putIssueWeek(anIssueWeek(scope, { count: 1, before: 9, total: 99, rules: doubled }));
    const { body } = await world.request(`${ISSUES}/${issue.id}`, { key });
    assert.deepEqual(body.rules, doubled);
    assert.deepEqual(
      (body.weeks as Body[]).map((each) => [each.rules, each.currency, each.other_currency]),
      [
        [doubled, "eur", 1],
        [[], "jpy", 2],
      ],
    );
  });

  it("change as a team says", async () => {
    const world = await open();
    await monday(world);
    const { id } = await only(world);
    const patch = async (json: unknown) => {
      world.pass(MINUTE);
      const reply = await world.request(`${ISSUES}/${id}`, { key: world.key, method: "PATCH", json });
      assert.equal(reply.status, 200, reply.text);
      const { status, owner, note, dismissed_count, updated_at } = reply.body;
      return { said: [status, owner, note, dismissed_count], updated_at };
    };
    const note = "Ask again in June.\n\tSee “prices” 🦊";
    assert.deepEqual((await patch({ owner: "Ada", note })).said, ["open", "Ada", note, undefined]);
    const dismissed = await patch({ status: "dismissed", note: null });
    assert.deepEqual(dismissed.said, ["dismissed", "Ada", undefined, 12]);
    assert.deepEqual(await patch({}), dismissed);
    assert.deepEqual(await patch({ status: "dismissed", owner: "Ada", note: null }), dismissed);
    assert.deepEqual((await patch({ status: "resolved", owner: null })).said, [
      "resolved",
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual((await patch({ status: "acting", environment: "prod" })).said[0], "acting");
    assert.deepEqual(await world.facts(), ["issue.opened", "issue.resolved", "issue.opened"]);
  });

  it("refuse what an issue cannot be", async () => {
    const world = await open();
    await monday(world);
    const before = await only(world);
    const wrong: [json: unknown, code: string, param: string][] = [
      [{ status: "closed" }, "parameter_invalid", "status"],
      [{ status: null }, "parameter_invalid", "status"],
      [{ owner: "" }, "parameter_invalid", "owner"],
      [{ owner: "x".repeat(256) }, "parameter_invalid", "owner"],
      [{ owner: "a\nb" }, "parameter_invalid", "owner"],
      [{ note: "x".repeat(5_001) }, "parameter_invalid", "note"],
      [{ note: "a\u0000b" }, "parameter_invalid", "note"],
      [{ note: "\ud83e" }, "parameter_invalid", "note"],
      [{ environment: "sandbox" }, "parameter_invalid", "environment"],
      [{ reason_key: "price" }, "parameter_unknown", "reason_key"],
      [[], "parameter_invalid", ""],
    ];
    for (const [json, code, param] of wrong) {
      const asked: Asked = { key: world.key, method: "PATCH", json };
      const reply = await world.request(`${ISSUES}/${before.id}`, asked);
      assert.deepEqual([reply.status, reply.code, reply.param], [400, code, param], JSON.stringify(json));
    }
    assert.deepEqual(await only(world), before);
    const longest = { owner: "x".repeat(255), note: "🦊".repeat(2_500) };
    const asked: Asked = { key: world.key, method: "PATCH", json: longest };
    const { body } = await world.request(`${ISSUES}/${before.id}`, asked);
    assert.deepEqual([body.owner, body.note], [longest.owner, longest.note]);
  });

  it("are of one workspace alone", async () => {
    const world = await open();
    const other = await open();
    await monday(other);
    const { id } = await only(other);
    const { key } = world;
    for (const asked of [{ key }, { key, method: "PATCH", json: { status: "resolved" } }]) {
      for (const wanted of [id, "iss_nothing", "%F0%9F%A6%8A", "%00"]) {
        const reply = await world.request(`${ISSUES}/${wanted}`, asked);
        assert.deepEqual([reply.status, reply.code], [404, "issue_not_found"], `${wanted}`);
      }
    }
    assert.deepEqual((await world.request(ISSUES, { key })).body.data, []);
    assert.equal((await world.request(HEALTH, { key })).body.churned, 0);
    assert.equal((await only(other)).status, "open");
  });

  it("want a key of production that may read, or may change", async () => {
    const world = await open();
    await monday(world);
    const { id } = await only(world);
    const one = `${ISSUES}/${id}`;
    const patch = { method: "PATCH", json: { note: "seen" } };
    const statuses = (key?: string) =>
      Promise.all(
        [HEALTH, ISSUES, one].map(async (path) => (await world.request(path, key ? { key } : {})).status),
      ).then(async (all) => [...all, (await world.request(one, key ? { ...patch, key } : patch)).status]);
    assert.deepEqual(await statuses(), [401, 401, 401, 401]);
    assert.deepEqual(await statuses(await keyFor(world, ["analytics:read"])), [200, 200, 200, 403]);
    assert.deepEqual(await statuses(await keyFor(world, ["workspace:write"])), [403, 403, 403, 200]);
    const others: KeyScope[] = ["sessions:write", "cancellations:write"];
    assert.deepEqual(await statuses(await keyFor(world, others)), [403, 403, 403, 403]);
    const sandbox = await keyFor(world, ["*"], "sandbox");
    assert.deepEqual(await statuses(sandbox), [403, 403, 403, 403]);
    assert.equal((await world.request(HEALTH, { key: sandbox })).code, "insufficient_scope");
    for (const path of [HEALTH, ISSUES, one]) {
      const reply = await world.request(`${path}?environment=sandbox`, { key: world.key });
      assert.deepEqual([reply.status, reply.param], [400, "environment"], path);
    }
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    assert.deepEqual(await statuses(world.key), [200, 200, 200, 402]);
  });
});

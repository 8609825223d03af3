/** Invoices that could not be collected at once, as a business's own server reads them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { RecoveryList, RecoveryWithAttempts } from "../../src/contract/recoveries.ts";
import { isoOf } from "../../src/domain/dates.ts";
import { createKey } from "../../src/domain/workspaces.ts";
import type { RecoveryRow, Scope } from "../../src/store/store.ts";
import { DAY, john, NOW, onEachStore, type World } from "../harness.ts";

const PATH = "/api/v1/recoveries";

const put = async ({ deps, scope }: World, invoiceId: string, more: Partial<RecoveryRow & Scope> = {}) => {
  const row: RecoveryRow = {
    ...scope,
    id: deps.newId("rec"),
    invoiceId,
    customerId: john,
    amount: 4900,
    currency: "usd",
    status: "pending",
    attemptCount: 1,
    firstFailedAt: NOW,
    lastAttemptAt: NOW,
    ...more,
  };
  await deps.store.putRecovery(row);
  return row;
};

/** Five of three days; the last two of one instant. */
async function several(world: World) {
  await put(world, "in_1", { firstFailedAt: NOW - 2 * DAY, status: "recovered", recoveredAt: NOW });
  await put(world, "in_2", { firstFailedAt: NOW - DAY, status: "failed", closedReason: "voided" });
  await put(world, "in_3", { firstFailedAt: NOW - DAY + 1, customerId: "cus_other" });
  await put(world, "in_4", { id: `rec_a${world.scope.workspaceId}` });
  await put(world, "in_5", { id: `rec_b${world.scope.workspaceId}` });
  await put(world, "in_6", { environment: "sandbox" });
}

onEachStore("Recoveries", ({ open }) => {
  const list = async (world: World, query = "", key = world.key) => {
    const { status, body, text } = await world.request(`${PATH}${query}`, { key });
    assert.equal(status, 200, text);
    const page = RecoveryList.strict().parse(body);
    return { ...page, invoices: page.data.map(({ invoice_id }) => invoice_id) };
  };

  it("are listed by their first failure, latest first, a page at a time", async () => {
    const world = await open();
    await several(world);
    const all = await list(world);
    assert.deepEqual(all.invoices, ["in_5", "in_4", "in_3", "in_2", "in_1"]);
    assert.deepEqual([all.limit, all.has_more], [50, false]);
    const pages: string[][] = [];
    for (let query = "?limit=2", more = true; more; ) {
      const page = await list(world, query);
      pages.push(page.invoices);
      more = page.has_more;
      query = `?limit=2&after=${page.data.at(-1)?.id}`;
    }
    assert.deepEqual(pages, [["in_5", "in_4"], ["in_3", "in_2"], ["in_1"]]);
  });

  it("are those that are asked for", async () => {
    const world = await open();
    await several(world);
    const day = (at: number) => isoOf(at).slice(0, 10);
    for (const [query, invoices] of [
      ["?status=pending", ["in_5", "in_4", "in_3"]],
      ["?status=recovered", ["in_1"]],
      ["?status=failed", ["in_2"]],
      ["?customer_id=cus_other", ["in_3"]],
      ["?customer_id=cus_other&status=failed", []],
      [`?since=${isoOf(NOW)}`, ["in_5", "in_4"]],
      [`?until=${isoOf(NOW)}`, ["in_3", "in_2", "in_1"]],
      [`?since=${day(NOW - DAY)}&until=${day(NOW - DAY)}`, ["in_3", "in_2"]],
      [`?since=${isoOf(NOW - DAY)}&until=${isoOf(NOW - DAY + 1)}`, ["in_2"]],
      [`?environment=sandbox`, ["in_6"]],
      [`?workspace_id=${world.scope.workspaceId}&limit=1`, ["in_5"]],
    ] as const) {
      const page = await list(world, query);
      assert.deepEqual(page.invoices, invoices, query);
      assert.equal(page.has_more, query.includes("limit"), query);
    }
  });

  it("refuse what they cannot be asked for", async () => {
    const world = await open();
    const row = await put(world, "in_1");
    for (const [query, param] of [
      ["?status=lost", "status"],
      ["?limit=0", "limit"],
      ["?limit=201", "limit"],
      ["?after=", "after"],
      ["?after=rec_nothing", "after"],
      [`?after=${row.id}&environment=sandbox`, "after"],
      ["?customer_id=", "customer_id"],
      ["?since=yesterday", "since"],
      ["?since=2027-05-15&until=2027-05-14", "since"],
    ]) {
      const { status, param: named } = await world.request(`${PATH}${query}`, { key: world.key });
      assert.deepEqual([status, named], [400, param], query);
    }
    const { status, code } = await world.request(`${PATH}?workspace_id=ws_other`, { key: world.key });
    assert.deepEqual([status, code], [403, "workspace_mismatch"]);
  });

  it("have all that is known of one, and null for the rest", async () => {
    const world = await open();
    const next = NOW + 3 * DAY;
    const row = await put(world, "in_1", {
      subscriptionId: "sub_1",
      email: "john.doe@example.com",
      declineCode: "expired_card",
      nextAttemptAt: next,
    });
    const made = (status: "failed" | "succeeded", attempt: number, attemptedAt: number) =>
      world.deps.store.insertRecoveryAttempt({
        id: `att_${world.scope.workspaceId}_${attempt}`,
        recoveryId: row.id,
        status,
        attempt,
        attemptedAt,
        ...(status === "failed" ? { declineCode: "expired_card" } : {}),
      });
    await made("succeeded", 2, NOW + DAY);
    await made("failed", 1, NOW);
    const { status, body } = await world.request(`${PATH}/${row.id}`, { key: world.key });
    assert.equal(status, 200);
    const [first, second] = RecoveryWithAttempts.strict().parse(body).attempts;
    assert.deepEqual(
      [first?.attempt, first?.status, first?.decline_code, first?.attempted_at],
      [1, "failed", "expired_card", isoOf(NOW)],
    );
    assert.deepEqual([first?.object, first?.id], ["recovery_attempt", `att_${world.scope.workspaceId}_1`]);
    assert.deepEqual([second?.status, second?.decline_code], ["succeeded", null]);
    const { attempts: _, ...listed } = body;
    assert.deepEqual(listed, {
      object: "recovery",
      id: row.id,
      environment: "prod",
      invoice_id: "in_1",
      subscription_id: "sub_1",
      customer_id: john,
      email: "john.doe@example.com",
      amount_cents: 4900,
      currency: "usd",
      decline_code: "expired_card",
      decline_class: "card_update",
      status: "pending",
      attempt_count: 1,
      first_failed_at: isoOf(NOW),
      last_attempt_at: isoOf(NOW),
      next_attempt_at: isoOf(next),
      recovered_at: null,
      closed_reason: null,
    });
    assert.deepEqual((await list(world)).data, [listed]);
  });

  it("of somebody else, or of the other environment, are none", async () => {
    const [world, other] = [await open(), await open()];
    const theirs = await put(other, "in_1");
    const sandbox = await put(world, "in_2", { environment: "sandbox" });
    for (const id of [theirs.id, sandbox.id, "rec_nothing"]) {
      const { status, code } = await world.request(`${PATH}/${id}`, { key: world.key });
      assert.deepEqual([status, code], [404, "recovery_not_found"], id);
    }
    const read = await world.request(`${PATH}/${sandbox.id}?environment=sandbox`, { key: world.key });
    assert.equal(read.status, 200);
    const of = { ...world.scope, environment: "sandbox", kind: "secret", name: "sandbox" } as const;
    const { key } = await createKey(world.deps, of);
    assert.deepEqual((await list(world, "", key)).invoices, ["in_2"]);
  });
});

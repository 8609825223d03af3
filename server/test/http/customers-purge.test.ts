/** Customers who are forgotten by themselves, and those who are not. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { BillingError } from "../../src/billing/provider.ts";
import { purgeCustomers } from "../../src/domain/purge.ts";
import type { CustomerId } from "../../src/store/personal-data.ts";
import { alone, DAY, john, onEachStore } from "../harness.ts";
import { aLedgerRow, aSession } from "../store/rows.ts";
import { everything, start } from "./flowing.ts";
import { live, look, settings, tracesIn } from "./forgetting.ts";

onEachStore("A customer of whom nothing is heard", ({ home }) => {
  it("is forgotten by itself once nothing has been heard of them for long enough", async () => {
    await using world = await alone(home, { settings });
    await live(world);
    const { deps, clock } = world;
    const began = clock.now;
    for (const { id: subscriptionId } of await world.simulator.subscriptions(john))
      await world.simulator.execute(
        { type: "cancel", effective: "immediately", subscriptionId },
        subscriptionId,
      );
    const others = aSession(world.scope, { customerId: "cus_active", touchedAt: began + 1 * DAY });
    await deps.store.insertSession(others);
    await deps.store.insertSession(
      aSession(world.scope, { customerId: "cus_active", touchedAt: began - 9 * DAY }),
    );
    clock.now = Date.parse("2029-05-13T09:00:00Z");
    await purgeCustomers({ ...deps, retainMonths: 24 });
    await purgeCustomers(deps);
    assert.equal((await look(world, `customer_id=${john}`)).body.found, true, "not a day too early");
    clock.now = Date.parse("2029-05-14T10:00:00Z");
    await purgeCustomers({ ...deps, retainMonths: 24 });
    assert.equal((await look(world, `customer_id=${john}`)).body.found, false);
    assert.equal((await look(world, "customer_id=cus_active")).body.found, true);
    assert.deepEqual(await tracesIn(world.store), []);
    clock.now += 2 * DAY;
    await purgeCustomers({ ...deps, retainMonths: 24 });
    assert.equal((await look(world, "customer_id=cus_active")).body.found, false);
  });

  it("is kept of whoever still has a subscription, or an end ahead, or of whom billing says nothing", async () => {
    await using world = await alone(home, { settings, cancelAtBilling: "period_end" });
    await world.publish(everything);
    const { deps, scope } = world;
    await start(world);
    const gone = aSession(scope, { customerId: "zz_gone", touchedAt: world.clock.now });
    await deps.store.insertSession(gone);
    const leaves = aLedgerRow(gone, gone.id, { customerId: "zz_leaves", source: "api" });
    const far = { effectiveAt: world.clock.now + 365 * DAY, updatedAt: world.clock.now };
    const { sessionId: _, ...reported } = leaves;
    await deps.store.putLedger({ ...reported, ...far });
    world.pass(7 * 31 * DAY);
    const purging = { ...deps, retainMonths: 6 };
    const found = async () => {
      const asked = [john, "zz_gone", "zz_leaves"].map((id) => look(world, `customer_id=${id}`));
      return (await Promise.all(asked)).map(({ body }) => body.found);
    };
    const silent = () => Promise.reject(new BillingError("unknown", "timeout", "no answer"));
    await purgeCustomers({
      ...purging,
      billing: (of) => ({ ...deps.billing(of), subscriptions: silent }),
    });
    assert.deepEqual(await found(), [true, true, true]);
    world.pass(DAY);
    await purgeCustomers(purging);
    assert.deepEqual(await found(), [true, false, true], "who is passed over keeps nobody waiting");
    world.pass(366 * DAY + 7 * 31 * DAY);
    await purgeCustomers(purging);
    assert.deepEqual(await found(), [true, false, false]);
  });

  it("is gone through in parts, each with a limit", async () => {
    await using world = await alone(home, { settings });
    const { store } = world.deps;
    const { now } = world.clock;
    for (const customerId of ["a", "b", "c", "gone_x", "gone_y", "h"])
      await store.insertSession(
        aSession(world.scope, { customerId, touchedAt: customerId === "b" ? now : 1 }),
      );
    // Of nobody.
    const { customerId: _, sessionId: _s, ...nobodys } = aLedgerRow(world.scope, "");
    await store.putLedger(nobodys);
    const parts: string[][] = [];
    let after: CustomerId | undefined;
    do {
      const { silent, last } = await store.silentCustomers(now, { after, limit: 2 });
      parts.push(silent.map(({ customerId }) => customerId));
      after = last;
    } while (after);
    assert.deepEqual(parts, [["a"], ["c"], ["h"]]);
    // Time runs out within the first part, and the next call goes on where this one stopped.
    let ticks = 0;
    const slow = { ...world.deps, retainMonths: 6, clock: () => now + 365 * DAY + 9_000 * ticks++ };
    await purgeCustomers(slow);
    const left = () => store.silentCustomers(now, { limit: 9 });
    assert.deepEqual((await left()).silent.length, 2);
    await store.insertSession(aSession(world.scope, { customerId: "Earlier", touchedAt: 1 }));
    await purgeCustomers({ ...slow, clock: () => now + 365 * DAY });
    const names = (await left()).silent.map(({ customerId }) => customerId);
    assert.deepEqual(names, ["Earlier"], "their turn is another night");
  });
});

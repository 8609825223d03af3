/** `renumerate customers`, as an operator types it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { customerCommands } from "../../src/cli/customers.ts";
import { john, MINUTE, onEachStore, type World } from "../harness.ts";
import { typed } from "./typing.ts";

onEachStore("The command customers", ({ open }) => {
  const run = (world: World, ...args: string[]): Promise<string> =>
    typed(world, customerCommands, "customers", ...args);

  it("prints what is kept about somebody, and forgets them", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("too_expensive").next();
    await visit.send();
    const email = "John.Doe@example.com";
    const { found, customer_ids, data } = JSON.parse(await run(world, "data", "--email", email));
    assert.deepEqual([found, customer_ids, data.sessions.length], [true, [john], 1]);
    const inSandbox = ["--customer", john, "--environment", "sandbox"];
    assert.equal(JSON.parse(await run(world, "data", ...inSandbox)).found, false);
    assert.equal(await run(world, "forget", ...inSandbox), "Nothing is kept about them\n");
    assert.match(await run(world, "forget", "--customer", john), /^sessions: 1\n/);
    const again = JSON.parse(await run(world, "forget", "--customer", john, "--json"));
    assert.deepEqual(again, { found: false, changed: {} });
    assert.equal(JSON.parse(await run(world, "data", "--email", email)).found, false);
  });

  it("refuses while billing has not answered, and what names nobody or two", async () => {
    const world = await open();
    const visit = await world.visit(john);
    visit.select("too_expensive").next();
    world.billing.plan = { execute: { when: "before", throws: "unknown", times: 1 } };
    await visit.cancel();
    await assert.rejects(run(world, "forget", "--customer", john), /Billing has not answered/);
    world.pass(MINUTE);
    while (await world.tick());
    assert.match(await run(world, "forget", "--customer", john), /actions: 1/);
    await assert.rejects(run(world, "forget"), /either --customer or --email/);
    await assert.rejects(run(world, "data", "--customer", "x", "--email", "y"), /either/);
    await assert.rejects(run(world, "data", "--customer", ""), /an id/);
  });
});

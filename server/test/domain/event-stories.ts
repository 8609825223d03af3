/** Everything that integrators can hear of, told by somebody who lives it. */
import assert from "node:assert/strict";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { EventType } from "../../src/contract/event-types.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { changeIssue, detectIssues } from "../../src/domain/issues.ts";
import { sweepIdle } from "../../src/domain/ledger.ts";
import { SETTLE_AFTER } from "../../src/domain/settlement.ts";
import { WEEK, weekOf } from "../../src/domain/weeks.ts";
import { asking, half, offering } from "../flows/fixtures.ts";
import { DAY, john, type World } from "../harness.ts";
import { least, report, update } from "../http/cancelling.ts";
import { settled } from "../visit.ts";
import { followed, makeLink } from "./cancel-linking.ts";
import { agree, ask, changed, make } from "./changing.ts";
import { report as reportMany, SMALL } from "./issues-ledger.ts";

/** What is told, in order, and how it comes to that; `alone` where the worker has a part in it. */
export type Story = [
  name: string,
  told: readonly EventType[],
  happens: (world: World) => Promise<unknown>,
  where?: "alone",
];

let made = 0;
const tells = (at: number, event: object) => ({ id: `evt_${++made}`, at, ...event }) as BillingEvent;

/** It arrives, and everything is done that is due within a minute. */
async function hear(world: World, event: BillingEvent): Promise<void> {
  await keepBillingEvent(world.deps, world.scope, event);
  for (let round = 0; round < 6; round++) {
    world.pass(10_000);
    while (await world.tick());
  }
}

const atBilling = (world: World, action: "cancel" | "undo_cancellation", effective = "period_end") =>
  world.simulator.execute(
    {
      type: action,
      subscriptionId: ids.monthly,
      ...(action === "cancel" ? { effective } : {}),
    } as Parameters<World["simulator"]["execute"]>[0],
    `${action} ${++made}`,
  );

const ending = { subscriptionId: ids.monthly, leaving: { reason: "too_expensive", comment: "Too much" } };

const failed = (world: World, invoiceId: string) =>
  tells(world.clock.now, {
    type: "payment_failed",
    invoiceId,
    subscriptionId: "sub_gone",
    customerId: john,
    amount: 4900,
    currency: "usd",
    attempt: 1,
    declineCode: "insufficient_funds",
    nextAttemptAt: world.clock.now + DAY,
  });

/** Somebody names a reason, and says it in their own words. */
const followup = {
  ...asking({}),
  steps: [
    {
      type: "survey",
      id: "why",
      reasons: [{ id: "bugs", label: "Bugs", followup: { label: "Which?" }, offers: [half] }],
    },
    offering().steps[1],
  ],
};

export const stories: Story[] = [
  [
    "a customer stays without an offer, who has said why",
    ["cancel.started", "cancel.saved"],
    async (world) => {
      await world.publish(followup);
      await (await world.visit(john)).select("bugs").write("All of them").keep();
    },
  ],
  [
    "a customer takes a cheaper plan",
    ["cancel.started", "cancel.saved"],
    async (world) => {
      await world.publish(
        offering({ type: "plan_change", id: "less", plans: [{ priceId: "price_basic_monthly" }] }),
      );
      settled(await (await world.visit(john)).accept({ priceId: "price_basic_monthly" }));
    },
  ],
  [
    "a customer leaves, and takes it back in the hub",
    ["cancel.started", "cancel.canceled", "subscription.changed", "cancel.undone"],
    async (world) => {
      settled(await (await world.visit(john)).cancel());
      world.pass(1);
      changed(await make(world, await world.mint(john), ids.monthly, { type: "undo_cancellation" }));
    },
  ],
  [
    "a customer leaves in two tabs",
    ["cancel.started", "cancel.canceled", "cancel.started", "cancel.abandoned"],
    async (world) => {
      const visits = [await world.visit(john), await world.visit(john)];
      for (const visit of visits) settled(await visit.cancel());
    },
  ],
  [
    "a customer falls silent, and another closes the flow",
    ["cancel.started", "cancel.started", "cancel.abandoned", "cancel.abandoned"],
    async (world) => {
      await (await world.visit(john)).send();
      await (await world.visit("cus_lucia")).close();
      world.pass(DAY);
      await sweepIdle(world.deps);
    },
  ],
  [
    "an offer is taken while billing is silent, and carried out later",
    ["cancel.started", "cancel.requested", "cancel.saved"],
    async (world) => {
      await world.publish(offering(half));
      world.billing.plan = { execute: { when: "before", throws: "unknown" } };
      assert.equal(settled(await (await world.visit(john)).accept()).status, "requested");
      world.billing.plan = {};
      world.pass(SETTLE_AFTER);
      await world.tick();
    },
    "alone",
  ],
  [
    "a cancellation is requested while billing is silent, and refused in the end",
    ["cancel.started", "cancel.requested", "cancel.request_failed"],
    async (world) => {
      world.billing.plan = { execute: { when: "before", throws: "unknown" } };
      assert.equal(settled(await (await world.visit(john)).cancel()).status, "requested");
      world.billing.plan = { execute: { when: "before", throws: "rejected" } };
      world.pass(SETTLE_AFTER);
      await world.tick();
    },
    "alone",
  ],
  [
    "a customer follows a link and leaves, and nothing is known of the subscription",
    ["cancel.started", "cancel.canceled"],
    async (world) => {
      const link = await makeLink(world, { context: undefined });
      settled(await (await followed(world, link)).cancel());
    },
  ],
  [
    "a business reports a cancellation, and how it ended",
    ["cancellation.created", "cancellation.updated"],
    async (world) => {
      await report(world, { ...least, metadata: { seats: 3, note: null }, context: { mrr: 10 } });
      await update(world, least.eventId, { outcome: "churned", effectiveAt: "2027-06-01T00:00:00Z" });
    },
  ],
  [
    "a customer pauses in the hub, uses a code, and pays a debt, which is refused",
    ["subscription.changed", "subscription.changed", "subscription.change_failed"],
    async (world) => {
      const token = await world.mint(john);
      changed(await make(world, token, ids.monthly, { type: "promo_code", code: "FIVEOFF" }));
      world.pass(1);
      changed(await make(world, token, ids.monthly, { type: "pause", choice: { months: 2 } }));
      const owes = await world.mint("cus_sam");
      const request = await agree(world, owes, ids.pastDue, { type: "retry_payment" });
      world.billing.plan = {
        execute: { when: "before", throws: "rejected", code: "payment_declined", times: 1 },
      };
      assert.equal((await ask(world, owes, request)).code, "payment_declined");
    },
  ],
  [
    "a subscription is ended at billing, goes on, and is ended at once",
    ["subscription.ending", "subscription.ending_undone", "subscription.ended"],
    async (world) => {
      await atBilling(world, "cancel");
      await hear(world, tells(world.clock.now, { type: "subscription_changed", ...ending }));
      await atBilling(world, "undo_cancellation");
      await hear(
        world,
        tells(world.clock.now, { type: "subscription_changed", subscriptionId: ids.monthly }),
      );
      await atBilling(world, "cancel", "immediately");
      const leaving = { involuntary: true };
      await hear(world, tells(world.clock.now, { ...ending, type: "subscription_ended", leaving }));
    },
    "alone",
  ],
  [
    "a reason is named unusually often, and somebody sees to it",
    ["issue.opened", "issue.resolved"],
    async (world) => {
      const { deps, scope, clock } = world;
      await detectIssues(deps);
      await reportMany(deps.store, scope, { ...SMALL, missing_feature: 4 }, { occurredAt: clock.now });
      clock.now = weekOf(clock.now) + WEEK;
      await detectIssues(deps);
      const [issue] = await deps.store.issues(scope, { limit: 1 });
      const note = "It is there now";
      await changeIssue(deps, scope, issue?.id ?? "", { status: "resolved", owner: "ada", note });
    },
    "alone",
  ],
  [
    "of two invoices that cannot be collected one is paid, and the other is not",
    ["payment.failed", "payment.recovered", "payment.failed", "payment.lost"],
    async (world) => {
      await hear(world, failed(world, "in_1"));
      await hear(
        world,
        tells(world.clock.now, { type: "payment_succeeded", invoiceId: "in_1", amount: 4900, attempt: 1 }),
      );
      await hear(world, failed(world, "in_2"));
      const reason = "uncollectible";
      await hear(world, tells(world.clock.now, { type: "payment_given_up", invoiceId: "in_2", reason }));
    },
    "alone",
  ],
];

/** A customer's decision or change up to its last step, and how it has ended. */
import assert from "node:assert/strict";
import type { HubChange } from "../../../src/api/wire.ts";
import type { StripeSettings } from "../../src/billing/stripe/model.ts";
import type { Fixtures } from "../billing/provider-harness.ts";
import { agree } from "../domain/changing.ts";
import type { Reply, World } from "../harness.ts";
import type { Visit } from "../visit.ts";
import { changesOf, comparable } from "./comparing.ts";
import { DAYS } from "./fixtures.ts";
import { type DoubleHarness, onDouble } from "./harness.ts";
import { State } from "./state.ts";
import type { StripeWorld } from "./world.ts";

export const TODAY = DAYS.everyMonth;

const open = onDouble(TODAY);

/** With the price that `monthly` has, and a dearer one. */
type Sold = Fixtures & { present: string; team: string };

/** What a customer does. */
export interface Case {
  settings?: StripeSettings;
  of: (fixtures: Fixtures) => string;
  /** What was before. */
  before?: (harness: DoubleHarness, id: string) => Promise<unknown>;
  /** What happens while they make up their mind. */
  meanwhile?: (harness: DoubleHarness, id: string) => Promise<unknown>;
  /** In a flow: the offers or the end that it has, and the way to the decision. */
  flow?: { definition: (fixtures: Fixtures) => object; decide: (visit: Visit, fixtures: Fixtures) => Visit };
  /** In a hub. */
  change?: (fixtures: Sold) => HubChange;
}

/** What there is at Stripe when a customer comes. */
export interface Stage {
  state: State;
  /** Once they have made up their mind. */
  later: State | undefined;
  fixtures: Sold;
  id: string;
  plans: string[];
}

/** The customer's last step, with everything before it done. */
export interface Attempt {
  send(): Promise<Reply>;
  /** A page that the customer opens anew. */
  look(): Promise<unknown>;
}

/**
 * A copy with this subscription's customer alone, whose time is everybody's, and without events, which nobody asks for:
 * the less there is, the faster are the many copies of it.
 */
function only(state: State, subscription: string): State {
  const { data } = state.copy();
  const { objects } = data;
  const owner = state.get("subscriptions", subscription).customer as string;
  const isOthers = (each: object) => {
    const { id, object, customer, invoice } = each as Record<string, unknown>;
    if (object === "invoice_payment") return !objects.invoices[String(invoice)];
    return object === "customer" ? id !== owner : typeof customer === "string" && customer !== owner;
  };
  for (const collection of Object.values(objects))
    for (const [id, each] of Object.entries(collection)) {
      if (isOthers(each)) delete collection[id];
      else if ("test_clock" in each) each.test_clock = null;
    }
  objects.events = {};
  return new State({ ...data, now: state.timeOf(owner) });
}

export async function prepare({ settings, of, before: earlier, meanwhile }: Case): Promise<Stage> {
  const harness = await (settings ? onDouble(TODAY, settings) : open)();
  const { double, fixtures } = harness;
  try {
    const id = of(fixtures);
    await earlier?.(harness, id);
    const state = only(double.state, id);
    await meanwhile?.(harness, id);
    const priceOf = (subscription: string) =>
      double.state.get("subscriptions", subscription).items.data[0]?.price.id ?? assert.fail();
    const { cheaper, annual } = fixtures.prices;
    const [team, present] = [priceOf(fixtures.several), priceOf(fixtures.trialing)];
    return {
      state,
      later: meanwhile && only(double.state, id),
      fixtures: { ...fixtures, team, present },
      id,
      plans: [cheaper, present, annual, team],
    };
  } finally {
    await harness.close();
  }
}

export async function begin(world: StripeWorld, { flow, change }: Case, stage: Stage): Promise<Attempt> {
  const { id, fixtures } = stage;
  if (flow) {
    await world.publish(flow.definition(fixtures));
    const visit = flow.decide(await world.visit(id), fixtures);
    const opened = world.clock.now;
    if (stage.later) world.becomes(stage.later);
    const age = world.clock.now - opened;
    const json = { ...visit.decision(), ...(age ? { age } : {}) };
    const { token } = visit;
    return {
      send: () => world.request("/v1/widget/decision", { token, json }),
      look: () => world.request("/v1/widget/flow", { token }),
    };
  }
  const token = await world.mint(id, "subscription");
  const wanted = change?.(fixtures) ?? assert.fail("a flow or a change");
  const json = await agree(world as unknown as World, token, id, wanted);
  return {
    send: () => world.request("/v1/widget/hub/change", { token, json }),
    look: () => world.request("/v1/widget/hub", { token }),
  };
}

/** What was written down of it here. */
export async function rowsOf({
  db,
  scope,
}: StripeWorld): Promise<{ id: string; status: string; job: string }[]> {
  const { workspaceId } = scope;
  const changes = await db
    .selectFrom("changes")
    .select(["id", "status"])
    .where("workspace_id", "=", workspaceId)
    .execute();
  const actions = await db
    .selectFrom("actions")
    .innerJoin("sessions", "sessions.id", "actions.session_id")
    .select(["actions.id", "actions.status", "sessions.id as job"])
    .where("sessions.workspace_id", "=", workspaceId)
    .execute();
  return [...changes.map((row) => ({ ...row, job: row.id })), ...actions];
}

export const isPending = async (world: StripeWorld): Promise<boolean> =>
  (await rowsOf(world)).some(({ status }) => status === "pending");

/** How it all ends, in a form in which two runs can be compared. */
export interface Ending {
  /** What the customer is told. */
  reply: { subscription: { nextCharge?: unknown } };
  /** What has changed at Stripe. */
  books: unknown;
  rows: string[];
  ledger: object[];
  facts: string[];
}

export async function ending(world: StripeWorld, stage: Stage, reply: Reply): Promise<Ending> {
  const ledger = await world.ledger();
  const facts = await world.facts();
  assert.equal(new Set(facts).size, facts.length, `each fact once: ${facts}`);
  return {
    reply: comparable({ ...reply.body, at: undefined }) as Ending["reply"],
    books: changesOf(world.double.state, stage.later ?? stage.state),
    rows: (await rowsOf(world)).map(({ status }) => status),
    ledger: ledger.map(({ outcome, confirmed, offerAccepted }) => ({ outcome, confirmed, offerAccepted })),
    facts: facts.filter((type) => type !== "cancel.requested"),
  };
}

export async function checkSettled(world: StripeWorld): Promise<void> {
  const rows = await rowsOf(world);
  for (const { job } of rows) {
    const jobs = await world.db.selectFrom("jobs").select("id").where("key", "=", job).execute();
    assert.deepEqual(jobs, [], "nothing is left to do");
  }
  assert.deepEqual(world.double.defects, [], "the double answers as Stripe would");
}

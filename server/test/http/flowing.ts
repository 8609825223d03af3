/** Retainly's flow endpoints as a custom SDK, or a server, calls them. */
import assert from "node:assert/strict";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { asking, half, pause } from "../flows/fixtures.ts";
import { john, type Reply, type World } from "../harness.ts";

/** The documented offer: 30 % for three months. */
export const third = {
  type: "discount",
  id: "third",
  percentOff: 30,
  duration: "repeating",
  months: 3,
  cooldownDays: 90,
};

export const smaller = {
  type: "plan_change",
  id: "smaller",
  plans: [{ priceId: "price_basic_monthly" }, { priceId: "price_team_monthly" }],
};

export const annual = { type: "annual_switch", id: "annual" };
export const contact = { type: "contact", id: "talk", url: "https://shop.example/talk" };

/** A reason for each kind of offer. */
export const everything = asking({
  too_expensive: [third],
  half_price: [half],
  no_time: [pause],
  too_big: [smaller],
  commitment: [annual],
  broken: [contact],
});

export const discount = { offer_accepted: "discount", offer_value: { percent: 30, duration_months: 3 } };
export const saved = { success: true, stripe: { success: true }, saved_mrr_cents: 4900 };

export const names = { subscription_id: ids.monthly, customer_id: john };

/** With the workspace's key, or as a page with this session id. */
export const call = (world: World, what: string, json: object, token?: string): Promise<Reply> =>
  world.request(`/api/flows/${what}`, { json, ...(token ? { token } : { key: world.key }) });

/** @returns the id of a session that is John's, unless it is somebody else's */
export async function start(world: World, more: object = {}, token?: string): Promise<string> {
  const reply = await call(world, "start", { ...names, ...more }, token);
  assert.equal(reply.status, 200, reply.text);
  return reply.body.session_id as string;
}

export async function succeeds(asked: Promise<Reply>, body: object = { success: true }): Promise<void> {
  const reply = await asked;
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(reply.body, body);
}

export async function refused(asked: Promise<Reply>, status: number, code: string): Promise<Reply> {
  const reply = await asked;
  assert.deepEqual([reply.status, reply.code], [status, code], reply.text);
  return reply;
}

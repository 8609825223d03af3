/**
 * Of each operation a request that has to succeed. Chance alone seldom comes so far where several values belong together: an
 * offer with the terms that were shown, a change with its preview. What is then done to such a request is done to one that
 * would otherwise have been carried out.
 */
import assert from "node:assert/strict";
import type { FlowConfig } from "../../../src/api/wire.ts";
import type { Reply } from "../harness.ts";
import { Visit } from "../visit.ts";
import type { Newcomer, Stage } from "./stage.ts";

export interface Example {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  /** The session that asks, where it is not any. */
  token?: string;
}

let made = 0;
const newId = (what: string): string => `${what}_${String(++made).padStart(8, "0")}`;

function answered({ status, text, body }: Reply): Record<string, unknown> {
  assert.ok(status === 200 || status === 201, text);
  return body;
}

const post = async (stage: Stage, path: string, json: object) =>
  answered(await stage.request(path, { key: stage.key, json }));

async function mint(stage: Stage, { customerId }: Newcomer, kind = "retention"): Promise<string> {
  const body = await post(stage, `/v1/${kind}/session`, { [kind]: { customer_id: customerId } });
  return body.id as string;
}

async function visit(stage: Stage): Promise<Visit> {
  const token = await mint(stage, await stage.newcomer());
  const body = answered(await stage.request("/v1/widget/flow", { token }));
  return new Visit(stage, token, body as unknown as FlowConfig);
}

async function recording(stage: Stage): Promise<{ token: string; session: string; events: object[] }> {
  const { token, session, events } = (await visit(stage)).select("too_expensive").next();
  return { token, session, events };
}

const changes = [
  { type: "pause", choice: { months: 1 } },
  { type: "plan_change", priceId: "price_pro_annual" },
];

async function previewing(stage: Stage, change: object) {
  const person = await stage.newcomer();
  const token = await mint(stage, person, "subscription");
  return { token, body: { subscription: person.subscriptionId, change } };
}

async function started(stage: Stage) {
  const person = await stage.newcomer();
  const names = { customer_id: person.customerId, subscription_id: person.subscriptionId };
  const { session_id, flow } = await post(stage, "/api/flows/start", names);
  return { session_id, flow: flow as { steps: { offer?: { type: string; value: object | null } }[] } };
}

async function reported(stage: Stage): Promise<Example> {
  const eventId = newId("report");
  await post(stage, "/api/v1/cancellations", { eventId, reasonKey: "too_expensive" });
  return { params: { eventId } };
}

async function linked(stage: Stage): Promise<{ id: string; address: string }> {
  const { session_id, url } = await post(stage, "/api/v1/cancel-link", { userId: newId("user") });
  return { id: session_id as string, address: new URL(url as string).pathname };
}

/** What a customer brings back who has looked at a flow and gone. */
async function broughtBack(stage: Stage): Promise<string> {
  const { address } = await linked(stage);
  const { text } = await stage.request(address);
  const token = / data-session="([^"]+)"/.exec(text)?.[1] ?? assert.fail(text);
  answered(await stage.request("/v1/widget/flow", { token }));
  const back = await stage.request(`${address}/return`, { json: { outcome: "abandoned", final: true } });
  return String(answered(back).url).split("#ci_result_token=")[1] ?? assert.fail(back.text);
}

const ENDPOINTS = "/api/v1/webhook-endpoints";
const hook = () => ({ url: `https://shop.example/${newId("hook")}` });

/** There is room for a few, and others make them as well. */
const CROWDED = 8;

async function makeRoom(stage: Stage): Promise<void> {
  const { key } = stage;
  const { body } = await stage.request(`${ENDPOINTS}?limit=100`, { key });
  const all = body.data as { id: string }[];
  if (all.length < CROWDED) return;
  for (const { id } of all) await stage.request(`${ENDPOINTS}/${id}`, { key, method: "DELETE" });
}

async function endpoint(stage: Stage): Promise<string> {
  await makeRoom(stage);
  return (await post(stage, ENDPOINTS, hook())).id as string;
}

const ofEndpoint = async (stage: Stage): Promise<Example> => ({ params: { id: await endpoint(stage) } });

async function delivery(stage: Stage): Promise<Example> {
  const id = await endpoint(stage);
  await post(stage, `${ENDPOINTS}/${id}/test`, {});
  const { body } = await stage.request(`${ENDPOINTS}/${id}/deliveries`, { key: stage.key });
  const [first] = body.data as { id: string }[];
  return { params: { id: first?.id ?? assert.fail("it is on its way") } };
}

/** What only time brings about is known from the beginning, or not at all. */
const known =
  (name: string) =>
  async ({ knowledge }: Stage): Promise<Example> => ({
    params: { id: knowledge.first(name) ?? assert.fail(`there is a ${name}`) },
  });

const nothing = async (): Promise<Example> => ({});

export const examples: Readonly<Record<string, (stage: Stage) => Promise<Example>>> = {
  create_retention_session: async (stage) => ({
    body: { retention: { customer_id: (await stage.newcomer()).customerId } },
  }),
  create_subscription_session: async (stage) => ({
    body: { subscription: { customer_id: (await stage.newcomer()).customerId } },
  }),
  exchange_session: async (stage) => ({ body: { handshakeToken: stage.handshake() } }),
  get_flow: async (stage) => ({ token: await mint(stage, await stage.newcomer()) }),
  async record_events(stage) {
    const { token, ...body } = await recording(stage);
    return { token, body };
  },
  async decide(stage) {
    const customer = await visit(stage);
    // Half of them stay.
    if (made++ % 2) customer.select("too_expensive").next().act({ type: "accept" });
    else customer.leave().act({ type: "confirm" });
    return { token: customer.token, body: customer.decision() };
  },
  get_hub: async (stage) => ({ token: await mint(stage, await stage.newcomer(), "subscription") }),
  preview_change: (stage) => previewing(stage, changes[made++ % changes.length] as object),
  async make_change(stage) {
    const { token, body } = await previewing(stage, changes[made++ % changes.length] as object);
    const seen = answered(await stage.request("/v1/widget/hub/preview", { token, json: body }));
    return { token, body: { id: newId("change"), ...body, seen } };
  },
  list_invoices: async (stage) => ({ token: await mint(stage, await stage.newcomer(), "subscription") }),
  async open_payment_page(stage) {
    const person = await stage.newcomer();
    const body = { subscription: person.subscriptionId, returnUrl: `${stage.publicUrl}/subs` };
    return { token: await mint(stage, person, "subscription"), body };
  },
  async save_billing_details(stage) {
    const token = await mint(stage, await stage.newcomer(), "subscription");
    return { token, body: { name: "John Doe", address: { country: "DE" } } };
  },
  async dismiss_offer(stage) {
    return { token: await mint(stage, await stage.newcomer(), "subscription"), body: { offer: "annual" } };
  },
  get_health: nothing,
  get_retention_health: nothing,
  list_issues: nothing,
  get_issue: known("issue_id"),
  update_issue: async (stage) => ({ ...(await known("issue_id")(stage)), body: { note: "Seen" } }),
  report_cancellation: async () => ({ body: { eventId: newId("report"), reasonKey: "too_expensive" } }),
  update_cancellation: async (stage) => ({ ...(await reported(stage)), body: { outcome: "recovered" } }),
  read_cancellation: reported,
  create_cancel_link: async () => ({ body: { userId: newId("user") } }),
  verify_result: async (stage) => ({ body: { token: await broughtBack(stage) } }),
  get_cancel_session: async (stage) => ({ params: { id: (await linked(stage)).id } }),
  get_reports: nothing,
  export_sessions: nothing,
  export_recovery: nothing,
  export_saves: nothing,
  get_customer_data: async (stage) => ({ query: { customer_id: (await stage.newcomer()).customerId } }),
  forget_customer: async (stage) => ({ query: { customer_id: (await stage.newcomer()).customerId } }),
  list_recoveries: nothing,
  get_recovery: known("recovery_id"),
  async start_flow(stage) {
    const { customerId, subscriptionId } = await stage.newcomer();
    return { body: { customer_id: customerId, subscription_id: subscriptionId } };
  },
  async save_flow(stage) {
    const { session_id, flow } = await started(stage);
    const { offer } = flow.steps.find((step) => step.offer?.value) ?? assert.fail("it has an offer");
    return { body: { session_id, offer_accepted: offer?.type, offer_value: offer?.value } };
  },
  cancel_flow: async (stage) => ({
    body: { session_id: (await started(stage)).session_id, reason: "too_expensive" },
  }),
  record_flow_event: async (stage) => ({
    body: { session_id: (await started(stage)).session_id, event_type: "offer_shown", data: {} },
  }),
  get_analytics: nothing,
  get_revenue: nothing,
  list_sessions: nothing,
  get_session: async (stage) => ({ params: { id: (await started(stage)).session_id } }),
  create_api_key: async () => ({ body: { name: "fuzz" } }),
  list_api_keys: nothing,
  revoke_api_key: async (stage) => ({
    params: { id: (await post(stage, "/api/v1/api-keys", { name: "fuzz" })).id },
  }),
  async create_webhook_endpoint(stage) {
    await makeRoom(stage);
    return { body: hook() };
  },
  list_webhook_endpoints: nothing,
  get_webhook_endpoint: ofEndpoint,
  update_webhook_endpoint: async (stage) => ({
    ...(await ofEndpoint(stage)),
    body: { status: "disabled" },
  }),
  delete_webhook_endpoint: ofEndpoint,
  rotate_webhook_secret: async (stage) => ({ ...(await ofEndpoint(stage)), body: { overlap_hours: 1 } }),
  test_webhook_endpoint: ofEndpoint,
  list_webhook_deliveries: ofEndpoint,
  get_webhook_delivery: delivery,
  replay_webhook_delivery: delivery,
};

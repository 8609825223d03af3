import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Stripe from "stripe";
import { NOW, subscribe } from "./bench.ts";
import { deliver, eventsOf, older, signed } from "./events.ts";
import { opened } from "./harness.ts";
import { State } from "./state.ts";

const secret = "whsec_right";
const url = "https://shop.example/hook";
const library = new Stripe("sk_test_reads");

/** As an endpoint would: the event, if it is Stripe's. */
async function read(request: Request, key = secret, now = NOW): Promise<Stripe.Event> {
  const signature = request.headers.get("stripe-signature") ?? "";
  const body = await request.text();
  return library.webhooks.constructEventAsync(body, signature, key, 300, undefined, now * 1000);
}

describe("the double's events", () => {
  it("arrive signed by the secret and at the time that the test names", async () => {
    await using made = await opened(State.empty(NOW));
    const { id } = await made.stripe.customers.create({ name: "Ada ☂" });
    const [event] = eventsOf(made.double, ["customer.created"]);
    assert.ok(event);
    const send = (key?: string, at?: number) =>
      deliver(made.double, event, {
        url,
        secret,
        ...(at === undefined ? {} : { at }),
        fetch: async (request) => {
          const { type, data } = await read(request, key);
          return Response.json({ type, id: (data.object as Stripe.Customer).id });
        },
      });
    assert.deepEqual(await (await send()).json(), { type: "customer.created", id });
    await assert.rejects(send("whsec_wrong"), Stripe.errors.StripeSignatureVerificationError);
    await send(secret, NOW - 300);
    await assert.rejects(send(secret, NOW - 301), Stripe.errors.StripeSignatureVerificationError);
    const { body, signature } = signed(event, secret, NOW);
    const forged = new Request(url, {
      method: "POST",
      headers: { "stripe-signature": signature },
      body: body.replace("Ada", "Eve"),
    });
    await assert.rejects(read(forged), Stripe.errors.StripeSignatureVerificationError);
  });

  it("are told in their order, from where one left off", async () => {
    await using made = await opened(State.empty(NOW));
    const { id } = await made.stripe.customers.create({ name: "Ada" });
    const last = eventsOf(made.double).at(-1)?.id ?? "";
    await made.stripe.customers.update(id, { name: "Eve" });
    await made.stripe.customers.del(id);
    const types = eventsOf(made.double, undefined, last).map(({ type }) => type);
    assert.deepEqual(types, ["customer.updated", "customer.deleted"]);
  });

  it("come in older shapes for who asks with an older version", async () => {
    await using made = await opened(State.empty(NOW));
    const { id } = await subscribe(made.stripe);
    const [paid] = eventsOf(made.double, ["invoice.paid"]);
    const [begun] = eventsOf(made.double, ["customer.subscription.created"]);
    assert.ok(paid && begun);
    const objectOf = (event: Stripe.Event) =>
      (older(event) as { data: { object: Record<string, unknown> } }).data.object;
    const [invoice, subscription] = [objectOf(paid), objectOf(begun)];
    assert.deepEqual([invoice.subscription, invoice.parent, invoice.paid], [id, undefined, true]);
    assert.equal(subscription.current_period_start, NOW);
    const { data } = subscription.items as { data: object[] };
    assert.ok(data.every((item) => !("current_period_end" in item)));
    assert.equal(older(paid).api_version, "2024-06-20");
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createWorld, type World } from "./harness.ts";
import { button, ids, john, plainFlow, visitHub } from "./hub-page.ts";

/** What is off is off: there is no button, and who asks without one is refused. */
describe("what the business has switched off", () => {
  let world: World;
  before(async () => {
    world = await createWorld();
    await world.publish({
      ...plainFlow,
      proactive: {
        offers: [{ type: "discount", id: "gift", percentOff: 10, duration: "once" }],
        quietDays: 30,
      },
    });
  });
  after(() => world.close());

  const every = [john, "cus_ingrid", "cus_priya", "cus_sam"];
  const labels: Record<string, RegExp> = {
    plan_change: /^Change plan$/,
    annual_switch: /^Switch to yearly$/,
    pause: /^(Pause subscription|Change the pause)$/,
    resume: /^Resume now$/,
    undo_cancellation: /^Undo cancellation$/,
    promo_code: /^Enter a promo code$/,
    retry_payment: /^Pay \$19\.00 now$/,
    payment_method: /^Update payment method$/,
    invoices: /^Billing history$/,
    billing_details: /^Billing details$/,
    offers: /^Accept discount$/,
  };

  /** How often each button is there, for four customers in four states. */
  async function counted(): Promise<Record<string, number>> {
    const counts = Object.fromEntries(Object.keys(labels).map((name) => [name, 0]));
    for (const customer of every) {
      const { page, close } = await visitHub(world, customer);
      for (const [name, label] of Object.entries(labels))
        counts[name] = (counts[name] ?? 0) + (await page.getByRole("button", { name: label }).count());
      assert.equal(
        await button(page, "Cancel subscription").count(),
        customer === "cus_priya" ? 0 : 1,
        "cancelling cannot be switched off",
      );
      await close();
    }
    return counts;
  }

  /** What somebody could send who has the tag's address and a session. */
  const calls = ({
    site,
  }: World): Record<string, readonly [customer: string, path: string, body?: object]> => ({
    plan_change: [
      john,
      "preview",
      { subscription: ids.john, change: { type: "plan_change", priceId: "price_pro_annual" } },
    ],
    annual_switch: [john, "preview", { subscription: ids.john, change: { type: "annual_switch" } }],
    pause: [john, "preview", { subscription: ids.john, change: { type: "pause", choice: { months: 1 } } }],
    resume: ["cus_ingrid", "preview", { subscription: ids.ingrid, change: { type: "resume" } }],
    undo_cancellation: [
      "cus_priya",
      "preview",
      { subscription: ids.priya, change: { type: "undo_cancellation" } },
    ],
    promo_code: [
      john,
      "preview",
      { subscription: ids.john, change: { type: "promo_code", code: "WELCOME20" } },
    ],
    retry_payment: ["cus_sam", "preview", { subscription: ids.sam, change: { type: "retry_payment" } }],
    payment_method: [john, "payment-page", { subscription: ids.john, returnUrl: `${site}/` }],
    invoices: [john, "invoices"],
    billing_details: [john, "billing-details", { name: "X", address: {} }],
    offers: [john, "preview", { subscription: ids.john, change: { type: "offer", offer: "gift" } }],
  });

  async function ask(customer: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${world.url}/v1/widget/hub/${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        Authorization: `Bearer ${await world.mint(customer)}`,
        "Content-Type": "application/json",
        Origin: world.site,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = (await response.json()) as { error?: { code: string } };
    return answer.error?.code ?? answer;
  }

  it("is not shown, and refused to who asks for it by hand, also with what was seen before", async () => {
    const names = Object.keys(labels);
    for (const [name, count] of Object.entries(await counted())) assert.ok(count > 0, `${name} is shown`);
    const requests = Object.entries(calls(world));
    const changes: [string, string, object][] = [];
    for (const [name, [customer, path, body]] of requests) {
      const answer = await ask(customer, path, body);
      assert.equal(typeof answer, "object", `${name}: ${answer}`);
      if (path === "preview")
        changes.push([name, customer, { ...body, seen: answer, id: `by-hand-${name}` }]);
    }

    await world.setHub({ actions: Object.fromEntries(names.map((name) => [name, false])) });
    assert.deepEqual(await counted(), Object.fromEntries(names.map((name) => [name, 0])));
    for (const [name, [customer, path, body]] of requests)
      assert.equal(await ask(customer, path, body), "change_not_available", name);
    const before = await world.state();
    for (const [name, customer, body] of changes)
      assert.equal(await ask(customer, "change", body), "change_not_available", name);
    assert.deepEqual((await world.state()).customers, before.customers);
  });
});

/** Where a customer of simulated billing gives another card, as a browser without scripts gets it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions } from "../../src/billing/simulator-demo.ts";
import { simulatorPages } from "../../src/routes/simulator-links.ts";
import { DAY, john, MINUTE, onEachStore, type Reply, type World } from "../harness.ts";

const BACK = "https://shop.example/billing?tab=plan&x=1";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

const wordsOf = ({ text }: Reply): string => text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

const ruleFor = ({ headers }: Reply, name: string) =>
  headers
    .get("content-security-policy")
    ?.split("; ")
    .find((rule) => rule.startsWith(`${name} `));

onEachStore("The page for another card", ({ open }) => {
  const pageFor = (
    world: World,
    returnUrl = BACK,
    customerId = john,
    subscriptionId = demoSubscriptions.monthly as string,
  ) => world.simulator.paymentPage({ customerId, subscriptionId, returnUrl });

  const send = (world: World, address: string, body: string, headers: Record<string, string> = FORM) =>
    world.request(address, { method: "POST", body, headers });

  const cardOf = async (world: World, id: string = demoSubscriptions.monthly) =>
    (await world.billed(id)).paymentMethod;

  it("says for which plan, which card there is, and offers test cards and the way back", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, {
      brand: "Amex",
      last4: "0005",
      expMonth: 3,
      expYear: 2029,
    });
    const reply = await world.request(await pageFor(world));
    assert.equal(reply.status, 200);
    const words = wordsOf(reply);
    assert.match(
      words,
      /Payment method For Pro , \$49\.00 per month\. At present: Amex ending in 0005, expires 03\/2029/,
    );
    for (const card of [
      /Visa ending in 4242 Every payment goes through; expires 09\/2030/,
      /Mastercard ending in 4444/,
      /ending in 0002 The bank declines/,
    ])
      assert.match(words, card);
    assert.match(
      reply.text,
      /<a class="button" href="https:\/\/shop\.example\/billing\?tab=plan&amp;x=1">Back without changes/,
    );
    assert.match(words, /lead back to shop\.example/);
    assert.doesNotMatch(reply.text, /<script|<style|\sstyle=|\son\w+=|<input(?! type="radio")/);
  });

  it("takes the chosen card for what the customer runs, pays nothing, and leads back", async () => {
    const world = await open();
    const address = await pageFor(world, BACK, "cus_lucia", demoSubscriptions.first);
    assert.match(wordsOf(await world.request(address)), /pays your other subscriptions too/);
    const before = await world.invoices(demoSubscriptions.first);
    const reply = await send(world, address, "card=mastercard");
    assert.deepEqual([reply.status, reply.headers.get("location")], [303, BACK]);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    for (const id of [demoSubscriptions.first, demoSubscriptions.second])
      assert.deepEqual(await cardOf(world, id), {
        brand: "Mastercard",
        last4: "4444",
        expMonth: 8,
        expYear: 2029,
      });
    assert.deepEqual(await world.invoices(demoSubscriptions.first), before);
    assert.notEqual((await cardOf(world))?.last4, "4444");
  });

  it("has a card that expires next month, by billing's clock and over the turn of a year", async () => {
    const world = await open();
    await world.simulator.advance({ to: Date.UTC(2027, 11, 31, 23, 59) });
    await send(world, await pageFor(world), "card=expiring");
    const { expMonth, expYear } = (await cardOf(world)) ?? {};
    assert.deepEqual([expMonth, expYear], [1, 2028]);
  });

  it("has a card that the bank refuses from then on", async () => {
    const world = await open();
    await send(world, await pageFor(world), "card=declined");
    await world.simulator.advance({ by: 31 * DAY });
    const { status, due } = await world.billed(demoSubscriptions.monthly);
    assert.deepEqual([status, due?.amount], ["past_due", 4900]);
    await send(world, await pageFor(world), "card=visa");
    assert.equal((await world.billed(demoSubscriptions.monthly)).status, "past_due");
    const retry = { type: "retry_payment", subscriptionId: demoSubscriptions.monthly } as const;
    assert.equal((await world.simulator.execute(retry, "again")).status, "active");
  });

  it("stays with its error when nothing was chosen, and changes nothing", async () => {
    const world = await open();
    const address = await pageFor(world);
    const before = await cardOf(world);
    for (const [body, headers] of [
      ["", FORM],
      ["card=", FORM],
      ["card=toString", FORM],
      ["card=visa", { "Content-Type": "text/plain" }],
      ["card=visa", {}],
    ] as const) {
      const reply = await send(world, address, body, headers);
      assert.equal(reply.status, 422, body);
      assert.match(reply.text, /<title>Error: Payment method/);
      assert.match(reply.text, /<p id="error" class="error" role="alert">Choose a card\./);
      assert.match(reply.text, /<fieldset aria-describedby="error">/);
      assert.equal(ruleFor(reply, "form-action"), "form-action 'self' https://shop.example");
      // Whoever goes on by keyboard is where the choice is.
      assert.match(reply.text, /value="visa" required autofocus/);
    }
    assert.equal((await send(world, address, "card=&".padEnd(4096, "x"))).status, 422);
    assert.equal((await send(world, address, "card=visa&".padEnd(4097, "x"))).status, 413);
    assert.deepEqual(await cardOf(world), before);
  });

  it("calls a form that breaks off no failure of its own", async () => {
    const world = await open();
    const address = await pageFor(world);
    const gone = new ReadableStream({
      start: (body) => body.error(new Error("The customer has gone.")),
    });
    const reply = await world.request(address, { method: "POST", body: gone as never, headers: FORM });
    assert.equal(reply.status, 400);
    assert.ok(!world.log.some((line) => JSON.parse(line).level >= 50));
  });

  it("keeps what was chosen when it could not be saved", async () => {
    const world = await open();
    const address = await pageFor(world);
    const transaction = world.storage.transaction;
    world.storage.transaction = () => Promise.reject(new Error("disk full"));
    const reply = await send(world, address, "card=mastercard");
    assert.equal(reply.status, 503);
    assert.match(wordsOf(reply), /The card could not be saved\. Try again\./);
    assert.match(reply.text, /value="mastercard" required checked autofocus/);
    assert.ok(world.log.some((line) => line.includes("card not saved")));
    world.storage.transaction = transaction;
    assert.equal((await send(world, address, "card=mastercard")).status, 303);
  });

  it("lets its form lead to the page that it came from, and to no other", async () => {
    const world = await open();
    for (const [returnUrl, rule] of [
      [BACK, "https://shop.example"],
      ["http://localhost:3000/a;b", "http://localhost:3000"],
      ["http://[::1]:3000/", "http:"],
      ["https://bücher.example/", "https://xn--bcher-kva.example"],
    ] as const) {
      const reply = await world.request(await pageFor(world, returnUrl));
      assert.equal(ruleFor(reply, "form-action"), `form-action 'self' ${rule}`);
      assert.equal(ruleFor(reply, "default-src"), "default-src 'none'");
      assert.equal(ruleFor(reply, "frame-ancestors"), "frame-ancestors 'none'");
      assert.equal(reply.headers.get("referrer-policy"), "no-referrer");
      assert.equal(reply.headers.get("cache-control"), "no-store");
    }
  });

  it("does not open for a way back that is no page, whoever sealed it", async () => {
    const world = await open();
    for (const returnUrl of [
      "javascript:alert(1)",
      "data:text/html,x",
      "/billing",
      "",
      "file:///etc/passwd",
    ]) {
      const address = await pageFor(world, returnUrl);
      assert.equal((await world.request(address)).status, 404, returnUrl);
      assert.equal((await send(world, address, "card=visa")).status, 404, returnUrl);
    }
  });

  it("has an address that is good for an hour; then it says so, with the way back", async () => {
    const world = await open();
    const address = await pageFor(world);
    world.pass(60 * MINUTE - 1);
    assert.equal((await world.request(address)).status, 200);
    world.pass(1);
    const before = await cardOf(world);
    for (const reply of [await world.request(address), await send(world, address, "card=mastercard")]) {
      assert.equal(reply.status, 410);
      assert.match(wordsOf(reply), /This page is no longer available .*expired/);
      assert.match(
        reply.text,
        /<a class="button" href="https:\/\/shop\.example\/billing\?tab=plan&amp;x=1">/,
      );
      assert.doesNotMatch(reply.text, /<form/);
    }
    assert.deepEqual(await cardOf(world), before);
  });

  it("opens nothing else, and nothing else opens it", async () => {
    const world = await open();
    const address = await pageFor(world);
    const sandbox = simulatorPages(world.links, { ...world.scope, environment: "sandbox" });
    const of = { customerId: john, subscriptionId: demoSubscriptions.monthly, returnUrl: BACK };
    const notTheirs = { ...of, customerId: "cus_amara" };
    for (const wrong of [
      address.replace("/payment-method/", "/invoices/"),
      `${address.slice(0, -3)}AAA`,
      `/simulator/payment-method/${await world.mint(john)}`,
    ]) {
      assert.equal((await world.request(wrong)).status, 404, wrong);
      assert.ok([404, 405].includes((await send(world, wrong, "card=visa")).status), wrong);
    }
    for (const empty of [sandbox.payment(of), simulatorPages(world.links, world.scope).payment(notTheirs)]) {
      const reply = await world.request(empty);
      assert.equal(reply.status, 410);
      assert.match(wordsOf(reply), /This subscription has ended/);
    }
  });

  it("needs no card any more once the subscription has ended", async () => {
    const world = await open();
    const address = await pageFor(world);
    const subscriptionId = demoSubscriptions.monthly;
    await world.simulator.execute({ type: "cancel", effective: "immediately", subscriptionId }, "end");
    const reply = await world.request(address);
    assert.equal(reply.status, 410);
    assert.match(reply.text, /This subscription has ended.*href="https:\/\/shop\.example/s);
  });
});

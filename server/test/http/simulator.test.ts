/** The invoices and receipts of simulated billing, as a browser gets them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions } from "../../src/billing/simulator-demo.ts";
import { simulatorPages } from "../../src/routes/simulator-links.ts";
import { DAY, john, onEachStore, type Reply, type World } from "../harness.ts";

const policyOf = ({ headers }: Reply) => headers.get("content-security-policy");

/** As somebody reads it. */
const wordsOf = ({ text }: Reply): string =>
  text
    .replace(/<svg.*?<\/svg>/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");

/** The latest invoices of a customer, with the addresses that billing hands out. */
const invoicesOf = async (world: World, customerId: string) =>
  (await world.simulator.invoices({ customerId, limit: 5 })).invoices;

onEachStore("An invoice page", ({ open }) => {
  const latest = async (world: World, customerId = john) => {
    const [invoice] = await invoicesOf(world, customerId);
    assert.ok(invoice?.invoiceUrl);
    return { ...invoice, invoiceUrl: invoice.invoiceUrl, receiptUrl: invoice.receiptUrl ?? "" };
  };

  it("says who owes whom what for which period, and whether it is paid", async () => {
    const world = await open();
    const { invoiceUrl, number } = await latest(world);
    const reply = await world.request(invoiceUrl);
    assert.equal(reply.status, 200);
    const words = wordsOf(reply);
    assert.match(words, new RegExp(`Invoice ${number}`));
    assert.match(words, /From Papercrane Studio/);
    assert.match(words, /To John Doe .*john\.doe@example\.com/);
    assert.match(words, /1 × Pro \$49\.00 Total \$49\.00 Amount paid \$49\.00/);
    assert.match(words, /Date May 1, 2027 Period May 1 – June 1, 2027/);
    assert.doesNotMatch(words, /Paid on/);
  });

  it("is a receipt under its other address: when it was paid, and with which card", async () => {
    const world = await open();
    await world.simulator.setPaymentMethod(john, {
      brand: "Mastercard",
      last4: "4444",
      expMonth: 1,
      expYear: 2031,
    });
    await world.simulator.advance({ by: 31 * DAY });
    const { receiptUrl, number } = await latest(world);
    // Another card later changes nothing about how this one was paid.
    await world.simulator.setPaymentMethod(john, {
      brand: "Visa",
      last4: "4242",
      expMonth: 1,
      expYear: 2031,
    });
    const words = wordsOf(await world.request(receiptUrl));
    assert.match(words, new RegExp(`Receipt ${number}`));
    assert.match(words, /Paid on June 1, 2027 Paid with Mastercard ending in 4444/);
  });

  it("says what is still to be paid, and has no receipt then", async () => {
    const world = await open();
    const { invoiceUrl, receiptUrl } = await latest(world, "cus_sam");
    assert.equal(receiptUrl, "");
    assert.match(wordsOf(await world.request(invoiceUrl)), /Invoice Due .*Amount due \$19\.00/);
    const unpaid = (await world.invoices(demoSubscriptions.pastDue)).at(-1)?.id ?? "";
    const forged = simulatorPages(world.links, world.scope).invoice(unpaid, "receipt");
    assert.equal((await world.request(forged)).status, 404);
  });

  it("calls what gives money back a credit note, and says of which invoice", async () => {
    const world = await open();
    const subscriptionId = demoSubscriptions.monthly;
    const requestedAt = await world.simulator.now();
    await world.simulator.advance({ by: 20 * DAY });
    await world.simulator.execute(
      { type: "cancel", effective: "period_end", subscriptionId, requestedAt },
      "late",
    );
    const { invoiceUrl } = await latest(world);
    const [charged] = (await world.invoices(subscriptionId)).filter(({ amount }) => amount > 0).slice(-1);
    const words = wordsOf(await world.request(invoiceUrl));
    assert.match(words, /Credit note Paid back/);
    assert.match(words, new RegExp(`Gives back Invoice ${charged?.number} `));
    assert.match(words, /Total -\$49\.00 Amount paid back \$49\.00/);
  });

  it("writes money as its currency does, and the address as a country has it", async () => {
    const world = await open();
    await world.simulator.updateCustomer({
      id: "cus_misaki",
      name: "佐藤 美咲",
      address: { line1: "1-2-3 Jingumae", line2: "", city: "Shibuya", postalCode: "150-0001", country: "JP" },
    });
    const { invoiceUrl } = await latest(world, "cus_misaki");
    const words = wordsOf(await world.request(invoiceUrl));
    assert.match(words, /Total ¥2,900 /);
    assert.match(words, /To 佐藤 美咲 1-2-3 Jingumae 150-0001 Shibuya Japan /);
  });

  it("shows what customers wrote as text, whichever way it runs", async () => {
    const world = await open();
    const name = `<img src=x onerror="alert(1)"> 'n' & "q"`;
    const line1 = "</bdi><script>alert(2)</script>";
    await world.simulator.updateCustomer({ id: john, name, address: { line1, country: "??" } });
    const { invoiceUrl } = await latest(world);
    const { text } = await world.request(invoiceUrl);
    assert.doesNotMatch(text, /<img|<script|onerror="/);
    assert.ok(text.includes("<bdi>&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"));
    assert.ok(text.includes("<bdi>&lt;/bdi&gt;&lt;script&gt;"));
    const arabic = await world.request((await latest(world, "cus_nour")).invoiceUrl);
    assert.match(arabic.text, /<bdi>نور [^<]*<\/bdi>/);
  });

  it("is kept nowhere, tells no one where it is, runs nothing and cannot be framed", async () => {
    const world = await open();
    const reply = await world.request((await latest(world)).invoiceUrl);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.equal(reply.headers.get("referrer-policy"), "no-referrer");
    assert.equal(
      policyOf(reply),
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.doesNotMatch(reply.text, /<script|<style|<img|\sstyle=|\son\w+=/);
    const style = new URL(
      /<link rel="stylesheet" href="([^"]+)"/.exec(reply.text)?.[1] ?? "",
      (await latest(world)).invoiceUrl,
    );
    const { status, headers } = await world.request(style.pathname);
    assert.deepEqual([status, headers.get("content-type")], [200, "text/css; charset=utf-8"]);
  });

  it("can be kept as a file that looks the same without the server", async () => {
    const world = await open();
    const { invoiceUrl, receiptUrl, number } = await latest(world);
    for (const [address, kind] of [
      [invoiceUrl, "invoice"],
      [receiptUrl, "receipt"],
    ] as const) {
      const reply = await world.request(`${address}?download=1`);
      assert.equal(
        reply.headers.get("content-disposition"),
        `attachment; filename="papercrane-${kind}-${number}.html"`,
      );
      assert.match(reply.text, /<style>:root \{/);
      assert.doesNotMatch(reply.text, /<link|href=/);
    }
    assert.equal((await world.request(invoiceUrl)).headers.get("content-disposition"), null);
  });

  it("has an address that is good for a day, opens nothing else and cannot be altered", async () => {
    const world = await open();
    const { invoiceUrl, receiptUrl } = await latest(world);
    const token = invoiceUrl.split("/").at(-1) ?? "";
    const elsewhere = simulatorPages(world.links, { ...world.scope, workspaceId: "ws_other" });
    const sandbox = simulatorPages(world.links, { ...world.scope, environment: "sandbox" });
    const otherKey = simulatorPages({ ...world.links, key: new Uint8Array(32).fill(1) }, world.scope);
    const [{ id = "" } = {}] = await invoicesOf(world, john);
    for (const wrong of [
      invoiceUrl.replace("/invoices/", "/payment-method/"),
      invoiceUrl.slice(0, -3),
      `${invoiceUrl.slice(0, -3)}AAA`,
      `/simulator/invoices/${id}`,
      "/simulator/invoices/A",
      elsewhere.invoice(id, "invoice"),
      sandbox.invoice(id, "invoice"),
      otherKey.invoice(id, "invoice"),
      simulatorPages(world.links, world.scope).invoice("in_nothing", "invoice"),
    ]) {
      const reply = await world.request(wrong);
      assert.equal(reply.status, 404, wrong);
      assert.match(wordsOf(reply), /There is nothing here/);
      assert.match(policyOf(reply) ?? "", /^default-src 'none'/);
      assert.doesNotMatch(reply.text, /John|49\.00/);
    }
    assert.equal((await world.request("/v1/widget/hub", { token })).status, 401);
    assert.equal((await world.request(`/subs?ticket=tkt_${token}`)).status, 401);

    world.pass(DAY - 1);
    for (const each of [invoiceUrl, receiptUrl]) assert.equal((await world.request(each)).status, 200);
    world.pass(1);
    for (const each of [invoiceUrl, receiptUrl]) {
      const reply = await world.request(each);
      assert.equal(reply.status, 410);
      assert.match(wordsOf(reply), /This page is no longer available .*expired.*billing history/);
      assert.doesNotMatch(reply.text, /John|49\.00/);
    }
  });

  it("says so when it cannot be read, and leaves no address in the log", async () => {
    const world = await open();
    const { invoiceUrl } = await latest(world);
    await world.request(invoiceUrl);
    await world.request(`${invoiceUrl.slice(0, -3)}AAA`);
    world.storage.rows = () => {
      throw new Error("gone");
    };
    const reply = await world.request(invoiceUrl);
    assert.equal(reply.status, 503);
    assert.match(wordsOf(reply), /This is not working right now/);
    const lines = world.log.filter((line) => line.includes('"path":"/simulator/'));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ path, workspace }) => [path, workspace]),
      [
        ["/simulator/invoices/:token", world.scope.workspaceId],
        ["/simulator/invoices/:token", undefined],
        ["/simulator/invoices/:token", world.scope.workspaceId],
      ],
    );
    const token = invoiceUrl.split("/").at(-1) ?? "";
    assert.ok(!world.log.join("").includes(token.slice(0, 40)));
  });
});

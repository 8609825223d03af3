import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { createWorld, type Visitor, type World } from "./harness.ts";
import {
  button,
  cardFacts,
  confirm,
  dollars,
  ids,
  invoicesOf,
  john,
  panel,
  plainFlow,
  previewed,
  shown,
  told,
  visitHub,
} from "./hub-page.ts";

const proactive = { offers: [{ type: "annual_switch", id: "yearly" }], quietDays: 30 };

/** Whoever leaves for the provider's page has a page of their own there: windows and files are Playwright's. */
describe("a customer's money, in the hub", () => {
  let world: World;
  let visitor: Visitor;
  before(async () => {
    world = await createWorld();
    await world.publish(plainFlow);
  });
  after(() => world.close());
  afterEach(async () => {
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  async function visit(customer: string): Promise<Page> {
    visitor = await visitHub(world, customer);
    return visitor.page;
  }

  /** On the provider's page, and back. */
  async function giveCard(page: Page, name: RegExp): Promise<void> {
    await page.waitForURL(/\/simulator\/payment-method\//);
    await page.getByRole("radio", { name }).check();
    await button(page, "Save").click();
    await shown(page);
  }

  /** Opens what a link leads to in a tab of its own. */
  async function opened(page: Page, link: ReturnType<Page["getByRole"]>): Promise<Page> {
    const [tab] = await Promise.all([page.waitForEvent("popup"), link.click()]);
    await tab.waitForLoadState();
    return tab;
  }

  const invoiceRows = (page: Page) => page.locator("[part=invoice]");

  it("gives another payment method on the provider's page, and comes back to the same page", async () => {
    const page = await visit(john);
    const address = page.url();
    assert.match((await cardFacts(page))["Payment method"] ?? "", /^Visa ending in 4242, valid until /);
    await button(page, "Update payment method").click();
    await page.waitForURL(/\/simulator\/payment-method\//);
    await page.getByRole("link", { name: "Back without changes" }).click();
    await shown(page);
    assert.equal(page.url(), address);
    assert.match((await cardFacts(page))["Payment method"] ?? "", /^Visa ending in 4242/);

    await button(page, "Update payment method").click();
    await giveCard(page, /^Mastercard ending in 4444/);
    assert.equal(page.url(), address);
    assert.match((await cardFacts(page))["Payment method"] ?? "", /^Mastercard ending in 4444, valid until /);
    assert.equal((await world.subscription(ids.john)).paymentMethod?.last4, "4444");
  });

  it("tries a failed payment again: declined, then with another card paid", async () => {
    const [open] = await invoicesOf(world, ids.sam);
    assert.equal(open?.status, "open");
    const page = await visit("cus_sam");
    await page.getByText("Payment overdue", { exact: true }).waitFor();
    await button(page, "Pay $19.00 now").click();
    const seen = await previewed(page);
    assert.equal(seen["Due today"], "$19.00");
    await confirm(page, "Pay $19.00 now");
    await panel(page)
      .getByText("The payment was declined and nothing was charged. Please try another payment method.")
      .waitFor();
    assert.deepEqual((await invoicesOf(world, ids.sam))[0], open);
    assert.equal((await world.subscription(ids.sam)).status, "past_due");

    await button(panel(page), "Update payment method").click();
    await giveCard(page, /^Visa ending in 4242/);
    await page.getByText("Payment overdue", { exact: true }).waitFor();
    await button(page, "Pay $19.00 now").click();
    await previewed(page);
    await confirm(page, "Pay $19.00 now");
    await told(page, "Your payment went through");
    await page.getByText("Active", { exact: true }).waitFor();
    const { status, due } = await world.subscription(ids.sam);
    assert.deepEqual([status, due], ["active", undefined]);
    const [paid, ...others] = await invoicesOf(world, ids.sam);
    assert.deepEqual([paid?.id, paid?.amount, paid?.status], [open.id, open.amount, "paid"]);
    assert.deepEqual([...new Set(others.map((each) => each.status))], ["paid"]);
  });

  it("reads the invoices, page by page to the very first", async () => {
    const page = await visit("cus_harbour_interns");
    await button(page, "Billing history").click();
    await invoiceRows(page).first().waitFor();
    assert.equal(await invoiceRows(page).count(), 12);
    const numbers = () => page.locator("[part=invoice] > bdi").allInnerTexts();
    const first = await numbers();
    await button(page, "Show more").click();
    await page.getByText("12 more are shown").waitFor({ state: "attached" });
    assert.equal(await invoiceRows(page).count(), 24);
    assert.deepEqual((await numbers()).slice(0, 12), first);
    assert.ok(
      await invoiceRows(page)
        .nth(12)
        .evaluate((row) => (row.getRootNode() as ShadowRoot).activeElement === row),
      "the focus is on the first of what is new",
    );
    for (let count = 24; await button(page, "Show more").count(); ) {
      await button(page, "Show more").click();
      await page.waitForFunction(
        (known) =>
          (document
            .querySelector("renumerate-subscription-hub")
            ?.shadowRoot?.querySelectorAll("[part=invoice]").length ?? 0) > known,
        count,
      );
      count = await invoiceRows(page).count();
    }
    const all = (await numbers()).map((number) => Number(number.split("-").at(-1)));
    assert.ok(all.length > 300, `${all.length} invoices`);
    assert.deepEqual(
      all,
      Array.from({ length: all.length }, (_, index) => all.length - index),
      "each once, the newest first",
    );
  });

  it("opens an invoice and its receipt, and keeps one as a file", async () => {
    const page = await visit("cus_eleanor");
    await button(page, "Billing history").click();
    const row = invoiceRows(page).first();
    await row.waitFor();
    const number = await row.locator("bdi").first().innerText();
    await row.getByText("$468.00").waitFor();
    const invoice = await opened(page, row.getByRole("link", { name: `Invoice ${number}` }));
    await invoice.getByRole("heading", { name: "Invoice", exact: true }).waitFor();
    for (const words of ["Eleanor Vance", "80 Hill House Road", "United States", number])
      await invoice.getByText(words, { exact: true }).first().waitFor();
    const [file] = await Promise.all([
      invoice.waitForEvent("download"),
      invoice.getByRole("link", { name: "Download" }).click(),
    ]);
    assert.equal(file.suggestedFilename(), `papercrane-invoice-${number}.html`);
    assert.match(await readFile(await file.path(), "utf8"), /\$468\.00/);
    const receipt = await opened(page, row.getByRole("link", { name: `Receipt ${number}` }));
    await receipt.getByRole("heading", { name: "Receipt", exact: true }).waitFor();
    await receipt.getByText("American Express ending in 8431").waitFor();
  });

  it("is offered one thing, dismisses it, and does not see it again", async () => {
    await world.publish({ ...plainFlow, proactive });
    const page = await visit("cus_zoe");
    const offer = page.getByRole("group", { name: "Pay by the year" });
    const [answer] = await Promise.all([
      page.waitForResponse(/\/hub\/dismiss$/),
      button(offer, "No thanks").click(),
    ]);
    assert.equal(answer.ok(), true);
    await offer.waitFor({ state: "hidden" });
    await page.reload();
    await shown(page);
    assert.equal(await offer.count(), 0);
    assert.equal((await world.subscription(ids.zoe)).price.id, "price_team_monthly");
  });

  it("accepts what is offered, for one subscription, once", async () => {
    await world.publish({ ...plainFlow, proactive });
    const before = await world.subscription(ids.luciaTeam);
    const page = await visit("cus_lucia");
    const offer = page.getByRole("group", { name: "Pay by the year" });
    await button(offer, "Switch to yearly").click();
    const seen = await previewed(page);
    const about = await page
      .locator("article", { has: page.locator("[part=panel]") })
      .getAttribute("data-id");
    assert.equal(about, ids.luciaTeam, "the newest comes first");
    await confirm(page, "Switch to yearly");
    await told(page, "You now pay by the year");
    const { price } = await world.subscription(ids.luciaTeam);
    assert.deepEqual([before.price.id, price.id], ["price_team_monthly", "price_team_annual"]);
    assert.equal(dollars((await invoicesOf(world, ids.luciaTeam))[0]?.amount), seen["Due today"]);
    assert.equal((await world.subscription(ids.lucia)).price.id, "price_basic_monthly");
    await page.reload();
    await shown(page);
    assert.equal(await offer.count(), 0, "an offer is taken once");
    await world.publish(plainFlow);
  });

  it("writes billing details, which stand on the next invoice", async () => {
    await world.setHub({ actions: { billing_email: true } });
    const page = await visit("cus_mateo");
    await button(page, "Billing details").click();
    await button(page, "Edit Billing details").click();
    const details = page.locator("[part=details]");
    await details.getByLabel("Email").fill("nowhere");
    await button(details, "Save").click();
    await details.getByText("Please enter an email address such as name@example.com.").waitFor();
    for (const [label, text] of [
      ["Name or company", "Silva & <Filhos>"],
      ["Email", "contas@silva.example"],
      ["Address", "Rua das Flores 8"],
      ["Postal code", "1200-195"],
      ["City", "Lisboa"],
    ] as const)
      await details.getByLabel(label, { exact: true }).fill(text);
    await details.getByLabel("Country").selectOption("Portugal");
    await button(details, "Save").click();
    await details.locator("[part=note]", { hasText: "Your billing details are saved" }).waitFor();
    await details.getByText("1200-195 Lisboa").waitFor();
    const mateo = (await world.state()).customers.find(({ id }) => id === "cus_mateo");
    assert.partialDeepStrictEqual(mateo, {
      name: "Silva & <Filhos>",
      email: "contas@silva.example",
      address: { line1: "Rua das Flores 8", postalCode: "1200-195", city: "Lisboa", country: "PT" },
    });
    await world.advance(13);
    await page.reload();
    await shown(page);
    await button(page, "Billing history").click();
    const invoice = await opened(
      page,
      invoiceRows(page)
        .first()
        .getByRole("link", { name: /^Invoice/ }),
    );
    for (const words of ["Silva & <Filhos>", "Rua das Flores 8", "Portugal", "contas@silva.example"])
      await invoice.getByText(words, { exact: true }).waitFor();
  });
});

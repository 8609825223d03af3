/** What a customer sees and presses in a subscription hub. */
import type { AnyLocator, AnyPage } from "./drivers/page.ts";
import type { State, Visit, Visitor, World } from "./harness.ts";

export const ids = {
  john: "sub_1MowQVLkdIwHu7ixeRlqHVzs",
  amara: "sub_amara_pro_annual",
  mateo: "sub_mateo_pro",
  ingrid: "sub_ingrid_pro",
  sam: "sub_sam_basic",
  priya: "sub_priya_pro",
  lucia: "sub_lucia_basic",
  luciaTeam: "sub_lucia_team",
  misaki: "sub_misaki_pro_jpy",
  tom: "sub_tom_pro",
  zoe: "sub_zoe_team",
  eleanor: "sub_eleanor_team",
  noah: "sub_noah_basic",
  harbour: "sub_harbour_team",
} as const;

export const john = "cus_NffrFeUfNV2Hib";

/** What the business lets its customers change to. */
export const plans = ["basic", "pro", "team"].flatMap((name) => [
  `price_${name}_monthly`,
  `price_${name}_annual`,
]);

/** A flow that ends with two activations, and offers nothing unasked. */
export const plainFlow = {
  name: "Plain",
  steps: [
    { type: "survey", id: "why", reasons: [{ id: "price", label: "Too expensive" }] },
    { type: "confirm", id: "sure", effective: "period_end" },
    { type: "success", id: "end" },
  ],
};

/** Opens a page with a hub and waits until it shows what there is. */
export async function visitHub<AnyOf extends AnyPage, Options>(
  world: World<AnyOf, Options>,
  customer: string,
  options: Partial<Visit<Options>> = {},
): Promise<Visitor<AnyOf>> {
  const visitor = await world.visit({ customer, tag: "subscription-hub", ...options });
  await shown(visitor.page);
  return visitor;
}

/** The subscriptions are there. */
export const shown = (page: AnyPage): Promise<void> =>
  page
    .getByRole("heading", { name: /^Your subscriptions?$/ })
    .first()
    .waitFor();

interface Scope<Of> {
  getByRole(role: "button", options: { name: string | RegExp; exact: boolean }): Of;
}

export const button = <Of extends AnyLocator>(scope: Scope<Of>, name: string | RegExp): Of =>
  scope.getByRole("button", { name, exact: true });

export const panel = <Of extends AnyLocator>(page: { locator(selector: string): Of }): Of =>
  page.locator("[part=panel]");

/** Facts by their labels, of everything within. */
export const factsOf = (within: AnyLocator): Promise<Record<string, string>> =>
  within.evaluate((element) => {
    const rows = [...element.querySelectorAll("dl > div")].map((row) =>
      ["dt", "dd"].map((name) =>
        (row.querySelector(name)?.textContent ?? "").replace(/[\u2066-\u2069]/g, ""),
      ),
    );
    return Object.fromEntries(rows) as Record<string, string>;
  });

/** The facts of the only card. */
export const cardFacts = (page: AnyPage) => factsOf(page.locator("article"));

/** What the customer reads before confirming. */
export async function previewed(page: AnyPage): Promise<Record<string, string>> {
  await panel(page).getByRole("heading", { name: "What changes" }).waitFor();
  return factsOf(page.locator("[part=preview]"));
}

export const confirm = (page: AnyPage, name: string | RegExp): Promise<void> =>
  button(panel(page), name).click();

/** What an action has led to, in the card. */
export const told = (page: AnyPage, words: string): Promise<void> =>
  page.locator("article").getByText(words, { exact: true }).first().waitFor();

export const day = (at: number | undefined): string =>
  new Date(at as number).toLocaleDateString("en", { dateStyle: "long" });

export const dollars = (amount: number | undefined): string =>
  new Intl.NumberFormat("en", { style: "currency", currency: "usd" }).format((amount ?? Number.NaN) / 100);

/** Invoices of a subscription, the newest first. */
export async function invoicesOf(
  { state }: { state(): Promise<State> },
  subscription: string,
): Promise<State["customers"][number]["invoices"]> {
  const { customers } = await state();
  return customers
    .flatMap(({ invoices }) => invoices)
    .filter(({ subscriptionId }) => subscriptionId === subscription);
}

/** From the hub's own button through the dialog, and back to the hub. */
export async function cancelInHub(page: AnyPage): Promise<void> {
  await button(page, "Cancel subscription").click();
  const dialog = page.getByRole("dialog");
  await button(dialog, "Cancel subscription").click();
  await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
  await button(dialog, "Cancel subscription").click();
  await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
}

/** What the demo business sells, and the promo codes that it has given out. */
import type { SimulatedPrice, SimulatedProduct, SimulatedPromoCode } from "./simulator-model.ts";

export const products: readonly SimulatedProduct[] = [
  { id: "prod_basic", name: "Basic", features: ["3 projects", "1080p export", "10 GB of storage"] },
  {
    id: "prod_pro",
    name: "Pro",
    features: [
      "Unlimited projects",
      "4K export",
      "Brand fonts and palettes",
      "Version history",
      "250 GB of storage",
    ],
  },
  {
    id: "prod_team",
    name: "Team",
    features: [
      "Everything in Pro",
      "Shared libraries",
      "Review links",
      "Roles and single sign-on",
      "1 TB of storage",
    ],
  },
];

const price = (
  id: string,
  interval: "week" | "month" | "year",
  amount: number,
  currency = "usd",
): SimulatedPrice => {
  const product = products.find((each) => id.startsWith(`price_${each.id.slice("prod_".length)}_`));
  if (!product) throw new Error(`${id} names no product`);
  return {
    id,
    productId: product.id,
    name: product.name,
    amount,
    currency,
    interval,
    intervalCount: 1,
    active: true,
  };
};

/** A Team price is for one seat. */
export const prices: readonly SimulatedPrice[] = [
  price("price_basic_monthly", "month", 1900),
  price("price_basic_annual", "year", 19_000),
  price("price_pro_monthly", "month", 4900),
  price("price_pro_annual", "year", 49_000),
  price("price_team_monthly", "month", 3900),
  price("price_team_annual", "year", 39_000),
  price("price_basic_monthly_jpy", "month", 1200, "jpy"),
  price("price_pro_monthly_jpy", "month", 2900, "jpy"),
  { ...price("price_basic_monthly_2019", "month", 900), active: false },
  { ...price("price_basic_weekly_2020", "week", 400), active: false },
];

const code = (
  name: string,
  terms: Partial<SimulatedPromoCode> & Pick<SimulatedPromoCode, "duration">,
): SimulatedPromoCode => ({
  id: `promo_${name.toLowerCase()}`,
  code: name,
  redeemed: 0,
  active: true,
  ...terms,
});

export const promoCodes: readonly SimulatedPromoCode[] = [
  code("WELCOME20", { percentOff: 20, duration: "repeating", months: 3 }),
  code("SUMMER24", { percentOff: 25, duration: "once", expiresAt: Date.UTC(2024, 8, 1) }),
  code("FIRST100", { percentOff: 50, duration: "once", maxRedemptions: 100, redeemed: 100 }),
  code("TEAMONLY", { percentOff: 15, duration: "forever", productIds: ["prod_team"] }),
  code("FIVEOFF", { amountOff: 500, currency: "usd", duration: "once" }),
];

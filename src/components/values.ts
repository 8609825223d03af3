import type { FlowConfig } from "../api/wire.ts";
import type { Format, Values } from "../i18n/format.ts";

/** The merge fields that a business's texts may use. */
export function mergeValues({ customer, subscription, attributes }: FlowConfig, format: Format): Values {
  const { plan, price, periodEnd } = subscription;
  return {
    "customer.name": customer.name,
    "customer.firstName": customer.name?.trim().split(/\s+/)[0],
    "customer.email": customer.email,
    "plan.name": plan.name,
    price: price && format.money(price.amount, price.currency),
    "period.end": periodEnd === undefined ? periodEnd : format.date(periodEnd),
    ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [`attributes.${key}`, value])),
  };
}

/** What a business decides about its hub: what customers may do there by themselves, and what there is to choose. */
import { z } from "zod";
import type { HubSwitch } from "../store/store.ts";

const unique = (values: readonly unknown[]) => new Set(values).size === values.length;
const months = z.int().min(1).max(36);
const flag = z.boolean().optional();

/** What is not named is on, but for billing_email. */
const switches = {
  plan_change: flag,
  annual_switch: flag,
  pause: flag,
  resume: flag,
  undo_cancellation: flag,
  promo_code: flag,
  retry_payment: flag,
  payment_method: flag,
  invoices: flag,
  billing_details: flag,
  billing_email: flag,
  offers: flag,
} satisfies Record<HubSwitch, typeof flag>;

export const HubDefinition = z.strictObject({
  actions: z.strictObject(switches).optional(),
  pause: z
    .strictObject({
      months: z.array(months).max(12).refine(unique, "each length once"),
      maxMonths: months.optional(),
    })
    .refine((pause) => pause.months.length || pause.maxMonths, {
      path: ["months"],
      message: "at least one length, or maxMonths",
    })
    .optional(),
  plans: z
    .array(z.string().min(1).max(255))
    .min(1, "at least one; plan_change is switched off in actions")
    .max(100)
    .refine(unique, "each price once")
    .optional(),
});

export type HubDefinition = z.output<typeof HubDefinition>;

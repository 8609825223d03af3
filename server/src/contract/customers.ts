/** All that is kept about one customer: to be handed out, and to be forgotten. */
import { z } from "zod";
import { line } from "./fields.ts";

const text = z.string();
const count = z.int().min(0);
const environment = z.enum(["prod", "sandbox"]);

export const CustomerQuery = z
  .object({
    customer_id: line(255, 1).optional().describe("As billing knows them, or as your own system does"),
    email: line(320, 1)
      .optional()
      .describe("In place of the id: everybody who is known by this address. Compared without case"),
    environment: environment.optional().describe("`prod` unless said otherwise"),
    workspace_id: text.max(255).optional().describe("Refused if it is another one than the key's"),
  })
  .refine(({ customer_id, email }) => (customer_id === undefined) !== (email === undefined), {
    path: ["customer_id"],
    error: "either customer_id or email",
  });

export const CustomerData = z
  .object({
    object: z.literal("customer_data"),
    environment,
    customer_ids: z.array(text).describe("All ids that the books know them by"),
    emails: z.array(text),
    found: z.boolean().describe("Whether anything is kept about them"),
    data: z
      .record(text, z.array(z.record(text, z.unknown())))
      .describe("By table, each row as it is kept, oldest first; instants in ISO 8601, UTC"),
  })
  .meta({ id: "CustomerData" });

export const CustomerDeletion = z
  .object({
    object: z.literal("customer_deletion"),
    environment,
    found: z.boolean().describe("Whether anything was kept about them"),
    changed: z.record(text, count).describe("How many rows no longer say whom they are about, by table"),
  })
  .meta({ id: "CustomerDeletion" });

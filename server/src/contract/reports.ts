/** Reports by mail: what a business decides about them, and what became of each. */
import { z } from "zod";
import { page, pageFields } from "./paging.ts";

const MOST_RECIPIENTS = 20;

const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // An offset knows nothing of summer.
    return /^[a-z]/i.test(name);
  } catch {
    return false;
  }
};

const isOnce = (addresses: readonly string[]) =>
  new Set(addresses.map((address) => address.toLowerCase())).size === addresses.length;

export const Recipient = z.email("an e-mail address").max(254);

/** `ann@papercrane.example,bob@papercrane.example` */
export const Recipients = z
  .string()
  .transform((list) => list.split(",").map((address) => address.trim()))
  .pipe(
    z
      .array(z.email("e-mail addresses with commas between them").max(254))
      .max(MOST_RECIPIENTS, `at most ${MOST_RECIPIENTS} addresses`)
      .refine(isOnce, "each address once"),
  );

export const TimeZone = z.string().refine(isTimeZone, "a time zone such as Europe/Berlin");

const date = z.string().meta({ format: "date-time" });
const dueAt = date.nullable().describe("When the next one is due; null if none is wanted");

export const ReportsQuery = z.object(page);

const Mail = z
  .object({
    id: z.string().describe("`mail_…`, also in its Message-ID"),
    kind: z.string().describe("`report_weekly`, `report_monthly`"),
    about: z.string().describe("The week or the month that it is about: `2027-W19`, `2027-04`"),
    recipient: z.string().describe("With the first letter alone of the name: `a…@papercrane.example`"),
    status: z
      .enum(["pending", "sent", "skipped", "failed"])
      .describe("`sent`: the mail server has taken it. `skipped`: no way to send mail was configured"),
    reason: z.string().nullable().describe("Why it is not sent, or not yet: what the mail server said last"),
    attempts: z.int().min(0),
    created_at: date,
    settled_at: date.nullable(),
  })
  .meta({ id: "ReportMail" });

export const Reports = z
  .object({
    object: z.literal("reports"),
    transport: z.enum(["smtp", "none"]).describe("`none`: what is due is made and skipped"),
    settings: z
      .object({
        recipients: z.array(z.string()).describe("Shortened, as below"),
        time_zone: z.string(),
        weekly: z.boolean(),
        monthly: z.boolean(),
        since: date.describe("Nothing is sent of what was due before"),
        next_weekly_at: dueAt,
        next_monthly_at: dueAt,
      })
      .nullable()
      .describe("null while no reports are wanted"),
    data: z.array(Mail).describe("What became of each mail, latest first"),
    ...pageFields,
  })
  .meta({ id: "Reports" });

export type Reports = z.output<typeof Reports>;

/** The environment, validated. Every variable has a default that works; a wrong one is named in plain words. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { checkedReturnUrl, isReturnHost } from "./domain/return-urls.ts";
import { readSmtpUrl } from "./outbox/smtp-url.ts";

const number = z.coerce.number("a number");
const port = number.int("a whole number").min(0).max(65_535);
const list = z.string().transform((value) =>
  value
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean),
);
const origin = (value: string) =>
  /^https?:\/\/[^/*]+:\*$/.test(value) ||
  (!value.includes("*") && URL.canParse(value) && new URL(value).origin === value);
const secret = z.string().min(16, "at least 16 characters");
const minutes = (fallback: number) =>
  number
    .min(1)
    .default(fallback)
    .transform((value) => value * 60_000);

/** Whole addresses alone: a key sent in the clear, or to a path of somebody else's, is no secret any more. */
const stripeBase = (value: string) =>
  URL.canParse(value) &&
  new URL(value).origin === value.replace(/\/$/, "") &&
  /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/?$))/.test(value);
const modeOf = (key: string) => /^[rs]k_(live|test)_/.exec(key)?.[1];
export const StripeSecretKeys = z
  .array(
    z
      .string()
      .regex(
        /^[rs]k_(live|test)_\w+$/,
        "a secret (sk_live_…, sk_test_…) or restricted (rk_live_…, rk_test_…) key of Stripe",
      ),
  )
  .refine((keys) => {
    const modes = keys.map(modeOf).filter(Boolean);
    return new Set(modes).size === modes.length;
  }, "one live key and one test key at most");
export const StripeWebhookSecrets = z.array(
  z.string().regex(/^whsec_[\w+/=-]+$/, "signing secrets of webhook endpoints (whsec_…)"),
);

/** Where customers may be sent back to. */
export const ReturnHosts = list.refine(
  (hosts) => hosts.every(isReturnHost),
  "hosts such as shop.example or localhost:3000",
);
/** As a link in the sandbox may name it, where this machine needs no https. */
const isReturnUrl = (value: string) => {
  const where = { environment: "sandbox", settings: { defaultReturnUrl: value } } as const;
  try {
    return !!checkedReturnUrl({ publicUrl: "http://localhost" }, where, value);
  } catch {
    return false;
  }
};
export const ReturnUrl = z
  .string()
  .refine(isReturnUrl, "an https:// address without a fragment; http:// for this machine alone");

const currencies = new Set(Intl.supportedValuesOf("currency"));
export const Currency = z
  .string()
  .refine((code) => currencies.has(code.toUpperCase()), "a currency of ISO 4217, such as eur")
  .transform((code) => code.toLowerCase());

const smtp = (value: string) => {
  try {
    return !!readSmtpUrl(value);
  } catch {
    return false;
  }
};
/** `help@shop.example`, or `Papercrane <help@shop.example>`; what has a comma in it stands in quotes. */
const sender = (value: string) => {
  const address = /^(?:"[^"<>\p{Cc}]*"|[^"<>,;:@\p{Cc}]*) *<([^<>]+)>$/u.exec(value)?.[1] ?? value;
  return z.email().safeParse(address).success;
};

export const FallbackEmail = z.email("an e-mail address");
export const AllowedOrigins = list.refine(
  (all) => all.every(origin),
  "origins such as https://shop.example, or http://localhost:* for every port",
);

const Settings = z.object({
  PORT: port.default(4321),
  HOST: z.string().min(1).default("localhost"),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((value) => value.replace(/\/+$/, ""))
    .optional(),
  DATA_DIR: z.string().min(1).default(".renumerate"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "a postgres:// address")
    .optional(),
  DATABASE_POOL: number.int("a whole number").min(5).max(100).default(10),
  RENUMERATE_SECRET: z.string().min(32, "at least 32 characters").optional(),
  RENUMERATE_PUBLIC_KEY: secret.optional(),
  RENUMERATE_PRIVATE_KEY: secret.optional(),
  RATE_LIMIT_PER_MINUTE: number.int("a whole number").min(1).default(60),
  SESSION_TTL_MINUTES: minutes(24 * 60),
  IDLE_MINUTES: minutes(30),
  BILLING_TIMEOUT_SECONDS: number.min(0.1).max(60).default(8),
  FALLBACK_EMAIL: FallbackEmail.default("support@example.com"),
  ALLOWED_ORIGINS: AllowedOrigins.default(["http://localhost:*", "http://127.0.0.1:*"]),
  BILLING: z.enum(["simulator", "stripe", "none"], "simulator, stripe or none").default("simulator"),
  DEMO: z.enum(["on", "off"], "on or off").optional(),
  STRIPE_SECRET_KEY: list.pipe(StripeSecretKeys).default([]),
  STRIPE_WEBHOOK_SECRET: list.pipe(StripeWebhookSecrets).default([]),
  STRIPE_ACCOUNTS_FILE: z.string().min(1).optional(),
  STRIPE_API_BASE: z
    .string()
    .refine(stripeBase, "an https:// address without a path; http:// for this machine alone")
    .transform((value) => value.replace(/\/$/, ""))
    .default("https://api.stripe.com"),
  RETURN_HOSTS: ReturnHosts.optional(),
  DEFAULT_RETURN_URL: ReturnUrl.optional(),
  CANCEL_LINK_TTL_SECONDS: number
    .int("a whole number")
    .min(300)
    .max(86_400)
    .default(3_600)
    .transform((value) => value * 1_000),
  DEFAULT_CURRENCY: Currency.optional(),
  FLOWS_CANCEL: z
    .enum(["record", "period_end", "immediately"], "record, period_end or immediately")
    .default("record"),
  ALLOW_PRIVATE_WEBHOOKS: z
    .enum(["1", "0"], "1 or 0")
    .default("0")
    .transform((value) => value === "1"),
  RETAIN_MONTHS: number.int("a whole number").min(0).max(240).default(24),
  SMTP_URL: z
    .string()
    .refine(smtp, "smtp://user:password@host:587 or smtps://…, with %25 for a %")
    .optional(),
  MAIL_FROM: z.string().refine(sender, "an e-mail address, or Name <address>").optional(),
  HEALTH_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, "at least 16 characters, without spaces")
    .optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
});

const Checked = Settings.refine(
  ({ SMTP_URL: url, MAIL_FROM: from }) => url === undefined || from !== undefined,
  {
    path: ["MAIL_FROM"],
    message: "whom mails are from, because SMTP_URL is set",
  },
)
  .refine(({ RENUMERATE_PUBLIC_KEY: open, RENUMERATE_PRIVATE_KEY: secret }) => !open || open !== secret, {
    path: ["RENUMERATE_PUBLIC_KEY"],
    message: "another key than RENUMERATE_PRIVATE_KEY",
  })
  .refine(
    ({ BILLING, STRIPE_SECRET_KEY: keys, STRIPE_ACCOUNTS_FILE: file }) =>
      BILLING !== "stripe" || keys.length > 0 || file !== undefined,
    { path: ["STRIPE_SECRET_KEY"], message: "a key of the account that BILLING=stripe is to use" },
  );

/** Secrets that can stand in a file of their own, as orchestrators hand them out. */
const LISTS_IN_FILES = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"] as const;
const IN_FILES = [...LISTS_IN_FILES, "SMTP_URL", "HEALTH_TOKEN"] as const;

/** Every variable that the server takes, with those that name a file in place of a secret. */
export const VARIABLES: readonly string[] = [
  ...Object.keys(Settings.shape),
  ...IN_FILES.map((name) => `${name}_FILE`),
];

const isList = (name: string) => LISTS_IN_FILES.some((each) => each === name);

type Given = Record<string, string | undefined>;
type Fault = { path: readonly PropertyKey[]; message: string };

/** Takes the content of `NAME_FILE` for `NAME`. */
function withFiles(given: Given): { given: Given; faults: Fault[] } {
  const taken: Given = { ...given };
  const faults: Fault[] = [];
  for (const name of IN_FILES) {
    const { [`${name}_FILE`]: path } = given;
    if (path === undefined) continue;
    if (given[name] !== undefined) {
      faults.push({ path: [`${name}_FILE`], message: `not beside ${name}: one of them` });
      continue;
    }
    try {
      const text = readFileSync(path, "utf8").trim();
      taken[name] = isList(name) ? text.replace(/\s*\n\s*/g, ",") : text;
    } catch (error) {
      const { code = "unreadable" } = error as NodeJS.ErrnoException;
      faults.push({ path: [`${name}_FILE`], message: `a file that can be read (${code})` });
    }
  }
  return { given: taken, faults };
}

export type Settings = z.output<typeof Settings> & { PUBLIC_URL: string };

/**
 * An empty variable counts as absent.
 * @param secure whether it answers https itself
 * @throws Error that names each faulty variable, never its value
 */
export function parseSettings(
  environment: Readonly<Record<string, string | undefined>>,
  secure = false,
): Settings {
  const named = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const { given, faults } = withFiles(named);
  const parsed = Checked.safeParse(given);
  if (faults.length || !parsed.success) {
    const lines = [...faults, ...(parsed.error?.issues ?? [])].map(
      // The number of an entry in a list helps nobody who wrote commas.
      ({ path, message }) => `  ${String(path[0])}: ${message}`,
    );
    throw new Error(`The environment is not valid:\n${[...new Set(lines)].join("\n")}`);
  }
  const { HOST, PORT, PUBLIC_URL } = parsed.data;
  const host = HOST === "0.0.0.0" || HOST === "::" ? "localhost" : HOST;
  return { ...parsed.data, PUBLIC_URL: PUBLIC_URL ?? `${secure ? "https" : "http"}://${host}:${PORT}` };
}

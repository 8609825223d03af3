/** The environment, validated. Every variable has a default that works; a wrong one is named in plain words. */
import { z } from "zod";

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
  RENUMERATE_SECRET: z.string().min(32, "at least 32 characters").optional(),
  RENUMERATE_PUBLIC_KEY: secret.optional(),
  RENUMERATE_PRIVATE_KEY: secret.optional(),
  RATE_LIMIT_PER_MINUTE: number.int("a whole number").min(1).default(60),
  SESSION_TTL_MINUTES: minutes(24 * 60),
  IDLE_MINUTES: minutes(30),
  BILLING_TIMEOUT_SECONDS: number.min(0.1).max(60).default(8),
  FALLBACK_EMAIL: FallbackEmail.default("support@example.com"),
  ALLOWED_ORIGINS: AllowedOrigins.default(["http://localhost:*", "http://127.0.0.1:*"]),
  BILLING: z.literal("simulator", "only the simulator so far").default("simulator"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
});

const Checked = Settings.refine(
  ({ RENUMERATE_PUBLIC_KEY: open, RENUMERATE_PRIVATE_KEY: secret }) => !open || open !== secret,
  { path: ["RENUMERATE_PUBLIC_KEY"], message: "another key than RENUMERATE_PRIVATE_KEY" },
);

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
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = Checked.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message }) => `  ${path.map(String).join(".")}: ${message}`,
    );
    throw new Error(`The environment is not valid:\n${faults.join("\n")}`);
  }
  const { HOST, PORT, PUBLIC_URL } = parsed.data;
  const host = HOST === "0.0.0.0" || HOST === "::" ? "localhost" : HOST;
  return { ...parsed.data, PUBLIC_URL: PUBLIC_URL ?? `${secure ? "https" : "http"}://${host}:${PORT}` };
}

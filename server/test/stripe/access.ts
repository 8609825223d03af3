/** Who may ask: https://docs.stripe.com/api/authentication and https://docs.stripe.com/keys/restricted-api-keys */
import { Refusal } from "./state.ts";

/** What a restricted key may, by the names that Stripe's messages use: `customer_read`. To write includes to read. */
export type Restricted = Readonly<Record<string, readonly string[]>>;

/**
 * Most permissions are called like their resource; some resources go with another, as the reference of permissions has
 * it: https://docs.stripe.com/keys/permissions-reference
 */
const PERMISSIONS: Readonly<Record<string, string>> = {
  account: "accounts_kyc_basic",
  billing_portal: "customer_portal",
  invoice_payments: "invoice",
  prices: "plan",
  refunds: "charge",
  subscription_items: "subscription",
  subscription_schedules: "subscription",
  test_clocks: "billing_clock",
  webhook_endpoints: "webhook",
};

/** `POST /v1/customers/:id` → customer_write */
export function permissionOf(name: string): string {
  const [method, address = ""] = name.split(" ");
  const parts = address.split("/").slice(2);
  const resource = (parts[0] === "test_helpers" ? parts[1] : parts[0]) ?? "";
  return `${PERMISSIONS[resource] ?? resource.replace(/s$/, "")}_${method === "GET" ? "read" : "write"}`;
}

const masked = (key: string): string =>
  `${key.slice(0, 8)}${"*".repeat(Math.max(0, key.length - 12))}${key.slice(-4)}`;

/** The key of a request. @throws Refusal 401 */
export function keyOf(authorization: string | undefined, restricted: Restricted): string {
  const [scheme, credentials = ""] = authorization?.split(" ") ?? [];
  const key =
    scheme === "Basic" ? (Buffer.from(credentials, "base64").toString().split(":")[0] ?? "") : credentials;
  if (!key) throw new Refusal(401, "You did not provide an API key.");
  if (!/^sk_test_\w+$/.test(key) && !Object.hasOwn(restricted, key)) {
    throw new Refusal(401, `Invalid API Key provided: ${masked(key)}`);
  }
  return key;
}

/** @param name of the request. @throws Refusal 403 */
export function allow(key: string, name: string, restricted: Restricted): void {
  const granted = Object.hasOwn(restricted, key) ? restricted[key] : undefined;
  const needed = permissionOf(name);
  if (!granted || granted.includes(needed) || granted.includes(needed.replace(/_read$/, "_write"))) return;
  throw new Refusal(
    403,
    `The provided key '${masked(key)}' does not have the required permissions for this endpoint on account 'acct_double'. Having the 'rak_${needed}' permission would allow this request to continue.`,
  );
}

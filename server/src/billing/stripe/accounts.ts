/** The Stripe accounts of this installation: which keys belong to which workspace and environment. */
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import type { Queries, Scope, WorkspaceSettings } from "../../store/store.ts";
import type { Hear } from "../billing-event.ts";
import { BillingError, type BillingProvider, type Environment } from "../provider.ts";
import { createCache } from "./cache.ts";
import { modeOf, openStripe } from "./client.ts";
import type { StripeAccount, StripeSettings } from "./model.ts";
import { createStripeBilling } from "./provider.ts";
import { hideSecrets } from "./secrets.ts";
import { hearStripe } from "./webhook.ts";

/** Of one workspace: at most one key of each mode; the secrets of all its webhook endpoints, old ones beside new ones. */
export interface StripeKeys {
  secretKeys: readonly string[];
  webhookSecrets: readonly string[];
}

/** Where one account's events come from. */
export interface ConnectedAccount {
  scope: Scope;
  webhookSecrets: readonly string[];
  /** Whether its key is a restricted one. */
  restricted: boolean;
  account: StripeAccount;
  /** Absent without secrets. */
  hear?: Hear;
}

export interface StripeAccounts {
  /** Undefined where no key was given; made once. */
  account(scope: Scope): StripeAccount | undefined;
  billing(scope: Scope): BillingProvider | undefined;
  /** All that there is a key for. */
  connected(): ConnectedAccount[];
}

/** A change of the settings is seen this much later, without a restart, ms. */
const SETTINGS_TTL = 5_000;

/**
 * What holds in one environment. What the sandbox does not say differently is as in prod, but for ids: what one mode of
 * Stripe calls by an id, the other does not know.
 */
export function settingsIn(
  environment: Environment,
  stored: WorkspaceSettings["stripe"] = {},
): StripeSettings {
  const { sandbox = {}, portalConfiguration, testClock: _, ...both } = stored;
  if (environment === "sandbox") return { ...both, ...sandbox };
  return { ...both, ...(portalConfiguration === undefined ? {} : { portalConfiguration }) };
}

type Keys = ReadonlyMap<string, StripeKeys>;

/**
 * In words, what two workspaces share, without the secret itself: one would show and change the other's customers, and
 * nobody could say which of them an event is for.
 */
function sharedIn(keys: Keys): string | undefined {
  const owners = new Map<string, string>();
  for (const [workspaceId, { secretKeys, webhookSecrets }] of keys)
    for (const secret of [...secretKeys, ...webhookSecrets]) {
      const owner = owners.get(secret) ?? workspaceId;
      const kind = secretKeys.includes(secret) ? "secret key" : "webhook secret";
      if (owner !== workspaceId) return `${hideSecrets(`${owner} and ${workspaceId}`)} have the same ${kind}`;
      owners.set(secret, owner);
    }
  return undefined;
}

interface Made {
  account: StripeAccount;
  billing: BillingProvider;
  restricted: boolean;
  hear?: Hear;
}

const environmentOf = (key: string): Environment => (modeOf(key) === "live" ? "prod" : "sandbox");

/** @throws Error, also later, if two workspaces share a key or a secret; it names them */
export function openAccounts(of: {
  /** By workspace. */
  keys: () => Keys;
  store: Pick<Queries, "workspace">;
  clock: () => number;
  apiBase: string;
  warn?: StripeAccount["warn"];
}): StripeAccounts {
  const { store, clock, apiBase, warn } = of;
  const made = new Map<string, Made>();
  const keysNow = () => {
    const keys = of.keys();
    const shared = sharedIn(keys);
    if (shared) throw new Error(`Stripe: ${shared}`);
    return keys;
  };

  const make = ({ workspaceId, environment }: Scope, secretKey: string, secrets: readonly string[]): Made => {
    const cache = createCache(clock);
    const account: StripeAccount = {
      stripe: openStripe({ secretKey, apiBase }),
      clock,
      cache,
      ...(warn ? { warn } : {}),
      settings: () =>
        cache.get("settings", SETTINGS_TTL, async () =>
          settingsIn(environment, (await store.workspace(workspaceId))?.settings.stripe),
        ),
    };
    return {
      account,
      billing: createStripeBilling(account),
      restricted: secretKey.startsWith("rk_"),
      ...(secrets.length ? { hear: hearStripe({ secrets, clock }) } : {}),
    };
  };
  const find = (scope: Scope) => {
    const name = `${scope.workspaceId}/${scope.environment}`;
    const before = made.get(name);
    if (before) return before;
    const keys = keysNow().get(scope.workspaceId);
    const key = keys?.secretKeys.find((each) => environmentOf(each) === scope.environment);
    if (!keys || key === undefined) return undefined;
    const fresh = make(scope, key, keys.webhookSecrets);
    made.set(name, fresh);
    return fresh;
  };

  return {
    account: (scope) => find(scope)?.account,
    billing: (scope) => find(scope)?.billing,
    connected: () =>
      [...keysNow()].flatMap(([workspaceId, { webhookSecrets }]) =>
        (["prod", "sandbox"] as const).flatMap((environment) => {
          const scope = { workspaceId, environment };
          const found = find(scope);
          if (!found) return [];
          const { account, restricted, hear } = found;
          return [{ scope, webhookSecrets, restricted, account, ...(hear ? { hear } : {}) }];
        }),
      ),
  };
}

/** Of an environment that there is no key for: every answer says that there is no billing. */
export function noBilling(environment: Environment): BillingProvider {
  const none = () =>
    Promise.reject(
      new BillingError(
        "unknown",
        "not_configured",
        `no billing is connected in the environment ${environment}`,
      ),
    );
  return {
    now: none,
    findCustomers: none,
    subscriptions: none,
    subscription: none,
    price: none,
    prices: none,
    preview: none,
    execute: none,
    readBack: none,
    invoices: none,
    declineCode: none,
    updateCustomer: none,
    paymentPage: none,
  };
}

/**
 * The accounts of several workspaces: JSON by workspace id.
 * @param rules what keys and secrets look like
 * @returns with `exposed` if others than the owner may read the file
 * @throws Error that names the file and what is wrong with it, never its content
 */
export function readAccountsFile(
  path: string,
  rules: { secretKeys: z.ZodType<string[]>; webhookSecrets: z.ZodType<string[]> },
): { accounts: ReadonlyMap<string, StripeKeys>; exposed: boolean } {
  const refuse = (why: string): never => {
    throw new Error(`STRIPE_ACCOUNTS_FILE: ${path} ${why}`);
  };
  let text = "";
  let mode = 0;
  try {
    text = readFileSync(path, "utf8");
    mode = statSync(path).mode;
  } catch (error) {
    refuse(`cannot be read (${(error as NodeJS.ErrnoException).code ?? "unreadable"})`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words quote what it stumbled over, and that may be a key.
    refuse("is not valid JSON");
  }
  const parsed = z
    .record(z.string(), z.strictObject({ ...rules, webhookSecrets: rules.webhookSecrets.default([]) }))
    .safeParse(json);
  if (parsed.success) {
    const accounts = new Map(Object.entries(parsed.data));
    const shared = sharedIn(accounts);
    return shared ? refuse(`is not valid: ${shared}`) : { accounts, exposed: (mode & 0o077) !== 0 };
  }
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join("/") ?? "";
  const what = issue?.code === "unrecognized_keys" ? "has a field that is not known" : issue?.message;
  return refuse(`is not valid: ${where ? `${hideSecrets(where)}: ` : ""}${what}`);
}

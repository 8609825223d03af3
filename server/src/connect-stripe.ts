/** From the settings to the Stripe accounts of this installation, and what is to be said about them at the start. */
import {
  openAccounts,
  readAccountsFile,
  type StripeAccounts,
  type StripeKeys,
} from "./billing/stripe/accounts.ts";
import { hideSecrets } from "./billing/stripe/secrets.ts";
import type { BillingEndpoint } from "./deps.ts";
import { type Settings, StripeSecretKeys, StripeWebhookSecrets } from "./settings.ts";
import type { Queries, WorkspaceRow } from "./store/store.ts";

export interface Connected {
  accounts: StripeAccounts;
  webhooks(): BillingEndpoint[];
  /** The file with the keys can be read by others. */
  exposed: boolean;
  /** Workspaces that the file names. */
  named: readonly string[];
}

/**
 * Keys of the environment belong to the first workspace, unless the file names it.
 * Where the business bills by itself there are none: production has no billing then, and nothing of a demo.
 *
 * @returns undefined where the simulator is billing
 * @throws Error if STRIPE_ACCOUNTS_FILE is not valid; the accounts throw one for a key that two workspaces have
 */
export function connectStripe(
  settings: Settings,
  of: {
    store: Pick<Queries, "workspace">;
    clock: () => number;
    first: () => string;
    warn?: (fields: object, message: string) => void;
  },
): Connected | undefined {
  if (settings.BILLING === "simulator") return undefined;
  if (settings.BILLING === "none") {
    const accounts = openAccounts({ ...of, keys: () => new Map(), apiBase: settings.STRIPE_API_BASE });
    return { accounts, webhooks: () => [], exposed: false, named: [] };
  }
  const { STRIPE_ACCOUNTS_FILE: file, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_API_BASE } = settings;
  const { accounts: listed, exposed } = file
    ? readAccountsFile(file, { secretKeys: StripeSecretKeys, webhookSecrets: StripeWebhookSecrets })
    : { accounts: new Map<string, StripeKeys>(), exposed: false };
  const own: StripeKeys = { secretKeys: STRIPE_SECRET_KEY, webhookSecrets: STRIPE_WEBHOOK_SECRET };
  const keys = () => new Map(own.secretKeys.length ? [[of.first(), own], ...listed] : listed);
  const accounts = openAccounts({ ...of, keys, apiBase: STRIPE_API_BASE });
  const webhooks = () =>
    accounts.connected().map(({ scope, hear, account }) => ({
      scope,
      ...(hear ? { hear } : {}),
      refresh: (prefix: string) => account.cache.drop(prefix),
    }));
  return { accounts, webhooks, exposed, named: [...listed.keys()] };
}

/** What whoever starts the server should know of billing before a customer finds out. */
export async function warningsOf(
  settings: Settings,
  connected: Connected | undefined,
  of: { store: Pick<Queries, "workspaces">; first: WorkspaceRow; demoPlans: readonly string[] },
): Promise<string[]> {
  const { STRIPE_ACCOUNTS_FILE: file, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = settings;
  if (!connected || settings.BILLING === "none") {
    const given = file || STRIPE_SECRET_KEY.length || STRIPE_WEBHOOK_SECRET.length;
    return given
      ? [`Stripe's keys are not used: BILLING is ${settings.BILLING}. BILLING=stripe makes Stripe billing`]
      : [];
  }
  const warnings: string[] = [];
  const own = connected.accounts.connected().filter(({ scope }) => scope.workspaceId === of.first.id);
  if (!own.some(({ scope }) => scope.environment === "prod"))
    warnings.push(
      "There is no live key of Stripe: in prod there is no billing, and what needs it is answered with billing_unavailable",
    );
  if (own.some(({ webhookSecrets }) => !webhookSecrets.length))
    warnings.push(
      "STRIPE_WEBHOOK_SECRET is not set: events of Stripe are refused, and what they tell is not noticed",
    );
  if (connected.exposed)
    warnings.push(`STRIPE_ACCOUNTS_FILE: others can read ${file}. chmod 600 keeps its keys secret`);
  const ids = new Set((await of.store.workspaces()).map(({ id }) => id));
  const unknown = connected.named.filter((id) => !ids.has(id));
  if (unknown.length)
    warnings.push(
      `STRIPE_ACCOUNTS_FILE names no workspace of this server: ${hideSecrets(unknown.join(", "))}`,
    );
  if (of.first.settings.hub?.plans?.some((id) => of.demoPlans.includes(id)))
    warnings.push(
      "The hub's settings name plans of the demo business, which Stripe does not have: renumerate hub set",
    );
  return warnings;
}

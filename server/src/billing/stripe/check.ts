/** Whether an account is ready, in plain words. Reads, and asks for what cannot be there: it changes nothing. */
import Stripe from "stripe";
import type { Environment } from "../provider.ts";
import { checkClocks, checkPortal, checkPrices } from "./check-offer.ts";
import { checkReads } from "./check-reads.ts";
import { checkWebhook } from "./check-webhook.ts";
import { type Finding, lacks, note, ok, unanswered } from "./finding.ts";
import type { StripeAccount } from "./model.ts";
import { KEY_LINK, PERMISSIONS, type Permission, permissionIn } from "./permissions.ts";

export interface Checked {
  account: StripeAccount;
  environment: Environment;
  /** Whether the key is a restricted one. */
  restricted: boolean;
  /** How many signing secrets there are. */
  webhookSecrets: number;
  /** Where this server takes events. */
  webhookUrl: string;
}

const { StripePermissionError, StripeAuthenticationError, StripeInvalidRequestError } = Stripe.errors;

/** In the words of Stripe's form for keys, which it tells with its refusal. */
function named({ resource, level }: Permission, error: Error): string {
  const { label } = permissionIn(error);
  return label && !label.includes(resource) ? `${label}; ${resource}: ${level}` : `${resource}: ${level}`;
}

async function checkPermission(stripe: Stripe, permission: Permission): Promise<Finding> {
  const { resource, level, why, optional, probes } = permission;
  const about = `permission ${resource}: ${level}`;
  for (const probe of probes) {
    try {
      await probe(stripe);
    } catch (error) {
      if (error instanceof StripePermissionError) {
        const todo = `edit the key at https://dashboard.stripe.com/apikeys and allow ${named(permission, error)}`;
        return optional ? note(about, `not given: ${why}`, todo) : lacks(about, `needed for ${why}`, todo);
      }
      if (!(error instanceof StripeInvalidRequestError)) return unanswered(about, error);
    }
  }
  return ok(about, why);
}

/** Of the key itself; one that Stripe does not take is not usable, and then nothing else can be asked. */
async function checkKey({ account: { stripe }, restricted, environment }: Checked): Promise<{
  findings: Finding[];
  usable: boolean;
}> {
  const mode = environment === "prod" ? "live" : "test";
  const found = restricted
    ? ok("key", `a restricted key of ${mode} mode`)
    : note(
        "key",
        `a secret key of ${mode} mode: whoever gets hold of it can do everything`,
        `make a restricted one: ${KEY_LINK}`,
      );
  try {
    const { business_profile, settings, country } = await stripe.accounts.retrieveCurrent();
    const name = settings?.dashboard.display_name || business_profile?.name || "without a name";
    return { findings: [found, ok("account", `${name}${country ? ` (${country})` : ""}`)], usable: true };
  } catch (error) {
    if (error instanceof StripePermissionError)
      return {
        findings: [found, note("account", "this key may not read its name, which nothing needs")],
        usable: true,
      };
    const finding =
      error instanceof StripeAuthenticationError
        ? lacks("key", "Stripe does not know it", "copy the key again, or make a new one")
        : unanswered("key", error);
    return { findings: [finding], usable: false };
  }
}

export async function checkAccount(checked: Checked): Promise<Finding[]> {
  const { account, webhookSecrets, webhookUrl } = checked;
  const { stripe } = account;
  const { findings, usable } = await checkKey(checked);
  if (!usable) return findings;
  const lacking = new Set<string>();
  for (const permission of PERMISSIONS) {
    const found = await checkPermission(stripe, permission);
    if (found.state === "missing") lacking.add(permission.id);
    findings.push(found);
  }
  findings.push(...(await checkReads(stripe, lacking)));
  findings.push(
    ok("API version", `${Stripe.API_VERSION}, pinned; events of other versions are understood as well`),
  );
  findings.push(...(await checkWebhook({ stripe, webhookSecrets, webhookUrl })));
  const settings = await account.settings();
  findings.push(await checkPortal(stripe, settings), await checkPrices(stripe));
  if (checked.environment === "sandbox") findings.push(...(await checkClocks(stripe, settings)));
  findings.push(
    note(
      "retries",
      "how often Stripe tries a failed payment again cannot be read by a program",
      "see https://dashboard.stripe.com/settings/billing/automatic: let the subscription stay past due while it tries",
    ),
  );
  return findings;
}

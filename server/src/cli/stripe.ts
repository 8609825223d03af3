/** `renumerate stripe`: whether the account is ready, and what a business decides about it. */
import type { Command } from "commander";
import { Option } from "commander";
import type { ConnectedAccount } from "../billing/stripe/accounts.ts";
import { checkAccount } from "../billing/stripe/check.ts";
import type { Finding } from "../billing/stripe/finding.ts";
import { StripeDefinition } from "../contract/stripe-settings.ts";
import { issuesOf } from "../domain/flows.ts";
import { changeSettings } from "../domain/settings.ts";
import { STRIPE_WEBHOOK } from "../routes/stripe-webhook.ts";
import {
  accepted,
  asJson,
  type EnvironmentName,
  type Opened,
  print,
  Refused,
  readJson,
  type Using,
} from "./tools.ts";

const line = ({ state, about, says, todo }: Finding): string =>
  `  ${state.padEnd(8)} ${about}: ${says}${todo ? `\n           → ${todo}` : ""}`;

async function check(
  { deps, workspace, stripe }: Opened,
  { environment, json }: { environment?: EnvironmentName; json?: boolean },
): Promise<void> {
  if (!stripe)
    throw new Refused(
      "The simulator is billing. BILLING=stripe and STRIPE_SECRET_KEY make it Stripe: docs/stripe.md",
    );
  const isMeant = ({ scope }: ConnectedAccount) =>
    scope.workspaceId === workspace.id && (!environment || scope.environment === environment);
  const results = [];
  for (const { scope, restricted, webhookSecrets, account } of stripe.connected().filter(isMeant)) {
    const findings = await checkAccount({
      account,
      restricted,
      environment: scope.environment,
      webhookSecrets: webhookSecrets.length,
      webhookUrl: `${deps.publicUrl}${STRIPE_WEBHOOK}`,
    });
    results.push({ environment: scope.environment, findings });
  }
  if (!results.length) {
    const mode = environment === "sandbox" ? "test" : "live";
    throw new Refused(`There is no ${environment ? `${mode} ` : ""}key of Stripe: set STRIPE_SECRET_KEY`);
  }
  const missing = results.flatMap(({ findings }) => findings.filter(({ state }) => state === "missing"));
  print(
    json,
    { ok: !missing.length, results },
    results
      .map(({ environment: name, findings }) => `Stripe in ${name}\n${findings.map(line).join("\n")}`)
      .join("\n\n"),
  );
  if (missing.length)
    throw new Refused(`${missing.length} ${missing.length === 1 ? "thing is" : "things are"} missing`);
}

async function set(
  { deps, workspace }: Opened,
  settings: StripeDefinition,
  json: boolean | undefined,
): Promise<void> {
  await changeSettings(deps.store, workspace.id, (before) => ({ ...before, stripe: settings }));
  print(
    json,
    { ok: true, settings },
    "Stripe's settings are set; a server that runs takes them within seconds",
  );
}

export function stripeCommands(root: Command, using: Using): void {
  const stripe = root.command("stripe").description("billing with Stripe");
  stripe
    .command("check")
    .description("say what works, what is missing and what to do about it; changes nothing at Stripe")
    .addOption(new Option("--environment <name>", "prod or sandbox alone").choices(["prod", "sandbox"]))
    .addOption(asJson())
    .action((options: { environment?: EnvironmentName; json?: boolean }) =>
      using((opened) => check(opened, options)),
    );
  stripe
    .command("show")
    .description("print what was set; what is not named is by default")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ workspace }) => {
        const settings = workspace.settings.stripe ?? {};
        print(json, settings, JSON.stringify(settings, null, 2));
      }),
    );
  stripe
    .command("set <file>")
    .description("take these settings instead of all that were set; - reads standard input")
    .addOption(asJson())
    .action((file: string, { json }: { json?: boolean }) => {
      const { data, error } = StripeDefinition.safeParse(readJson(file));
      const { settings } = accepted(
        file,
        data ? { ok: true, settings: data } : { ok: false, issues: issuesOf(error) },
        json,
      );
      return using((opened) => set(opened, settings, json));
    });
}

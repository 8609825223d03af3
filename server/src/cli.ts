/** The command line: `renumerate serve | keys | workspace | messages | hub | flow | stripe`. Exit codes: 0 done, 1 refused, 2 called wrongly. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { stripeCommands } from "./cli/stripe.ts";
import { accepted, asJson, environment, print, Refused, readJson } from "./cli/tools.ts";
import { HubDefinition } from "./contract/hub-settings.ts";
import { MessagesDefinition, messagesLocale } from "./contract/messages.ts";
import { issuesOf, lintFlow, publishFlow, unknownPrices } from "./domain/flows.ts";
import { unknownPlans } from "./domain/hub-settings.ts";
import { createKey } from "./domain/workspaces.ts";
import { type Installation, open, serve, version } from "./main.ts";
import { AllowedOrigins, FallbackEmail } from "./settings.ts";
import type { WorkspaceRow } from "./store/store.ts";
import { readTls } from "./tls.ts";

const keysOf = ({ publicKey, privateKey }: { publicKey: string; privateKey: string }) =>
  `\n  public key   ${publicKey}\n  private key  ${privateKey}\n  The private key is shown this once.\n`;

/** Opens the installation for one command and closes it afterwards. */
async function using<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const installation = await open();
  try {
    // The very first command makes the workspace: its keys are shown then or never.
    if (installation.created) process.stderr.write(keysOf(installation.created));
    return await work(installation);
  } finally {
    await installation.deps.store.close();
  }
}

/** A value that must fulfil the same rule as in the environment. */
const valid =
  <Output>(schema: z.ZodType<Output>) =>
  (value: string): Output => {
    const { data, success, error } = schema.safeParse(value);
    if (!success) throw new InvalidArgumentError(error.issues[0]?.message ?? "");
    return data;
  };

/** A language, or `*` for all of them. */
function language(value: string): string {
  const locale = messagesLocale(value);
  if (!locale) throw new InvalidArgumentError("a language tag such as de or pt-BR, or * for all languages");
  return locale;
}

interface ServeOptions {
  json?: boolean;
  tlsCert?: string;
  tlsKey?: string;
}

const Name = z.string().trim().min(1, "a name").max(120);

function program(): Command {
  const root = new Command("renumerate")
    .description("Open, self-hosted subscription retention")
    .version(version)
    .exitOverride();

  root
    .command("serve", { isDefault: true })
    .description("serve the API, the widgets and, with simulated billing, the demo")
    .option(
      "--tls-cert <file>",
      "answer https with this certificate (PEM, with those between it and its root)",
    )
    .option("--tls-key <file>", "the certificate's private key (PEM, without a passphrase)")
    .addOption(asJson())
    .action(async ({ json, tlsCert, tlsKey }: ServeOptions, command: Command) => {
      // An empty name is one that was forgotten: it must not mean plain http.
      const given = [tlsCert, tlsKey].filter((file) => file !== undefined);
      if (given.length === 1) command.error("error: --tls-cert and --tls-key are only of use together");
      const [cert, key] = given;
      const tls = cert === undefined || key === undefined ? undefined : readTls(cert, key);
      const installation = await open(undefined, tls);
      const { created } = installation;
      const { url, stop } = await serve(installation).catch((error) => {
        // What was made is made, and shown now or never.
        if (created) process.stderr.write(keysOf(created));
        throw error;
      });
      const end = () => void stop().then(() => process.exit(0));
      // Before it says that it listens: whoever waits for that may end it at once.
      process.once("SIGINT", end).once("SIGTERM", end);
      print(
        json,
        { url, ...created },
        `\n  Renumerate is listening at ${url}\n${created ? keysOf(created) : ""}`,
      );
    });

  const keys = root.command("keys").description("API keys of the workspace");
  keys
    .command("create")
    .description("make a key; it is shown once")
    .addOption(environment())
    .addOption(
      new Option("--kind <kind>", "secret (for your server) or public")
        .choices(["secret", "public"])
        .default("secret"),
    )
    .option("--name <name>", "what it is for", valid(Name), "command line")
    .addOption(asJson())
    .action(
      (options: {
        environment: "prod" | "sandbox";
        kind: "secret" | "public";
        name: string;
        json?: boolean;
      }) =>
        using(async ({ deps, workspace }) => {
          const { environment: name, kind } = options;
          const { key, row } = await createKey(deps, {
            workspaceId: workspace.id,
            environment: name,
            kind,
            name: options.name,
          });
          print(options.json, { id: row.id, key, environment: name, kind }, key);
        }),
    );
  keys
    .command("list")
    .description("list the keys, without the keys themselves")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ deps, workspace }) => {
        const rows = (await deps.store.keys(workspace.id)).map(({ hash: _h, sealed: _s, ...row }) => row);
        print(
          json,
          rows,
          rows
            .map(
              (row) =>
                `${row.id}  ${row.kind}  ${row.environment}  …${row.lastFour}  ${row.name}${row.revokedAt ? "  revoked" : ""}`,
            )
            .join("\n"),
        );
      }),
    );
  keys
    .command("revoke <id>")
    .description("refuse a key from now on")
    .addOption(asJson())
    .action((id: string, { json }: { json?: boolean }) =>
      using(async ({ deps, workspace }) => {
        const row = (await deps.store.keys(workspace.id)).find((each) => each.id === id);
        if (!row) throw new Refused(`There is no key ${id}`);
        await deps.store.revokeKey(id, deps.clock());
        print(json, { id, revoked: true }, `${id} is revoked`);
      }),
    );

  root
    .command("workspace")
    .description("the workspace's settings")
    .command("set")
    .description("change settings; what is not named stays")
    .option("--name <name>", "what the workspace is called", valid(Name))
    .addOption(new Option("--status <status>").choices(["active", "read_only", "demo"]))
    .option(
      "--fallback-email <address>",
      "where customers write when the server cannot be reached",
      valid(FallbackEmail),
    )
    .option(
      "--allowed-origins <list>",
      "origins of pages that may use the widgets, with commas",
      valid(AllowedOrigins),
    )
    .addOption(asJson())
    .action(
      (
        options: Partial<WorkspaceRow["settings"]> &
          Partial<Pick<WorkspaceRow, "name" | "status">> & { json?: boolean },
      ) =>
        using(async ({ deps, workspace }) => {
          const { json, name, status, ...settings } = options;
          await deps.store.updateWorkspace(workspace.id, {
            ...(name ? { name } : {}),
            ...(status ? { status } : {}),
            settings: { ...workspace.settings, ...settings },
          });
          const after = (await deps.store.workspace(workspace.id)) as WorkspaceRow;
          print(json, after, JSON.stringify(after, null, 2));
        }),
    );

  const messages = root.command("messages").description("your words in place of the widgets' own");
  /** Stores the words of one language; undefined takes them away. */
  const change = (locale: string, words: MessagesDefinition | undefined) =>
    using(async ({ deps, workspace }) => {
      const { [locale]: before, ...others } = workspace.settings.messages ?? {};
      if (!words && !before) throw new Refused(`There are no messages for ${locale}`);
      const settings = { ...workspace.settings, messages: words ? { ...others, [locale]: words } : others };
      await deps.store.updateWorkspace(workspace.id, { settings });
    });
  messages
    .command("set")
    .argument("<locale>", "a language tag, or * for all languages", language)
    .argument("<file>", "JSON of texts by key; - reads standard input")
    .description("put these words in place of the widgets', instead of all that were set for this language")
    .addOption(asJson())
    .action(async (locale: string, file: string, { json }: { json?: boolean }) => {
      const { data, error } = MessagesDefinition.safeParse(readJson(file));
      const { words } = accepted(
        file,
        data ? { ok: true, words: data } : { ok: false, issues: issuesOf(error) },
        json,
      );
      await change(locale, words);
      const count = Object.keys(words).length;
      print(
        json,
        { ok: true, locale, texts: count },
        `${locale}: ${count} ${count === 1 ? "text" : "texts"}`,
      );
    });
  messages
    .command("list")
    .description("list what was set, by language")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ workspace }) => {
        const all = workspace.settings.messages ?? {};
        const lines = Object.entries(all).flatMap(([locale, words]) =>
          Object.entries(words).map(([key, text]) => `${locale}  ${key}  ${text}`),
        );
        print(json, all, lines.join("\n"));
      }),
    );
  messages
    .command("unset")
    .argument("<locale>", "as it was set", language)
    .description("take the words of one language away")
    .addOption(asJson())
    .action(async (locale: string, { json }: { json?: boolean }) => {
      await change(locale, undefined);
      print(json, { locale, unset: true }, `${locale} is unset`);
    });

  const hub = root.command("hub").description("what customers may do in the subscription hub");
  hub
    .command("show")
    .description("print what was set; what is not named is on")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ workspace }) => {
        const settings = workspace.settings.hub ?? {};
        print(json, settings, JSON.stringify(settings, null, 2));
      }),
    );
  hub
    .command("set <file>")
    .description("take these settings instead of all that were set; - reads standard input")
    .addOption(asJson())
    .action((file: string, { json }: { json?: boolean }) => {
      const { data, error } = HubDefinition.safeParse(readJson(file));
      const { settings } = accepted(
        file,
        data ? { ok: true, settings: data } : { ok: false, issues: issuesOf(error) },
        json,
      );
      return using(async ({ deps, workspace }) => {
        const issues = await unknownPlans(deps, workspace.id, settings);
        if (issues.length) accepted(file, { ok: false, issues }, json);
        await deps.store.updateWorkspace(workspace.id, {
          settings: { ...workspace.settings, hub: settings },
        });
        const off = Object.entries(settings.actions ?? {}).flatMap(([name, on]) => (on ? [] : [name]));
        print(json, { ok: true, off }, `The hub is set; switched off: ${off.join(", ") || "nothing"}`);
      });
    });

  const flow = root.command("flow").description("flow definitions");
  flow
    .command("lint <file>")
    .description("check a definition without publishing it; - reads standard input")
    .addOption(asJson())
    .action((file: string, { json }: { json?: boolean }) => {
      const { facts } = accepted(file, lintFlow(readJson(file)), json);
      print(
        json,
        { ok: true, ...facts },
        `${file}: ${facts.steps} steps, ${facts.offers} offers, ${facts.activationsToCancel} activations from opening to cancelled`,
      );
    });
  flow
    .command("publish <file>")
    .description("publish a definition as the next version; - reads standard input")
    .addOption(environment())
    .addOption(asJson())
    .action((file: string, options: { environment: "prod" | "sandbox"; json?: boolean }) => {
      const { definition, facts } = accepted(file, lintFlow(readJson(file)), options.json);
      return using(async ({ deps, workspace }) => {
        const scope = { workspaceId: workspace.id, environment: options.environment };
        const issues = await unknownPrices(definition, deps.billing(scope));
        if (issues.length) accepted(file, { ok: false, issues }, options.json);
        const row = await publishFlow(deps, scope, definition);
        print(
          options.json,
          { ok: true, id: row.id, version: row.version, environment: row.environment, ...facts },
          `Published version ${row.version} in ${row.environment}: ${facts.activationsToCancel} activations from opening to cancelled`,
        );
      });
    });

  stripeCommands(root, using);
  return root;
}

/** @returns the exit code; `serve` goes on after it */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode ? 2 : 0;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

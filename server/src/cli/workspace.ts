/** `renumerate workspace`: its name, its settings and how hosted flows look. */
import type { Command } from "commander";
import { Option } from "commander";
import { AllowedOrigins, Currency, FallbackEmail, ReturnHosts, ReturnUrl } from "../settings.ts";
import type { WorkspaceRow, WorkspaceSettings } from "../store/store.ts";
import { brandingCommand, briefly } from "./branding.ts";
import { asJson, changeSettings, Name, type Opened, print, type Using, valid } from "./tools.ts";

type Named = Partial<Pick<WorkspaceRow, "name" | "status">> &
  Partial<Pick<WorkspaceSettings, "fallbackEmail" | "allowedOrigins" | "currency" | "returnHosts">> & {
    /** False takes it away. */
    defaultReturnUrl?: string | false;
    json?: boolean;
  };

const shown = ({ settings: { branding, ...settings }, ...row }: WorkspaceRow): object => ({
  ...row,
  settings: { ...settings, ...(branding ? { branding: briefly(branding) } : {}) },
});

async function show({ deps, workspace: { id } }: Opened, json: boolean | undefined): Promise<void> {
  const value = shown((await deps.store.workspace(id)) as WorkspaceRow);
  print(json, value, JSON.stringify(value, null, 2));
}

async function set(opened: Opened, { json, name, status, defaultReturnUrl, ...named }: Named): Promise<void> {
  const { deps, workspace } = opened;
  const settings = {
    ...named,
    ...(defaultReturnUrl === undefined ? {} : { defaultReturnUrl: defaultReturnUrl || undefined }),
  };
  if (name || status)
    await deps.store.updateWorkspace(workspace.id, {
      ...(name ? { name } : {}),
      ...(status ? { status } : {}),
    });
  await changeSettings(opened, settings);
  await show(opened, json);
}

export function workspaceCommands(root: Command, using: Using): void {
  const workspace = root.command("workspace").description("the workspace's settings");
  workspace
    .command("show")
    .description("print them")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) => using((opened) => show(opened, json)));
  workspace
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
    .option("--currency <code>", "what reported amounts and sums are in, such as eur", valid(Currency))
    .option(
      "--return-hosts <list>",
      "hosts that links to hosted flows may send customers back to, with commas",
      valid(ReturnHosts),
    )
    .option("--default-return-url <url>", "where to, if a link does not say", valid(ReturnUrl))
    .option("--no-default-return-url", "links have to say where to")
    .addOption(asJson())
    .action((options: Named) => using((opened) => set(opened, options)));
  brandingCommand(workspace, using);
}

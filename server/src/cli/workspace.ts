/** `renumerate workspace`: its name, its settings and how hosted flows look. */
import type { Command } from "commander";
import { Option } from "commander";
import { changeWorkspace } from "../domain/settings.ts";
import { AllowedOrigins, Currency, FallbackEmail, ReturnHosts, ReturnUrl } from "../settings.ts";
import type { WorkspaceRow, WorkspaceSettings } from "../store/store.ts";
import { brandingCommand, briefly } from "./branding.ts";
import { asJson, Name, type Opened, print, type Using, valid } from "./tools.ts";

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

function show(workspace: WorkspaceRow, json: boolean | undefined): void {
  const value = shown(workspace);
  print(json, value, JSON.stringify(value, null, 2));
}

async function set(
  { deps, workspace }: Opened,
  { json, name, status, defaultReturnUrl: url, ...named }: Named,
): Promise<void> {
  const after = await changeWorkspace(deps.store, workspace.id, ({ settings }) => {
    const { defaultReturnUrl: before, ...rest } = settings;
    const defaultReturnUrl = url ?? before;
    return {
      ...(name ? { name } : {}),
      ...(status ? { status } : {}),
      settings: { ...rest, ...named, ...(defaultReturnUrl ? { defaultReturnUrl } : {}) },
    };
  });
  show(after, json);
}

export function workspaceCommands(root: Command, using: Using): void {
  const workspace = root.command("workspace").description("the workspace's settings");
  workspace
    .command("show")
    .description("print them")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) => using(async ({ workspace: now }) => show(now, json)));
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

/** `renumerate hub`: what customers may do in the subscription hub. */
import type { Command } from "commander";
import { HubDefinition } from "../contract/hub-settings.ts";
import { issuesOf } from "../domain/flows.ts";
import { unknownPlans } from "../domain/hub-settings.ts";
import { changeSettings } from "../domain/settings.ts";
import { accepted, asJson, print, readJson, type Using } from "./tools.ts";

export function hubCommands(root: Command, using: Using): void {
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
        await changeSettings(deps.store, workspace.id, (before) => ({ ...before, hub: settings }));
        const off = Object.entries(settings.actions ?? {}).flatMap(([name, on]) => (on ? [] : [name]));
        print(json, { ok: true, off }, `The hub is set; switched off: ${off.join(", ") || "nothing"}`);
      });
    });
}

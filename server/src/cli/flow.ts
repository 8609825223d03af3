/** `renumerate flow`: flow definitions. */
import type { Command } from "commander";
import { lintFlow, publishFlow, unknownPrices } from "../domain/flows.ts";
import { accepted, asJson, type EnvironmentName, environment, print, readJson, type Using } from "./tools.ts";

export function flowCommands(root: Command, using: Using): void {
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
    .action((file: string, options: { environment: EnvironmentName; json?: boolean }) => {
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
}

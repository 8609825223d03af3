/** `renumerate reasons`: which reasons a reported cancellation may name. */
import type { Command } from "commander";
import { z } from "zod";
import { enabledReasons } from "../domain/reasons.ts";
import { changeSettings } from "../domain/settings.ts";
import { asJson, type EnvironmentName, environment, print, type Using, valid } from "./tools.ts";

const Key = z
  .string()
  .regex(/^[a-z0-9_-]{1,64}$/, "lower-case letters, digits, _ and -, at most 64 characters");

interface Options {
  environment: EnvironmentName;
  json?: boolean;
}

export function reasonCommands(root: Command, using: Using): void {
  const reasons = root.command("reasons").description("reasons that reported cancellations may name");
  reasons
    .command("list")
    .description("list what is enabled: the reasons of the published flow, and what was set here")
    .addOption(environment())
    .addOption(asJson())
    .action(({ environment: name, json }: Options) =>
      using(async ({ deps, workspace }) => {
        const scope = { workspaceId: workspace.id, environment: name };
        const enabled = await enabledReasons(deps, scope, workspace.settings);
        const disabled = Object.entries(workspace.settings.reasons ?? {}).flatMap(([key, on]) =>
          on ? [] : [key],
        );
        const lines = [...enabled, ...disabled.map((key) => `${key}  disabled`)];
        print(json, { environment: name, enabled, disabled }, lines.join("\n"));
      }),
    );
  for (const [name, on, description] of [
    ["enable", true, "take these reasons too, although no flow asks for them"],
    ["disable", false, "refuse these reasons, although a flow asks for them"],
  ] as const)
    reasons
      .command(name)
      .argument("<key...>", "keys of reasons", (key: string, before: string[] = []) => [
        ...before,
        valid(Key)(key),
      ])
      .description(`${description}; in both environments`)
      .addOption(asJson())
      .action((keys: string[], { json }: { json?: boolean }) =>
        using(async ({ deps, workspace }) => {
          const change = Object.fromEntries(keys.map((key) => [key, on]));
          const { reasons: set } = await changeSettings(deps.store, workspace.id, (before) => ({
            ...before,
            reasons: { ...before.reasons, ...change },
          }));
          print(json, { ok: true, reasons: set }, `${keys.join(", ")}: ${name}d`);
        }),
      );
}

/** `renumerate analytics`: the sums that figures are made of. */
import type { Command } from "commander";
import { asJson, print, type Using } from "./tools.ts";

export function analyticsCommands(root: Command, using: Using): void {
  root
    .command("analytics")
    .description("the sums that figures are made of")
    .command("rebuild")
    .description("sum everything up anew, and say how many sums were not as they should have been")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ deps }) => {
        const differences = await deps.store.rebuildFigures();
        const words = differences === 1 ? "1 sum was" : `${differences || "no"} sums were`;
        print(json, { ok: true, differences }, `summed up anew: ${words} different`);
      }),
    );
}

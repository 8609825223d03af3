/** `renumerate result-key`: what the results of hosted flows are signed with. */
import type { Command } from "commander";
import { type ResultKey, type ResultKeys, resultKeys, rotateResultKey } from "../domain/result-token.ts";
import { asJson, type EnvironmentName, environment, print, type Using } from "./tools.ts";

interface Options {
  environment: EnvironmentName;
  json?: boolean;
}

function show({ current, previous }: ResultKeys, { environment: name, json }: Options): void {
  const line = ({ kid, secret }: ResultKey, note = "") => `${kid}  ${secret}${note}`;
  print(
    json,
    { environment: name, current, ...(previous ? { previous } : {}) },
    [line(current), ...(previous ? [line(previous, "  previous")] : [])].join("\n"),
  );
}

export function resultKeyCommands(root: Command, using: Using): void {
  const key = root.command("result-key").description("the key that signs results of hosted flows");
  key
    .command("show")
    .description(
      "print the key, for a backend that checks result tokens by itself; the one before as long as it holds",
    )
    .addOption(environment())
    .addOption(asJson())
    .action((options: Options) =>
      using(async ({ deps, workspace }) => show(resultKeys(deps, workspace, options.environment), options)),
    );
  key
    .command("rotate")
    .description("sign with a new key from now on; what the one before has signed holds until it expires")
    .addOption(environment())
    .addOption(asJson())
    .action((options: Options) =>
      using(async ({ deps, workspace }) =>
        show(await rotateResultKey(deps, workspace.id, options.environment), options),
      ),
    );
}

/** `renumerate keys`: API keys of the workspace. */
import type { Command } from "commander";
import { Option } from "commander";
import { z } from "zod";
import { isoOf } from "../domain/dates.ts";
import { KEY_SCOPES } from "../domain/scopes.ts";
import { createKey } from "../domain/workspaces.ts";
import type { KeyRow } from "../store/store.ts";
import {
  asJson,
  type EnvironmentName,
  environment,
  Name,
  print,
  Refused,
  type Using,
  valid,
} from "./tools.ts";

const ALL = "*";
const Scope = z.enum([...KEY_SCOPES, ALL], `of ${KEY_SCOPES.join(", ")}; or * for all of them`);
const Scopes = z
  .string()
  .transform((text) => text.split(",").map((each) => each.trim()))
  .pipe(z.array(Scope))
  // Whoever names all of them beside one means only one of the two.
  .refine((scopes) => !scopes.includes(ALL) || scopes.length === 1, "* alone, or scopes with commas")
  .transform((scopes) => [...new Set(scopes)]);

interface Options {
  environment: EnvironmentName;
  kind: KeyRow["kind"];
  name: string;
  scopes?: z.output<typeof Scopes>;
  json?: boolean;
}

function line({
  id,
  kind,
  environment: where,
  lastFour,
  scopes,
  name,
  lastUsedAt,
  revokedAt,
}: KeyRow): string {
  const used = lastUsedAt === undefined ? [] : [`used ${isoOf(lastUsedAt)}`];
  const revoked = revokedAt === undefined ? [] : ["revoked"];
  return [id, kind, where, `…${lastFour}`, scopes.join(","), name, ...used, ...revoked].join("  ");
}

export function keyCommands(root: Command, using: Using): void {
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
    .option(
      "--scopes <list>",
      `what a secret key may be used for, with commas: ${KEY_SCOPES.join(", ")}; * for all, which is the default`,
      valid(Scopes),
    )
    .addOption(asJson())
    .action(({ environment: name, kind, scopes, json, ...rest }: Options, command: Command) => {
      if (scopes && kind === "public") command.error("error: --scopes are of a secret key");
      return using(async ({ deps, workspace }) => {
        const { key, row } = await createKey(deps, {
          workspaceId: workspace.id,
          environment: name,
          kind,
          name: rest.name,
          ...(scopes ? { scopes } : {}),
        });
        print(json, { id: row.id, key, environment: name, kind, scopes: row.scopes }, key);
      });
    });
  keys
    .command("list")
    .description("list the keys, without the keys themselves")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ deps, workspace }) => {
        const rows = await deps.store.keys(workspace.id);
        print(
          json,
          rows.map(({ hash: _h, sealed: _s, ...row }) => row),
          rows.map(line).join("\n"),
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
}

/** `renumerate workspace branding`: how hosted flows look. */
import type { Command } from "commander";
import { BrandingError, parseBranding } from "../domain/branding.ts";
import { changeSettings } from "../domain/settings.ts";
import type { Branding, WorkspaceSettings } from "../store/store.ts";
import { asJson, print, Refused, readBytes, type Using } from "./tools.ts";

interface Named {
  color?: string;
  logo?: string;
  none?: true;
  json?: boolean;
}

/** A logo's bytes are nothing to read. */
export function briefly({ color, logo }: Branding): object {
  return {
    ...(color ? { color } : {}),
    ...(logo ? { logo: { type: logo.type, bytes: Buffer.from(logo.base64, "base64").length } } : {}),
  };
}

/** @throws Refused */
function read({ color, logo }: Named): Branding {
  try {
    return parseBranding({ color, logo: logo === undefined ? undefined : readBytes(logo) });
  } catch (error) {
    throw error instanceof BrandingError ? new Refused(error.message) : error;
  }
}

/** What is not given stays. */
function dressed({ branding: before, ...rest }: WorkspaceSettings, given: Branding): WorkspaceSettings {
  const branding = { ...before, ...given };
  return Object.keys(branding).length ? { ...rest, branding } : rest;
}

function bare({ branding: _, ...rest }: WorkspaceSettings): WorkspaceSettings {
  return rest;
}

export function brandingCommand(workspace: Command, using: Using): void {
  workspace
    .command("branding")
    .description("give hosted flows your colour and your logo; what is not named stays")
    .option(
      "--color <#rrggbb>",
      "of buttons and links; where it could not be read it is made lighter or darker",
    )
    .option("--logo <file>", "PNG, JPEG, WebP or SVG, at most 64 kB; - reads standard input")
    .option("--none", "take both away")
    .addOption(asJson())
    .action((named: Named, command: Command) => {
      const { none, json } = named;
      if (none && (named.color !== undefined || named.logo !== undefined))
        command.error("error: --none is alone");
      // Before anything is opened: what is refused leaves nothing behind.
      const given = read(named);
      return using(async ({ deps, workspace }) => {
        const { branding } = await changeSettings(deps.store, workspace.id, (before) =>
          none ? bare(before) : dressed(before, given),
        );
        const brief = briefly(branding ?? {});
        print(json, brief, JSON.stringify(brief, null, 2));
      });
    });
}

/** `renumerate customers`: what is kept about one customer. */
import type { Command } from "commander";
import { z } from "zod";
import { forgetCustomer, readPersonalData } from "../domain/personal-data.ts";
import { Problem } from "../domain/problem.ts";
import { asJson, type EnvironmentName, environment, print, Refused, type Using, valid } from "./tools.ts";

const Id = z.string().trim().min(1, "an id").max(255);
const Email = z.string().trim().min(1, "an address").max(320);

interface Options {
  environment: EnvironmentName;
  customer?: string;
  email?: string;
  json?: boolean;
}

function wantedOf({ customer, email }: Options, command: Command) {
  if ((customer === undefined) === (email === undefined))
    command.error("error: either --customer or --email");
  return {
    ...(customer === undefined ? {} : { customerId: customer }),
    ...(email === undefined ? {} : { email }),
  };
}

export function customerCommands(root: Command, using: Using): void {
  const customers = root.command("customers").description("what is kept about one customer");
  const named = (command: Command): Command =>
    command
      .option("--customer <id>", "as billing knows them, or as your own system does", valid(Id))
      .option("--email <address>", "everybody who is known by it", valid(Email))
      .addOption(environment());
  named(customers.command("data").description("print all of it, as JSON")).action(
    (options: Options, command: Command) => {
      const wanted = wantedOf(options, command);
      return using(async ({ deps, workspace }) => {
        const scope = { workspaceId: workspace.id, environment: options.environment };
        const { customerIds, emails, found, data } = await readPersonalData(deps, scope, wanted);
        const all = { environment: options.environment, customer_ids: customerIds, emails, found, data };
        print(false, {}, JSON.stringify(all, null, 2));
      });
    },
  );
  named(customers.command("forget").description("take out who they were and what they wrote, for good"))
    .addOption(asJson())
    .action((options: Options, command: Command) => {
      const wanted = wantedOf(options, command);
      return using(async ({ deps, workspace }) => {
        const scope = { workspaceId: workspace.id, environment: options.environment };
        const { found, changed } = await forgetCustomer(deps, scope, wanted).catch((error) => {
          if (!(error instanceof Problem && error.code === "customer_busy")) throw error;
          throw new Refused("Billing has not answered about something of theirs: try again in a minute");
        });
        const rows = Object.entries(changed).map(([table, count]) => `${table}: ${count}`);
        print(options.json, { found, changed }, found ? rows.join("\n") : "Nothing is kept about them");
      });
    });
}

/** The command line: `renumerate serve` and all that is in `cli/`. Exit codes: 0 done, 1 refused, 2 called wrongly. */
import { Command, CommanderError } from "commander";
import { analyticsCommands } from "./cli/analytics.ts";
import { customerCommands } from "./cli/customers.ts";
import { flowCommands } from "./cli/flow.ts";
import { hubCommands } from "./cli/hub.ts";
import { keyCommands } from "./cli/keys.ts";
import { messageCommands } from "./cli/messages.ts";
import { reasonCommands } from "./cli/reasons.ts";
import { reminderCommands } from "./cli/reminders.ts";
import { reportCommands } from "./cli/reports.ts";
import { resultKeyCommands } from "./cli/result-key.ts";
import { stripeCommands } from "./cli/stripe.ts";
import { asJson, print } from "./cli/tools.ts";
import { webhookCommands } from "./cli/webhooks.ts";
import { workspaceCommands } from "./cli/workspace.ts";
import { type Installation, open, serve, version } from "./main.ts";
import { readTls } from "./tls.ts";

/** In the order in which `--help` names them. */
const commands = [
  keyCommands,
  workspaceCommands,
  messageCommands,
  hubCommands,
  flowCommands,
  reasonCommands,
  resultKeyCommands,
  reportCommands,
  reminderCommands,
  analyticsCommands,
  customerCommands,
  stripeCommands,
  webhookCommands,
];

const keysOf = ({ publicKey, privateKey }: { publicKey: string; privateKey: string }) =>
  `\n  public key   ${publicKey}\n  private key  ${privateKey}\n  The private key is shown this once.\n`;

/** Opens the installation for one command and closes it afterwards. */
async function using<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const installation = await open();
  try {
    // The very first command makes the workspace: its keys are shown then or never.
    if (installation.created) process.stderr.write(keysOf(installation.created));
    return await work(installation);
  } finally {
    // A connection that is kept would keep the process.
    installation.deps.mailer?.close();
    await installation.deps.store.close();
  }
}

interface ServeOptions {
  json?: boolean;
  tlsCert?: string;
  tlsKey?: string;
}

function program(): Command {
  const root = new Command("renumerate")
    .description("Open, self-hosted subscription retention")
    .version(version)
    .exitOverride();

  root
    .command("serve", { isDefault: true })
    .description("serve the API, the widgets and, with simulated billing, the demo")
    .option(
      "--tls-cert <file>",
      "answer https with this certificate (PEM, with those between it and its root)",
    )
    .option("--tls-key <file>", "the certificate's private key (PEM, without a passphrase)")
    .addOption(asJson())
    .action(async ({ json, tlsCert, tlsKey }: ServeOptions, command: Command) => {
      // An empty name is one that was forgotten: it must not mean plain http.
      const given = [tlsCert, tlsKey].filter((file) => file !== undefined);
      if (given.length === 1) command.error("error: --tls-cert and --tls-key are only of use together");
      const [cert, key] = given;
      const tls = cert === undefined || key === undefined ? undefined : readTls(cert, key);
      const installation = await open(undefined, tls);
      const { created } = installation;
      const { url, stop } = await serve(installation).catch((error) => {
        // What was made is made, and shown now or never.
        if (created) process.stderr.write(keysOf(created));
        throw error;
      });
      const end = () => void stop().then(() => process.exit(0));
      // Before it says that it listens: whoever waits for that may end it at once.
      process.once("SIGINT", end).once("SIGTERM", end);
      print(
        json,
        { url, ...created },
        `\n  Renumerate is listening at ${url}\n${created ? keysOf(created) : ""}`,
      );
    });

  for (const add of commands) add(root, using);
  return root;
}

/** @returns the exit code; `serve` goes on after it */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode ? 2 : 0;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

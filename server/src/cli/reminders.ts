/** `renumerate reminders`: mails to customers whose payment has failed. */
import { type Command, Option } from "commander";
import { PayUrl, RemindedClasses, ReminderSubject, ReminderText } from "../contract/reminders.ts";
import { currencyOf } from "../domain/currency.ts";
import { isoOf } from "../domain/dates.ts";
import { reminderMail } from "../domain/reminder-mail.ts";
import { REMINDER_LANGUAGES } from "../domain/reminder-words.ts";
import { REMINDED_CLASSES, REMINDER_MAILS } from "../domain/reminders-wanted.ts";
import { changeSettings } from "../domain/settings.ts";
import type { MailRow, RemindedClass, ReminderSettings } from "../store/store.ts";
import { asJson, type Opened, print, Refused, readBytes, type Using, valid } from "./tools.ts";

interface Json {
  json?: boolean;
}

const NO_TRANSPORT =
  "No way to send mail is configured: until SMTP_URL and MAIL_FROM are set, reminders are skipped";
const MOST_MAILS = 20;

function linesOf({ deps }: Opened, { classes, url, words = {} }: ReminderSettings): string[] {
  const own = REMINDED_CLASSES.filter((each) => words[each]);
  return [
    `Customers are reminded after ${classes.join(", ")}, and sent to ${url}`,
    ...(own.length ? [`Words of your own: ${own.join(", ")}`] : []),
    ...(deps.mailer ? [] : [NO_TRANSPORT]),
  ];
}

const lineOf = ({ createdAt, kind, about, recipient, status, reason }: MailRow): string =>
  [
    isoOf(createdAt),
    kind,
    about,
    recipient,
    status,
    ...(status === "sent" || reason === undefined ? [] : [reason]),
  ].join("  ");

async function show(opened: Opened, { json }: Json): Promise<void> {
  const { deps, workspace } = opened;
  const reminders = workspace.settings.reminders ?? null;
  const mails = await deps.store.mails(workspace.id, { kinds: REMINDER_MAILS, limit: MOST_MAILS });
  const words = reminders ? linesOf(opened, reminders) : ["Customers are not reminded"];
  print(
    json,
    { reminders, transport: deps.mailer ? "smtp" : "none", mails },
    [...words, ...mails.map(lineOf)].join("\n"),
  );
}

async function on(
  opened: Opened,
  { classes, url, json }: { classes: RemindedClass[]; url: string } & Json,
): Promise<void> {
  const { deps, workspace } = opened;
  const { reminders } = await changeSettings(deps.store, workspace.id, (before) => ({
    ...before,
    // Words that were given before stay.
    reminders: { ...before.reminders, classes, url },
  }));
  print(json, { ok: true, reminders }, linesOf(opened, { ...reminders, classes, url }).join("\n"));
}

/** @throws Refused */
function switchedOn(reminders: ReminderSettings | undefined): ReminderSettings {
  if (!reminders) throw new Refused("Switch them on first: renumerate reminders on");
  return reminders;
}

/** @throws Refused */
function readText(file: string): string {
  const { data, success, error } = ReminderText.safeParse(readBytes(file).toString("utf8"));
  if (!success) throw new Refused(`${file}: ${error.issues[0]?.message}`);
  return data;
}

/** Without a subject and a text the built-in words come back. */
async function say(
  { deps, workspace }: Opened,
  { class: reminded, subject, textFile, json }: { class: RemindedClass } & SaidOptions,
): Promise<void> {
  const given = {
    ...(subject === undefined ? {} : { subject }),
    ...(textFile === undefined ? {} : { text: readText(textFile) }),
  };
  const { reminders } = await changeSettings(deps.store, workspace.id, (before) => {
    const { words, ...rest } = switchedOn(before.reminders);
    const { [reminded]: former, ...others } = words ?? {};
    const changed = Object.keys(given).length ? { ...others, [reminded]: { ...former, ...given } } : others;
    return {
      ...before,
      reminders: { ...rest, ...(Object.keys(changed).length ? { words: changed } : {}) },
    };
  });
  const whose = reminders?.words?.[reminded] ? "your own words" : "the built-in words";
  print(json, { ok: true, reminders }, `Reminders after ${reminded} have ${whose}`);
}

interface SaidOptions extends Json {
  subject?: string;
  textFile?: string;
}

interface PreviewOptions extends Json {
  class: RemindedClass;
  language: string;
  format: "text" | "html";
}

async function preview(
  { workspace }: Opened,
  { class: reminded, language, format, json }: PreviewOptions,
): Promise<void> {
  const { settings } = workspace;
  const { reminders = { classes: [], url: "https://shop.example/pay" } } = settings;
  const mail = reminderMail({
    reminded,
    amount: 4_900,
    currency: currencyOf(settings),
    language,
    workspace: workspace.name,
    settings: reminders,
  });
  print(json, mail, format === "html" ? mail.html : `${mail.subject}\n\n${mail.text}`);
}

const ofClass = () =>
  new Option("--class <class>", REMINDED_CLASSES.join(", ")).choices(REMINDED_CLASSES).makeOptionMandatory();

export function reminderCommands(root: Command, using: Using): void {
  const reminders = root.command("reminders").description("mails to customers whose payment has failed");
  reminders
    .command("show")
    .description("print the settings, and what became of the latest mails")
    .addOption(asJson())
    .action((options: Json) => using((opened) => show(opened, options)));
  reminders
    .command("on")
    .description("remind customers")
    .requiredOption(
      "--classes <list>",
      "after which failures: card_update,authenticate,retryable",
      valid(RemindedClasses),
    )
    .requiredOption("--url <address>", "your page where they can pay", valid(PayUrl))
    .addOption(asJson())
    .action((options: { classes: RemindedClass[]; url: string } & Json) =>
      using((opened) => on(opened, options)),
    );
  reminders
    .command("words")
    .description("say it in your own words; without any, the built-in ones come back")
    .addOption(ofClass())
    .option("--subject <text>", "what it is about; may hold {amount} and {workspace}", valid(ReminderSubject))
    .option("--text-file <file>", "what it says, with {url} where the customer can pay; - reads from input")
    .addOption(asJson())
    .action((options: { class: RemindedClass } & SaidOptions) => using((opened) => say(opened, options)));
  reminders
    .command("off")
    .description("end them")
    .addOption(asJson())
    .action(({ json }: Json) =>
      using(async ({ deps, workspace }) => {
        await changeSettings(deps.store, workspace.id, ({ reminders: _, ...rest }) => rest);
        print(json, { ok: true, reminders: null }, "Customers are not reminded any more");
      }),
    );
  reminders
    .command("preview")
    .description("print one as it would be, and send nothing")
    .addOption(ofClass())
    .addOption(
      new Option("--language <tag>", "where there are no words of your own")
        .choices(REMINDER_LANGUAGES)
        .default("en"),
    )
    .addOption(new Option("--format <format>", "text or html").choices(["text", "html"]).default("text"))
    .addOption(asJson())
    .action((options: PreviewOptions) => using((opened) => preview(opened, options)));
}

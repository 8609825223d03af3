/** `renumerate reports`: who gets them and when, and how they look. */
import type { Command } from "commander";
import { Option } from "commander";
import { Recipient, Recipients, TimeZone } from "../contract/reports.ts";
import { MailError } from "../deps.ts";
import { isoOf } from "../domain/dates.ts";
import { reportMail } from "../domain/report-mail.ts";
import { lastPeriod, nextDue, type ReportKind } from "../domain/report-period.ts";
import { REPORT_MAILS, reportOf } from "../domain/reports.ts";
import { changeSettings } from "../domain/settings.ts";
import type { MailRow, ReportSettings } from "../store/store.ts";
import { asJson, type Opened, print, Refused, type Using, valid } from "./tools.ts";

type Named = Partial<Pick<ReportSettings, "recipients" | "timeZone" | "weekly" | "monthly">> & {
  json?: boolean;
};

const KINDS: ReportKind[] = ["weekly", "monthly"];
const NO_TRANSPORT =
  "No way to send mail is configured: until SMTP_URL and MAIL_FROM are set, reports are skipped";
const MOST_MAILS = 20;

/** @throws Refused */
function checked(reports: ReportSettings): ReportSettings {
  if (!reports.recipients.length)
    throw new Refused("There is nobody to send them to: --recipients ann@shop.example");
  if (!reports.weekly && !reports.monthly)
    throw new Refused("Neither weekly nor monthly: renumerate reports off ends them");
  return reports;
}

/** A kind that is switched on begins with the next one that is due: none of those before was left out. */
function renewed(before: ReportSettings | undefined, after: ReportSettings, now: number): ReportSettings {
  const isNew = before && KINDS.some((kind) => after[kind] && !before[kind]);
  return isNew ? { ...after, since: now } : after;
}

async function set(opened: Opened, { json, ...named }: Named): Promise<void> {
  const { deps, workspace } = opened;
  const first: ReportSettings = {
    recipients: [],
    timeZone: "UTC",
    weekly: true,
    monthly: true,
    since: deps.clock(),
  };
  const { reports = first } = await changeSettings(deps.store, workspace.id, (before) => ({
    ...before,
    reports: renewed(before.reports, checked({ ...first, ...before.reports, ...named }), deps.clock()),
  }));
  print(json, { ok: true, reports }, settingsOf(opened, reports).join("\n"));
}

function settingsOf({ deps }: Opened, reports: ReportSettings): string[] {
  const dates = new Intl.DateTimeFormat("en-GB", {
    timeZone: reports.timeZone,
    dateStyle: "full",
    timeStyle: "short",
  });
  const next = KINDS.map((kind) => {
    const at = reports[kind] ? nextDue(kind, reports.timeZone, deps.clock()) : undefined;
    return `  ${kind.padEnd(8)} ${at === undefined ? "off" : `next on ${dates.format(at)}`}`;
  });
  return [
    `Reports go to ${reports.recipients.join(", ")}, by the clock of ${reports.timeZone}`,
    ...next,
    ...(deps.mailer ? [] : [NO_TRANSPORT]),
  ];
}

const lineOf = ({ createdAt, kind, about, recipient, status, attempts, reason }: MailRow): string =>
  [
    isoOf(createdAt),
    kind,
    about,
    recipient,
    status,
    ...(status === "sent" || reason === undefined
      ? []
      : [attempts ? `after ${attempts}: ${reason}` : reason]),
  ].join("  ");

async function show(opened: Opened, { json }: { json?: boolean }): Promise<void> {
  const { deps, workspace } = opened;
  const reports = workspace.settings.reports ?? null;
  const mails = await deps.store.mails(workspace.id, { kinds: REPORT_MAILS, limit: MOST_MAILS });
  const words = reports ? settingsOf(opened, reports) : ["No reports are wanted"];
  print(
    json,
    { reports, transport: deps.mailer ? "smtp" : "none", mails },
    [...words, ...mails.map(lineOf)].join("\n"),
  );
}

async function composed({ deps, workspace }: Opened, kind: ReportKind) {
  const timeZone = workspace.settings.reports?.timeZone ?? "UTC";
  return reportMail(await reportOf(deps, workspace, lastPeriod(kind, timeZone, deps.clock())));
}

/** At once and outside of the outbox: whoever asks wants to see whether it works. */
async function send(opened: Opened, { kind, to, json }: { kind: ReportKind; to: string; json?: boolean }) {
  const { mailer, newId } = opened.deps;
  if (!mailer) throw new Refused(NO_TRANSPORT);
  const mail = await composed(opened, kind);
  try {
    await mailer.send({ to, ...mail }, newId("mail"));
  } catch (error) {
    throw error instanceof MailError ? new Refused(`It was not sent: ${error.message}`) : error;
  }
  print(json, { ok: true, subject: mail.subject }, `The mail server has taken it: ${mail.subject}`);
}

const ofKind = () =>
  new Option("--kind <kind>", "weekly or monthly").choices(KINDS).default("weekly" satisfies ReportKind);

export function reportCommands(root: Command, using: Using): void {
  const reports = root.command("reports").description("reports by mail");
  reports
    .command("set")
    .description("say who gets them and when; what is not named stays")
    .option("--recipients <list>", "addresses, with commas between them", valid(Recipients))
    .option("--time-zone <name>", "whose Monday and whose first of the month: Europe/Berlin", valid(TimeZone))
    .option("--weekly", "on Mondays at 8:00, of the week before")
    .option("--no-weekly", "no weekly ones")
    .option("--monthly", "on the first at 8:00, of the month before")
    .option("--no-monthly", "no monthly ones")
    .addOption(asJson())
    .action((options: Named) => using((opened) => set(opened, options)));
  reports
    .command("show")
    .description("print the settings, and what became of the latest mails")
    .addOption(asJson())
    .action((options: { json?: boolean }) => using((opened) => show(opened, options)));
  reports
    .command("off")
    .description("end them")
    .addOption(asJson())
    .action(({ json }: { json?: boolean }) =>
      using(async ({ deps, workspace }) => {
        await changeSettings(deps.store, workspace.id, ({ reports: _, ...rest }) => rest);
        print(json, { ok: true, reports: null }, "No more reports are sent");
      }),
    );
  reports
    .command("preview")
    .description("print the last one as it would be now, and send nothing")
    .addOption(ofKind())
    .addOption(new Option("--format <format>", "text or html").choices(["text", "html"]).default("text"))
    .addOption(asJson())
    .action(({ kind, format, json }: { kind: ReportKind; format: "text" | "html"; json?: boolean }) =>
      using(async (opened) => {
        const mail = await composed(opened, kind);
        print(json, mail, format === "html" ? mail.html : `${mail.subject}\n\n${mail.text}`);
      }),
    );
  reports
    .command("send")
    .description("send the last one to one address now, to see whether mail works")
    .requiredOption("--to <address>", "who gets it", valid(Recipient))
    .addOption(ofKind())
    .addOption(asJson())
    .action((options: { kind: ReportKind; to: string; json?: boolean }) =>
      using((opened) => send(opened, options)),
    );
}

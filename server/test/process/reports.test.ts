/** `renumerate reports` as a person uses it, with a mail server of this machine's own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { skipMail } from "../../src/domain/mails.ts";
import { openStore } from "../../src/store/database.ts";
import { mailServer } from "../outbox/mail-server.ts";
import { folder, prompt } from "./child.ts";

/** What the server beside the command line writes. */
async function openBooks(path: string) {
  const { store } = await openStore({ file: join(path, "data", "renumerate.db") });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

it("renumerate reports sets, shows, previews, sends and ends reports", async () => {
  await using place = await folder();
  await using server = await mailServer();
  await using one = prompt();
  const SMTP_URL = `smtp://127.0.0.1:${server.port}`;
  const sending = { ...place.env, SMTP_URL, MAIL_FROM: "Papercrane <reports@papercrane.example>" };
  const reports = (args: string, env = place.env) => one.renumerate(["reports", ...args.split(" ")], env);

  const nobody = await reports("set --time-zone Europe/Berlin");
  assert.deepEqual([nobody.code, nobody.out], [1, ""]);
  assert.match(nobody.err, /nobody to send them to/);
  const wrong = await reports("set --recipients ann@papercrane.example,bob --time-zone Berlin");
  assert.equal(wrong.code, 2);

  const set = await reports(
    "set --recipients ann@papercrane.example,bob@papercrane.example --time-zone Europe/Berlin",
  );
  assert.equal(set.code, 0, set.err);
  assert.match(
    set.out,
    /^Reports go to ann@papercrane\.example, bob@papercrane\.example, by the clock of Europe\/Berlin/,
  );
  assert.match(set.out, /weekly +next on Monday, .* 08:00\n +monthly +next on .*, 1 .* 08:00/);
  assert.match(set.out, /until SMTP_URL and MAIL_FROM are set, reports are skipped/);
  // What is not named stays.
  const less = JSON.parse((await reports("set --no-monthly --json")).out);
  const { since, ...rest } = less.reports;
  const recipients = ["ann@papercrane.example", "bob@papercrane.example"];
  assert.deepEqual(rest, { recipients, timeZone: "Europe/Berlin", weekly: true, monthly: false });
  const same = JSON.parse((await reports("set --time-zone Europe/Berlin --json")).out);
  assert.equal(same.reports.since, since);
  // What was due while nobody wanted it was not left out.
  const more = JSON.parse((await reports("set --monthly --json")).out);
  assert.ok(more.reports.monthly && more.reports.since > since);

  const preview = await reports("preview --format html --kind monthly");
  assert.match(preview.out, /^<!doctype html>[\s\S]*Nobody set out to cancel in this month\./);

  const unable = await reports("send --to ann@papercrane.example");
  assert.equal(unable.code, 1);
  const sent = await reports("send --to ann@papercrane.example", sending);
  assert.equal(sent.code, 0, sent.err);
  const [{ to, mail } = assert.fail("nothing came")] = server.taken;
  assert.deepEqual(to, ["ann@papercrane.example"]);
  assert.match(mail.subject ?? "", /^Retention at .*: no cancellations$/);
  server.refusals.push({ at: "recipient", code: 550, words: "no such mailbox" });
  const refused = await reports("send --to ann@papercrane.example", sending);
  assert.deepEqual([refused.code, refused.out], [1, ""]);
  assert.match(refused.err, /It was not sent: the mail server said: 550 no such mailbox/);

  await using books = await openBooks(place.path);
  const [workspace = assert.fail("no workspace")] = await books.store.workspaces();
  const missed = {
    workspaceId: workspace.id,
    environment: "prod" as const,
    kind: "report_weekly",
    about: "2027-W19",
    recipient: "ann@papercrane.example",
    reason: "it could not be made within three days of when it was due",
  };
  const deps = { newId: () => "mail_1", clock: () => 0 };
  await books.store.transaction((tx) => skipMail(deps, tx, missed));
  const shown = await reports("show");
  assert.match(
    shown.out,
    /\n1970-01-01T00:00:00\.000Z {2}report_weekly {2}2027-W19 {2}ann@papercrane\.example {2}skipped {2}it could not be made within/,
  );

  assert.equal((await reports("off")).code, 0);
  const { reports: now, transport, mails } = JSON.parse((await reports("show --json", sending)).out);
  assert.deepEqual([now, transport, mails.length], [null, "smtp", 1]);
});

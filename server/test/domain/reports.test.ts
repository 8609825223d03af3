/** Which reports are made, when and for whom, and what is in them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Message } from "../../src/deps.ts";
import { lastPeriod, nextDue, titleOf } from "../../src/domain/report-period.ts";
import { makeReports } from "../../src/domain/reports.ts";
import type { LedgerRow, ReportSettings, WorkspaceSettings } from "../../src/store/store.ts";
import { alone, DAY, MINUTE, onEachStore, type World } from "../harness.ts";
import { aMail, anIssue } from "../store/rows.ts";

const at = (text: string) => Date.parse(text);
const iso = (time: number | undefined) => time !== undefined && new Date(time).toISOString();
/** A Monday, 8:00 in Berlin. */
const MONDAY = at("2027-05-17T06:00:00Z");

describe("The week and the month of a report", () => {
  for (const [kind, timeZone, now, name, title, from, to] of [
    // Spring and autumn: weeks of 167 and 169 hours.
    [
      "weekly",
      "Europe/Berlin",
      "2027-03-29T06:00:00Z",
      "2027-W12",
      "22 – 28 March 2027",
      "2027-03-21T23:00:00.000Z",
      "2027-03-28T22:00:00.000Z",
    ],
    [
      "weekly",
      "Europe/Berlin",
      "2027-11-01T07:00:00Z",
      "2027-W43",
      "25 – 31 October 2027",
      "2027-10-24T22:00:00.000Z",
      "2027-10-31T23:00:00.000Z",
    ],
    // One millisecond earlier it is still the week before that.
    [
      "weekly",
      "Europe/Berlin",
      "2027-11-01T06:59:59.999Z",
      "2027-W42",
      "18 – 24 October 2027",
      "2027-10-17T22:00:00.000Z",
      "2027-10-24T22:00:00.000Z",
    ],
    // A week of two years, and one whose number is of the other year.
    [
      "weekly",
      "UTC",
      "2027-01-04T08:00:00Z",
      "2026-W53",
      "28 December 2026 – 3 January 2027",
      "2026-12-28T00:00:00.000Z",
      "2027-01-04T00:00:00.000Z",
    ],
    [
      "weekly",
      "America/New_York",
      "2025-01-06T13:00:00Z",
      "2025-W01",
      "30 December 2024 – 5 January 2025",
      "2024-12-30T05:00:00.000Z",
      "2025-01-06T05:00:00.000Z",
    ],
    // Where it is Monday while it is Sunday in UTC.
    [
      "weekly",
      "Asia/Tokyo",
      "2027-05-16T23:00:00Z",
      "2027-W19",
      "10 – 16 May 2027",
      "2027-05-09T15:00:00.000Z",
      "2027-05-16T15:00:00.000Z",
    ],
    [
      "monthly",
      "Pacific/Kiritimati",
      "2026-12-31T18:00:00Z",
      "2026-12",
      "December 2026",
      "2026-11-30T10:00:00.000Z",
      "2026-12-31T10:00:00.000Z",
    ],
    [
      "monthly",
      "America/Los_Angeles",
      "2027-03-01T16:00:00Z",
      "2027-02",
      "February 2027",
      "2027-02-01T08:00:00.000Z",
      "2027-03-01T08:00:00.000Z",
    ],
    [
      "monthly",
      "Europe/Berlin",
      "2027-04-01T06:00:00Z",
      "2027-03",
      "March 2027",
      "2027-02-28T23:00:00.000Z",
      "2027-03-31T22:00:00.000Z",
    ],
    // The first began at one o'clock: midnight was left out.
    [
      "monthly",
      "America/Asuncion",
      "2023-10-05T00:00:00Z",
      "2023-09",
      "September 2023",
      "2023-09-01T04:00:00.000Z",
      "2023-10-01T04:00:00.000Z",
    ],
  ] as const) {
    it(`is ${name} in ${timeZone} at ${now}`, () => {
      const period = lastPeriod(kind, timeZone, at(now));
      assert.deepEqual(
        [period.name, titleOf(period), iso(period.from), iso(period.to)],
        [name, title, from, to],
      );
      assert.equal(lastPeriod(kind, timeZone, period.from).to, period.previousFrom);
    });
  }

  it("comes at eight o'clock on both sides of summer", () => {
    const next = (now: string) => iso(nextDue("weekly", "Europe/Berlin", at(now)));
    assert.equal(next("2027-03-22T08:00:00Z"), "2027-03-29T06:00:00.000Z");
    assert.equal(next("2027-10-25T08:00:00Z"), "2027-11-01T07:00:00.000Z");
  });
});

const wanted: ReportSettings = {
  recipients: ["ann@papercrane.example", "bob@papercrane.example"],
  timeZone: "Europe/Berlin",
  weekly: true,
  monthly: true,
  // The Friday before.
  since: at("2027-05-14T00:00:00Z"),
};

interface Told {
  reports?: Partial<ReportSettings>;
  settings?: Partial<WorkspaceSettings>;
  now?: number;
}

/** A world with a mailer that keeps what it is given. */
async function reporting(home: Parameters<typeof alone>[0], { reports, settings, now = MONDAY }: Told = {}) {
  const world = await alone(home, {
    at: now,
    settings: { reports: { ...wanted, ...reports }, currency: "usd", ...settings },
  });
  const sent: Message[] = [];
  world.deps.mailer = { send: async (message) => void sent.push(message), close: () => {} };
  return { ...world, sent };
}

const about = async ({ deps, scope }: World) =>
  (await deps.store.mails(scope.workspaceId, { limit: 99 }))
    .map(({ kind, about: what, recipient }) => `${kind} ${what} ${recipient.split("@")[0]}`)
    .sort();

let made = 0;
/** Somebody has set out to cancel. */
function put({ deps, scope }: World, row: Partial<LedgerRow>): Promise<void> {
  const occurredAt = row.occurredAt ?? MONDAY - 2 * DAY;
  return deps.store.putLedger({
    ...scope,
    id: `can_${++made}`,
    source: "api",
    confirmed: true,
    offerAccepted: false,
    currency: "usd",
    mrr: 4900,
    occurredAt,
    createdAt: occurredAt,
    updatedAt: occurredAt,
    ...row,
  });
}

const week = ["report_weekly 2027-W19 ann", "report_weekly 2027-W19 bob"];

onEachStore("Reports", ({ home }) => {
  it("come on Monday and the first at eight, once for each recipient", async () => {
    await using world = await reporting(home, { now: MONDAY - 10 * MINUTE });
    const { clock } = world;
    for (; clock.now < MONDAY; world.pass(5 * MINUTE)) await world.tick();
    assert.deepEqual(await about(world), []);
    for (; clock.now < MONDAY + 20 * MINUTE; world.pass(5 * MINUTE)) await world.tick();
    assert.deepEqual(await about(world), week);
    assert.deepEqual(world.sent.map(({ to }) => to).sort(), wanted.recipients);
    clock.now = at("2027-06-01T05:55:00Z");
    await makeReports(world.deps);
    const june = (kind: string) => ["ann", "bob"].map((name) => `${kind} ${name}`);
    // That Monday's was due the day before; nobody wants the one of the Monday before that.
    const made = [...june("report_weekly 2027-W20"), ...june("report_weekly 2027-W21"), ...week].sort();
    assert.deepEqual(await about(world), made);
    clock.now = at("2027-06-01T06:00:00Z");
    for (let times = 0; times < 3; times++) await makeReports(world.deps);
    assert.deepEqual(await about(world), [...june("report_monthly 2027-05"), ...made].sort());
  });

  it("are made once by two workers at the same time", async () => {
    await using world = await reporting(home);
    const { store } = await world.store.reopen();
    await Promise.all([makeReports(world.deps), makeReports({ ...world.deps, store })]);
    assert.deepEqual(await about(world), week);
    while (await world.tick()) world.pass(MINUTE);
    assert.equal(world.sent.length, 2);
  });

  for (const [name, told, expected] of [
    ["nobody who did not ask for them", { settings: { reports: undefined } }, []],
    ["nobody if there is nobody", { reports: { recipients: [] } }, []],
    ["those who want the other kind not", { reports: { weekly: false } }, []],
    ["nobody of what was due before they were wanted", { reports: { since: MONDAY + 1 } }, []],
    ["who has wanted them right then", { reports: { since: MONDAY } }, week],
    ["after three days without a server", { now: MONDAY + 3 * DAY }, week],
  ] as [string, Told, string[]][]) {
    it(`reach ${name}`, async () => {
      const { settings, ...rest } = told;
      await using world = await reporting(home, {
        ...rest,
        ...(settings ? { settings: settings as Partial<WorkspaceSettings> } : {}),
      });
      await makeReports(world.deps);
      assert.deepEqual(await about(world), expected);
    });
  }

  it("that could not be made within three days are left out, which is said and logged once", async () => {
    await using world = await reporting(home, { now: MONDAY + 3 * DAY + 1 });
    const { deps, scope, clock, sent, log, key } = world;
    const { store } = await world.store.reopen();
    await Promise.all([makeReports(deps), makeReports({ ...deps, store })]);
    await makeReports(deps);
    while (await world.tick());
    assert.deepEqual(await about(world), week);
    assert.deepEqual(sent, []);
    const { body } = await world.request("/api/v1/reports", { key });
    const facts = (body.data as Record<string, unknown>[]).map(({ id, recipient, ...rest }) => rest);
    const row = {
      kind: "report_weekly",
      about: "2027-W19",
      status: "skipped",
      reason: "it could not be made within three days of when it was due",
      attempts: 0,
      created_at: iso(clock.now),
      settled_at: iso(clock.now),
    };
    assert.deepEqual(facts, [row, row]);
    const said = log.filter((line) => line.includes("a report was left out"));
    assert.equal(said.length, 1);
    assert.match(said.join(), /"level":40.*2027-W19.*"dueAt":"2027-05-17T06:00:00.000Z"/);
    assert.ok(!/ann@/.test(log.join()));
    // Who comes later has missed nothing.
    const { settings } = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail("no workspace");
    const recipients = [...wanted.recipients, "cy@papercrane.example"];
    await deps.store.updateWorkspace(scope.workspaceId, {
      settings: { ...settings, reports: { ...wanted, recipients } },
    });
    world.pass(DAY);
    await makeReports(deps);
    assert.deepEqual(await about(world), week);
  });

  it("that were left out are all named, but none of longer than five weeks ago", async () => {
    await using world = await reporting(home, { now: MONDAY - DAY, reports: { since: MONDAY - 400 * DAY } });
    const { clock, deps } = world;
    const names = async () => new Set((await about(world)).map((each) => each.replace(/ \w+$/, "")));
    await makeReports(deps);
    const before = [
      "monthly 2027-04",
      "weekly 2027-W14",
      "weekly 2027-W15",
      "weekly 2027-W16",
      "weekly 2027-W17",
      "weekly 2027-W18",
    ];
    assert.deepEqual(
      [...(await names())],
      before.map((name) => `report_${name}`),
    );
    // A server that was away for twelve days.
    clock.now = MONDAY + 12 * DAY;
    await makeReports(deps);
    assert.deepEqual(
      [...(await names())].filter((name) => !before.includes(name.replace("report_", ""))),
      ["report_weekly 2027-W19", "report_weekly 2027-W20"],
    );
    assert.deepEqual(world.log.filter((line) => line.includes("left out")).length, before.length + 2);
  });

  it("do not go out any more to one who was taken off, nor once they are switched off", async () => {
    await using world = await reporting(home);
    const { deps, scope, sent } = world;
    const { settings } = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail("no workspace");
    const change = (reports: ReportSettings | undefined) => {
      const { reports: _, ...rest } = settings;
      return deps.store.updateWorkspace(scope.workspaceId, {
        settings: reports ? { ...rest, reports } : rest,
      });
    };
    const became = async () =>
      (await deps.store.mails(scope.workspaceId, { limit: 9 }))
        .map(({ recipient, status, reason }) => [recipient.split("@")[0], status, reason])
        .sort();
    // The mail server is away for as long as that takes.
    let away = true;
    deps.mailer = {
      send: async (message) => {
        if (away) throw new Error("away");
        sent.push(message);
      },
      close() {},
    };
    await makeReports(deps);
    await world.tick();
    await change({ ...wanted, recipients: ["bob@papercrane.example"] });
    world.pass(MINUTE);
    away = false;
    await world.tick();
    assert.deepEqual(
      sent.map(({ to }) => to),
      ["bob@papercrane.example"],
    );
    const off = ["ann", "skipped", "the recipient was taken off the list"];
    assert.deepEqual(await became(), [off, ["bob", "sent", "away"]]);

    for (const reports of [undefined, { ...wanted, weekly: false }]) {
      await change(wanted);
      world.pass(7 * DAY);
      away = true;
      await makeReports(deps);
      await world.tick();
      away = false;
      await change(reports);
      world.pass(MINUTE);
      await world.tick();
    }
    assert.equal(sent.length, 1);
    const last = (await deps.store.mails(scope.workspaceId, { limit: 4 })).map(({ status, reason }) => [
      status,
      reason,
    ]);
    assert.deepEqual(last, Array(4).fill(["skipped", "such reports have been switched off"]));
    assert.ok(!/ann@|bob@/.test(world.log.join()));
  });

  it("reach one who is added on Monday, and nobody else again", async () => {
    await using world = await reporting(home);
    await makeReports(world.deps);
    const { deps, scope } = world;
    const { settings } = (await deps.store.workspace(scope.workspaceId)) ?? assert.fail("no workspace");
    const recipients = [...wanted.recipients, "cy@papercrane.example"];
    await deps.store.updateWorkspace(scope.workspaceId, {
      settings: { ...settings, reports: { ...wanted, recipients } },
    });
    world.pass(DAY);
    await makeReports(deps);
    assert.deepEqual(await about(world), [...week, "report_weekly 2027-W19 cy"]);
  });

  it("of one workspace do not wait for another that is set up wrongly", async () => {
    await using world = await reporting(home);
    const { deps } = world;
    const settings = { allowedOrigins: [], reports: { ...wanted, timeZone: "Mars/Olympus" } };
    await deps.store.insertWorkspace({ id: "ws_0", name: "Mars", status: "active", settings, createdAt: 0 });
    await makeReports(deps);
    assert.deepEqual(await about(world), week);
    assert.match(world.log.join(), /a report could not be made/);
  });

  /** The one mail that was sent of a kind. */
  async function mail(world: World & { sent: Message[] }): Promise<Message> {
    await makeReports(world.deps);
    while (await world.tick());
    return world.sent[0] ?? assert.fail("no mail");
  }
  /** The columns of a line of figures. */
  const line = ({ text }: Message, label: string): string[] =>
    (text.split("\n").find((each) => each.startsWith(label)) ?? assert.fail(label))
      .slice(label.length)
      .trim()
      .split(/\s+/);

  it("say how many wanted to leave, what became of them and what that is worth", async () => {
    await using world = await reporting(home);
    const { from, to } = lastPeriod("weekly", "Europe/Berlin", MONDAY);
    await put(world, { outcome: "retained", reason: "too_expensive", occurredAt: from });
    await put(world, { outcome: "retained", reason: "too_expensive", mrr: 2900, occurredAt: to - 1 });
    await put(world, { outcome: "cancelled", reason: "missing_feature" });
    await put(world, { outcome: "cancelled", reason: "too_expensive", undoneAt: MONDAY - DAY });
    await put(world, { outcome: "cancelled", reason: "bugs", mrr: 990000, currency: "eur" });
    await put(world, { outcome: "abandoned", reason: "free", mrr: 0 });
    await put(world, {});
    // None of that is this week's: the weeks around it, the sandbox, and what nobody has decided.
    await put(world, { outcome: "cancelled", reason: "other", occurredAt: from - 1 });
    await put(world, { outcome: "cancelled", reason: "other", occurredAt: to });
    await put(world, { outcome: "cancelled", reason: "other", environment: "sandbox" });
    await put(world, { outcome: "cancelled", reason: "involuntary", source: "stripe" });
    const message = await mail(world);
    const { subject, text, html } = message;
    assert.equal(subject, "Retention at Papercrane, 10 – 16 May 2027: 3 of 7 kept");
    assert.deepEqual(line(message, "Set out to cancel"), ["7", "1"]);
    assert.deepEqual(line(message, "Kept"), ["3", "0"]);
    assert.deepEqual(line(message, "Cancelled"), ["2", "1"]);
    assert.deepEqual(line(message, "Left without an answer"), ["1", "0"]);
    assert.deepEqual(line(message, "Save rate"), ["50%", "0%"]);
    assert.deepEqual(line(message, "MRR kept"), ["$127.00", "$0.00"]);
    assert.deepEqual(line(message, "MRR lost"), ["$49.00", "$49.00"]);
    const reasons = /REASONS\n([\s\S]*?)\n\n/
      .exec(text)?.[1]
      ?.split("\n")
      .map((row) => row.split(/\s{2,}/));
    assert.deepEqual(reasons, [
      ["Too expensive", "3", "3 kept", "$127.00"],
      ["Bugs", "1", "0 kept", "–"],
      ["Free", "1", "0 kept", "$0.00"],
      ["Missing feature", "1", "0 kept", "$49.00"],
    ]);
    const said = text.replace(/\s+/g, " ");
    assert.match(said, /1 customer has not decided yet\./);
    assert.match(said, /1 customer pays in another currency than USD: counted, but in no amount\./);
    assert.match(said, /of 100 customers who decided in the last 30 days, 43 stayed\./);
    for (const words of ["3 stayed and 2 cancelled", "Too expensive", "$127.00", "50%", "another currency"])
      assert.ok(html.includes(words), words);
    assert.ok(!/Other/.test(text));
  });

  it("of a month have all of its days and none more", async () => {
    const first = at("2027-11-01T07:00:00Z");
    await using world = await reporting(home, { now: first, reports: { weekly: false } });
    // 745 hours, with the one that came twice.
    for (const occurredAt of [at("2027-09-30T22:00:00Z"), at("2027-10-31T22:59:59.999Z")])
      await put(world, { outcome: "cancelled", reason: "bugs", occurredAt });
    for (const occurredAt of [at("2027-09-30T21:59:59.999Z"), at("2027-10-31T23:00:00Z")])
      await put(world, { outcome: "cancelled", reason: "other", occurredAt });
    const message = await mail(world);
    assert.equal(message.subject, "Retention at Papercrane, October 2027: 0 of 2 kept");
    assert.deepEqual(line(message, "Cancelled"), ["2", "1"]);
    assert.match(message.text, /REASONS\nBugs {3}2 /);
    assert.ok(!message.text.includes("Other"));
  });

  it("are short and honest if nothing has happened", async () => {
    await using world = await reporting(home);
    const { subject, text, html } = await mail(world);
    assert.equal(subject, "Retention at Papercrane, 10 – 16 May 2027: no cancellations");
    assert.match(text, /Nobody set out to cancel in this week\./);
    assert.match(text, /Too few customers decided in the last 30 days/);
    assert.ok(!/REASONS|ISSUES|Save rate/.test(text));
    assert.ok(!/NaN|Infinity|undefined/.test(text + html));
    assert.ok(!html.includes("<th"));
  });

  it("say which issues there are, why, and who sees to them", async () => {
    await using world = await reporting(home);
    const issue = {
      ...world.scope,
      id: "iss_1",
      reason: "too_expensive",
      status: "acting" as const,
      week: at("2027-05-10T00:00:00Z"),
      count: 5,
      before: 2,
      total: 12,
      rules: ["large_share" as const],
      mrrAtRisk: 24500,
      currency: "usd",
      otherCurrency: 0,
      firstSeen: at("2027-03-01T00:00:00Z"),
      openedAt: at("2027-05-10T00:00:00Z"),
      lastSeen: MONDAY,
      owner: "Ann",
      updatedAt: MONDAY,
    };
    await world.deps.store.putIssue(issue);
    await world.deps.store.putIssue({ ...issue, id: "iss_2", reason: "bugs", status: "dismissed" });
    await world.deps.store.putIssue({ ...issue, id: "iss_3", reason: "slow", status: "resolved" });
    const all = ["doubled" as const, "large_share" as const];
    const { owner: _, ...nobodys } = { ...issue, status: "open" as const, rules: all };
    await world.deps.store.putIssue({ ...nobodys, id: "iss_4", reason: "owned", owner: "Bo", count: 4 });
    const free = { mrrAtRisk: 0, otherCurrency: 3, count: 3 };
    await world.deps.store.putIssue({ ...nobodys, ...free, id: "iss_5", reason: "free" });
    const { text, html } = await mail(world);
    const said = text.replace(/\s+/g, " ");
    const [first, second, third] = [
      "Too expensive Named 5 of 12 times in the week of 10 May (42% of all). Together they paid $245.00 a month. Open since 10 May; Ann is on it.",
      "Owned Named 4 of 12 times in the week of 10 May (33% of all; the 4 weeks before had 0.5 each). Together they paid $245.00 a month. Open since 10 May; its owner is Bo.",
      "Free Named 3 of 12 times in the week of 10 May (25% of all; the 4 weeks before had 0.5 each). Open since 10 May; nobody has taken it up.",
    ];
    assert.ok(said.includes(`* ${first} * ${second} * ${third}`), said);
    assert.ok(html.includes("its owner is Bo"));
    assert.ok(!/Bugs|Slow/.test(text));
  });

  it("count the issues that there is no room for, however many", async () => {
    await using world = await reporting(home);
    const { store } = world.deps;
    await store.transaction(async (tx) => {
      for (let number = 1; number <= 120; number++)
        await tx.putIssue(
          anIssue(world.scope, {
            reason: `reason ${number}`,
            status: number % 2 ? "open" : "acting",
            count: number,
            otherCurrency: 2,
          }),
        );
    });
    const { text } = await mail(world);
    assert.match(text, /\* Reason 120\n[^*]*\* Reason 119\n/, "the greatest first");
    assert.match(
      text.replace(/\s+/g, " "),
      /Together they paid €245\.00 a month, without 2 in another currency\./,
    );
    assert.match(text, /\nThere are 114 more\.\n/);
  });

  it("hold what people have written as text, in one line where there is one", async () => {
    await using world = await reporting(home, { settings: { currency: "jpy" } });
    const name = 'Kraniche & "Söhne"\r\nBcc: eve@evil.example <img src=x onerror=alert(1)>';
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { name });
    await put(world, {
      outcome: "retained",
      reason: "<script>alert(1)</script>",
      mrr: 4900,
      currency: "jpy",
    });
    const { subject, html, text } = await mail(world);
    assert.ok(!/[\r\n]/.test(subject) && subject.includes("Kraniche"));
    assert.ok(!/<script|<img|\son\w+=["']?alert/i.test(html.replace(/&lt;.*?&gt;/g, "")), html);
    assert.match(html, /Kraniche &amp; &quot;Söhne&quot; Bcc/);
    assert.match(text, /MRR kept +¥4,900 /);
  });

  it("load nothing from anywhere, and look right where style sheets are dropped", async () => {
    await using world = await reporting(home);
    await put(world, { outcome: "retained", reason: "bugs" });
    const { html } = await mail(world);
    assert.ok(!/https?:|url\(|@import|<(img|link|script|iframe|a)\b|\bsrc=/i.test(html));
    assert.match(html, /<meta name="color-scheme" content="light dark">/);
    for (const [tag] of html.matchAll(/<(?:p|h1|h2|td|th|div)\b[^>]*class="(?:ink|soft)[^>]*>/g))
      assert.match(tag, /style="[^"]*color:#/, tag);
    // Longer lines are cut in transit.
    for (const each of html.split("\n")) assert.ok(each.length < 998, each);
  });

  it("are told of by the API, with addresses shortened", async () => {
    await using world = await reporting(home, { reports: { monthly: false } });
    await makeReports(world.deps);
    delete world.deps.mailer;
    await world.tick();
    const { status, body, text } = await world.request("/api/v1/reports?limit=1", { key: world.key });
    assert.equal(status, 200, text);
    const { settings, data, transport, ...page } = body as Record<string, Record<string, unknown>[]>;
    assert.deepEqual(settings, {
      recipients: ["a…@papercrane.example", "b…@papercrane.example"],
      time_zone: "Europe/Berlin",
      weekly: true,
      monthly: false,
      since: "2027-05-14T00:00:00.000Z",
      next_weekly_at: "2027-05-24T06:00:00.000Z",
      next_monthly_at: null,
    });
    assert.equal(transport, "none");
    assert.deepEqual(page, { object: "reports", total: 2, limit: 1, offset: 0, has_more: true });
    assert.equal(data?.length, 1);
    const { id, recipient, ...mail } = data?.[0] ?? {};
    assert.match(`${id}`, /^mail_/);
    assert.match(`${recipient}`, /^[ab]…@papercrane\.example$/);
    assert.deepEqual(mail, {
      kind: "report_weekly",
      about: "2027-W19",
      status: "skipped",
      reason: "no way to send mail is configured",
      attempts: 1,
      created_at: "2027-05-17T06:00:00.000Z",
      settled_at: "2027-05-17T06:00:00.000Z",
    });
    const next = (await world.request("/api/v1/reports?limit=1&offset=1", { key: world.key })).body;
    assert.deepEqual([next.total, next.offset, next.has_more], [2, 1, false]);
    const others = (next.data as Record<string, unknown>[]).map((each) => each.recipient);
    assert.deepEqual([...others, recipient].sort(), ["a…@papercrane.example", "b…@papercrane.example"]);
    for (const query of ["limit=0", "limit=201", "offset=-1", "offset=1.5"]) {
      const refused = await world.request(`/api/v1/reports?${query}`, { key: world.key });
      assert.deepEqual([refused.status, refused.param], [400, query.split("=")[0]], query);
    }
    assert.equal((await world.request("/api/v1/reports")).status, 401);
  });

  it("are all that the API tells of: other mails do not belong there", async () => {
    await using world = await reporting(home);
    await makeReports(world.deps);
    const { store, newId } = world.deps;
    for (const kind of ["invitation", "report"])
      await store.insertMail(aMail(world.scope, { id: newId("mail"), kind, createdAt: MONDAY + DAY }));
    const { body } = await world.request("/api/v1/reports?limit=1", { key: world.key });
    const [latest] = body.data as Record<string, unknown>[];
    assert.deepEqual([latest?.kind, body.total, body.has_more], ["report_weekly", 2, true]);
  });

  it("are not for a key of the sandbox, and null where nobody wants them", async () => {
    await using sandbox = await alone(home, { environment: "sandbox" });
    const refused = await sandbox.request("/api/v1/reports", { key: sandbox.key });
    assert.deepEqual([refused.status, refused.code], [403, "insufficient_scope"]);
    await using world = await alone(home);
    const { body } = await world.request("/api/v1/reports", { key: world.key });
    const page = { data: [], total: 0, limit: 50, offset: 0, has_more: false };
    assert.deepEqual(body, { object: "reports", transport: "none", settings: null, ...page });
  });
});

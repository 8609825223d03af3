/** Mails to customers whose payment has failed: to whom, when, how many, and what they say. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import type { Message } from "../../src/deps.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { reminderMail } from "../../src/domain/reminder-mail.ts";
import { REMINDER_LANGUAGES } from "../../src/domain/reminder-words.ts";
import { REMINDED_CLASSES } from "../../src/domain/reminders-wanted.ts";
import { changeSettings } from "../../src/domain/settings.ts";
import { createMailer } from "../../src/outbox/mailer.ts";
import type { ReminderSettings } from "../../src/store/store.ts";
import { alone, DAY, MINUTE, onEachStore, type World, type WorldOptions } from "../harness.ts";
import { mailServer } from "../outbox/mail-server.ts";

const sam = "cus_sam";
const invoiceId = "in_sam";
const HOUR = 60 * MINUTE;
const on: ReminderSettings = { classes: ["card_update", "authenticate"], url: "https://shop.example/pay" };
const reminding: WorldOptions = { settings: { reminders: on } };

let told = 0;
const event = (at: number, more: object) =>
  ({ id: `evt_r${++told}`, at, invoiceId, ...more }) as BillingEvent;
const failure = (at: number, more: object = {}) =>
  event(at, {
    type: "payment_failed",
    subscriptionId: ids.pastDue,
    customerId: sam,
    email: "sam.whitfield@example.com",
    amount: 1900,
    currency: "usd",
    attempt: 1,
    declineCode: "expired_card",
    ...more,
  });

/** What is sent is kept here. */
function mailing(world: World): Message[] {
  const sent: Message[] = [];
  world.deps.mailer = { send: async (message) => void sent.push(message), close: () => {} };
  return sent;
}

async function hear(world: World, ...events: BillingEvent[]): Promise<void> {
  for (const each of events) await keepBillingEvent(world.deps, world.scope, each);
  while (await world.tick());
}

async function wait(world: World, ms: number): Promise<void> {
  world.pass(ms);
  while (await world.tick());
}

const mails = async ({ deps, scope }: World) =>
  (await deps.store.mails(scope.workspaceId, { limit: 99 })).map(({ kind, about, recipient, status }) => [
    kind,
    about.split("/")[1],
    recipient,
    status,
  ]);

onEachStore("A reminder", ({ open, home }) => {
  it("goes out a quarter of an hour after a payment has failed, over a mail server", async () => {
    const server = await mailServer();
    const world = await open(reminding);
    world.deps.mailer = createMailer({
      url: `smtp://127.0.0.1:${server.port}`,
      from: "billing@papercrane.example",
    });
    await hear(world, failure(world.clock.now));
    await wait(world, 15 * MINUTE - 1);
    assert.equal(server.taken.length, 0);
    await wait(world, 1);
    const [taken, ...more] = server.taken;
    assert.deepEqual([taken?.to, more], [["sam.whitfield@example.com"], []]);
    assert.equal(taken?.mail.subject, "Papercrane: your card could not be charged");
    for (const part of [taken?.mail.text, taken?.mail.html]) {
      assert.match(part ?? "", /\$19\.00/);
      assert.ok(part?.includes("https://shop.example/pay"));
    }
    assert.deepEqual(await mails(world), [
      ["recovery_card_update", "1", "sam.whitfield@example.com", "sent"],
    ]);
    world.deps.mailer.close();
    await server[Symbol.asyncDispose]();
  });

  const silent: [string, WorldOptions, object][] = [
    ["nobody has switched them on", {}, {}],
    ["of another class", reminding, { declineCode: "insufficient_funds" }],
    ["of which nothing helps", reminding, { declineCode: "fraudulent" }],
    ["of a customer without an address", reminding, { email: undefined }],
    ["in the sandbox", { ...reminding, environment: "sandbox" }, {}],
    ["of a subscription that billing does not know", reminding, { subscriptionId: "sub_gone" }],
    ["of a subscription that owes nothing any more", reminding, { subscriptionId: ids.monthly }],
    ["of who is about to leave", reminding, { subscriptionId: ids.cancelling }],
  ];
  for (const [name, options, more] of silent)
    it(`is not sent after a failure ${name}`, async () => {
      const world = await open(options);
      const sent = mailing(world);
      await hear(world, failure(world.clock.now, more));
      await wait(world, DAY);
      assert.deepEqual([sent, await mails(world)], [[], []]);
    });

  it("is sent at most three times, and never within twenty hours", async () => {
    const world = await open(reminding);
    const sent = mailing(world);
    const begin = world.clock.now;
    const attempt = (number: number) => failure(world.clock.now, { attempt: number });
    await hear(world, attempt(1));
    await wait(world, HOUR);
    assert.equal(sent.length, 1);
    await hear(world, attempt(2));
    await wait(world, HOUR);
    assert.equal(sent.length, 1, "the last one was just now");
    // The first was sent after an hour; the wait before each reminder counts.
    world.clock.now = begin + 21 * HOUR - 15 * MINUTE - 1;
    await hear(world, attempt(3));
    await wait(world, 15 * MINUTE);
    assert.equal(sent.length, 1, "a millisecond too early");
    await hear(world, attempt(4));
    await wait(world, 15 * MINUTE);
    assert.equal(sent.length, 2);
    for (const number of [5, 6]) {
      await wait(world, DAY);
      await hear(world, attempt(number));
      await wait(world, HOUR);
    }
    assert.equal(sent.length, 3);
    const numbers = (await mails(world)).map(([, number]) => number);
    assert.deepEqual(numbers, ["3", "2", "1"]);
    const last = world.clock.now - 45 * MINUTE;
    await hear(world, failure(world.clock.now, { invoiceId: "in_sam_2" }));
    await wait(world, HOUR);
    assert.equal(sent.length, 3, "another invoice of the same customer");
    world.clock.now = last + 30 * DAY;
    for (const [number, id] of [
      [2, "in_sam_2"],
      [7, invoiceId],
    ]) {
      await hear(world, failure(world.clock.now, { attempt: number, invoiceId: id }));
      await wait(world, DAY);
    }
    assert.equal(sent.length, 4, "there was none for thirty days, but three for the first invoice");
  });

  it("is one, however many invoices of a customer fail at once", async () => {
    await using world = await alone(home, reminding);
    const sent = mailing(world);
    const many = ["in_a", "in_b", "in_c", "in_d"].map((id) => failure(world.clock.now, { invoiceId: id }));
    await hear(world, ...many);
    world.pass(15 * MINUTE);
    await Promise.all([world.tick(), world.tick()]);
    await wait(world, HOUR);
    assert.deepEqual([sent.length, (await mails(world)).length], [1, 1]);
    await hear(world, failure(world.clock.now, { invoiceId: "in_john", customerId: "cus_noah" }));
    await wait(world, HOUR);
    assert.equal(sent.length, 2, "another customer");
  });

  it("is not sent to who has paid meanwhile, be it known already or not", async () => {
    const world = await open(reminding);
    const sent = mailing(world);
    const { now } = world.clock;
    await hear(world, failure(now));
    await hear(world, event(now + 1, { type: "payment_succeeded", amount: 1900, attempt: 1 }));
    await hear(world, failure(now, { invoiceId: "in_sam_2" }));
    await world.simulator.setPaymentMethod(sam, { brand: "Visa", last4: "4242" });
    await world.simulator.execute({ type: "retry_payment", subscriptionId: ids.pastDue }, "key");
    await wait(world, HOUR);
    assert.deepEqual(sent, []);
  });

  it("is not sent to who has cancelled here, even where billing knows nothing of it", async () => {
    const world = await open(reminding);
    const sent = mailing(world);
    await hear(world, failure(world.clock.now));
    const visit = await world.visit(sam);
    await visit.cancel();
    await world.simulator.execute({ type: "undo_cancellation", subscriptionId: ids.pastDue }, "key");
    assert.equal((await world.billed(ids.pastDue)).cancelAt, undefined);
    await wait(world, HOUR);
    assert.deepEqual(sent, []);
  });

  it("waits until billing answers", async () => {
    const world = await open(reminding);
    const sent = mailing(world);
    await hear(world, failure(world.clock.now));
    world.billing.plan = { subscription: { when: "before", throws: "unknown", times: 1 } };
    await wait(world, 15 * MINUTE);
    assert.deepEqual(sent, []);
    await wait(world, HOUR);
    assert.equal(sent.length, 1);
  });

  const ends: [string, (world: World) => Promise<unknown>][] = [
    [
      "they are off",
      (world) =>
        changeSettings(world.deps.store, world.scope.workspaceId, ({ reminders: _, ...rest }) => rest),
    ],
    [
      "its class is off",
      (world) =>
        changeSettings(world.deps.store, world.scope.workspaceId, (settings) => ({
          ...settings,
          reminders: { ...on, classes: ["authenticate"] },
        })),
    ],
    [
      "it is paid",
      (world) => hear(world, event(world.clock.now, { type: "payment_succeeded", amount: 1, attempt: 1 })),
    ],
    [
      "it is paid, and nobody has told us",
      async (world) => {
        await world.simulator.setPaymentMethod(sam, { brand: "Visa", last4: "4242" });
        await world.simulator.execute({ type: "retry_payment", subscriptionId: ids.pastDue }, "key");
      },
    ],
    ["the customer has cancelled", async (world) => (await world.visit(sam)).cancel()],
    [
      "the bank calls it fraud",
      (world) => hear(world, failure(world.clock.now, { attempt: 2, declineCode: "fraudulent" })),
    ],
    [
      "something else would have to be said",
      (world) =>
        hear(world, failure(world.clock.now, { attempt: 2, declineCode: "authentication_required" })),
    ],
    [
      "the customer has another address",
      (world) => hear(world, failure(world.clock.now, { attempt: 2, email: "sam@example.com" })),
    ],
  ];
  for (const [name, end] of ends)
    it(`that the mail server has not taken yet is not sent once ${name}`, async () => {
      const world = await open(reminding);
      const sent = mailing(world);
      const { mailer } = world.deps;
      world.deps.mailer = {
        send: () => Promise.reject(new Error("not now")),
        close: () => {},
      };
      await hear(world, failure(world.clock.now));
      await wait(world, 15 * MINUTE);
      const [first] = await mails(world);
      assert.equal(first?.[3], "pending");
      Object.assign(world.deps, { mailer });
      // At the same instant: what is due to be sent while it is heard goes out beside it.
      await end(world);
      // Before what was heard meanwhile leads to another one.
      await wait(world, 10 * MINUTE);
      assert.deepEqual([sent, (await mails(world)).map(([, , , status]) => status)], [[], ["skipped"]]);
      // Nor is anything left to those who share this database.
      await wait(world, DAY);
    });

  it("that is written down waits until billing says that it is still owed", async () => {
    await using world = await alone(home, reminding);
    const sent = mailing(world);
    await hear(world, failure(world.clock.now));
    const { mailer } = world.deps;
    world.deps.mailer = {
      async send() {
        Object.assign(world.deps, { mailer });
        throw new Error("not now");
      },
      close: () => {},
    };
    await wait(world, 15 * MINUTE);
    world.billing.plan = { subscription: { when: "before", throws: "unknown", times: 1 } };
    await wait(world, MINUTE);
    assert.deepEqual([sent.length, (await mails(world))[0]?.[3]], [0, "pending"]);
    await wait(world, HOUR);
    assert.deepEqual([sent.length, (await mails(world))[0]?.[3]], [1, "sent"]);
  });

  it("is skipped, and says so in the log, where there is no way to send mail", async () => {
    const world = await open(reminding);
    await hear(world, failure(world.clock.now));
    await wait(world, 15 * MINUTE);
    assert.deepEqual((await mails(world))[0]?.[3], "skipped");
    assert.ok(world.log.some((each) => each.includes("a mail was skipped")));
  });

  it("goes to one address, whatever stands in its place", async () => {
    const world = await open(reminding);
    const sent = mailing(world);
    await hear(world, failure(world.clock.now, { email: "sam@example.com, eve@example.com" }));
    await wait(world, HOUR);
    assert.deepEqual([sent.length, (await mails(world))[0]?.[3]], [0, "skipped"]);
  });

  it("is written in the language that its customer last had a flow in", async () => {
    await using world = await alone(home, reminding);
    const sent = mailing(world);
    await world.visit(sam, "?locale=de-AT");
    await hear(world, failure(world.clock.now));
    await wait(world, 15 * MINUTE);
    assert.equal(sent[0]?.subject, "Papercrane: Ihre Karte konnte nicht belastet werden");
    assert.match(sent[0]?.text ?? "", /19,00\s\$/);
    assert.match(sent[0]?.html ?? "", /<html lang="de">/);
  });

  it("is sent once by two workers at once", async () => {
    await using world = await alone(home, reminding);
    const sent = mailing(world);
    await hear(world, failure(world.clock.now));
    world.pass(15 * MINUTE);
    await Promise.all([world.tick(), world.tick()]);
    await wait(world, 2 * HOUR);
    assert.equal(sent.length, 1);
  });
});

describe("The words of a reminder", () => {
  const reminder = {
    reminded: "card_update" as const,
    amount: 123_400,
    currency: "usd",
    language: "en",
    workspace: "Papercrane",
    settings: on,
  };

  for (const language of REMINDER_LANGUAGES)
    it(`in ${language} say how much, for whom, where to pay and why one gets them, in each class`, () => {
      for (const reminded of REMINDED_CLASSES) {
        const { subject, text, html } = reminderMail({ ...reminder, reminded, language });
        assert.ok(subject.includes("Papercrane") && subject.length < 80, subject);
        const amount = new Intl.NumberFormat(language, { style: "currency", currency: "usd" }).format(1234);
        for (const part of [text, html]) {
          assert.ok(part.includes(amount) && part.includes(on.url) && part.includes("Papercrane"));
          assert.doesNotMatch(part, /\{(amount|url|workspace)\}|undefined/);
        }
        assert.ok(html.includes(`<html lang="${language}">`));
      }
    });

  it("are English where there are none, and know currencies without decimals", () => {
    const { subject, text } = reminderMail({ ...reminder, language: "fi", currency: "jpy" });
    assert.match(subject, /your card/);
    assert.ok(text.includes("¥123,400"));
  });

  it("are those of the business where it has some, whatever the language", () => {
    const words = {
      card_update: { subject: "Hi from {workspace}", text: "Pay {amount} at\n{url} please\n\n{url}" },
    };
    const { subject, text, html } = reminderMail({ ...reminder, language: "de", settings: { ...on, words } });
    assert.equal(subject, "Hi from Papercrane");
    assert.ok(text.startsWith("Pay 1.234,00\u00a0$ at\nhttps://shop.example/pay please\n"));
    assert.equal(html.match(/href="https:\/\/shop\.example\/pay"/g)?.length, 2);
    const other = reminderMail({ ...reminder, reminded: "retryable", settings: { ...on, words } });
    assert.match(other.subject, /did not go through/);
  });

  it("hold names and addresses as text, and load nothing", () => {
    const workspace = 'A <b>"B"</b> {url} & Co\r\nBcc: eve@example.com';
    const words = { card_update: { text: "<script>{workspace}</script>\n\n{url}" } };
    const settings = { words, url: "https://shop.example/pay?a=1&b='2'" };
    const { subject, html } = reminderMail({ ...reminder, workspace, settings });
    assert.doesNotMatch(subject, /[\r\n]/);
    assert.doesNotMatch(html, /<script|<b>|<img|@import|url\(|src=/);
    assert.ok(html.includes("&lt;script&gt;A &lt;b&gt;&quot;B&quot;&lt;/b&gt; {url} &amp; Co"));
    assert.ok(html.includes('href="https://shop.example/pay?a=1&amp;b=&#39;2&#39;"'));
  });
});

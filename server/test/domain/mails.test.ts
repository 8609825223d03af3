/** From the wish to send a mail to a mail server that has taken it, or has not. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { MailError, type Mailer, type Message } from "../../src/deps.ts";
import { sendMail } from "../../src/domain/mails.ts";
import { createMailer } from "../../src/outbox/mailer.ts";
import { tick } from "../../src/outbox/worker.ts";
import { alone, DAY, onEachStore, type World } from "../harness.ts";
import { type MailServer, mailServer } from "../outbox/mail-server.ts";

const message: Message = {
  to: "ann@papercrane.example",
  subject: "A secret subject",
  html: "<p>A secret</p>",
  text: "A secret",
};

/** A world that can send, with the server that it sends to. */
async function sending(home: Parameters<typeof alone>[0]) {
  const server = await mailServer();
  const world = await alone(home);
  world.deps.mailer = mailerOf(server);
  const dispose = async () => {
    world.deps.mailer?.close();
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  return { world, server, [Symbol.asyncDispose]: dispose };
}

const mailerOf = ({ port }: MailServer): Mailer =>
  createMailer({ url: `smtp://127.0.0.1:${port}`, from: "reports@papercrane.example" });

const write = (world: World, change: Partial<Message> = {}, about = "2027-W19") =>
  world.deps.store.transaction((tx) =>
    sendMail(world.deps, tx, {
      ...world.scope,
      kind: "notice",
      about,
      message: { ...message, ...change },
    }),
  );

/** Lets time pass until nothing more is to be done. @returns how many rounds had something */
async function settle(world: World): Promise<number> {
  let rounds = 0;
  for (let idle = 0; idle < 3; idle++) {
    if (await world.tick()) {
      rounds += 1;
      idle = 0;
    }
    world.pass(3_600_000);
  }
  return rounds;
}

const rows = (world: World) => world.deps.store.mails(world.scope.workspaceId, { limit: 9 });

async function only(world: World) {
  const [row, ...others] = await rows(world);
  assert.ok(row && !others.length);
  return row;
}

onEachStore("Mail", ({ home }) => {
  it("is sent once it is written down, and its content is kept nowhere", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    assert.equal(await write(world), true);
    assert.equal((await only(world)).status, "pending");
    await world.tick();
    assert.deepEqual([server.taken.length, server.taken[0]?.mail.subject], [1, message.subject]);
    const row = await only(world);
    assert.deepEqual(
      [row.status, row.attempts, row.settledAt, row.reason],
      ["sent", 1, world.clock.now, undefined],
    );
    assert.equal(server.taken[0]?.mail.messageId, `<${row.id}@papercrane.example>`);
    assert.ok(!JSON.stringify(row).includes("secret"));
    assert.equal(await settle(world), 0);
  });

  it("is not written down a second time, but for somebody else or of something else", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    assert.equal(await write(world), true);
    assert.equal(await write(world), false);
    assert.equal(await write(world, { to: "bob@papercrane.example" }), true);
    assert.equal(await write(world, {}, "2027-W20"), true);
    await world.tick();
    assert.equal(await write(world), false);
    await settle(world);
    assert.equal(server.taken.length, 3);
  });

  it("is not sent if what caused it does not hold", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    const failing = world.deps.store.transaction(async (tx) => {
      await sendMail(world.deps, tx, { ...world.scope, kind: "notice", about: "2027-W19", message });
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    assert.equal(await settle(world), 0);
    assert.deepEqual([server.taken, await rows(world)], [[], []]);
  });

  it("is sent once by two workers at the same time", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    const other = await world.store.reopen();
    const second = mailerOf(server);
    for (let about = 0; about < 5; about++) await write(world, {}, `2027-W0${about}`);
    await Promise.all([tick(world.deps), tick({ ...world.deps, store: other.store, mailer: second })]);
    await settle(world);
    second.close();
    assert.equal(server.taken.length, 5);
  });

  it("is tried again after 4xx, and says why meanwhile", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    server.refusals.push({ at: "recipient", code: 450, words: "<ann@papercrane.example> is busy" });
    await write(world);
    await world.tick();
    const { status, attempts, reason = "" } = await only(world);
    assert.deepEqual([status, attempts], ["pending", 1]);
    assert.match(reason, /450 .* is busy/);
    await settle(world);
    assert.deepEqual([(await only(world)).status, (await only(world)).attempts], ["sent", 2]);
    assert.equal(server.taken.length, 1);
    assert.ok(!world.log.join().includes("ann@"), "a log is no place for addresses");
  });

  it("fails after 5xx with the reason, and is left alone then", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    server.refusals.push({ at: "recipient", code: 550, words: "no <ann@papercrane.example> here" });
    await write(world);
    await world.tick();
    const row = await only(world);
    assert.deepEqual([row.status, row.attempts, row.settledAt], ["failed", 1, world.clock.now]);
    assert.match(row.reason ?? "", /550 no/);
    assert.equal(await settle(world), 0);
    assert.equal(server.taken.length, 0);
    assert.match(world.log.join(), /a mail has failed/);
    assert.ok(!/ann@|secret/.test(world.log.join()));
  });

  it("is given up after the 24th attempt, which is within a day", async () => {
    await using world = await alone(home);
    let asked = 0;
    world.deps.mailer = {
      send: async () => {
        asked += 1;
        throw new MailError(`away ${asked}`, false);
      },
      close: () => {},
    };
    await write(world);
    const since = world.clock.now;
    for (let round = 1; round < 30 && (await only(world)).status === "pending"; round++) {
      await world.tick();
      // As long as the outbox waits.
      world.pass(Math.min(3_600_000, 5_000 * 2 ** round));
    }
    const row = await only(world);
    assert.deepEqual([asked, row.status, row.attempts, row.reason], [24, "failed", 24, "away 24"]);
    assert.ok((row.settledAt ?? 0) - since < DAY);
    assert.equal(await settle(world), 0);
  });

  it("is skipped where none can be sent, which the log says once", async () => {
    await using world = await alone(home);
    await write(world);
    await settle(world);
    const row = await only(world);
    assert.deepEqual([row.status, row.reason], ["skipped", "no way to send mail is configured"]);
    const said = world.log.filter((line) => line.includes("a mail was skipped"));
    assert.equal(said.length, 1);
    assert.ok(!/ann@|secret/.test(said.join()));
  });

  it("may go out twice if the process dies before it is recorded, under one id", async () => {
    await using stage = await sending(home);
    const { world, server } = stage;
    await write(world);
    const { store } = world.deps;
    const dying = { ...store, updateMail: () => Promise.reject(new Error("gone")) };
    await tick({ ...world.deps, store: dying });
    assert.equal((await only(world)).status, "pending");
    await settle(world);
    assert.equal((await only(world)).status, "sent");
    assert.deepEqual(new Set(server.taken.map(({ mail }) => mail.messageId)).size, 1);
    assert.equal(server.taken.length, 2);
  });
});
